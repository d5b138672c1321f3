import { describe, expect, it } from 'vitest';
import { parseArrayText, renderArrayText } from '../../../server/src/core/catalog/arrayText';
import { compareCatalogs } from '../../../server/src/core/catalog/compare';
import { fromSnapshotFiles, relationPath, toSnapshotFiles, type SnapshotFile } from '../../../server/src/core/catalog/snapshot';
import { catalogOf } from './schema';

const ddl = 'create table orders (id bigint primary key, note text);\ncreate index orders_note on orders (note desc) where note is not null;\ncreate table carts (id int)';
const source = { ...catalogOf(ddl, { source: 'live', label: 'shop' }), server: { version: 160004, versionText: '16.4', settings: { work_mem: '4MB' }, extensions: [{ name: 'plpgsql', schema: 'pg_catalog', version: '1.0' }] } };
const files = toSnapshotFiles(source, { values: 'none', project: 'p' })!;
/** The snapshot with one file changed (undefined: left out). */
const changed = (path: string, change: (text: string) => string | undefined): readonly SnapshotFile[] => files.flatMap((file) => {
  const text = file.path === path ? change(file.text) : file.text;
  return text === undefined ? [] : [{ path: file.path, text }];
});
const orders = 'schema/public.orders.json';

describe('fromSnapshotFiles', () => {
  it('reads what was written', () => {
    const { catalog, problems, meta } = fromSnapshotFiles(files);
    expect([problems, meta?.project, catalog?.incomplete]).toEqual([[], 'p', undefined]);
    expect(Object.fromEntries(catalog!.tables)).toEqual(Object.fromEntries(source.tables));
  });

  it.each<[string, string, (text: string) => string | undefined, RegExp]>([
    ['no meta.json', 'meta.json', () => undefined, /^meta\.json is missing: write it anew with `sargable schema pull`$/],
    ['text that is no JSON', 'meta.json', () => '{"format": 1', /^meta\.json is not valid JSON; write it anew/],
    ['another format', 'meta.json', (text) => text.replace('"format": 1', '"format": 2'), /^meta\.json cannot be used: format must be 1, it is 2; /],
    ['an unknown key', 'meta.json', (text) => text.replace('"format"', '"extra": true, "format"'), /extra is not known to this version/],
    ['a list', 'meta.json', () => '[]', /the file must be an object, it is a list/],
    ['null', 'meta.json', () => 'null', /the file must be an object, it is null/],
    ['a missing key', 'meta.json', (text) => text.replace(/\s*"searchPath": .*/, ''), /searchPath is missing/],
    ['a wrong setting', 'meta.json', (text) => text.replace('"4MB"', '4'), /server\.settings\.work_mem must be a string, it is a number/],
  ])('gives up on meta.json with %s', (_, path, change, problem) => {
    const read = fromSnapshotFiles(changed(path, change));
    expect(read.catalog).toBeUndefined();
    expect(read.problems).toEqual([expect.stringMatching(problem)]);
  });

  it.each<[string, string, (text: string) => string, RegExp]>([
    ['merge conflicts', orders, (text) => `<<<<<<< ours\n${text}=======\n${text}>>>>>>> theirs\n`, /^schema\/public\.orders\.json holds merge conflict markers; write it anew/],
    ['a wrong type', orders, (text) => text.replace('"type": "text"', '"type": 7'), /columns\[1\]\.type must be a string, it is a number/],
    ['a wrong word', orders, (text) => text.replace('"kind": "table"', '"kind": "toble"'), /kind must be one of "table", .*, it is "toble"/],
    ['an unknown key', orders, (text) => text.replace('"kind"', '"constructor": {}, "kind"'), /constructor is not known to this version/],
    ['a key that means something to JavaScript', orders, (text) => text.replace('"kind"', '"__proto__": { "kind": "table" }, "kind"'), /__proto__ is not known to this version/],
    ['a number that is none', orders, (text) => text.replace('"kind"', '"rows": 1e999, "kind"'), /rows must be a number/],
    ['a broken type list', 'types.json', () => '{}', /^types\.json cannot be used: the file must be a list/],
    ['a broken routine', 'routines.json', () => '[{ "name": 1 }]', /^routines\.json cannot be used: \[0\]\.schema is missing/],
    ['lists without end', orders, () => '['.repeat(200_000), /is not valid JSON|must be an object/],
  ])('goes on without a file with %s, and knows that something is missing', (_, path, change, problem) => {
    const read = fromSnapshotFiles(changed(path, change));
    expect(read.problems).toEqual([expect.stringMatching(problem)]);
    expect(read.catalog?.tables.has('public.carts')).toBe(true);
    expect(read.catalog?.tables.has('public.orders')).toBe(path !== orders);
    expect(read.catalog?.incomplete).toBe(true);
  });

  it('refuses a relation that stands in two files', () => {
    const copy = files.find(({ path }) => path === orders)!;
    expect(fromSnapshotFiles([...files, { ...copy, path: 'schema/copy.json' }]).problems).toEqual([expect.stringMatching(/^schema\/copy\.json holds public\.orders, which another file holds too/)]);
  });

  it('survives any damage', () => {
    let state = 12345;
    const random = (n: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % n;
    const original = files.find(({ path }) => path === orders)!.text;
    let read = 0;
    for (let i = 0; i < 2000; i++) {
      const at = random(original.length);
      const text = original.slice(0, at) + ['', '{', '}', '[', '"', 'null', '0', ',', '\0', '\ud800'][random(10)] + original.slice(at + random(4));
      const result = fromSnapshotFiles(changed(orders, () => text));
      expect(result.problems.length + result.catalog!.tables.size).toBe(2);
      read += result.problems.length;
    }
    expect(read).toBeGreaterThan(1000);
  });
});

describe('relationPath', () => {
  it('is legal, short and different by more than case', () => {
    expect(relationPath('public', 'order_items')).toBe('schema/public.order_items.json');
    expect(relationPath('con', 'Orders')).toBe('schema/%63;on.%4F;rders.json');
    expect(relationPath('a.b', '../../x')).toBe('schema/a%2E;b.%2E;%2E;%2F;%2E;%2E;%2F;x.json');
    const [long, longer] = [relationPath('ß'.repeat(31), `${'Ä'.repeat(30)}a`), relationPath('ß'.repeat(31), `${'Ä'.repeat(30)}b`)];
    expect([long.length <= 212, long === longer]).toEqual([true, false]);
  });
});

describe('compareCatalogs', () => {
  it('tells what only one has and what is otherwise', () => {
    const other = catalogOf(`${ddl.replace('note text', 'note varchar(20), at date')};\ncreate index orders_id on orders (id, note);\ncreate table more (a int);\ncreate table schema_migrations (version text)`.replace('create table carts (id int);\n', ''));
    const comparison = compareCatalogs(source, other);
    expect(comparison.missing).toEqual([{ kind: 'column', name: 'public.orders.at' }, { kind: 'index', name: 'orders_id on public.orders' }, { kind: 'table', name: 'public.more' }]);
    expect(comparison.surplus).toEqual([{ kind: 'table', name: 'public.carts' }]);
    expect(comparison.changed).toEqual([{ kind: 'column', name: 'public.orders.note', change: ['text', 'character varying(20)'] }]);
    expect(comparison.agreeing).toBe(0);
  });
  it('passes over names that tools make up, and partitions of the day', () => {
    const parent = 'create table e (at date) partition by range (at)';
    expect(compareCatalogs(catalogOf(`${parent};\ncreate table e1 partition of e default;\ncreate index ei on e (at)`), catalogOf(`${parent};\ncreate index other_name on e (at)`))).toMatchObject({ missing: [], surplus: [], changed: [], agreeing: 1 });
    expect(compareCatalogs(catalogOf('create table t (a int);\ncreate index i on t (a)'), catalogOf('create table t (a int, b int);\ncreate index i on t (b)')).changed).toEqual([{ kind: 'index', name: 'i on public.t', change: ['btree (a)', 'btree (b)'] }]);
  });
});

describe('array texts', () => {
  it.each([['{}', []], ['{a,b}', ['a', 'b']], ['{"a b","c,d","e\\"f","g\\\\h","","null"}', ['a b', 'c,d', 'e"f', 'g\\h', '', 'null']], ['{ä😀}', ['ä😀']]])('%s', (text, elements) => {
    expect(parseArrayText(text)).toEqual(elements);
    expect(renderArrayText(elements)).toBe(text);
  });
  it.each(['', 'a', '{', '{a', '{a,}', '{,a}', '{NULL}', '{{a}}', '{"a}', '[0:1]={a,b}', '{a}b', '{"a"b}'])('refuses %s', (text) => expect(parseArrayText(text)).toBeUndefined());
});
