import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { createSqlAnalyser } from '../../server/src/parser/sql/analyser';
import { createFlowWorkspace } from '../support/flowWorkspace';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { runTypeScript } from '../support/runCode';

const SCHEMA = `
CREATE TABLE authors (id integer PRIMARY KEY, name text NOT NULL, region integer NOT NULL);
CREATE TABLE books (id integer PRIMARY KEY, title text NOT NULL, author_id integer REFERENCES authors);
INSERT INTO authors VALUES (1, 'Ada', 1), (2, 'Ben', 1), (3, 'Cleo', 1), (4, 'Dan', 2);
INSERT INTO books VALUES (10, 'A', 1), (11, 'B', 1), (12, 'C', 2), (13, 'D', NULL), (14, 'E', 4);
`;

interface Library {
  readonly name: string;
  readonly file: string;
  readonly head: string;
  readonly modules?: Readonly<Record<string, string>>;
  /** Statements of the library's own, when it connects. */
  readonly ignored?: RegExp;
  /** A body, and the fix's title. */
  readonly cases: Readonly<Record<string, readonly [string, string]>>;
  /** Bodies whose query is found, and has no fix. */
  readonly refused: Readonly<Record<string, string>>;
  /** Bodies that send nothing in the loop. */
  readonly silent: Readonly<Record<string, string>>;
}

const typeormHead = `import { DataSource, EntitySchema } from 'typeorm';
import * as pg from 'pg';
interface Author { id: number; name: string; region: number; books: Promise<Book[]> }
interface Book { id: number; title: string; author: Promise<Author | null> }
const AuthorSchema = new EntitySchema<Author>({ name: 'Author', tableName: 'authors', columns: { id: { type: 'int', primary: true }, name: { type: 'text' }, region: { type: 'int' } }, relations: { books: { type: 'one-to-many', target: 'Book', inverseSide: 'author', lazy: true } } });
const BookSchema = new EntitySchema<Book>({ name: 'Book', tableName: 'books', columns: { id: { type: 'int', primary: true }, title: { type: 'text' } }, relations: { author: { type: 'many-to-one', target: 'Author', joinColumn: { name: 'author_id' }, inverseSide: 'books', nullable: true, lazy: true } } });
const dataSource = new DataSource({ type: 'postgres', driver: pg, installExtensions: false, entities: [AuthorSchema, BookSchema] });
const authors = dataSource.getRepository(AuthorSchema);
const books = dataSource.getRepository(BookSchema);
export async function run() {
  const found: unknown[] = [];
  await dataSource.initialize();
  BODY
  return found;
}
`;
const typeorm = (version: string): Library => ({
  name: version, file: 'src/case.ts', head: typeormHead, modules: { typeorm: version }, ignored: /^SELECT (version|\* FROM current_schema|current_)/i,
  cases: {
    'one row, no options': ["const rows = await books.find();\n  for (const book of rows) {\n    const author = await book.author;\n    found.push(book.title, author?.name);\n  }", 'Load `author` with the query of `rows` (relations)'],
    'many rows, options': ["const rows = await authors.find({ where: { region: 1 }, order: { id: 'ASC' } });\n  for (const author of rows) found.push(author.name, (await author.books).map((book) => book.title));", 'Load `books` with the query of `rows` (relations)'],
    'by a filter alone': ["const rows = await authors.findBy({ region: 1 });\n  const counts = await Promise.all(rows.map(async (author) => (await author.books).length));\n  found.push(counts);", 'Load `books` with the query of `rows` (relations)'],
    'a builder': ["const rows = await books.createQueryBuilder('b').where('b.id > :id', { id: 10 }).orderBy('b.id').getMany();\n  for (const book of rows) {\n    found.push((await book.author)?.name ?? null);\n  }", 'Load `author` with the query of `rows` (leftJoinAndSelect)'],
    'a manager': ["const rows = await dataSource.manager.find(BookSchema);\n  for (const book of rows) {\n    found.push((await book.author)?.name);\n  }", 'Load `author` with the query of `rows` (relations)'],
  },
  refused: {
    'chosen columns': "const rows = await books.find({ select: { id: true } });\n  for (const book of rows) found.push(await book.author);",
    'a turn may fail by itself': 'const rows = await books.find();\n  for (const book of rows) {\n    try {\n      found.push(await book.author);\n    } catch {\n      found.push(null);\n    }\n  }',
    'a write between': "const rows = await books.find();\n  for (const book of rows) {\n    await authors.update({ id: 1 }, { name: 'x' });\n    found.push(await book.author);\n  }",
    'only some of the rows': "const rows = await books.find();\n  for (const book of rows) {\n    if (book.title === 'A') found.push(await book.author);\n  }",
    'something unknown is waited for': 'const rows = await books.find();\n  for (const book of rows) {\n    await notify(book);\n    found.push(await book.author);\n  }',
  },
  silent: {
    'loaded with the rows': 'const rows = await books.find({ relations: { author: true } });\n  for (const book of rows) found.push((await book.author)?.name);',
    'joined by the builder': "const rows = await books.createQueryBuilder('b').leftJoinAndSelect('b.author', 'a').getMany();\n  for (const book of rows) found.push((await book.author)?.name);",
    'not asked for': 'const rows = await books.find();\n  for (const book of rows) found.push(await book.title);',
  },
});

const libraries: readonly Library[] = [
  typeorm('typeorm'), typeorm('typeorm-0.3'),
  {
    name: 'MikroORM', file: 'src/case.ts', ignored: /^select 1$/,
    head: `import { type Collection, EntitySchema, MikroORM, type Ref, wrap } from '@mikro-orm/postgresql';
import { application_name, url } from 'connection';
interface Author { id: number; name: string; region: number; books: Collection<Book> }
interface Book { id: number; title: string; author: Ref<Author> | null }
const AuthorSchema = new EntitySchema<Author>({ name: 'Author', tableName: 'authors', properties: { id: { type: 'integer', primary: true }, name: { type: 'text' }, region: { type: 'integer' }, books: { kind: '1:m', entity: () => BookSchema, mappedBy: 'author' } } });
const BookSchema = new EntitySchema<Book>({ name: 'Book', tableName: 'books', properties: { id: { type: 'integer', primary: true }, title: { type: 'text' }, author: { kind: 'm:1', entity: () => AuthorSchema, ref: true, nullable: true } } });
export async function run() {
  const found: unknown[] = [];
  const orm = await MikroORM.init({ clientUrl: url, driverOptions: { application_name }, entities: [AuthorSchema, BookSchema], allowGlobalContext: true, ensureDatabase: false });
  const em = orm.em.fork();
  BODY
  await orm.close(true);
  return found;
}
`,
    cases: {
      'a collection': ["const rows = await em.find(AuthorSchema, { region: 1 }, { orderBy: { id: 'asc' } });\n  for (const author of rows) {\n    const books = await author.books.loadItems();\n    found.push(author.name, books.map((book) => book.title));\n  }", 'Load `books` with the query of `rows` (populate)'],
      'init, which asks each time': ["const rows = await em.find(AuthorSchema, { region: 1 });\n  for (const author of rows) {\n    await author.books.init();\n    found.push(author.books.length);\n  }", 'Load `books` with the query of `rows` (populate)'],
      'a loop that only loads': ["const rows = await em.findAll(AuthorSchema);\n  for (const author of rows) {\n    await author.books.init();\n  }\n  found.push(rows.map((author) => author.books.length));", 'Load `books` with the query of `rows` (populate)'],
      'a reference': ["const rows = await em.find(BookSchema, { id: { $in: [10, 11, 12] } });\n  for (const book of rows) found.push((await book.author!.load())?.name);", 'Load `author` with the query of `rows` (populate)'],
    },
    refused: {
      'options of its own': "const rows = await em.find(AuthorSchema, {});\n  for (const author of rows) found.push(await author.books.loadItems({ where: { title: 'A' } }));",
      'a count': 'const rows = await em.find(AuthorSchema, {});\n  for (const author of rows) found.push(await author.books.loadCount());',
    },
    silent: {
      'populated by the query': "const rows = await em.find(AuthorSchema, {}, { populate: ['books'] });\n  for (const author of rows) found.push((await author.books.loadItems()).length);",
      'collected by the loader of the configuration': `const config = { entities: [AuthorSchema], dataloader: true };\n  const rows = await em.find(AuthorSchema, {});\n  await Promise.all(rows.map(async (author) => found.push((await author.books.loadItems()).length)));`,
      'populated before': "const rows = await em.find(AuthorSchema, {});\n  await em.populate(rows, ['books']);\n  for (const author of rows) found.push((await author.books.loadItems()).length);",
    },
  },
  {
    name: 'Objection', file: 'src/case.ts',
    head: `import { Model } from 'objection';
import knex from 'knex';
Model.knex(knex({ client: 'pg' }));
class Author extends Model {
  static tableName = 'authors';
  declare id: number; declare name: string; declare region: number; declare books?: Book[];
  static relationMappings = { books: { relation: Model.HasManyRelation, modelClass: () => Book, join: { from: 'authors.id', to: 'books.author_id' } } };
}
class Book extends Model {
  static tableName = 'books';
  declare id: number; declare title: string; declare author_id: number;
  static relationMappings = { author: { relation: Model.BelongsToOneRelation, modelClass: Author, join: { from: 'books.author_id', to: 'authors.id' } } };
}
export async function run() {
  const found: unknown[] = [];
  BODY
  return found;
}
`,
    cases: {
      'a relation': ["const rows = await Author.query().where('region', 1).orderBy('id');\n  for (const author of rows) {\n    const books = await author.$relatedQuery('books');\n    found.push(author.name, books.map((book) => book.title));\n  }", 'Load `books` with the query of `rows` (withGraphFetched)'],
      'a graph': ["const rows = await Author.query().orderBy('id');\n  for (const author of rows) {\n    await author.$fetchGraph('books');\n    found.push(author.books?.length);\n  }", 'Load `books` with the query of `rows` (withGraphFetched)'],
    },
    refused: {
      'a filter of its own': "const rows = await Author.query();\n  for (const author of rows) found.push(await author.$relatedQuery('books').where('title', 'A'));",
      'rows that are handed on': "const rows = await Author.query();\n  for (const author of rows) found.push((await author.$relatedQuery('books')).length);\n  found.push(rows);",
      'a property that the class does not declare': "const rows = await Book.query();\n  for (const book of rows) found.push(await book.$relatedQuery('author'));",
    },
    silent: { 'loaded with the rows': "const rows = await Author.query().withGraphFetched('books');\n  for (const author of rows) found.push(author.books?.length);" },
  },
  {
    name: 'Sequelize', file: 'src/case.js', ignored: /^(SET|SHOW|WITH ranges)/,
    head: `import { DataTypes, Model, Sequelize } from 'sequelize';
import * as pg from 'pg';
const sequelize = new Sequelize({ dialect: 'postgres', dialectModule: pg, logging: false });
class Author extends Model {}
Author.init({ id: { type: DataTypes.INTEGER, primaryKey: true }, name: DataTypes.TEXT, region: DataTypes.INTEGER }, { sequelize, modelName: 'Author', tableName: 'authors', timestamps: false });
class Book extends Model {}
Book.init({ id: { type: DataTypes.INTEGER, primaryKey: true }, title: DataTypes.TEXT, authorId: { type: DataTypes.INTEGER, field: 'author_id' } }, { sequelize, modelName: 'Book', tableName: 'books', timestamps: false });
Author.hasMany(Book, { foreignKey: 'authorId', as: 'books' });
Book.belongsTo(Author, { foreignKey: 'authorId', as: 'author' });
export async function run() {
  const found = [];
  BODY
  return found;
}
`,
    cases: {
      'many rows': ["const rows = await Author.findAll({ where: { region: 1 }, order: [['id', 'ASC']] });\n  for (const author of rows) {\n    const books = await author.getBooks();\n    found.push(author.name, books.map((book) => book.title));\n  }", 'Load `books` with the query of `rows` (include)'],
      'one row, by $get': ["const rows = await Book.findAll();\n  for (const book of rows) {\n    const author = await book.getAuthor();\n    found.push(author ? author.name : null);\n  }", 'Load `author` with the query of `rows` (include)'],
    },
    refused: {
      'options of its own': "const rows = await Author.findAll();\n  for (const author of rows) found.push(await author.getBooks({ where: { title: 'A' } }));",
      'rows that are handed on': 'const rows = await Author.findAll();\n  for (const author of rows) found.push((await author.getBooks()).length);\n  found.push(rows);',
      'chosen columns': "const rows = await Author.findAll({ attributes: ['id'] });\n  for (const author of rows) found.push((await author.getBooks()).length);",
    },
    silent: { 'loaded with the rows': "const rows = await Author.findAll({ include: ['books'] });\n  for (const author of rows) found.push(author.books.length);" },
  },
];

const sql = await createSqlAnalyser();
/** Tables and conditions, without the names that libraries make up. */
function shape(text: string): unknown {
  const { blocks } = sql.analyse({ text: text.replace(/ LIMIT .*$/, ''), placeholders: 'dollar', interpolations: [] });
  return blocks.map((block) => ({ tables: block.relations.map((relation) => relation.name), keys: block.conjuncts.map((conjunct) => [conjunct.clause, conjunct.left?.column?.column, conjunct.right?.column?.column]) }));
}

it('in a resolver, and through a function that is called per row', async () => {
  const entities = `import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
@Entity('users') export class User { @PrimaryColumn() id!: number; @Column() name!: string; }
@Entity('orders') export class Order { @PrimaryColumn() id!: number; @ManyToOne(() => User) @JoinColumn({ name: 'user_id' }) customer!: Promise<User>; @ManyToOne(() => User) seller!: User; }
`;
  const workspace = await createFlowWorkspace({
    'entities.ts': entities,
    'resolver.ts': `${entities}@Resolver(() => Order)
class OrderResolver {
  @ResolveField() customer(@Parent() order: Order) { return order.customer; }
  @ResolveField() seller(@Parent() order: Order) { return order.seller; }
}
`,
    'names.ts': `${entities}async function nameOf(order: Order) { return (await order.customer).name; }
export async function names(orders: Order[]) {
  const found: string[] = [];
  for (const order of orders) found.push(await nameOf(order));
  return found;
}
`,
  });
  const messages = async (path: string) => (await workspace.lint(path)).map((finding) => `${finding.severity} ${finding.message}`);
  expect(await messages('resolver.ts')).toEqual(['hint `order.customer` sends a query once per `Order` of a list.']);
  expect(await messages('names.ts')).toEqual(['info `nameOf` leads to a query once per element of `orders`.']);
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA);
});
afterAll(() => database?.drop());

describe.each(libraries)('$name: a relation loaded row by row', ({ file, head, modules, ignored, cases, refused, silent }) => {
  const code = (body: string): string => head.replace('BODY', () => body);
  const run = async (text: string) => {
    const { value, statements } = await runTypeScript(text, database.url, [], modules);
    return { value, sent: statements.filter((statement) => !ignored?.test(statement)) };
  };
  it.each(Object.entries(cases))('%s: one or two statements give the same', async (_, [body, title]) => {
    const workspace = await createFlowWorkspace({ [file]: code(body) });
    const findings = await workspace.lint(file, SCHEMA);
    expect(findings.map((finding) => finding.rule)).toEqual(['n-plus-one']);
    const shown = workspace.queries(file)[0]?.site?.source?.text ?? '';
    const fixes = findings[0]?.fixes() ?? [];
    expect(fixes.map((fix) => fix.title)).toEqual([title]);
    const after = applyEdits(code(body), fixes[0]?.edits ?? []) ?? '';
    workspace.write(file, after);
    expect(await workspace.lint(file, SCHEMA), after).toEqual([]);
    const [before, now] = [await run(code(body)), await run(after)];
    expect(now.value, after).toEqual(before.value);
    expect(before.sent.length).toBeGreaterThan(2);
    // The SQL that is shown is what the library sent.
    expect(before.sent.map(shape)).toContainEqual(shape(shown));
    expect(now.sent.length, `${after}\n${now.sent.join('\n')}`).toBeLessThanOrEqual(2);
  });
  it.each(Object.entries(refused))('%s: found, not fixed', async (_, body) => {
    const findings = await (await createFlowWorkspace({ [file]: code(body) })).lint(file, SCHEMA);
    expect(findings.map((finding) => finding.rule)).toContain('n-plus-one');
    expect(findings.flatMap((finding) => finding.fixes().map((fix) => fix.title))).toEqual([]);
  });
  it.each(Object.entries(silent))('%s: nothing is said', async (_, body) => {
    expect(await (await createFlowWorkspace({ [file]: code(body) })).lint(file, SCHEMA)).toEqual([]);
  });
});
