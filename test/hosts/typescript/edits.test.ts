import { describe, expect, it } from 'vitest';
import { findAdapter } from '../../../server/src/core/libraries';
import { applyEdits } from '../../../server/src/core/text/edit';
import { readScript } from '../../support/readScript';

const uri = 'file:///src/app.ts';

function withPredicate(text: string, table = 'orders', column = 'tenant_id', value = 'tenantId'): string | undefined {
  const [site] = readScript(text).sites;
  const edits = site && findAdapter(site.library)?.addPredicate?.(site, { uri, text, table, column, value });
  return edits && applyEdits(text, edits);
}

describe('adding a predicate', () => {
  const pool = "import { Pool } from 'pg';\nconst pool = new Pool();\n";
  it.each([
    ["pool.query('SELECT * FROM orders WHERE id = $1', [id]);", "pool.query('SELECT * FROM orders WHERE id = $1 AND tenant_id = $2', [id, tenantId]);"],
    ["pool.query('SELECT * FROM orders WHERE a = $1 OR b = $2 ORDER BY id', [a, b]);", "pool.query('SELECT * FROM orders WHERE (a = $1 OR b = $2) AND tenant_id = $3 ORDER BY id', [a, b, tenantId]);"],
    ["pool.query('SELECT * FROM orders LIMIT 5');", "pool.query('SELECT * FROM orders WHERE tenant_id = $1 LIMIT 5', [tenantId]);"],
    ["pool.query('SELECT * FROM orders', []);", "pool.query('SELECT * FROM orders WHERE tenant_id = $1', [tenantId]);"],
    ["pool.query({ text: 'UPDATE orders SET a = $1', values: [a] });", "pool.query({ text: 'UPDATE orders SET a = $1 WHERE tenant_id = $2', values: [a, tenantId] });"],
    ["pool.query('SELECT * FROM orders o JOIN users u ON u.id = o.user_id WHERE u.id = $1', [id]);", "pool.query('SELECT * FROM orders o JOIN users u ON u.id = o.user_id WHERE u.id = $1 AND o.tenant_id = $2', [id, tenantId]);"],
    ['pool.query(`\r\n  SELECT *\r\n  FROM orders\r\n  WHERE id = $1\r\n`, [id]);', 'pool.query(`\r\n  SELECT *\r\n  FROM orders\r\n  WHERE id = $1\r\n    AND tenant_id = $2\r\n`, [id, tenantId]);'],
    ["pool.query('DELETE FROM orders WHERE id = $1', [id]);", "pool.query('DELETE FROM orders WHERE id = $1 AND tenant_id = $2', [id, tenantId]);"],
  ])('%s', (before, after) => {
    expect(withPredicate(pool + before)).toBe(pool + after);
  });

  it.each([
    "pool.query('SELECT * FROM orders WHERE id = $1', values);",
    "pool.query('SELECT * FROM orders WHERE id = $1', [...values]);",
    "pool.query('SELECT * FROM orders WHERE id IN (SELECT 1 FROM t)', [id]);",
    "pool.query('SELECT * FROM invoices WHERE id = $1', [id]);",
    "pool.query('SELECT * FROM ' + table + ' orders WHERE id = ' + x, []);",
  ])('stays away from %s', (text) => {
    expect(withPredicate(pool + text)).toBeUndefined();
  });

  it('writes an interpolation into a tag', () => {
    const head = "import postgres from 'postgres';\nconst sql = postgres();\n";
    expect(withPredicate(`${head}await sql\`SELECT * FROM orders WHERE id = \${id} ORDER BY id\`;`)).toBe(`${head}await sql\`SELECT * FROM orders WHERE id = \${id} AND tenant_id = \${tenantId} ORDER BY id\`;`);
    expect(withPredicate(`${head}await sql<Row[]>\`UPDATE orders SET \${sql(o)}\`;`)).toBe(`${head}await sql<Row[]>\`UPDATE orders SET \${sql(o)} WHERE tenant_id = \${tenantId}\`;`);
  });
});

describe('paging by key', () => {
  const head = "import postgres from 'postgres';\nconst sql = postgres();\n";
  const keys = [
    { column: 'created_at', descending: true, nullable: false, added: false },
    { column: 'id', descending: true, nullable: false, added: true },
  ];
  const rewrite = (query: string): string | undefined => {
    const text = head + query;
    const [site] = readScript(text).sites;
    const edits = site && findAdapter(site.library)?.toKeyset?.(site, { uri, text, keys, cursor: 'after' });
    return edits && applyEdits(text, edits)?.slice(head.length);
  };

  it('replaces OFFSET by a fragment', () => {
    expect(rewrite('await sql`SELECT id, created_at FROM orders WHERE a = ${a} ORDER BY created_at DESC LIMIT ${n} OFFSET ${o}`;')).toBe(
      'await sql`SELECT id, created_at FROM orders WHERE a = ${a} ${after ? sql`AND (created_at, id) < (${after.created_at}, ${after.id})` : sql``} ORDER BY created_at DESC, id DESC LIMIT ${n}`;',
    );
    expect(rewrite('await sql`SELECT * FROM orders ORDER BY created_at DESC OFFSET ${o} LIMIT 10`;')).toBe(
      'await sql`SELECT * FROM orders ${after ? sql`WHERE (created_at, id) < (${after.created_at}, ${after.id})` : sql``} ORDER BY created_at DESC, id DESC LIMIT 10`;',
    );
  });

  it('needs the keys in the rows', () => {
    expect(rewrite('await sql`SELECT total FROM orders ORDER BY created_at DESC LIMIT 1 OFFSET ${o}`;')).toBeUndefined();
  });
});
