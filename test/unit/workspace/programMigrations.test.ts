import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../server/src/workspace/engine';
import { createProject, type Project } from '../../../server/src/workspace/project';
import type { UserSettings } from '../../../server/src/workspace/settings';
import { makeWorkspace } from '../../support/workspaceFolder';

const workspaces: ReturnType<typeof makeWorkspace>[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

const revision = (id: string, down: string, body: string): string =>
  `from alembic import op\nimport sqlalchemy as sa\n\nrevision = "${id}"\ndown_revision = ${down}\n\n\ndef upgrade():\n    ${body}\n`;
const alembic = {
  'backend/migrations/versions/a1_orders.py': revision('a1', 'None', 'op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("customer_id", sa.BigInteger(), nullable=False), sa.Column("note", sa.Text()))'),
  'backend/migrations/versions/b2_note.py': revision('b2', '"a1"', 'op.create_index("orders_note", "orders", ["note"])'),
  'queries.sql': 'SELECT note FROM orders WHERE customer_id = $1 LIMIT 10;',
};

async function open(files: Readonly<Record<string, string>>, settings: UserSettings = {}): Promise<{ readonly project: Project; readonly workspace: ReturnType<typeof makeWorkspace> }> {
  const workspace = makeWorkspace(files);
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings });
  await project.scan();
  return { project, workspace };
}

const rulesOf = async (project: Project, file: string): Promise<readonly string[]> => {
  const result = await project.lint(file);
  return 'findings' in result ? result.findings.map((finding) => finding.rule) : [result.reason];
};

describe('migrations in Python', () => {
  it('are the schema of the workspace', async () => {
    const { project, workspace } = await open(alembic);
    expect(project.catalog).toMatchObject({ source: 'migrations', label: 'backend/migrations/versions (2 migrations)' });
    expect(project.catalog?.incomplete).toBeUndefined();
    expect(await rulesOf(project, workspace.path('queries.sql'))).toContain('unindexed-predicate');
  });

  it("Django's operations that want no transaction do not block, and are refused in one", async () => {
    const migration = (body: string, operations: string): string => `from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently\nfrom django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n${body}    operations = [\n${operations}    ]\n`;
    const concurrent = '        AddIndexConcurrently("order", models.Index(fields=["status"], name="by_status")),\n        migrations.RunSQL("CREATE INDEX CONCURRENTLY by_id ON shop_order (id, status)"),\n        RemoveIndexConcurrently("order", "by_note"),\n';
    const { project, workspace } = await open({
      'manage.py': '', 'shop/__init__.py': '', 'shop/migrations/__init__.py': '',
      'shop/migrations/0001_initial.py': migration('', '        migrations.CreateModel(name="Order", fields=[("id", models.BigAutoField(primary_key=True)), ("status", models.TextField()), ("note", models.TextField())]),\n        migrations.AddIndex("order", models.Index(fields=["note"], name="by_note")),\n'),
      'shop/migrations/0002_apart.py': migration('    atomic = False\n    dependencies = [("shop", "0001_initial")]\n', `${concurrent}        AddConstraintNotValid("order", models.CheckConstraint(check=models.Q(id__gt=0), name="positive")),\n`),
      'shop/migrations/0003_inside.py': migration('    dependencies = [("shop", "0002_apart")]\n', `${concurrent.replaceAll('by_', 'other_by_').replace('"other_by_note"', '"by_status"').replace('(id, status)', '(id, note)')}        migrations.AddConstraint("order", models.CheckConstraint(check=models.Q(id__gt=1), name="more")),\n`),
    }, { assume: { shop_order: 4_000_000 } });
    expect(await rulesOf(project, workspace.path('shop/migrations/0002_apart.py'))).toEqual([]);
    expect(await rulesOf(project, workspace.path('shop/migrations/0003_inside.py'))).toEqual(['index-not-concurrent', 'index-not-concurrent', 'index-not-concurrent', 'lock-taking-alter']);
  });

  it('a many-to-many field has both its indexes from Django', async () => {
    const { project, workspace } = await open({
      'shop/migrations/0001_initial.py': 'from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    initial = True\n    dependencies = []\n    operations = [\n        migrations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True))]),\n        migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True)), ("tags", models.ManyToManyField(to="shop.tag"))]),\n    ]\n',
    });
    expect(await rulesOf(project, workspace.path('shop/migrations/0001_initial.py'))).toEqual([]);
  });

  it('the index that Django makes for a key is told by its column: its name is not known', async () => {
    const { project, workspace } = await open({
      'shop/migrations/0001_initial.py': 'from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    initial = True\n    dependencies = []\n    operations = [\n        migrations.CreateModel("Shop", [("id", models.BigAutoField(primary_key=True))]),\n        migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True)), ("shop", models.ForeignKey("shop.shop", on_delete=models.CASCADE)), ("sku", models.TextField())], {"indexes": [models.Index(fields=["shop", "sku"], name="by_shop")]}),\n    ]\n',
    });
    const result = await project.lint(workspace.path('shop/migrations/0001_initial.py'));
    const found = 'findings' in result ? result.findings : [];
    expect(found.map(({ rule, message, because, fixes }) => [rule, message, because, fixes().length])).toEqual([['redundant-index', 'by_shop begins with the keys of the index of shop_id and does all that it does.', '`db_index=False` on the field leaves it out.', 0]]);
  });

  it('leave nothing missing where they are not understood', async () => {
    const { project, workspace } = await open({ ...alembic, 'backend/migrations/versions/c3.py': revision('c3', '"b2"', 'op.create_index("i", table(), ["customer_id"])') });
    expect(await rulesOf(project, workspace.path('queries.sql'))).not.toContain('unindexed-predicate');
  });

  it('leave nothing missing on a table whose part is not understood, and the others as they are', async () => {
    const { project, workspace } = await open({
      ...alembic, 'other.sql': 'SELECT b FROM others WHERE b = $1 LIMIT 10;',
      'backend/migrations/versions/c3.py': revision('c3', '"b2"', 'op.create_table("others", sa.Column("a", sa.Integer()), sa.Column("b", sa.Integer()))\n    if wanted():\n        op.create_index("i", "orders", ["customer_id"])'),
    });
    expect(await rulesOf(project, workspace.path('queries.sql'))).not.toContain('unindexed-predicate');
    expect(await rulesOf(project, workspace.path('other.sql'))).toContain('unindexed-predicate');
  });

  it('are read again when one is written', async () => {
    const { project, workspace } = await open(alembic);
    const added = workspace.write('backend/migrations/versions/c3.py', revision('c3', '"b2"', 'op.create_index("by_customer", "orders", ["customer_id"])'));
    expect(await project.refresh(added)).toBe(true);
    expect(project.catalog?.tables.get('public.orders')?.indexes.map((index) => index.name)).toEqual(['orders_pkey', 'orders_note', 'by_customer']);
    workspace.write('backend/migrations/versions/c3.py', revision('c3', '"b2"', 'op.drop_index("orders_note")'));
    await project.refresh(added);
    expect(project.catalog?.tables.get('public.orders')?.indexes.map((index) => index.name)).toEqual(['orders_pkey']);
  });

  it('are named in the settings by their folder', async () => {
    const { project } = await open({ ...alembic, 'db/schema.sql': 'create table other (id int);' }, { schema: ['backend/migrations'] });
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.orders']);
    expect(project.problems).toEqual([]);
  });

  it('yield to a schema file where they are not understood throughout', async () => {
    const dump = { 'db/structure.sql': 'create table orders (id bigint primary key, customer_id bigint);\ncreate index i on orders (customer_id);' };
    expect((await open({ ...alembic, ...dump })).project.catalog?.source).toBe('migrations');
    const { project } = await open({ ...alembic, ...dump, 'backend/migrations/versions/c3.py': revision('c3', '"b2"', 'op.execute(read("x.sql"))') });
    expect(project.catalog).toMatchObject({ source: 'schema', label: 'db/structure.sql' });
  });

  it('leave tables to the models that made them before the first revision, and only those unknown where an index is added', async () => {
    const models = `from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
`;
    const files = { ...alembic, 'backend/models.py': models, 'backend/migrations/versions/c3.py': revision('c3', '"b2"', 'op.create_index("ix_users_email", "users", ["email"])') };
    const known = await open(files);
    expect(known.project.catalog?.incomplete).toBeUndefined();
    expect(known.project.catalog?.tables.get('public.users')?.incomplete).toBeUndefined();
    expect(await rulesOf(known.project, known.workspace.path('queries.sql'))).toContain('unindexed-predicate');
    const more = { ...files, 'backend/migrations/versions/d4.py': revision('d4', '"c3"', 'op.create_index("teams_by_name", "teams", ["name"])') };
    const { project } = await open(more);
    expect(project.catalog?.incomplete).toBeUndefined();
    expect(project.catalog?.tables.get('public.teams')?.incomplete).toBe(true);
    expect(project.catalog?.tables.get('public.users')?.incomplete).toBeUndefined();
    const dropped = { ...more, 'backend/migrations/versions/e5.py': revision('e5', '"d4"', 'op.drop_index("teams_by_name")') };
    expect((await open(dropped)).project.catalog?.tables.get('public.teams')?.incomplete).toBeUndefined();
    const nobody = { ...files, 'backend/migrations/versions/d4.py': revision('d4', '"c3"', 'op.create_index("others_by_name", "others", ["name"])') };
    expect((await open(nobody)).project.catalog?.incomplete).toBe(true);
  });

  it('of Django are one history over all apps', async () => {
    const app = (operations: string, after = ''): string => `from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    dependencies = [${after}]\n    operations = [${operations}]\n`;
    const { project } = await open({
      'site/settings.py': 'AUTH_USER_MODEL = "people.Person"\n',
      'people/migrations/0001_initial.py': app('migrations.CreateModel("Person", [("id", models.BigAutoField(primary_key=True))])'),
      'blog/migrations/0001_initial.py': app('migrations.CreateModel("Post", [("id", models.BigAutoField(primary_key=True)), ("author", models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE))])', 'migrations.swappable_dependency(settings.AUTH_USER_MODEL)').replace('\n', '\nfrom django.conf import settings\n'),
    });
    expect(project.catalog?.label).toBe('Django (2 migrations)');
    expect(project.catalog?.tables.get('public.blog_post')).toMatchObject({ columns: [{ name: 'id' }, { name: 'author_id', type: 'bigint' }], foreignKeys: [{ references: { table: 'people_person', columns: ['id'] } }] });
  });
});

describe('a dump of Rails', () => {
  it('of schema.rb alone is the schema: tables, keys, indexes', async () => {
    const { project, workspace } = await open({
      'db/schema.rb': `ActiveRecord::Schema[7.1].define(version: 2024_01_01_000000) do
  enable_extension "plpgsql"
  create_enum "state", ["open", "paid"]

  create_table "customers", force: :cascade do |t|
    t.string "email", limit: 100, null: false
    t.index "lower((email)::text)", name: "index_customers_on_lower_email", unique: true
  end

  create_table "orders", id: :uuid, default: -> { "gen_random_uuid()" }, force: :cascade do |t|
    t.bigint "customer_id", null: false
    t.decimal "total", precision: 12, scale: 2, default: "0.0", null: false
    t.enum "state", default: "open", enum_type: "state"
    t.string "tags", default: [], array: true
    t.datetime "created_at", null: false
    t.index ["customer_id", "created_at"], name: "index_orders_recent", order: { created_at: :desc }, where: "(state = 'open'::state)"
    t.index ["tags"], name: "index_orders_on_tags", using: :gin
  end

  create_table "customers_tags", id: false, force: :cascade do |t|
    t.bigint "customer_id"
  end

  add_foreign_key "orders", "customers"
end
`,
      'queries.sql': 'SELECT total FROM orders WHERE total = $1 LIMIT 10;',
    });
    expect(project.catalog).toMatchObject({ source: 'schema', label: 'db/schema.rb' });
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.customers', 'public.orders', 'public.customers_tags']);
    const orders = project.catalog?.tables.get('public.orders');
    expect(orders?.columns.map(({ name, type, notNull }) => `${name} ${type}${notNull ? ' !' : ''}`)).toEqual(['id uuid !', 'customer_id bigint !', 'total numeric(12,2) !', 'state state', 'tags character varying[]', 'created_at timestamp without time zone !']);
    expect(orders?.indexes.map(({ name, method, keys }) => `${name} ${method} ${keys.map((key) => `${key.column}${key.descending ? ' desc' : ''}`).join()}`)).toEqual(['orders_pkey btree id', 'index_orders_recent btree customer_id,created_at desc', 'index_orders_on_tags gin tags']);
    expect(orders?.foreignKeys).toMatchObject([{ columns: ['customer_id'], references: { table: 'customers', columns: ['id'] } }]);
    expect(project.catalog?.tables.get('public.customers')?.indexes).toMatchObject([{ name: 'customers_pkey' }, { unique: true, keys: [{ expression: expect.stringContaining('lower') }] }]);
    expect(await rulesOf(project, workspace.path('queries.sql'))).toContain('unindexed-predicate');
  });

  it('is read whole, and schema.rb beside it does not matter', async () => {
    const { project } = await open({
      'db/schema.rb': 'ActiveRecord::Schema.define {}', 'db/migrate/20240101000000_create.rb': 'class Create < ActiveRecord::Migration[7.0]; end',
      'db/structure.sql': `\\restrict abc
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity';
CREATE TYPE public.state AS ENUM (
    'open',
    'paid'
);
CREATE TABLE public.orders (
    id bigint NOT NULL,
    state public.state DEFAULT 'open'::public.state NOT NULL,
    title character varying
);
CREATE SEQUENCE public.orders_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER TABLE ONLY public.orders ALTER COLUMN id SET DEFAULT nextval('public.orders_id_seq'::regclass);
COPY public.orders (id, state, title) FROM stdin;
1\topen\tit's; a 'trap
\\.
ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
CREATE INDEX index_orders_on_title ON public.orders USING gin (title public.gin_trgm_ops);
\\unrestrict abc
SET search_path TO "$user", public;
INSERT INTO "schema_migrations" (version) VALUES ('20240101000000');
`,
    });
    expect(project.catalog).toMatchObject({ source: 'schema', label: 'db/structure.sql', extensions: ['pg_trgm'], types: [{ name: 'state', labels: ['open', 'paid'] }] });
    expect(project.catalog?.incomplete).toBeUndefined();
    const orders = project.catalog?.tables.get('public.orders');
    expect(orders?.columns.map(({ name }) => name)).toEqual(['id', 'state', 'title']);
    expect(orders?.indexes).toMatchObject([{ name: 'orders_pkey' }, { name: 'index_orders_on_title', method: 'gin', keys: [{ opclass: 'gin_trgm_ops' }] }]);
  });
});

describe('migrations of Drizzle', () => {
  const files = { 'drizzle/0000_one.sql': 'CREATE TABLE "a" ("id" integer);', 'drizzle/0001_left_out.sql': 'CREATE TABLE "b" ("id" integer);', 'drizzle/0002_two.sql': 'ALTER TABLE "a" ADD COLUMN "n" text;' };
  it('run as the journal says', async () => {
    const entries = ['0000_one', '0002_two'].map((tag, idx) => ({ idx, version: '7', when: idx, tag, breakpoints: true }));
    const { project } = await open({ ...files, 'drizzle/meta/_journal.json': JSON.stringify({ version: '7', dialect: 'postgresql', entries }) });
    expect([...(project.catalog?.tables.keys() ?? [])]).toEqual(['public.a']);
    expect(project.catalog?.tables.get('public.a')?.columns.map(({ name }) => name)).toEqual(['id', 'n']);
  });
  it('of another database are no schema', async () => {
    const { project } = await open({ ...files, 'drizzle/meta/_journal.json': JSON.stringify({ version: '7', dialect: 'sqlite', entries: [] }) });
    expect(project.catalog).toBeUndefined();
  });
});
