import { describe, expect, it } from 'vitest';
import { read } from './support';

describe('functions, classes and calls', () => {
  const file = read(`from __future__ import annotations
from fastapi import APIRouter, Depends
from .repo import UserRepo as Repo
from ..db import *
import app.models as models

router = APIRouter()
LIMIT: int = 5

class Service(Base[int], Mixin):
    repo: Repo
    def __init__(self, session: AsyncSession, cache: Optional[Cache] = None):
        self.session = session
        self.users = UserStore(session)
        self.cache = cache

    async def load(self, id: int, *rest, flag=False, **options):
        if not flag:
            return None
        user = await self.users.find(id, lock=True)
        return user

@router.get("/users/{id}")
async def get_user(id: int, service: Service = Depends(get_service)):
    return await service.load(id)
`);

  it('functions', () => {
    expect(file.functions.map((fn) => [fn.name, fn.async, fn.classId, fn.entry, fn.parameters.map((p) => p.name)])).toEqual([
      ['__init__', false, 0, undefined, ['self', 'session', 'cache']],
      ['load', true, 0, undefined, ['self', 'id', 'rest', 'flag', 'options']],
      ['get_user', true, undefined, 'GET /users/{id}', ['id', 'service']],
    ]);
    expect(file.functions[1]?.guards).toMatchObject([{ condition: 'not flag', names: ['flag'] }]);
    expect(file.functions[1]?.locals).toMatchObject([{ name: 'user', names: ['self', 'id'] }]);
    expect(file.functions[2]?.parameters[1]).toMatchObject({ type: 'Service', optional: true });
  });

  it('classes', () => {
    expect(file.classes).toMatchObject([{ name: 'Service', bases: ['Base[int]', 'Mixin'], methods: [0, 1] }]);
    expect(file.classes[0]?.fields).toEqual([{ name: 'repo', type: 'Repo' }, { name: 'session', type: 'AsyncSession' }, { name: 'users', type: 'UserStore' }, { name: 'cache', type: 'Cache' }]);
  });

  it('calls', () => {
    const find = file.calls.find((call) => call.callee.at(-1) === 'find');
    expect(find).toMatchObject({ callee: ['self', 'users', 'find'], awaited: true, conditional: false, exitsAfter: true, resultName: 'user', args: [{ text: 'id' }, { text: 'True', name: 'lock' }] });
    expect(file.calls.find((call) => call.callee.join('.') === 'UserStore')).toMatchObject({ constructs: true });
  });

  it('imports and exports', () => {
    expect(file.imports).toEqual([
      { local: 'APIRouter', module: 'fastapi', imported: 'APIRouter' }, { local: 'Depends', module: 'fastapi', imported: 'Depends' },
      { local: 'Repo', module: '.repo', imported: 'UserRepo' }, { local: '*', module: '..db', imported: '*' }, { local: 'models', module: 'app.models', imported: '*' },
    ]);
    expect(file.exports).toContainEqual({ name: 'Service', local: 'Service' });
    expect(file.exports).toContainEqual({ name: 'Repo', local: 'UserRepo', module: '.repo' });
    expect(file.locals?.map((local) => local.name)).toEqual(['router', 'LIMIT']);
  });
});

describe('loops', () => {
  const loopsOf = (body: string) => read(`async def f(ids, session):\n${body.split('\n').map((line) => `    ${line}`).join('\n')}\n`).loops;

  it.each([
    ['for i in ids: g(i)', 'for-of', 'parameter', false],
    ['for i, x in enumerate(sorted(ids)): g(i)', 'for-of', 'parameter', false],
    ['async for i in source(): g(i)', 'for-await', 'call', false],
    ['[await g(i) for i in ids if i]', 'comprehension', 'parameter', false],
    ['await asyncio.gather(*[g(i) for i in ids])', 'comprehension', 'parameter', true],
    ['tasks = [g(i) for i in ids]\nawait asyncio.gather(*tasks)', 'comprehension', 'parameter', true],
    ['async with asyncio.TaskGroup() as tg:\n    for i in ids:\n        tg.create_task(g(i))', 'for-of', 'parameter', true],
    ['executor.map(g, ids)', 'callback', 'parameter', true],
    ['for i in (1, 2): g(i)', 'for-of', 'literal', false],
    ['for i in range(3): g(i)', 'for-of', 'literal', false],
    ['for batch in chunked(ids, 100): g(batch)', 'for-of', 'chunks', false],
    ['for at in range(0, len(ids), 100): g(ids[at:at + 100])', 'for-of', 'chunks', false],
    ['for k, v in d.items(): g(k)', 'for-of', 'entries', false],
  ])('%s', (body, kind, iterable, concurrent) => expect(loopsOf(body)).toMatchObject([{ kind, iterable: { kind: iterable }, concurrent }]));

  it('a list that is filled is no constant', () => {
    expect(loopsOf('todo = []\nfor x in ids:\n    todo.append(x)\nfor t in todo: g(t)')[1]).toMatchObject({ iterable: { kind: 'local' } });
  });

  it('facts of a page walk and of a retry', () => {
    const [page] = loopsOf('last = 0\nwhile True:\n    rows = load(last)\n    if not rows:\n        break\n    last = rows[-1].id');
    expect(page).toMatchObject({ kind: 'while', facts: { condition: 'True', exits: [{ kind: 'break', conditional: true, condition: 'not rows' }] } });
    expect(page?.facts.assigns.map(({ name, names }) => [name, names])).toEqual([['rows', ['load', 'last']], ['last', ['rows']]]);
    expect(loopsOf('for attempt in range(3):\n    try:\n        return g()\n    except Error:\n        pass')).toMatchObject([{ facts: { retries: true } }]);
  });

  it('calls in the iterable run once; a comprehension and a lambda run per element', () => {
    const { calls } = read('def f(ids):\n    for i in once(ids):\n        each(i)\n    x = [per(a) for a in single()]\n    pool.map(lambda b: mapped(b), ids)\n');
    expect(calls.map((call) => [call.callee.at(-1), call.loopIds.length])).toEqual([['once', 0], ['each', 1], ['per', 1], ['single', 0], ['map', 0], ['mapped', 1]]);
  });

  it('reads of an element and the query that is walked', () => {
    const file = read(`from sqlalchemy import select
from models import Order
async def f(session):
    orders = (await session.scalars(select(Order))).all()
    for order in orders:
        print(order.customer.name, order.save())
        order.total = 1
`);
    expect(file.loops).toMatchObject([{ iterable: { kind: 'query', siteId: 0 }, elements: ['order'] }]);
    expect(file.attributeReads?.map((read) => [read.name, read.property, read.loopId])).toEqual([['order', 'customer', 0]]);
    expect(file.sites).toMatchObject([{ resultName: 'orders', model: 'Order', fetches: 'many' }]);
  });
});

it('suppressions and errors', () => {
  const file = read('# sargable-disable-next-line n-plus-one: batched elsewhere\nx = 1\ndef f(:\n    pass\n');
  expect(file.suppressions).toMatchObject([{ scope: 'next-line', rules: ['n-plus-one'], reason: 'batched elsewhere' }]);
  expect(file.errors.length).toBeGreaterThan(0);
});

it('a name that is made from itself is followed to an end', () => {
  const walks = 'import psycopg\nfrom django.db import models\n\n\ndef walk():\n    while True:\n        page = page.next()\n        page.execute("SELECT 1")\n        page.filter(id=1).all()\n';
  expect(read(walks).functions.map((fn) => fn.name)).toEqual(['walk']);
  expect(read('import psycopg\n\n\ndef step(page):\n    return page.next(step)\n\n\ndef walk():\n    for row in rows:\n        page = step(page.go().on())\n        page.execute("SELECT 1")\n').functions).toHaveLength(2);
});
