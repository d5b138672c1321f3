import { nPlusOne } from '../../../server/src/core/rules/n-plus-one';
import { writeInLoop } from '../../../server/src/core/rules/write-in-loop';
import { testRule, type RuleCase } from '../../support/ruleTester';

/** A PL/pgSQL function with this body; its declarations stand before BEGIN. */
const fn = (body: string, declare = 'r record;', rest: Partial<RuleCase> = {}): RuleCase => ({
  embed: false, code: `CREATE FUNCTION work(p_tenant bigint, ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$\nDECLARE ${declare}\nBEGIN\n${body}\nEND $$;\n`, ...rest,
});

testRule(nPlusOne, {
  flagged: [
    fn(`  FOR r IN SELECT id, customer_id FROM orders LOOP
    SELECT name INTO n FROM customers WHERE id = r.customer_id;
--  ^^^^^^ a join over the same rows
  END LOOP;`, 'r record; n text;', { severity: 'warning', fixes: 0 }),
    fn(`  FOREACH i IN ARRAY ids LOOP
    IF EXISTS (SELECT 1 FROM orders WHERE id = i) THEN
--             ^^^^^^ once per element of \`ids\`
      n := n + 1;
    END IF;
  END LOOP;`, 'i bigint; n int := 0;'),
    // A cursor: the FETCH is none, the query beside it is.
    fn(`  OPEN c;
  LOOP
    FETCH c INTO r;
    EXIT WHEN NOT FOUND;
    n := (SELECT count(*) FROM lines WHERE order_id = r.id);
--        ^^^^^^ once per element of \`SELECT id FROM orders\`
  END LOOP;
  CLOSE c;`, 'c CURSOR FOR SELECT id FROM orders; r record; n int;'),
    fn(`  FOR r IN EXECUTE 'SELECT id FROM orders' LOOP
    EXECUTE format('SELECT name FROM %I WHERE id = $1', p_table) INTO n USING r.id;
--  ^^^^^^^ once per element
  END LOOP;`, "r record; n text; p_table text := 'customers';"),
    // A call that leads to a query, in another function of the file.
    { embed: false, code: 'CREATE FUNCTION work() RETURNS void LANGUAGE plpgsql AS $$\nDECLARE r record;\nBEGIN\n  FOR r IN SELECT id FROM orders LOOP\n    PERFORM total_of(r.id);\n--          ^^^^^^^^ leads to a query once per element\n  END LOOP;\nEND $$;\nCREATE FUNCTION total_of(p_order bigint) RETURNS numeric LANGUAGE plpgsql AS $f$\nBEGIN\n  RETURN (SELECT sum(price) FROM lines WHERE order_id = p_order);\nEND $f$;\n' },
    // A body in single quotes, its literals doubled.
    { embed: false, code: "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS '\nDECLARE r record; n text;\nBEGIN\n  FOR r IN SELECT id FROM orders WHERE status = ''open'' LOOP\n    SELECT name INTO n FROM customers WHERE id = r.id AND kind = ''x'';\n--  ^^^^^^ once per element\n  END LOOP;\nEND';\n" },
    { embed: false, code: "DO $$\nDECLARE r record; n int;\nBEGIN\n  FOR r IN SELECT id FROM orders LOOP\n    SELECT count(*) INTO n FROM lines WHERE order_id = r.id;\n--  ^^^^^^ once per element\n  END LOOP;\nEND $$;\n" },
  ],
  clean: [
    // Evaluated once; rows are only read.
    fn('  FOR r IN SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id LOOP\n    RAISE NOTICE \'%\', r.id;\n  END LOOP;'),
    fn('  LOOP\n    FETCH c INTO r;\n    EXIT WHEN NOT FOUND;\n    RETURN NEXT r;\n  END LOOP;', 'c CURSOR FOR SELECT id FROM orders; r record;'),
    fn('  FOR i IN 1..3 LOOP\n    SELECT count(*) INTO n FROM orders WHERE id = i;\n  END LOOP;', 'i int; n int;'),
    fn("  FOREACH k IN ARRAY ARRAY['a', 'b'] LOOP\n    SELECT count(*) INTO n FROM orders WHERE kind = k;\n  END LOOP;", 'k text; n int;'),
    // Left with the first hit.
    fn('  FOR r IN SELECT id FROM orders LOOP\n    SELECT name INTO n FROM customers WHERE id = r.id;\n    RETURN;\n  END LOOP;', 'r record; n text;'),
    // No table is asked: a built-in function, the catalog of the database.
    fn('  FOR r IN SELECT id FROM orders LOOP\n    PERFORM pg_notify(\'x\', r.id::text);\n    n := upper(r.id::text);\n  END LOOP;', 'r record; n text;'),
    fn('  FOR r IN SELECT relname FROM pg_class LOOP\n    SELECT count(*) INTO n FROM pg_indexes WHERE tablename = r.relname;\n  END LOOP;', 'r record; n int;'),
    // Not about the element.
    fn('  WHILE n < 10 LOOP\n    SELECT count(*) INTO n FROM orders;\n  END LOOP;', 'n int;'),
    // Migrations run once.
    fn('  FOR r IN SELECT id FROM orders LOOP\n    SELECT name INTO n FROM customers WHERE id = r.id;\n  END LOOP;', 'r record; n text;', { role: 'migration' }),
    // One statement of a trigger.
    { embed: false, code: 'CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  SELECT name INTO NEW.name FROM customers WHERE id = NEW.customer_id;\n  RETURN NEW;\nEND $$;\n' },
  ],
});

testRule(writeInLoop, {
  flagged: [
    fn(`  FOR r IN SELECT id, total FROM orders LOOP
    UPDATE customers SET spent = r.total WHERE id = r.id;
--  ^^^^^^ In place of the loop \`UPDATE … FROM\` over the same rows does it at once.
  END LOOP;`, 'r record;', { severity: 'warning', fixes: 0 }),
    fn(`  FOR i IN 1..array_length(ids, 1) LOOP
    INSERT INTO picked (id) VALUES (ids[i]);
--  ^^^^^^ \`INSERT … SELECT\`
  END LOOP;`, 'i int;'),
    // Each row on its own, so that one may fail: said with less weight.
    fn(`  FOR r IN SELECT id FROM orders LOOP
    BEGIN
      DELETE FROM lines WHERE order_id = r.id;
--    ^^^^^^ \`DELETE … USING\`
    EXCEPTION WHEN others THEN
      RAISE NOTICE 'skipped';
    END;
  END LOOP;`, 'r record;', { severity: 'info' }),
    fn(`  FOR r IN SELECT id FROM orders LOOP
    v := r.id + 1;
    CASE v WHEN 1 THEN
      DELETE FROM lines WHERE order_id = v;
--    ^^^^^^ \`DELETE … USING\`
    ELSE NULL;
    END CASE;
  END LOOP;`, 'r record; v bigint;', { severity: 'info' }),
  ],
  clean: [
    // Batches until nothing is left.
    fn('  LOOP\n    DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE done LIMIT 1000);\n    EXIT WHEN NOT FOUND;\n  END LOOP;'),
    fn("  FOR r IN SELECT inhrelid::regclass AS part FROM pg_inherits LOOP\n    EXECUTE format('ANALYZE %s', r.part);\n  END LOOP;"),
    fn('  UPDATE orders SET done = true WHERE tenant_id = p_tenant;'),
  ],
});
