import { describe, expect, it } from 'vitest';
import { createFlowWorkspace } from '../../support/flowWorkspace';

const q = (key: string): string => `conn.execute("SELECT * FROM customers WHERE id = %s", (${key},))`;

async function anchorsOf(body: string): Promise<readonly string[]> {
  const lines = body.split('\n').map((line) => `    ${line}`).join('\n');
  const workspace = await createFlowWorkspace({ 'app/case.py': `import asyncio\nimport psycopg\n\nasync def run(conn: psycopg.Connection, orders, ids, n, KINDS2):\n${lines}\n` });
  return workspace.anchors('app/case.py');
}

describe('Python: a query per element', () => {
  const forms: Readonly<Record<string, string>> = {
    for: `for o in orders:\n    row = ${q('o.customer_id')}.fetchone()\n    use(row)`,
    'tuple elements': `for i, o in enumerate(orders):\n    ${q('o.id')}`,
    'index loop': `for i in range(len(ids)):\n    ${q('ids[i]')}`,
    'async for over rows': `async for row in stream:\n    await ${q('row.id')}`,
    'list comprehension': `return [${q('i')}.fetchone() for i in ids]`,
    'dict comprehension': `return {i: ${q('i')}.fetchone() for i in ids}`,
    gather: `await asyncio.gather(*[${q('i')} for i in ids])`,
    'work list': `queue = [n]\nwhile queue:\n    node = queue.pop()\n    rows = ${q('node')}.fetchall()\n    queue.extend(r[0] for r in rows)`,
    'through a local': `for o in orders:\n    key = o.customer.id\n    ${q('key')}`,
  };
  for (const [name, body] of Object.entries(forms)) it(name, async () => expect(await anchorsOf(body)).toEqual(['conn.execute']));
});

describe('Python: no query per element', () => {
  const forms: Readonly<Record<string, string>> = {
    'the query is the iterable': `for row in ${q('n')}:\n    use(row)`,
    'comprehension over a query': `return [row for row in ${q('n')}.fetchall()]`,
    'range with a step': `for i in range(0, len(ids), 100):\n    conn.execute("SELECT * FROM customers WHERE id = ANY(%s)", (ids[i:i + 100],))`,
    batched: `for part in batched(ids, 100):\n    conn.execute("SELECT * FROM customers WHERE id = ANY(%s)", (part,))`,
    'retry': `for attempt in range(n):\n    try:\n        return ${q('attempt')}\n    except Exception:\n        continue`,
    'few turns': `for i in range(3):\n    ${q('i')}`,
    'literal tuple': `for kind in ("a", "b"):\n    ${q('kind')}`,
    constant: `for kind in ORDER_KINDS:\n    ${q('kind')}`,
    'first hit': `for i in ids:\n    row = ${q('i')}.fetchone()\n    if row:\n        return row`,
    'at most once': `for i in ids:\n    return ${q('i')}`,
    'endless walk': `last = 0\nwhile True:\n    rows = ${q('last')}.fetchall()\n    if not rows:\n        break\n    last = rows[-1][0]`,
    'uniqueness probe': `while ${q('n')}.fetchone():\n    n = n + "x"`,
    'another schema each turn': `for o in orders:\n    with schema_context(o.schema):\n        ${q('o.id')}`,
    'another schema by translation': `for o in orders:\n    engine.execution_options(schema_translate_map={None: o.schema})\n    ${q('o.id')}`,
    'another table each turn': `for table in ids:\n    conn.execute(f"SELECT count(*) FROM {table} WHERE owner = %s", (n,)).fetchone()`,
    'another quoted table each turn': `for table in ids:\n    conn.execute('UPDATE "%s" SET seen = true' % table)`,
    'another model each turn': `from sqlalchemy import select\nfor model_cls, rows in orders.items():\n    session.scalars(select(model_cls).where(model_cls.id.in_([row.id for row in rows]))).all()`,
    'the report of any error': `for i in ids:\n    try:\n        work(i)\n    except Exception as error:\n        ${q('i')}`,
    'nested function': `for i in ids:\n    def later():\n        ${q('i')}\n    register(later)`,
  };
  for (const [name, body] of Object.entries(forms)) it(name, async () => expect(await anchorsOf(body)).toEqual([]));
});

describe('Python: calls', () => {
  it('through a service from another module', async () => {
    const w = await createFlowWorkspace({
      'app/repo.py': 'import psycopg\n\nclass BaseRepo:\n    def __init__(self, conn: psycopg.Connection):\n        self.conn = conn\n\n    def get(self, id):\n        return self.conn.execute("SELECT * FROM users WHERE id = %s", (id,)).fetchone()\n\nclass UserRepo(BaseRepo):\n    pass\n',
      'app/__init__.py': 'from .repo import UserRepo\n',
      'app/service.py': 'from app import UserRepo\n\nclass Service:\n    def __init__(self, users: UserRepo):\n        self.users = users\n\n    def all(self, ids):\n        return [self.users.get(i) for i in ids]\n',
      'main.py': 'from app.repo import UserRepo\n\ndef run(conn, ids):\n    repo = UserRepo(conn)\n    for i in ids:\n        repo.get(i)\n',
    });
    expect(w.anchors('app/service.py')).toEqual(['self.users.get']);
    expect(w.anchors('main.py')).toEqual(['repo.get']);
  });
  it('through a submodule', async () => {
    const w = await createFlowWorkspace({
      'app/__init__.py': '',
      'app/crud.py': 'import psycopg\n\nconn = psycopg.connect()\n\ndef get_user(id):\n    return conn.execute("SELECT * FROM users WHERE id = %s", (id,)).fetchone()\n',
      'main.py': 'from app import crud\n\ndef run(ids):\n    for i in ids:\n        crud.get_user(i)\n',
    });
    expect(w.anchors('main.py')).toEqual(['crud.get_user']);
  });
});
