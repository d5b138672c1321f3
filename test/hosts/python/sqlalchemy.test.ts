import { describe, expect, it } from 'vitest';
import { findModel, indexModels, type ModelIndex } from '../../../server/src/core/hosts/models';
import { sqlalchemyAdapter } from '../../../server/src/core/libraries/sqlalchemy/sqlalchemy';
import { addEagerLoad, inCondition } from '../../../server/src/core/libraries/sqlalchemy/sqlalchemyEdits';
import { toHostSpan } from '../../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../../server/src/core/text/span';
import { applied, read, readOne, sqlOf, testUri } from './support';

const modelSource = `from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class Stamped:
    created_at: Mapped[datetime] = mapped_column(index=True)

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(50), unique=True)
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", lazy="selectin")

class Order(Stamped, Base):
    __tablename__ = "orders"
    __table_args__ = (Index("ix_recent", "tenant", Stamped.created_at.desc(), postgresql_where=text("total > 0")), {"schema": "shop"})
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column("tenant")
    total: Mapped[int | None]
    data: Mapped[dict] = mapped_column(JSONB)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")
`;
const models = indexModels(read(modelSource).models);
const head = 'from sqlalchemy import select, func, text\nfrom models import Order, Customer\n';
const inFunction = (body: string): string => `${head}\nasync def f(session, tenant_id, page, q, ids):\n${body.split('\n').map((line) => `    ${line}`).join('\n')}\n`;

describe('declarative models', () => {
  it('columns, keys, foreign keys, indexes and relations', () => {
    const order = findModel(models, 'Order', 'sqlalchemy');
    expect(order).toMatchObject({ table: 'orders', schema: 'shop' });
    expect(order?.columns.map(({ property, column }) => [property, column])).toEqual([['created_at', 'created_at'], ['id', 'id'], ['tenant_id', 'tenant'], ['total', 'total'], ['data', 'data'], ['customer_id', 'customer_id']]);
    expect(order?.relations).toEqual([{ property: 'customer', model: 'Customer', many: false, eager: false, columns: ['customer_id'], references: ['id'] }]);
    expect(findModel(models, 'Customer', 'sqlalchemy')?.relations).toEqual([{ property: 'orders', model: 'Order', many: true, eager: true, columns: ['id'], references: ['customer_id'] }]);
    const [created, ...indexes] = order?.changes ?? [];
    expect(created).toMatchObject({
      type: 'create-table', table: { schema: 'shop', name: 'orders' }, constraints: [{ type: 'primary', columns: ['id'] }],
      foreignKeys: [{ columns: ['customer_id'], references: { table: 'customers', columns: ['id'] } }],
    });
    expect(created?.type === 'create-table' && created.columns.map((column) => [column.name, column.type, column.notNull])).toEqual([
      ['created_at', 'timestamp without time zone', true], ['id', 'integer', true], ['tenant', 'integer', true], ['total', 'integer', false], ['data', 'jsonb', true], ['customer_id', 'integer', true],
    ]);
    expect(indexes).toMatchObject([
      { index: { name: 'ix_orders_created_at', keys: [{ column: 'created_at' }] } },
      { index: { name: 'ix_recent', keys: [{ column: 'tenant' }, { column: 'created_at', descending: true }], predicate: 'total > 0' } },
    ]);
    expect(findModel(models, 'Customer', 'sqlalchemy')?.changes[0]).toMatchObject({ columns: [{}, { name: 'name', type: 'character varying(50)', notNull: false }], constraints: [{ type: 'primary' }, { type: 'unique', columns: ['name'] }] });
  });

  it('SQLModel tables and the models of migrations', () => {
    expect(read('class Hero(HeroBase, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    team_id: int = Field(foreign_key="team.id")\n').models).toMatchObject([{ name: 'Hero', table: 'hero' }]);
    expect(read(modelSource, undefined, 'file:///app/alembic/versions/1_x.py').models).toEqual([]);
  });
});

describe('tables named by a base class', () => {
  const base = (returned: string, rest = ''): string => `import re\nfrom sqlalchemy.orm import DeclarativeBase, declared_attr\n\ndef table_name(name):\n    parts = re.split("(?=[A-Z])", name)\n    return "_".join(part.lower() for part in parts if part)\n\nclass Base(DeclarativeBase):\n    @declared_attr.directive\n    def __tablename__(cls):\n        return ${returned}\n${rest}`;
  const card = 'from sqlalchemy import Column, ForeignKey, Integer, String\nfrom .base import Base, Stamped\n\nclass MemberCard(Stamped, Base):\n    id = Column(Integer, primary_key=True)\n    name = Column(String, index=True)\n    member_id = Column(Integer, ForeignKey("member.id"))\n';
  const use = 'from sqlalchemy import select\nfrom .cards import MemberCard\n\ndef f(session, n):\n    return session.scalars(select(MemberCard.id).where(MemberCard.name == n)).all()\n';
  const known = (text: string): ModelIndex => indexModels([...read(text).models, ...read(card).models]);

  it.each([
    ['table_name(cls.__name__)', 'member_card'],
    ['re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()', 'member_card'],
    ['naming.to_snake_case(cls.__name__)', 'member_card'],
    ['cls.__name__.lower()', 'membercard'],
    ['cls.__name__', '"MemberCard"'],
  ])('%s', (returned, table) => {
    const models = known(base(returned));
    expect(sqlOf(use, models)).toEqual([`SELECT ${table}.id FROM ${table} WHERE ${table}.name = $1`]);
    const [model] = read(card, models).models;
    expect(model?.changes).toMatchObject([{ type: 'create-table', table: { name: table.replaceAll('"', '') }, foreignKeys: [{ references: { table: 'member' } }] }, { type: 'create-index' }]);
  });

  it('declares no table before its name is known', () => {
    for (const returned of ['pluralize(cls.__name__)', 'cls.__name__.lower() + "s"', 'f"app_{cls.__name__.lower()}"']) {
      const models = known(base(returned));
      expect([...models.values()].flat().flatMap((model) => model.changes)).toEqual([]);
      expect(sqlOf(use, models)).toEqual(['SELECT "MemberCard".id FROM "MemberCard" WHERE "MemberCard".name = $1']);
      expect(read(card, models).models.flatMap((model) => model.changes)).toEqual([]);
    }
    expect(read('from pydantic import BaseModel, Field\n\nclass CardRead(BaseModel):\n    id: int = Field(gt=0)\n').models).toEqual([]);
  });

  it('in the same file, through a base in between', () => {
    const text = base('table_name(cls.__name__)', '\nclass Owned(Base):\n    __abstract__ = True\n    owner_id = Column(Integer)\n\nclass GuestBook(Owned):\n    id = Column(Integer, primary_key=True)\n\nclass SSOUser(Owned):\n    id = Column(Integer, primary_key=True)\n');
    expect(read(text).models.map(({ name, table, columns }) => [name, table, columns.length])).toEqual([['Base', '', 0], ['GuestBook', 'guest_book', 2], ['SSOUser', '', 2]]);
  });
});

describe('statements', () => {
  it('is one site where it is built in a variable and extended under a condition', () => {
    const site = readOne(inFunction('stmt = select(Order.id).where(Order.tenant_id == tenant_id)\nif q:\n    stmt = stmt.where(Order.total > q)\nresult = await session.execute(stmt.limit(20))\nreturn result.scalars().all()'), models);
    expect(site).toMatchObject({ executes: 'yes', access: 'read', fetches: 'many', confidence: 'proved', complete: true, model: 'Order' });
    expect(site.source?.text).toBe('SELECT orders.id FROM shop.orders WHERE orders.tenant = $1 AND orders.total > $2 LIMIT 20');
    expect(site.conditional.map((part) => [site.source?.text.slice(part.sql.start, part.sql.end), part.condition])).toEqual([[' AND orders.total > $2', 'q']]);
    expect(site.binds.map((bind) => [bind.key, bind.text])).toEqual([['1', 'tenant_id'], ['2', 'q']]);
  });

  it('underlines the call behind a clause', () => {
    const text = inFunction('return (await session.scalars(select(Order).order_by(Order.id).limit(20).offset(page * 20))).all()');
    const site = readOne(text, models);
    const sql = site.source?.text ?? '';
    const span = toHostSpan(site.map, sqlSpan(sql.indexOf('OFFSET'), sql.length));
    expect(span && text.slice(span.start, span.end)).toBe('.offset(page * 20)');
  });

  it.each([
    ['unknown models keep their name', 'await session.execute(select(Invoice.id).where(Invoice.paid == True))', ['SELECT "Invoice".id FROM "Invoice" WHERE "Invoice".paid = TRUE']],
    ['a list of conditions', 'conditions = [Order.tenant_id == tenant_id]\nif q:\n    conditions.append(Order.total == q)\nawait session.execute(select(Order.id).where(*conditions))', ['SELECT orders.id FROM shop.orders WHERE orders.tenant = $1 AND orders.total = $2']],
    ['a cte', 'big = select(Order.id).where(Order.total > 5).cte("big")\nawait session.execute(select(big.c.id))', ['WITH big AS (SELECT orders.id FROM shop.orders WHERE orders.total > 5) SELECT big.id FROM big']],
    ['an alias', 'from sqlalchemy.orm import aliased\nother = aliased(Order)\nawait session.execute(select(other.id).where(other.total == 1))', ['SELECT other.id FROM shop.orders AS other WHERE other.total = 1']],
    ['get', 'await session.get(Customer, tenant_id)', ['SELECT customers.id, customers.name FROM customers WHERE customers.id = $1']],
    ['text', 'await session.execute(text("SELECT id FROM orders WHERE id = :id"), {"id": q})', ['SELECT id FROM orders WHERE id = :id']],
    ['a pattern keeps what is known', 'await session.scalars(select(Customer.id).where(Customer.name.ilike(f"%{q}%")))', ["SELECT customers.id FROM customers WHERE customers.name ILIKE '%' || $1 || '%'"]],
    ['legacy query', 'session.query(Customer).filter(Customer.name == q).order_by(Customer.id)[page:20]', ['SELECT customers.id, customers.name FROM customers WHERE customers.name = $1 ORDER BY customers.id LIMIT $2 OFFSET $3']],
    ['columns and labels by name', 'from sqlalchemy import desc\nawait session.scalars(select(Customer.id).order_by(desc("name")))', ['SELECT customers.id FROM customers ORDER BY name DESC']],
    ['SQLModel\'s col()', 'from sqlmodel import col\nawait session.exec(select(Customer.id).where(col(Customer.name).icontains(q)).order_by(col(Customer.id).desc()))', ["SELECT customers.id FROM customers WHERE customers.name ILIKE '%' || $1 || '%' ORDER BY customers.id DESC"]],
    ['Flask\'s pages', 'db.paginate(db.select(Customer.id).order_by(Customer.id), page=page, per_page=20)', ['SELECT customers.id FROM customers ORDER BY customers.id LIMIT $1 OFFSET $2']],
    ['legacy first', 'session.query(Customer.id).filter_by(name=q).first()', ['SELECT customers.id FROM customers WHERE customers.name = $1 LIMIT 1']],
    ['legacy delete', 'session.query(Customer).filter(Customer.id == 1).delete()', ['DELETE FROM customers WHERE customers.id = 1']],
    ['a statement that someone else sends', 'return select(Customer.id)', ['SELECT customers.id FROM customers']],
    ['a statement that is not known', 'await session.execute(statement)', ['(opaque)']],
    ['a query of a model that is not known', 'session.query(model).filter_by(id=1).first()', ['(opaque)']],
    ['unit of work', 'session.add(Order())\nsession.delete(q)', []],
  ])('%s', (_, body, expected) => expect(sqlOf(inFunction(body), models)).toEqual(expected));

  it('a query of a model that only the caller knows, extended by unseen helpers', () => {
    const body = 'query = session.query(model_cls)\ntry:\n    query = apply_filters(query, q)\n    if page:\n        query = query.offset(page).limit(20)\n    else:\n        query, shown = paginate(query, page_number=q)\nexcept ValueError:\n    return []\nreturn query.all()';
    const site = readOne(`${head}\ndef f(session, model_cls, page, q):\n${body.split('\n').map((line) => `    ${line}`).join('\n')}\n`, models);
    expect(site.complete).toBe(false);
    expect(site.source?.text.replaceAll(/\s+/g, ' ')).toMatch(/^SELECT FROM LIMIT 20 OFFSET \$\d$/);
    expect(site.executes).toBe('yes');
  });

  it('a helper that pages the statement it is given', () => {
    const helper = (type: string): string => `from sqlalchemy import Select\n\nasync def paginate(session, statement: ${type}, page: int, size: int):\n    paged = statement.limit(size).offset((page - 1) * size)\n    return (await session.execute(paged)).scalars().all()\n`;
    const text = helper('Select[tuple[M]]');
    const site = readOne(text);
    expect([site.source?.text.replaceAll(/\s+/g, ' '), site.complete, site.fetches]).toEqual(['SELECT FROM LIMIT $2 OFFSET $3', false, 'many']);
    expect(site.chain.map((call) => text.slice(call.span.start, call.span.end))).toEqual(['.limit(size)', '.offset((page - 1) * size)']);
    expect(read(helper('Pager')).sites.map((found) => found.source)).toEqual([undefined]);
  });

  it('statements that are compiled for another database', () => {
    const build = 'def f(n):\n    return select(Order.id).where(Order.total > n)\n';
    expect(sqlOf(`from clickhouse_connect.cc_sqlalchemy.dialect import ClickHouseDialect\n${head}\n${build}`, models)).toEqual([]);
    expect(sqlOf(`from sqlalchemy.dialects.postgresql import insert\n${head}\n${build}`, models)).toHaveLength(1);
  });

  it('statements of a list are each another one', () => {
    expect(sqlOf(inFunction('for statement in q:\n    await session.execute(statement)\n    await session.execute(text(statement))'), models)).toEqual([]);
    expect(sqlOf('import psycopg\ndef f(cur: psycopg.Cursor, statements):\n    for statement in statements:\n        cur.execute(statement)\n')).toEqual([]);
  });

  it('eager loading', () => {
    expect(readOne(inFunction('from sqlalchemy.orm import selectinload, joinedload\nawait session.scalars(select(Customer).options(selectinload(Customer.orders).joinedload(Order.customer)))'), models).eager).toEqual(['orders', 'orders.customer']);
  });

  it('other libraries\' sessions', () => {
    expect(sqlOf('import requests\nfrom sqlalchemy import select\ndef f(session, url):\n    session.get(url, timeout=3)\n    session.get(API_URL, 5)\n')).toEqual([]);
  });

  it('dict keys, self and prose are no statements', () => {
    expect(sqlOf('def f(self, d):\n    d.get("a", 1)\n    self.update(x=1)\n    self.cache.get(Key, 1)\n    select(x)\n    "a".join(b)\n    items[1:2]\n')).toEqual([]);
  });
});

describe('edits in the library\'s idiom', () => {
  const paged = inFunction('stmt = (\n    select(Order)\n    .where(Order.total > 0)\n    .order_by(Order.created_at.desc())\n    .limit(20)\n    .offset(page * 20)\n)\nreturn (await session.scalars(stmt)).all()');

  it('adds a predicate where it is unconditional', () => {
    const text = inFunction('stmt = select(Order)\nif q:\n    stmt = stmt.where(Order.total > q)\nreturn await session.scalars(stmt)');
    expect(applied(text, sqlalchemyAdapter.addPredicate?.(readOne(text, models), { uri: testUri, text, table: 'orders', column: 'tenant', value: 'tenant_id' }))).toBe(text.replace('stmt = select(Order)\n', 'stmt = select(Order).where(Order.tenant_id == tenant_id)\n'));
  });

  it('keeps the layout of a chain, and filters legacy queries', () => {
    expect(applied(paged, sqlalchemyAdapter.addPredicate?.(readOne(paged, models), { uri: testUri, text: paged, table: 'orders', column: 'tenant', value: 't' }))).toBe(paged.replace('.where(Order.total > 0)', '.where(Order.total > 0)\n        .where(Order.tenant_id == t)'));
    const legacy = inFunction('return session.query(Order).order_by(Order.id).all()');
    expect(applied(legacy, sqlalchemyAdapter.addPredicate?.(readOne(legacy, models), { uri: testUri, text: legacy, table: 'orders', column: 'tenant', value: 't' }))).toBe(legacy.replace('query(Order)', 'query(Order).filter(Order.tenant_id == t)'));
  });

  it('pages by key', () => {
    const keys = [{ column: 'orders.created_at', descending: true, nullable: false, added: false }, { column: 'orders.id', descending: true, nullable: false, added: true }];
    const result = applied(paged, sqlalchemyAdapter.toKeyset?.(readOne(paged, models), { uri: testUri, text: paged, keys, cursor: 'after' }));
    expect(result).toContain('from sqlalchemy import select, func, text, tuple_\n');
    expect(result).toContain('    .where(*([tuple_(Order.created_at, Order.id) < (after.created_at, after.id)] if after else []))\n');
    expect(result).toContain('.order_by(Order.created_at.desc(), Order.id.desc())\n        .limit(20)\n    )');
    expect(sqlOf(result ?? '', models)).not.toEqual([]);
    expect(sqlOf(result ?? '', models)[0]).not.toContain('OFFSET');
  });

  it('calls begin at their dot, whatever stands between the lines', () => {
    const chain = 'select(Order)  # the page\n    # newest first\n    .order_by(Order.created_at.desc())  # by day\n    .limit(20)\n    .offset(page * 20)  # deep pages\n)';
    for (const body of [`stmt = (\n    ${chain}\nreturn (await session.scalars(stmt)).all()`, 'return session.query(Order) \\\n    .order_by(Order.created_at.desc()) \\\n    .limit(20) \\\n    .offset(page * 20) \\\n    .all()']) {
      for (const text of [inFunction(body), inFunction(body).replaceAll('\n', '\r\n')]) {
        const site = readOne(text, models);
        expect(site.chain.map((call) => text.slice(call.span.start, call.span.end)).slice(1, 4)).toEqual(['.order_by(Order.created_at.desc())', '.limit(20)', '.offset(page * 20)']);
        const edited = applied(text, sqlalchemyAdapter.toKeyset?.(site, { uri: testUri, text, keys: [{ column: 'orders.created_at', descending: true, nullable: false, added: false }], cursor: 'after' })) ?? '';
        expect(edited).not.toContain('offset');
        expect(readOne(edited, models).source?.text).toContain('ORDER BY');
        expect(edited.split('\n').filter((line) => /^\s*\\?\s*$/.test(line)).length).toBe(text.split('\n').filter((line) => /^\s*$/.test(line)).length);
      }
    }
    const all = inFunction('return (\n    session.query(Order)\n    # everything\n    .all()\n)');
    expect(applied(all, sqlalchemyAdapter.addLimit?.(readOne(all, models), { uri: testUri, text: all, count: 9 }))).toContain('    # everything\n        .limit(9)\n        .all()\n');
  });

  it('writes mixed directions out and refuses nullable keys', () => {
    const keys = [{ column: 'orders.created_at', descending: true, nullable: false, added: false }, { column: 'orders.id', descending: false, nullable: false, added: true }];
    const site = readOne(paged, models);
    expect(applied(paged, sqlalchemyAdapter.toKeyset?.(site, { uri: testUri, text: paged, keys, cursor: 'after' }))).toContain('or_(Order.created_at < after.created_at, and_(Order.created_at == after.created_at, Order.id > after.id))');
    expect(sqlalchemyAdapter.toKeyset?.(site, { uri: testUri, text: paged, keys: keys.map((key) => ({ ...key, nullable: true })), cursor: 'after' })).toBeUndefined();
  });

  it('adds order, limit, eager loading and IN', () => {
    const text = inFunction('rows = session.query(Order).all()');
    const site = readOne(text, models);
    expect(applied(text, sqlalchemyAdapter.addLimit?.(site, { uri: testUri, text, count: 100 }))).toContain('session.query(Order).limit(100).all()');
    expect(applied(text, sqlalchemyAdapter.addOrder?.(site, { uri: testUri, text, keys: [{ column: 'id', descending: true }] }))).toContain('session.query(Order).order_by(Order.id.desc()).all()');
    const eager = applied(text, addEagerLoad(site, testUri, text, { property: 'customer', many: false }));
    expect(eager).toContain('session.query(Order).options(joinedload(Order.customer)).all()');
    expect(eager).toContain('from sqlalchemy.orm import joinedload\n');
    expect(inCondition(site, 'orders.tenant', 'ids')).toBe('Order.tenant_id.in_(ids)');
  });

  it('a key is added in SQLModel\'s col() where the others are', () => {
    const text = inFunction('from sqlmodel import col\nreturn session.query(Order).order_by(col(Order.total).desc()).limit(20).all()');
    const site = readOne(text, models);
    expect(applied(text, sqlalchemyAdapter.addOrder?.(site, { uri: testUri, text, keys: [{ column: 'id', descending: true }] }))).toContain('.order_by(col(Order.total).desc(), col(Order.id).desc())');
  });
});

describe('imported classes of which no model is known', () => {
  const source = (body: string): string => `from sqlalchemy import select, update, func, exists, case\nfrom models import Order, Item\nfrom shop.enums import Status\nfrom shop import enums\n\nasync def f(session, order_id):\n    ${body}\n`;
  it.each([
    ['a member compared with a column is a value', 'await session.execute(select(Order.id).where(Order.total == Status.OPEN))', 'SELECT orders.id FROM shop.orders WHERE orders.total = $1'],
    ['of a module too', 'await session.execute(select(Order.id).where(Order.total != enums.Status.open))', 'SELECT orders.id FROM shop.orders WHERE orders.total <> $1'],
    ['in a list', 'await session.execute(select(Order.id).where(Order.total.in_([Status.OPEN, Status.PAID])))', 'SELECT orders.id FROM shop.orders WHERE orders.total IN ($1, $2)'],
    ['in other comparisons', 'await session.execute(select(Order.id).where(Order.total.is_(Status.OPEN), Order.total.between(Status.A, Status.B)))', 'SELECT orders.id FROM shop.orders WHERE orders.total IS NOT DISTINCT FROM $1 AND orders.total BETWEEN $2 AND $3'],
    ['in what is written', 'await session.execute(update(Order).where(Order.id == order_id).values(total=Status.PAID))', 'UPDATE shop.orders SET total = $1 WHERE orders.id = $2'],
    ['a column of what is selected stays one', 'await session.execute(select(Item).where(Item.order_id == order_id))', 'SELECT FROM "Item" WHERE "Item".order_id = $1'],
    ['a column of what is joined stays one', 'await session.execute(select(Order.id).join(Item, Order.id == Item.order_id).where(Order.total == Item.total))', 'SELECT orders.id FROM shop.orders JOIN "Item" ON orders.id = "Item".order_id WHERE orders.total = "Item".total'],
  ])('%s', (_, body, expected) => {
    expect(sqlOf(source(body), models)).toEqual([expected]);
  });
});
