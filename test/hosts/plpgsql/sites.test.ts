import { describe, expect, it } from 'vitest';
import { readSqlFile } from '../../../server/src/core/hosts/sqlFile';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { splitStatements } from '../../../server/src/core/sql/split';

const read = (text: string): HostFile => readSqlFile('file:///f.sql', text, { split: splitStatements });
/** The queries of routines as text, holes as `⟨host⟩`. */
function queries(text: string): readonly string[] {
  return read(text).sites.filter(({ functionId }) => functionId !== undefined).map(({ source }) => {
    if (!source) return '?';
    return [...source.interpolations].reverse().reduce((sql, { span, hostText }) => `${sql.slice(0, span.start)}⟨${hostText}⟩${sql.slice(span.end)}`, source.text).replaceAll(/\s+/g, ' ').trim();
  });
}
const body = (statements: string, declare = ''): string => `CREATE OR REPLACE FUNCTION app.f(p_id bigint, OUT done int) RETURNS int LANGUAGE plpgsql AS $body$\n${declare === '' ? '' : `DECLARE ${declare}\n`}BEGIN\n${statements}\nEND; $body$;`;

describe('statements of a body', () => {
  it.each([
    ['SELECT a, b INTO STRICT x, y FROM t WHERE id = p_id;', ['SELECT a, b FROM t WHERE id = ⟨p_id⟩']],
    ['INSERT INTO t (p_id, a) VALUES (p_id, 1) RETURNING id INTO done;', ['INSERT INTO t (p_id, a) VALUES (⟨p_id⟩, 1) RETURNING id']],
    ['UPDATE t SET done = done + 1 WHERE t.p_id = f.p_id;', ['UPDATE t SET done = ⟨done⟩ + 1 WHERE t.p_id = ⟨f.p_id⟩']],
    ['PERFORM 1 FROM t WHERE a = $1;', ['SELECT 1 FROM t WHERE a = $1']],
    ['PERFORM g(p_id);', []],
    ['x := (SELECT max(a) FROM t);', ['SELECT max(a) FROM t']],
    ['x := count(*) FROM t WHERE a = x;', ['SELECT count(*) FROM t WHERE a = ⟨x⟩']],
    ['IF EXISTS (SELECT 1 FROM t) AND x > 1 THEN DELETE FROM t; ELSIF (SELECT a FROM u) THEN NULL; ELSE DELETE FROM v; END IF;', ['SELECT 1 FROM t', 'DELETE FROM t', 'SELECT a FROM u', 'DELETE FROM v']],
    ['RETURN QUERY SELECT * FROM t;', ['SELECT * FROM t']],
    ["RETURN QUERY EXECUTE 'SELECT * FROM t WHERE a = $1' USING p_id;", ['SELECT * FROM t WHERE a = $1']],
    ['RETURN (SELECT a FROM t);', ['SELECT a FROM t']],
    ['OPEN c FOR SELECT a FROM t;', ['SELECT a FROM t']],
    ['<<outer>> WHILE EXISTS (SELECT 1 FROM q) LOOP DELETE FROM q; EXIT outer WHEN x > 1; END LOOP outer;', ['SELECT 1 FROM q', 'DELETE FROM q']],
    ['BEGIN DELETE FROM a; EXCEPTION WHEN unique_violation OR others THEN DELETE FROM b; END;', ['DELETE FROM a', 'DELETE FROM b']],
    ['CASE x WHEN 1 THEN DELETE FROM a; WHEN 2 THEN DELETE FROM b; ELSE DELETE FROM c; END CASE; DELETE FROM d;', ['DELETE FROM a', 'DELETE FROM b', 'DELETE FROM c', 'DELETE FROM d']],
    ['x := CASE WHEN x = 1 THEN 2 ELSE 3 END; DELETE FROM d;', ['DELETE FROM d']],
    ['SELECT n.a FROM t n WHERE n.id = x.id;', ['SELECT n.a FROM t n WHERE n.id = ⟨x.id⟩']],
    ['WITH gone AS (DELETE FROM t WHERE id = p_id RETURNING *) SELECT count(*) INTO x FROM gone;', ['WITH gone AS (DELETE FROM t WHERE id = ⟨p_id⟩ RETURNING *) SELECT count(*) FROM gone']],
    ['SELECT a IS DISTINCT FROM x FROM t;', ['SELECT a IS DISTINCT FROM ⟨x⟩ FROM t']],
    ['MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET a = x;', ['MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET a = ⟨x⟩']],
  ])('%s', (statements, expected) => expect(queries(body(statements, 'x int; y int; c refcursor;'))).toEqual(expected));

  it('of dynamic SQL as far as it is known', () => {
    expect(queries(body("EXECUTE 'DELETE FROM ' || quote_ident(x) || ' WHERE id = ' || quote_literal(p_id);", 'x text;'))).toEqual(['DELETE FROM ⟨x⟩ WHERE id = ⟨p_id⟩']);
    expect(queries(body("EXECUTE format('UPDATE %I.%I SET a = %L', x, y, p_id);", 'x text; y text;'))).toEqual(['UPDATE ⟨x⟩.⟨y⟩ SET a = ⟨p_id⟩']);
    expect(queries(body("EXECUTE format($$DELETE FROM %2$I WHERE a = '%%'$$, x, y);", 'x text; y text;'))).toEqual(["DELETE FROM ⟨y⟩ WHERE a = '%'"]);
    expect(queries(body('EXECUTE x;', 'x text;'))).toEqual(['?']);
    const [partial] = read(body("EXECUTE 'DELETE FROM t WHERE ' || x;", 'x text;')).sites.slice(1);
    expect(partial?.complete).toBe(false);
  });

  it('of LANGUAGE sql, with its parameters by name and number, and of BEGIN ATOMIC', () => {
    expect(queries('CREATE FUNCTION f(bigint, p_b text) RETURNS int AS $$ SELECT 1 FROM t WHERE a = $1 AND b = p_b; DELETE FROM t $$ LANGUAGE sql;')).toEqual(['SELECT 1 FROM t WHERE a = $1 AND b = ⟨p_b⟩', 'DELETE FROM t']);
    expect(queries('CREATE FUNCTION f(p_a int) RETURNS int LANGUAGE sql BEGIN ATOMIC DELETE FROM t WHERE a = p_a; SELECT 1 FROM t; END;')).toEqual(['DELETE FROM t WHERE a = ⟨p_a⟩', 'SELECT 1 FROM t']);
    // A column of this name would be meant: what is absent is not known.
    expect(read('CREATE FUNCTION f(tenant int) RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM t WHERE tenant_id = tenant $$;').sites[1]?.complete).toBe(false);
  });

  it('not of other languages, nor of what is only declared', () => {
    expect(queries("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'lib', 'f';\nCREATE FUNCTION g() RETURNS int LANGUAGE plpython3u AS $$ plpy.execute('SELECT 1 FROM t') $$;")).toEqual([]);
    expect(queries("SELECT 'DO $$ BEGIN DELETE FROM t; END $$';")).toEqual([]);
  });
});

describe('places', () => {
  it('are exact in dollar quotes, nested ones and doubled quotes', () => {
    const text = `-- 😀\nSELECT 1;\n${body("EXECUTE 'DELETE FROM t WHERE a = ''x'' AND b = 1';\nUPDATE t SET a = $in$y$in$ WHERE id = p_id;")}\nCREATE FUNCTION q() RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE t SET a = ''it'' WHERE b = 2; END';`;
    const file = read(text);
    let compared = 0;
    for (const site of file.sites.filter(({ functionId }) => functionId !== undefined)) {
      for (const { kind, sql, host } of site.map.segments) {
        if (kind !== 'verbatim') continue;
        expect(text.slice(host.start, host.end)).toBe(site.source?.text.slice(sql.start, sql.end));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(6);
    expect(file.sites.filter(({ functionId }) => functionId !== undefined).map(({ anchor }) => text.slice(anchor.start, anchor.end))).toEqual(['EXECUTE', 'UPDATE', 'UPDATE']);
    expect(file.functions.map(({ name, parameters }) => `${name}(${parameters.map((p) => p.name).join()})`)).toEqual(['f(p_id)', 'q()']);
  });

  it('hold in any cut of the text', () => {
    const text = body("FOR r IN SELECT id FROM t LOOP\n  IF r.id > 1 THEN CASE r.id WHEN 1 THEN EXECUTE format('DELETE FROM %I', r.x); END CASE; END IF;\n  FETCH c INTO r;\nEND LOOP;", 'r record; c CURSOR (a int) FOR SELECT 1 FROM t;');
    for (let end = 0; end <= text.length; end++) {
      const file = read(text.slice(0, end));
      for (const { span } of file.sites) expect(span.end).toBeLessThanOrEqual(end);
      for (const loop of file.loops) expect(loop.body.start).toBeGreaterThanOrEqual(loop.head.start);
    }
  });
});
