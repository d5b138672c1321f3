import knexModule from 'knex';
import { describe, expect, it } from 'vitest';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import { objectionAdapter } from '../../../server/src/core/libraries/objection/objection';
import type { Rule } from '../../../server/src/core/lint/rule';
import { nPlusOne } from '../../../server/src/core/rules/n-plus-one';
import { offsetPagination } from '../../../server/src/core/rules/offset-pagination';
import { unindexedPredicate } from '../../../server/src/core/rules/unindexed-predicate';
import { applyEdits, type Edit } from '../../../server/src/core/text/edit';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { lintCase } from '../../support/readers';
import { readScript } from '../../support/readScript';
import { evaluate, runModule } from '../../support/runModule';

const sql = await createSqlAnalyser();
const models = `
import { Model } from 'objection';
export class Person extends Model {
  static tableName = 'persons';
  static get jsonSchema() {
    return { type: 'object', required: ['name'], properties: { id: { type: 'integer' }, name: { type: 'string' }, age: { type: 'integer' }, active: { type: 'boolean' }, address: { type: 'object' } } };
  }
  static get relationMappings() {
    return { pets: { relation: Model.HasManyRelation, modelClass: Animal, join: { from: 'persons.id', to: 'animals.ownerId' } } };
  }
}
export class Animal extends Model {
  static get tableName() { return 'animals'; }
  static get idColumn() { return 'animalId'; }
  static relationMappings = { owner: { relation: Model.BelongsToOneRelation, modelClass: Person, join: { from: 'animals.ownerId', to: 'persons.id' } } };
}
`;
const values = { id: 7, ids: [1, 2], q: 'abc', page: 2, size: 20, skip: 40, status: 'open', trx: undefined };
const parameters = 'id: number, ids: number[], q: string, page: number, size: number, skip: number, status: string, trx: Transaction, person: Person';
const read = (body: string) => readScript(`${models}\nasync function f(${parameters}) {\n${body}\n}`);
const exported = runModule(models);
(exported['Person'] as { knex(knex: unknown): void }).knex(knexModule({ client: 'pg' }));
(exported['Animal'] as { knex(knex: unknown): void }).knex(knexModule({ client: 'pg' }));

/** What Objection sends for the expression: its first statement. */
const sent = (expression: string): string => (evaluate(expression, { ...exported, ...values }) as { toKnexQuery(): { toSQL(): { toNative(): { sql: string } } } }).toKnexQuery().toSQL().toNative().sql;

const chains: readonly string[] = [
  'Person.query()',
  'Person.query(trx).where("age", ">", 18).orderBy("name")',
  'Person.query().where({ active: true, name: q }).andWhere("age", "<", 60)',
  'Person.query().select("id", "name").whereIn("id", ids)',
  'Person.query().findById(id)',
  'Person.query().findById(id).select("name")',
  'Person.query().findByIds([1, 2])',
  'Person.query().findByIds(ids)',
  'Person.query().findOne({ name: q })',
  'Person.query().findOne("name", q)',
  'Person.query().where("age", ">", 3).first()',
  'Person.query().where((b) => b.where("age", 1).orWhere("age", 2)).whereNotNull("name")',
  'Person.query().orderBy("id").limit(size).offset(skip)',
  'Person.query().orderBy("id").range(20, 39)',
  'Person.query().alias("p").where("p.age", 3)',
  'Person.query().join("animals", "animals.ownerId", "persons.id").where("animals.species", "dog")',
  'Person.query().count("* as n").where("active", true)',
  'Person.query().select("age").count("id as n").groupBy("age").having("age", ">", 3)',
  'Person.query().whereRaw("lower(name) = ?", [q])',
  'Person.query().where("name", "ilike", `%${q}%`)',
  'Person.query().withGraphFetched("pets").where("age", 3)',
  'Person.query().distinct("age").forUpdate()',
  'Person.query().throwIfNotFound().findById(id)',
  'Person.query().insert({ name: q, age: 3 })',
  'Person.query().insert({ id, name: q }).onConflict("id").merge()',
  'Person.query().patch({ name: q }).where("age", 3)',
  'Person.query().findById(id).patch({ name: q })',
  'Person.query().update({ name: q }).where({ id })',
  'Person.query().delete().where("age", "<", 3)',
  'Person.query().deleteById(id)',
  'Person.query().increment("age", 2).where({ id })',
  'Animal.query().findById(id)',
  'Person.relatedQuery("pets").for(id)',
  'Person.relatedQuery("pets").for(ids).where("species", "dog")',
];

function shape(text: Parameters<typeof queryShape>[1]): unknown {
  const { blocks, ...rest } = queryShape(sql, text) as { readonly blocks: readonly Record<string, unknown>[] };
  return { ...rest, blocks: blocks.map(({ returning: _, ...block }) => block) };
}

describe('Objection, the same chain rendered by Objection itself', () => {
  it.each(compared('objection', chains))('%s', (chain) => {
    const file = read(`  return await ${chain};`);
    expect(file.sites.map((site) => site.library)).toEqual(['objection']);
    const [site] = file.sites;
    expect(site).toMatchObject({ executes: 'yes', complete: true, conditional: [] });
    expect(shape(site?.source ?? ''), `${site?.source?.text}\n${sent(chain)}`).toEqual(shape(sent(chain)));
  });
});

function under(file: ReturnType<typeof read>, piece: string): string {
  const [site] = file.sites;
  const start = site?.source?.text.indexOf(piece) ?? -1;
  return site && start >= 0 ? file.at(toHostSpan(site.map, sqlSpan(start, start + piece.length))) : `(no ${piece} in ${site?.source?.text})`;
}

describe('Objection, what is known', () => {
  it('maps clauses to their calls', () => {
    const file = read('  return await Person.query()\n    .where("age", ">", 18)\n    .orderBy("id")\n    .page(page, size);');
    expect(file.sites[0]?.source?.text).toBe('SELECT persons.* FROM persons WHERE age > 18 ORDER BY id LIMIT $1 OFFSET $2');
    expect(under(file, 'OFFSET $2')).toBe('.page(page, size)');
    expect(under(file, 'age > 18')).toBe('.where("age", ">", 18)');
    expect(file.at(file.sites[0]?.anchor)).toBe('Person.query');
  });

  it.each([
    ['Person.query().modify("active")', false],
    ['Person.query().withGraphJoined("pets").where("pets.species", "dog")', false],
    ['Person.query().joinRelated("pets")', false],
    ['Person.query().where(filter)', false],
    ['Person.query().where("age", 3)', true],
  ])('%s is complete: %s', (call, complete) => {
    expect(read(`  return await ${call};`).sites).toMatchObject([{ library: 'objection', complete }]);
  });

  it('follows builders, rows and graphs', () => {
    const file = read('  const builder = Person.query(trx).where("age", 3);\n  if (q) builder.where("name", q);\n  const rows = await builder;\n  await person.$query().patch({ name: q });\n  await person.$relatedQuery("pets");\n  await Person.query().upsertGraph({ id, pets: [] });\n  return Missing.query().findById(id);');
    expect(file.sites.map((site) => [site.access, site.executes, site.source?.text])).toEqual([
      ['read', 'yes', 'SELECT persons.* FROM persons WHERE age = 3 AND name = $1'], ['write', 'yes', undefined], ['read', 'yes', 'SELECT animals.* FROM animals WHERE animals."ownerId" IN ($1)'], ['write', 'yes', undefined], ['read', 'yes', undefined],
    ]);
    expect(file.sites[0]?.conditional.map((part) => part.condition)).toEqual(['q']);
  });

  it('writes the row of a relation as one operand', () => {
    expect(read('  const animals = await Animal.query();\n  for (const animal of animals) console.log((await animal.$relatedQuery("owner")) || q);').sites.map((site) => site.lazy?.loaded)).toEqual([undefined, '(animal.owner ?? undefined)']);
  });

  it.each(innocent('objection', [
    "await pool.query('SELECT 1');",
    "const client = new Client(); await client.query('SELECT 1').where;",
    "await Repo.query('SELECT 1', [1]);",
    "import { useQuery } from 'x'; const r = url.query().get('a');",
    "await User.query().first();",
  ]))('leaves other code alone: %s', (code) => {
    expect(readScript(code).sites.filter((site) => site.library === 'objection')).toEqual([]);
  });

  it('reads the models', () => {
    const [person, animal] = read('').models;
    expect(person).toMatchObject({ table: 'persons', primary: ['id'], relations: [{ property: 'pets', model: 'Animal', many: true, columns: ['id'], references: ['ownerId'] }] });
    expect(person?.changes[0]).toMatchObject({ columns: [{ name: 'id', type: 'integer', notNull: true }, { name: 'name', notNull: true }, { name: 'age', type: 'integer', notNull: false }, { name: 'active', type: 'boolean' }, { name: 'address', type: 'jsonb' }] });
    expect(animal).toMatchObject({ table: 'animals', primary: ['animalId'], relations: [{ property: 'owner', many: false, columns: ['ownerId'], references: ['id'] }] });
  });
});

const edited = (code: string, edit: (site: QuerySite, text: string) => readonly Edit[] | undefined): string | undefined => {
  const text = `${models}async function f(${parameters}) {\n${code}\n}`;
  const [site] = readScript(text).sites;
  const edits = site && edit(site, text);
  return edits && applyEdits(text, edits)?.slice(text.indexOf('async function f')).split('\n').slice(1, -1).join('\n');
};

describe('Objection, edits and findings', () => {
  const lint = async (rule: Rule, body: string) => {
    const code = `${models}export async function f(${parameters}) {\n${body}\n}\n`;
    const { findings } = await lintCase([rule], { language: 'typescript', code, models: true, settings: { assume: { persons: 3_000_000, animals: 900_000 } } });
    return findings.map((finding) => code.slice(finding.span.start, finding.span.end));
  };
  it('edits in knex words', () => {
    expect(edited('await Person.query().where("age", 3);', (site, text) => objectionAdapter.addPredicate?.(site, { uri: 'u', text, table: 'persons', column: 'tenantId', value: 'tenantId' }))).toBe("await Person.query().where(\"age\", 3).where('tenantId', tenantId);");
    expect(edited('await Person.query().where("age", 3);', (site, text) => objectionAdapter.addLimit?.(site, { uri: 'u', text, count: 50 }))).toBe('await Person.query().where("age", 3).limit(50);');
  });
  it('underlines a page and a query per element', async () => {
    expect(await lint(offsetPagination, '  return Person.query().orderBy("id").limit(20).offset(skip);')).toEqual(['.offset(skip)']);
    expect(await lint(nPlusOne, '  for (const one of ids) { const found = await Person.query().findById(one); console.log(found); }')).toEqual(['Person.query']);
  });
  it('knows keys, and that a model does not tell every index', async () => {
    expect(await lint(unindexedPredicate, '  return Person.query().findById(id);')).toEqual([]);
    expect(await lint(unindexedPredicate, '  return Person.query().where("age", 3);')).toEqual([]);
  });
});
