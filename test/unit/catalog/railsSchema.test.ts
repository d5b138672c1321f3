import { describe, expect, it } from 'vitest';
import { railsSchemaToSql } from '../../../server/src/core/catalog/railsSchema';

const schema = (body: string): string => railsSchemaToSql(`ActiveRecord::Schema[7.1].define(version: 2024_01_01_000000) do\n${body}\nend\n`);
const table = (line: string): string => schema(`  create_table "t", force: :cascade do |t|\n    ${line}\n  end`);

describe('db/schema.rb as DDL', () => {
  it('takes options for options, and what stands in a string for text', () => {
    expect(table('t.string "a", comment: "array: true, null: false, limit: 3"')).toContain('"a" character varying)');
    expect(table('t.string "a", limit: 3, array: true, null: false, comment: "x"')).toContain('"a" character varying(3)[] NOT NULL');
    expect(schema('  create_table "t", id: { type: :string, limit: 36 }, force: :cascade do |t|\n  end')).toContain('"id" character varying(36) PRIMARY KEY');
  });

  it('brackets the expressions of an index as Postgres wants them', () => {
    expect(table('t.index "lower((email)::text)", name: "i"')).toContain('("id" bigserial PRIMARY KEY);\nCREATE INDEX "i" ON "t" (lower((email)::text));');
    expect(table('t.index "lower(a) || lower(b)", name: "i"')).toContain('ON "t" ((lower(a) || lower(b)));');
    expect(table('t.index "(a)::int", name: "i"')).toContain('ON "t" (((a)::int));');
    expect(table('t.index "a, lower(b, 1) DESC, (c -> \'x\'::text)", name: "i"')).toContain("ON \"t\" (a, lower(b, 1) DESC, (c -> 'x'::text));");
  });

  it('keeps its head with names that are no words', () => {
    expect(table('t.index ["x(y", "b"], name: "i", order: { b: :desc }')).toContain('CREATE INDEX "i" ON "t" ("x(y", "b" DESC);');
  });
});
