import { droppedObjectInUse } from '../../server/src/core/rules/dropped-object-in-use';
import { describe, expect, it } from 'vitest';
import { lintCase, loadReaders, readCatalog } from '../support/readers';
import { testRule } from '../support/ruleTester';
import { asLive } from '../support/serverCatalog';

const reader = (query: string): string => `\nCREATE FUNCTION f(bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${query}; END $$;`;

testRule(droppedObjectInUse, {
  schema: 'CREATE TABLE orders (id bigint PRIMARY KEY, total int, note text); CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint, total int); CREATE VIEW v AS SELECT id FROM orders;',
  path: 'db/statements.sql', embed: false,
  flagged: [
    `
ALTER TABLE orders DROP COLUMN total, DROP COLUMN note;
--                 ^^^^^^^^^^^^^^^^^ orders.total is dropped, but a query still uses it. statements.sql:${reader('PERFORM o.total FROM orders o, lines l')}`,
    `
ALTER TABLE orders RENAME COLUMN note TO remark;
--                               ^^^^ orders.note is renamed to remark${reader("UPDATE orders SET note = 'x'")}`,
    `
DROP TABLE IF EXISTS public.lines CASCADE;
--                          ^^^^^ lines is dropped${reader('DELETE FROM lines')}`,
    `
ALTER TABLE public.lines RENAME TO items;
--          ^^^^^^^^^^^^${reader('PERFORM 1 FROM lines')}`,
    `
DROP VIEW IF EXISTS w, "v";
--                     ^^^${reader('PERFORM id FROM v')}`,
  ],
  clean: [
    `ALTER TABLE orders DROP COLUMN note;${reader('PERFORM total FROM orders')}`,
    `ALTER TABLE orders DROP COLUMN total;${reader('PERFORM total FROM lines')}`,
    `ALTER TABLE orders DROP COLUMN total;${reader('PERFORM l.total FROM orders o JOIN lines l ON l.order_id = o.id')}`,
    `ALTER TABLE orders DROP COLUMN total; ALTER TABLE orders ADD COLUMN total bigint;${reader('PERFORM total FROM orders')}`,
    `DROP VIEW v; CREATE VIEW v AS SELECT 1 AS id;${reader('PERFORM id FROM v')}`,
    // The name in ORDER BY is that of an output.
    `ALTER TABLE orders DROP COLUMN note;${reader('PERFORM total AS note FROM orders ORDER BY note')}`,
    // What the migration itself does with the column before it goes.
    'UPDATE orders SET note = total::text; ALTER TABLE orders DROP COLUMN total;',
    `CREATE TABLE work (a int); DROP TABLE work;${reader('PERFORM a FROM work')}`,
  ],
});

describe('with the catalog of a server', () => {
  const schema = 'CREATE TABLE orders (id bigint PRIMARY KEY, total int); CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint);';
  const uses = `${reader('PERFORM total FROM orders')}${reader('PERFORM order_id FROM lines')}`;
  const found = async (code: string, later = ''): Promise<number> => {
    const before = readCatalog((await loadReaders()).sql, [schema]);
    const result = await lintCase([droppedObjectInUse], { language: 'sql', schema, code: code + uses, path: 'db/migrations/0002_more.sql', after: later === '' ? [] : [{ path: 'db/migrations/0003_later.sql', text: later }], role: 'application', catalog: () => asLive(before!, []) });
    expect(result.failures).toEqual([]);
    return result.findings.length;
  };
  it('what the file or a later one makes again is not lost', async () => {
    const again = { 'ALTER TABLE orders DROP COLUMN total;': 'ALTER TABLE orders ADD COLUMN total bigint;', 'DROP TABLE lines;': 'CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint);', 'ALTER TABLE lines RENAME TO items;': 'CREATE TABLE lines (id int, order_id int);', 'ALTER TABLE orders RENAME total TO sum;': 'ALTER TABLE orders RENAME sum TO total;' };
    for (const [drop, make] of Object.entries(again)) {
      expect([await found(drop), await found(`${drop}\n${make}`), await found(drop, make)], drop).toEqual([1, 0, 0]);
      // Dropped again in the end.
      if (drop.includes('DROP')) expect(await found(drop, `${make}\n${drop}`), drop).toBe(1);
    }
  });
});
