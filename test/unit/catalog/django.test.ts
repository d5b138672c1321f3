import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { normaliseExpression } from '../../../server/src/core/catalog/expressionText';
import type { Catalog, Index } from '../../../server/src/core/catalog/model';
import { djangoSteps } from '../../../server/src/core/catalog/djangoState';
import { loadReaders } from '../../support/readers';
import { programCatalog, pythonFiles, recordedCatalog } from '../../support/programCatalog';

const folder = path.join(import.meta.dirname, '../../fixtures/migrations/django');
const sorted = (items: readonly unknown[]): readonly string[] => items.map((item) => JSON.stringify(item)).sort();
/** What Django names by a hash is compared without its name; expressions of generated columns are not read. */
const comparable = (catalog: Catalog | undefined): unknown => Object.fromEntries([...(catalog?.tables ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, table]) => [key, {
  columns: sorted(table.columns.map((column) => ({ ...column, default: column.generated === 'stored' ? undefined : column.default }))),
  constraints: sorted(table.constraints.map(({ type, columns }) => ({ type, columns }))),
  foreignKeys: [...new Set(sorted(table.foreignKeys.map(({ columns, references }) => ({ columns, table: references.table, to: references.columns }))))],
  indexes: sorted(table.indexes.map(({ method, unique, keys, include, predicate }: Index) => ({ method, unique, include, predicate: predicate && normaliseExpression(predicate), keys: keys.map((key) => ({ ...key, expression: key.expression && normaliseExpression(key.expression) })) }))),
  incomplete: table.incomplete ?? false,
}]));

const migration = (operations: string, dependencies = '', code = ''): string =>
  `from django.db import connection, migrations, models\nfrom django.db.models.functions import Lower\n\n${code}\n\nclass Migration(migrations.Migration):\n    dependencies = [${dependencies}]\n    operations = [${operations}]\n`;
const first = migration(`migrations.CreateModel(name="Book", fields=[("id", models.AutoField(primary_key=True)), ("title", models.CharField(max_length=50)), ("pages", models.IntegerField(null=True))]),
    migrations.CreateModel(name="Shelf", fields=[("id", models.AutoField(primary_key=True)), ("room", models.IntegerField())])`);
const after = (operations: string, code?: string): Promise<Catalog | undefined> =>
  programCatalog({ 'library/migrations/0001_initial.py': first, 'library/migrations/0002_more.py': migration(operations, '("library", "0001_initial")', code) });
const marked = (catalog: Catalog | undefined): readonly string[] => [...(catalog?.tables.values() ?? [])].filter((table) => table.incomplete).map((table) => table.name);
const indexOf = (catalog: Catalog | undefined, name: string): Index | undefined => catalog?.tables.get('public.library_book')?.indexes.find((index) => index.name === name);

describe('a history of Django', () => {
  it('reads as the SQL that Django runs', async () => {
    const catalog = await programCatalog(pythonFiles(folder));
    const recorded = await recordedCatalog(path.join(folder, 'recorded.sql'));
    expect(recorded.tables.size).toBe(10);
    expect(comparable(catalog)).toEqual(comparable(recorded));
    expect(catalog?.incomplete).toBeUndefined();
    expect(catalog?.extensions).toEqual(['pg_trgm']);
  });

  it('keeps the names that migrations give', async () => {
    const catalog = await programCatalog(pythonFiles(folder));
    const names = [...(catalog?.tables.values() ?? [])].flatMap((table) => table.indexes.map((index) => index.name));
    expect(names).toEqual(expect.arrayContaining(['line_status_placed', 'product_attributes', 'product_cheap', 'line_buyer', 'product_sku_price', 'gift_wrapping', 'product_stock_brin', 'store_product_lower', 'line_note']));
    expect(names).not.toContain('product_search');
    expect(names).not.toContain('line_once');
  });

  it('reads expressions, directions, functions and conditions of indexes', async () => {
    const catalog = await after(`migrations.AddIndex("book", models.Index(Lower("title").desc(nulls_last=True), "pages", name="by_title")),
      migrations.AddIndex("book", models.Index(fields=["-pages"], name="thin", condition=models.Q(pages__lt=100) | models.Q(pages=None))),
      migrations.AddConstraint("book", models.UniqueConstraint(Lower("title"), name="titles", condition=~models.Q(pages__isnull=True)))`);
    expect(indexOf(catalog, 'by_title')?.keys).toMatchObject([{ expression: 'lower(title)', descending: true, nullsFirst: false }, { column: 'pages', descending: false }]);
    expect(indexOf(catalog, 'thin')).toMatchObject({ keys: [{ column: 'pages', descending: true }], predicate: 'pages < 100 OR pages IS NULL' });
    expect(indexOf(catalog, 'titles')).toMatchObject({ unique: true, keys: [{ expression: 'lower(title)' }], predicate: 'NOT (pages IS NULL)' });
    expect(marked(catalog)).toEqual([]);
  });

  it('follows an app that has another name than its folder, and a squashed migration in place of those it replaces', async () => {
    const catalog = await programCatalog({
      'src/books/migrations/0001_initial.py': first.replaceAll('"Book"', '"Novel"'),
      'src/books/migrations/0002_next.py': migration('migrations.RenameModel("Novel", "Tale")', '("library", "0001_initial")'),
      'src/books/migrations/0001_squashed_0002.py': migration(`migrations.CreateModel(name="Tale", fields=[("id", models.AutoField(primary_key=True))])`).replace('    operations', '    replaces = [("library", "0001_initial"), ("library", "0002_next")]\n    operations'),
      'src/books/migrations/0003_last.py': migration('migrations.AddField("tale", "year", models.IntegerField(db_index=True))', '("library", "0002_next")'),
    });
    expect([...(catalog?.tables.keys() ?? [])]).toEqual(['public.library_tale']);
    expect(catalog?.tables.get('public.library_tale')?.columns.map(({ name }) => name)).toEqual(['id', 'year']);
    expect(catalog?.incomplete).toBeUndefined();
  });
});

describe('what is not understood', () => {
  it.each([
    ['an index that another package makes', 'migrations.AddIndex("book", SpecialIndex(fields=["title"], name="x"))'],
    ['a condition that is built', 'migrations.AddIndex("book", models.Index(fields=["title"], name="x", condition=models.Q(pages__gt=models.F("id"))))'],
    ['a negation, which Django writes by what may be NULL', 'migrations.AddIndex("book", models.Index(fields=["title"], name="x", condition=~models.Q(pages=1)))'],
    ['a field that another package makes', 'migrations.AddField("book", "mood", Mood())'],
    ['an operation of another package on a model', 'AddTrigger(model_name="book", trigger=x)'],
    ['an exclusion constraint', 'migrations.AddConstraint("book", ExclusionConstraint(name="x", expressions=[("title", "=")]))'],
  ])('marks the table: %s', async (_, operations) => {
    const catalog = await after(operations);
    expect(marked(catalog)).toEqual(['library_book']);
    expect(catalog?.incomplete).toBeUndefined();
  });

  it.each([
    ['SQL that only the program knows', 'migrations.RunSQL(read("x.sql"))'],
    ['an operation of another package', 'CreateEverything()'],
    ['code that changes the schema', 'migrations.RunPython(change)', 'def change(apps, schema_editor):\n    schema_editor.execute("create index x on library_book (title)")'],
    ['code with a cursor', 'migrations.RunPython(change)', 'def change(apps, schema_editor):\n    with connection.cursor() as cursor:\n        cursor.execute("create index x on library_book (title)")'],
    ['code from elsewhere', 'migrations.RunPython(helpers.change)'],
    ['operations that are spread', '*more()'],
    ['a model that no migration makes', 'migrations.AddField("author", "name", models.TextField())'],
  ])('leaves the catalog incomplete: %s', async (_, operations, code?: string) => {
    expect((await after(operations, code))?.incomplete).toBe(true);
  });

  it('a migration that is missing', async () => {
    expect((await programCatalog({ 'library/migrations/0002_more.py': migration('', '("library", "0001_initial")') }))?.incomplete).toBe(true);
  });
});

describe('what leaves the schema as it is', () => {
  it.each([
    ['rows through models', 'migrations.RunPython(fill)', 'def fill(apps, schema_editor):\n    Book = apps.get_model("library", "Book")\n    Book.objects.using(schema_editor.connection.alias).update(title="")'],
    ['rows through a cursor', 'migrations.RunPython(fill, migrations.RunPython.noop)', 'def fill(apps, schema_editor):\n    with connection.cursor() as cursor:\n        cursor.execute("UPDATE library_book SET title = %s", [""])'],
    ['options and checks', 'migrations.AlterModelOptions("book", {}), migrations.AddConstraint("book", models.CheckConstraint(check=models.Q(pages__gt=0), name="c"))'],
    ['state alone', 'migrations.SeparateDatabaseAndState(state_operations=[migrations.AddField("book", "x", models.IntegerField(db_index=True))])'],
    ['a table that someone else makes', 'migrations.CreateModel(name="Legacy", fields=[("id", models.AutoField(primary_key=True))], options={"managed": False}), migrations.AddField("legacy", "x", models.IntegerField())'],
  ])('%s', async (_, operations, code?: string) => {
    const catalog = await after(operations, code);
    expect(catalog?.incomplete).toBeUndefined();
    expect(comparable(catalog)).toEqual(comparable(await programCatalog({ 'library/migrations/0001_initial.py': first })));
  });
});

describe('an altered field', () => {
  const initial = migration(`migrations.CreateModel(name="Author", fields=[("id", models.AutoField(primary_key=True)), ("login", models.CharField(max_length=30, unique=True)), ("slug", models.SlugField())]),
    migrations.CreateModel(name="Book", fields=[("id", models.AutoField(primary_key=True)), ("title", models.CharField(max_length=50, db_index=True)), ("pages", models.IntegerField(null=True)),
      ("author", models.ForeignKey(to="shelf.author", on_delete=models.CASCADE)), ("by_login", models.ForeignKey(to="shelf.author", to_field="login", related_name="x", on_delete=models.CASCADE))])`);
  /** What each migration after the first runs, names given by a hash left out. */
  const run = async (operations: readonly string[]): Promise<readonly (readonly string[])[]> => {
    const { read } = await loadReaders();
    const files = [initial, ...operations.map((operation) => migration(operation, '("shelf", "0001_initial")'))].map((text, index) => {
      const found = read(`file:///app/shelf/migrations/000${index}_step.py`, text, 'python').migration;
      if (found?.tool !== 'django') throw new Error('not read as a migration of Django');
      return { migration: found };
    });
    return djangoSteps(files, {}).slice(1).map(({ steps }) => steps.map((step) => step.sql?.replace(/ (CONSTRAINT|INDEX) (?!ON)\w+/, ' $1') ?? 'not understood'));
  };

  // Recorded from Django 3.2 on PostgreSQL 15, one migration after the other.
  it('keeps its indexes and constraints where both have them, as Django does', async () => {
    expect(await run([
      'migrations.AlterField("author", "login", models.CharField(max_length=30, unique=True, help_text="h", validators=[check]))',
      'migrations.AlterField("author", "login", models.CharField(max_length=150, unique=True))',
      'migrations.AlterField("book", "title", models.CharField(max_length=80, db_index=True))',
      'migrations.AlterField("book", "title", models.TextField(db_index=True))',
      'migrations.AlterField("book", "title", models.TextField())',
      'migrations.AlterField("book", "title", models.TextField(unique=True))',
      'migrations.AlterField("book", "title", models.CharField(max_length=90, db_index=True))',
    ])).toEqual([
      [],
      ['ALTER TABLE shelf_author ALTER COLUMN login TYPE character varying(150)', 'ALTER TABLE shelf_book ALTER COLUMN by_login_id TYPE character varying(150)'],
      ['ALTER TABLE shelf_book ALTER COLUMN title TYPE character varying(80)'],
      ['DROP INDEX', 'ALTER TABLE shelf_book ALTER COLUMN title TYPE text'],
      ['DROP INDEX'],
      ['ALTER TABLE shelf_book ADD CONSTRAINT UNIQUE (title)', 'CREATE INDEX ON shelf_book (title text_pattern_ops)'],
      ['ALTER TABLE shelf_book DROP CONSTRAINT', 'DROP INDEX', 'ALTER TABLE shelf_book ALTER COLUMN title TYPE character varying(90)', 'CREATE INDEX ON shelf_book (title)'],
    ]);
  });

  it('has its foreign key made anew where a column changes, and not where only the model does', async () => {
    expect(await run([
      'migrations.AlterField("book", "author", models.ForeignKey(to="shelf.author", on_delete=models.PROTECT))',
      'migrations.AlterField("book", "author", models.ForeignKey(to="shelf.author", null=True, on_delete=models.PROTECT))',
      'migrations.AlterField("author", "slug", models.SlugField(unique=True))',
      'migrations.AlterField("book", "author", models.OneToOneField(to="shelf.author", null=True, on_delete=models.PROTECT))',
    ])).toEqual([
      [],
      ['ALTER TABLE shelf_book DROP CONSTRAINT', 'ALTER TABLE shelf_book ALTER COLUMN author_id DROP NOT NULL', 'ALTER TABLE shelf_book ADD CONSTRAINT FOREIGN KEY (author_id) REFERENCES shelf_author (id)'],
      ['DROP INDEX', 'DROP INDEX', 'ALTER TABLE shelf_author ADD CONSTRAINT UNIQUE (slug)', 'CREATE INDEX ON shelf_author (slug varchar_pattern_ops)'],
      ['ALTER TABLE shelf_book DROP CONSTRAINT', 'DROP INDEX', 'ALTER TABLE shelf_book ADD CONSTRAINT UNIQUE (author_id)', 'ALTER TABLE shelf_book ADD CONSTRAINT FOREIGN KEY (author_id) REFERENCES shelf_author (id)'],
    ]);
  });
});
