import { describe, expect, it } from 'vitest';
import { normaliseExpression, predicateParts } from '../../../server/src/core/catalog/expressionText';
import { collectTokens } from '../../../server/src/core/catalog/expressionTokens';
import { impliesPredicate } from '../../../server/src/core/catalog/implication';
import { collectSchemaSteps, findSchemaSources } from '../../../server/src/core/catalog/migrations';
import { splitStatements } from '../../../server/src/core/sql/split';
import { parseTree } from '../../../server/src/parser/sql/pgQuery';
import { collectSchemaChanges } from '../../../server/src/parser/sql/schemaChanges';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { catalogOf } from './schema';

/** A small deterministic generator (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
const pieces = ['(', ')', '[', ']', ',', "'a", "'b'", '"q', '"r"', '$$', '$x$', ' and ', ' or ', ' not ', ' in ', ' between ', '::', 'text', 'a', 'b.c', ' is null', '=', '<>', '--', '/*', '*/', '\n', '1', 'cast(', ' as ', 'case', ' end', 'é', '😀', ';', '%', ' array[', '.'];

describe('nothing throws on bad input', () => {
  it('expressions of random pieces', () => {
    const next = random(7);
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: Math.floor(next() * 14) }, () => pieces[Math.floor(next() * pieces.length)]).join('');
      const tokens = collectTokens(text);
      expect(tokens.every((token) => text.slice(token.start, token.end) === token.text)).toBe(true);
      expect(typeof normaliseExpression(text)).toBe('string');
      expect(normaliseExpression(normaliseExpression(text)).length).toBeLessThanOrEqual(normaliseExpression(text).length + text.length);
      predicateParts(text);
      impliesPredicate([{ key: 'a', operator: '=', negated: false, values: [1], text }], text);
    }
  });
  it('trees of another shape', () => {
    for (const tree of [undefined, null, 1, 'x', [], {}, { stmts: [] }, { stmts: [null, {}, { stmt: { CreateStmt: null } }] }, { CreateStmt: { tableElts: [{}, { ColumnDef: {} }, { Constraint: {} }] } }, { IndexStmt: {} }, { AlterTableStmt: { cmds: [{}, { AlterTableCmd: { subtype: 'AT_AddColumn' } }] } }, { RenameStmt: {} }, { DropStmt: { objects: [{}] } }, { ViewStmt: {} }, { CreatePolicyStmt: {} }, { DoStmt: {} }])
      expect(Array.isArray(collectSchemaChanges(tree, 'create'))).toBe(true);
  });
  it('half a statement', () => {
    const statement = "create index concurrently i on s.t using gin (lower((a)::text) gin_trgm_ops, (data -> 'x')) where a is null and b = 'é'";
    for (let end = 0; end <= statement.length; end++) {
      const text = statement.slice(0, end);
      expect(Array.isArray(collectSchemaChanges(parseTree(text), text))).toBe(true);
    }
  });
  it('an empty workspace', () => {
    expect(findSchemaSources([])).toEqual([]);
    expect(collectSchemaSteps([], { split: splitStatements, schemaChanges: () => [] })).toEqual([]);
    expect(buildCatalog({ source: 'schema', label: '' }).tables.size).toBe(0);
  });
});

describe('many tables', () => {
  it('are replayed', () => {
    const ddl = Array.from({ length: 2000 }, (_, n) => `create table t${n} (id bigint primary key, a int references t0, b text);\ncreate index on t${n} (a);\ncreate index on t${n} (b, a);\nalter table t${n} add column c int`).join(';\n');
    const catalog = catalogOf(ddl);
    expect(catalog.tables.size).toBe(2000);
    expect(catalog.tables.get('public.t1999')?.indexes.map((index) => index.name)).toEqual(['t1999_pkey', 't1999_a_idx', 't1999_b_a_idx']);
  });
});
