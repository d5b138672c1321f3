import type { CompletionItem, CompletionList, DocumentHighlight, DocumentSymbol, Hover, Location, WorkspaceSymbol } from 'vscode-languageserver/node';
import { afterEach, describe, expect, it } from 'vitest';
import { toUri } from '../../server/src/workspace/paths';
import { startLspClient, type LspClient } from '../support/lspClient';
import { makeWorkspace } from '../support/workspaceFolder';

const FILES = {
  'migrations/0001_customers.sql': 'CREATE TABLE customers (\n  id bigint PRIMARY KEY,\n  name text NOT NULL,\n  "createdAt" timestamptz DEFAULT now()\n);\n',
  'migrations/0002_orders.sql': "CREATE TABLE orders (\n  id bigint PRIMARY KEY,\n  customer_id bigint NOT NULL REFERENCES customers (id),\n  status text NOT NULL DEFAULT 'open'\n);\nCREATE INDEX orders_customer_idx ON orders (customer_id);\n",
  'migrations/0003_total.sql': 'ALTER TABLE orders ADD COLUMN total numeric;\n',
  'src/orders.ts': [
    "import { Pool } from 'pg';",
    "import knex from 'knex';",
    'const pool = new Pool();',
    "const db = knex({ client: 'pg' });",
    'export const one = (id: string) => pool.query(`SELECT o.id, o.total FROM orders o WHERE o.customer_id = $1`, [id]);',
    "export const two = (id: string) => db('orders').where('customer_id', id).select('id');",
    "export const three = (id: string) => pool.query(\"UPDATE orders SET status = 'paid' WHERE id = $1\", [id]);",
    '',
  ].join('\n'),
  'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n  url = env("X")\n}\nmodel Order {\n  id BigInt @id\n  customerId BigInt @map("customer_id")\n  status String\n  @@map("orders")\n}\n',
};

let client: LspClient | undefined;
let workspace: ReturnType<typeof makeWorkspace> | undefined;
afterEach(async () => {
  await client?.stop();
  workspace?.remove();
  client = workspace = undefined;
});

const uriOf = (name: string): string => toUri(workspace?.path(name) ?? name);

/** Opens a document with `|` for the caret, which is taken out. */
async function openAt(name: string, languageId: string, text: string): Promise<{ uri: string; position: { line: number; character: number } }> {
  workspace = makeWorkspace(FILES);
  client = await startLspClient({ folder: workspace.folder });
  await client.ready();
  return caretIn(name, languageId, text);
}

async function caretIn(name: string, languageId: string, text: string): Promise<{ uri: string; position: { line: number; character: number } }> {
  const before = text.slice(0, text.indexOf('|')).split('\n');
  await client?.open(uriOf(name), languageId, text.replace('|', ''));
  return { uri: uriOf(name), position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 } };
}

const ask = <T>(method: string, { uri, position }: { uri: string; position: unknown }, more: object = {}): Promise<T> => client!.request<T>(method, { textDocument: { uri }, position, ...more });
const complete = async (place: { uri: string; position: unknown }): Promise<readonly CompletionItem[]> => (await ask<CompletionList | null>('textDocument/completion', place))?.items ?? [];
/** `file:line:character+length` of each place. */
const places = (locations: readonly Location[]): readonly string[] => locations.map(({ uri, range }) => `${uri.slice(uri.lastIndexOf('/') + 1)}:${range.start.line}:${range.start.character}+${range.end.character - range.start.character}`).sort();

describe('completion', () => {
  it('in an SQL file, behind the last word too', async () => {
    const place = await openAt('q.sql', 'sql', 'SELECT 1;\nSELECT * FROM |\n');
    expect((await complete(place)).map(({ label }) => label).sort()).toEqual(['customers', 'orders']);
  });
  it('in strings of code, written as the string needs it', async () => {
    const place = await openAt('src/a.ts', 'typescript', "import { Pool } from 'pg';\nconst pool = new Pool();\npool.query(\"SELECT c.| FROM customers c\");\n");
    const items = await complete(place);
    expect(items.map(({ label }) => label)).toEqual(expect.arrayContaining(['id', 'name', 'createdAt']));
    expect(items.find(({ label }) => label === 'createdAt')?.textEdit).toEqual({ range: { start: place.position, end: place.position }, newText: '\\"createdAt\\"' });
    const resolved = await client!.request<CompletionItem>('completionItem/resolve', items[0]);
    expect(JSON.stringify(resolved.documentation)).toContain('customers');
    const template = await caretIn('src/b.ts', 'typescript', "import { Pool } from 'pg';\nconst pool = new Pool();\nexport const f = (x: string) => pool.query(`\n  SELECT * FROM orders o\n  WHERE o.status = ${x} AND o.|\n`);\n");
    expect((await complete(template))[0]?.textEdit).toMatchObject({ newText: expect.not.stringContaining('\\') as unknown });
    const python = await caretIn('c.py', 'python', 'import psycopg\n\ndef f(conn: psycopg.Connection):\n    conn.execute("""\n        SELECT * FROM orders o JOIN customers c ON |\n    """)\n');
    expect([...(await complete(python))].sort((a, b) => (a.sortText ?? '').localeCompare(b.sortText ?? ''))[0]?.label).toBe('o.customer_id = c.id');
  });
  it('nowhere else', async () => {
    const place = await openAt('src/a.ts', 'typescript', "import { Pool } from 'pg';\nconst pool = new Pool();\nconst text = 'FROM |';\npool.query('SELECT 1');\n");
    expect(await complete(place)).toEqual([]);
    expect(await complete(await caretIn('src/b.ts', 'typescript', "import { Pool } from 'pg';\nnew Pool().query(`SELECT * FROM orders WHERE id = ${|}`);\n"))).toEqual([]);
    expect(await complete(await caretIn('q.sql', 'sql', "SELECT * FROM orders -- |\n"))).toEqual([]);
  });
});

describe('hover', () => {
  const textAt = async (place: { uri: string; position: unknown }): Promise<string> => JSON.stringify((await ask<Hover | null>('textDocument/hover', place))?.contents ?? null);
  it('tells of a column in a chain, in SQL and in a model', async () => {
    const chain = await openAt('src/orders.ts', 'typescript', FILES['src/orders.ts'].replace("where('customer_id'", "where('cust|omer_id'"));
    const text = await textAt(chain);
    expect(text).toContain('**orders.customer_id** — `bigint`, not null');
    expect(text).toContain('References customers (id)');
    expect(text).toContain('orders_customer_idx');
    expect(text).toContain('declared in 0002_orders.sql');
    expect(await textAt(await caretIn('q.sql', 'sql', 'SELECT sta|tus FROM orders;'))).toContain("Default `'open'");
    expect(await textAt(await caretIn('prisma/schema.prisma', 'prisma', FILES['prisma/schema.prisma'].replace('customerId', 'custo|merId')))).toContain('**orders.customer_id**');
  });
  it('says nothing of functions and keywords', async () => {
    const place = await openAt('q.sql', 'sql', 'SELECT lo|wer(status) FROM orders WHERE id = 1;');
    expect(await textAt(place)).toBe('null');
    expect(await textAt({ ...place, position: { line: 0, character: 2 } })).toBe('null');
  });
});

describe('definition and references', () => {
  it('lead to the statement that made it, and to the model', async () => {
    const total = await openAt('src/orders.ts', 'typescript', FILES['src/orders.ts'].replace('o.total', 'o.to|tal'));
    expect(places(await ask<Location[]>('textDocument/definition', total))).toEqual(['0003_total.sql:0:30+5']);
    const customer = await caretIn('src/orders.ts', 'typescript', FILES['src/orders.ts'].replace('o.customer_id', 'o.cus|tomer_id'));
    expect(places(await ask<Location[]>('textDocument/definition', customer))).toEqual(['0002_orders.sql:2:2+11', 'schema.prisma:6:2+10']);
    const table = await caretIn('src/orders.ts', 'typescript', FILES['src/orders.ts'].replace("db('orders')", "db('or|ders')"));
    expect(places(await ask<Location[]>('textDocument/definition', table))).toEqual(['0002_orders.sql:0:13+6', 'schema.prisma:4:6+5']);
  });
  it('finds every mention, from code, SQL and model', async () => {
    const column = ['0002_orders.sql:2:2+11', '0002_orders.sql:5:44+11', 'orders.ts:4:90+11', 'orders.ts:5:55+11', 'schema.prisma:6:2+10'];
    const code = await openAt('src/orders.ts', 'typescript', FILES['src/orders.ts'].replace('o.customer_id', 'o.cus|tomer_id'));
    const references = (place: { uri: string; position: unknown }, includeDeclaration = true): Promise<Location[]> => ask<Location[]>('textDocument/references', place, { context: { includeDeclaration } });
    expect(places(await references(code))).toEqual(column);
    expect(places(await references(code, false))).toEqual(column.filter((place) => !place.startsWith('0002_orders.sql:2') && !place.startsWith('schema.prisma')));
    expect(places(await references(await caretIn('prisma/schema.prisma', 'prisma', FILES['prisma/schema.prisma'].replace('customerId', 'custo|merId'))))).toEqual(column);
    const table = places(await references(await caretIn('migrations/0003_total.sql', 'sql', FILES['migrations/0003_total.sql'].replace('orders', 'ord|ers'))));
    expect(table).toEqual(['0002_orders.sql:0:13+6', '0002_orders.sql:5:36+6', '0003_total.sql:0:12+6', 'orders.ts:4:73+6', 'orders.ts:5:39+6', 'orders.ts:6:56+6', 'schema.prisma:4:6+5']);
    const highlights = await ask<DocumentHighlight[]>('textDocument/documentHighlight', code);
    expect(highlights.map(({ range }) => range.start.line)).toEqual([4, 5]);
  });
});

it('outlines an SQL file and finds tables by name', async () => {
  const place = await openAt('migrations/0002_orders.sql', 'sql', `${FILES['migrations/0002_orders.sql']}SELECT * FROM orders JOIN customers USING (id);\n|`);
  const symbols = await client!.request<DocumentSymbol[]>('textDocument/documentSymbol', { textDocument: { uri: place.uri } });
  expect(symbols.map(({ name }) => name)).toEqual(['CREATE TABLE orders', 'CREATE INDEX orders_customer_idx', 'SELECT orders, customers']);
  const tables = await client!.request<WorkspaceSymbol[]>('workspace/symbol', { query: 'cust' });
  expect(tables.map(({ name, location }) => `${name} ${location.uri.slice(location.uri.lastIndexOf('/') + 1)}`)).toEqual(['customers 0001_customers.sql']);
});

it('colours an SQL file by what its words are', async () => {
  const text = 'SELECT o.total, lower(status) FROM orders o;\nCREATE FUNCTION f(p_id bigint) RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  DELETE FROM orders WHERE id = p_id;\nEND $$;\n';
  const { uri } = await openAt('q.sql', 'sql', `${text}|`);
  const { legend } = client!.initialized.capabilities.semanticTokensProvider as { legend: { tokenTypes: string[] } };
  const { data } = await client!.request<{ data: number[] }>('textDocument/semanticTokens/full', { textDocument: { uri } });
  const found: string[] = [];
  for (let i = 0, line = 0, character = 0; i < data.length; i += 5) {
    line += data[i]!;
    character = data[i] === 0 ? character + data[i + 1]! : data[i + 1]!;
    found.push(`${text.split('\n')[line]?.slice(character, character + data[i + 2]!)}:${legend.tokenTypes[data[i + 3]!]}`);
  }
  expect(found).toEqual(['o:variable', 'total:property', 'lower:function', 'status:property', 'orders:struct', 'o:variable', 'f:function', 'orders:struct', 'id:property', 'p_id:parameter']);
  await client!.open(uriOf('src/z.ts'), 'typescript', "import { Pool } from 'pg';\nnew Pool().query('SELECT id FROM orders');\n");
  expect((await client!.request<{ data: number[] }>('textDocument/semanticTokens/full', { textDocument: { uri: uriOf('src/z.ts') } })).data).toEqual([]);
});
