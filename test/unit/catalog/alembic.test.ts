import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainCatalog, programCatalog, pythonFiles, recordedCatalog } from '../../support/programCatalog';

const folder = path.join(import.meta.dirname, '../../fixtures/migrations/alembic');
const revision = (id: string, down: string | undefined, body: string, more = ''): string =>
  `from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n\nrevision = "${id}"\ndown_revision = ${down === undefined ? 'None' : `"${down}"`}\n${more}\n\ndef upgrade():\n${body.split('\n').map((line) => `    ${line}\n`).join('')}\n\ndef downgrade():\n    op.drop_table("nothing")\n`;
const base = revision('a1', undefined, `op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("email", sa.Text()))\nop.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")))`);
const after = async (body: string, more?: string): ReturnType<typeof programCatalog> => programCatalog({ 'migrations/versions/a1.py': base, 'migrations/versions/b2.py': revision('b2', 'a1', body, more) });
const marked = (catalog: Awaited<ReturnType<typeof programCatalog>>): readonly string[] => [...(catalog?.tables.values() ?? [])].filter((table) => table.incomplete).map((table) => table.name);

describe('a history of Alembic', () => {
  it('reads as the SQL that Alembic makes of it', async () => {
    const catalog = await programCatalog(pythonFiles(folder));
    const recorded = await recordedCatalog(path.join(folder, 'recorded.sql'));
    expect(recorded.tables.size).toBe(5);
    expect(plainCatalog(catalog)).toEqual(plainCatalog(recorded));
  });

  it('stands at its operations', async () => {
    const files = pythonFiles(folder);
    const catalog = await programCatalog(files);
    const index = catalog?.tables.get('public.task')?.indexes.find(({ name }) => name === 'ix_task_due');
    const { uri, span } = index!.definedAt!;
    expect(uri).toBe('file:///app/versions/0005_merge.py');
    expect(files['versions/0005_merge.py']?.slice(span.start, span.end)).toBe('op.create_index("ix_task_due", "task", ["due_at"])');
  });

  it.each([
    ['what is made unless it is there', 'if not index_exists("i"):\n    op.create_index("i", "users", ["email"])', ['users_pkey', 'i']],
    ['what is dropped if it is there', 'op.create_index("i", "users", ["email"])\nif index_exists("i"):\n    op.drop_index("i")', ['users_pkey']],
    ['a return where everything is there already', 'if table_exists("users_email"):\n    return\nop.create_index("i", "users", ["email"])', ['users_pkey', 'i']],
  ])('takes the effect of a guard: %s', async (_, body, names) => {
    const catalog = await after(body);
    expect(catalog?.tables.get('public.users')?.indexes.map(({ name }) => name)).toEqual(names);
    expect([catalog?.incomplete, marked(catalog)]).toEqual([undefined, []]);
  });

  it('runs in the order of down_revision, whatever the names of the files', async () => {
    const catalog = await programCatalog({
      'alembic/versions/1_last.py': revision('c3', 'b2', 'op.drop_column("t", "b")'),
      'alembic/versions/2_middle.py': revision('b2', 'a1', 'op.add_column("t", sa.Column("b", sa.String()))'),
      'alembic/versions/3_first.py': revision('a1', undefined, 'op.create_table("t", sa.Column("a", sa.Integer()))'),
    });
    expect(catalog?.tables.get('public.t')?.columns.map(({ name }) => name)).toEqual(['a']);
    expect(catalog?.incomplete).toBeUndefined();
  });
});

describe('what is not understood', () => {
  it.each([
    ['a condition', 'if has_index():\n    op.create_index("i", "users", ["email"])', ['users']],
    ['the other branch of a condition', 'if x:\n    pass\nelse:\n    op.drop_column("orders", "user_id")', ['orders']],
    ['an attempt', 'try:\n    op.create_index("i", "users", ["email"])\nexcept Exception:\n    pass', ['users']],
    ['SQL below a condition', 'if x:\n    op.execute("create index i on orders (user_id)")', ['orders']],
    ['what comes after an early return', 'if x:\n    return\nop.create_index("i", "orders", ["user_id"])', ['orders']],
    ['columns that only the program knows', 'op.create_index("i", "users", columns())', ['users']],
    ['a predicate that is built', 'op.create_index("i", "users", ["email"], postgresql_where=sa.column("email").is_(None))', ['users']],
    ['columns of a batch', 'with op.batch_alter_table("orders") as batch:\n    batch.create_index("i", columns())', ['orders']],
    ['columns that are spread', 'op.create_table("made", sa.Column("id", sa.Integer()), *common())', ['made']],
    ['an exclusion constraint', 'op.create_exclude_constraint("e", "orders", ("user_id", "="), using="gist")', ['orders']],
    ['an index that is dropped below a condition', 'op.create_index("i", "users", ["email"])\nif x:\n    op.drop_index("i", table_name="users")', ['users']],
  ])('marks the table: %s', async (_, body, tables) => {
    const catalog = await after(body);
    expect(marked(catalog)).toEqual(tables);
    expect(catalog?.incomplete).toBeUndefined();
  });

  it.each([
    ['SQL with a name that only the program knows', 'op.execute(f"create index i on {table} (a)")'],
    ['a table that only the program knows', 'op.create_index("i", table, ["email"])'],
    ['a loop over unknown tables', 'for table in tables():\n    op.create_index("i", table, ["email"])'],
    ['a function from elsewhere that is given the connection', 'add_indexes(op.get_bind())', 'from helpers import add_indexes'],
    ['tables made from metadata', 'metadata.create_all(op.get_bind())'],
    ['an operation that is not Alembic\'s', 'op.create_hypertable("orders")'],
    ['an index on a table that no revision made', 'op.create_index("i", "elsewhere", ["email"])'],
    ['a statement that does not parse', 'op.create_index("i", "users", ["email"]'],
  ])('leaves the catalog incomplete: %s', async (_, body, more?: string) => {
    expect((await after(body, more))?.incomplete).toBe(true);
  });

  it('a revision that is missing, or is named in a way that is not understood', async () => {
    expect((await programCatalog({ 'versions/b.py': revision('b', 'a', 'op.create_table("t", sa.Column("a", sa.Integer()))') }))?.incomplete).toBe(true);
    expect((await programCatalog({ 'versions/b.py': revision('b', undefined, 'pass').replace('down_revision = None', 'down_revision = previous()') }))?.incomplete).toBe(true);
  });
});

describe('what leaves the schema as it is', () => {
  it.each([
    ['statements on rows', 'op.execute("update users set email = lower(email)")\nop.bulk_insert(users, [{"id": 1}])'],
    ['rows through a session', 'bind = op.get_bind()\nsession = sa.orm.Session(bind=bind)\nfor user in session.query(User):\n    user.email = user.email.lower()\nsession.commit()'],
    ['rows with values that only the program knows', 'conn = op.get_bind()\nconn.execute(f"update users set email = \'{value}\'")\nconn.execute(sa.select(users.c.id).where(users.c.id > 1))'],
    ['rows by a text that is built', 'stmt = f"UPDATE users SET email = {value}"\nif x:\n    stmt = "delete from users"\nop.get_bind().execute(sa.text(stmt).bindparams(a=1))\nop.execute(dedent(f\'\'\'\n    INSERT INTO users (email) VALUES ({value})\'\'\'))'],
    ['another dialect', 'if op.get_bind().dialect.name == "sqlite":\n    op.create_index("i", "users", ["email"])'],
    ['checks and comments', 'op.create_check_constraint("c", "users", "id > 0")\nop.create_table_comment("users", "people")'],
  ])('%s', async (_, body) => {
    const catalog = await after(body);
    expect(catalog?.incomplete).toBeUndefined();
    expect(marked(catalog)).toEqual([]);
    expect(plainCatalog(catalog)).toEqual(plainCatalog(await programCatalog({ 'migrations/versions/a1.py': base })));
  });
});
