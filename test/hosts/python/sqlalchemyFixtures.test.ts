import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Conjunct, Expression, StatementModel } from '../../../server/src/core/sql/model';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
import { read } from './support';

const folder = join(__dirname, '../../fixtures/python');
const recorded = JSON.parse(readFileSync(join(folder, 'statements.json'), 'utf8')) as { statements: { source: string; sql: string }[] };
const models = readFileSync(join(folder, 'models.py'), 'utf8');
const prelude = `${models}
from sqlalchemy import and_, case, cast, delete, desc, exists, func, not_, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
tenant = 5
`;
const analyser = await createSqlAnalyser();

/** Values alike, whether they are known or given. */
let anyValue = false;
const expression = (value: Expression | undefined): unknown => {
  if (!value) return undefined;
  if (anyValue && (value.kind === 'constant' || (value.columns.length === 0 && !value.args?.length && value.kind !== 'subquery'))) return 'value';
  switch (value.kind) {
    case 'column': return value.column?.column;
    case 'constant': return value.value;
    case 'cast': return expression(value.args?.[0]);
    case 'subquery': return 'subquery';
    case 'array':
    case 'row': return value.args?.map(expression);
    default: return [value.name ?? value.kind, ...value.columns.map((column) => column.column)];
  }
};
const conjunct = (c: Conjunct): unknown => ({
  clause: c.clause, operator: c.operator, negated: c.negated,
  sides: c.operator === '=' ? [JSON.stringify(expression(c.left)), JSON.stringify(expression(c.right))].sort() : [expression(c.left), c.operator === '~~' || c.operator === '~~*' ? 'pattern' : expression(c.right)],
  branches: c.branches?.map((branch) => branch.map(conjunct)),
});

/** What rules see of a statement, without the names of aliases and the order of columns, which is that of the class there. */
const shape = (model: StatementModel, explicitReturning: boolean): unknown => ({
  kind: model.kind,
  error: model.error?.message,
  blocks: model.blocks.map((block) => ({
    kind: block.kind, role: block.role, distinct: block.distinct,
    relations: block.relations.map((relation) => [relation.kind === 'derived' ? 'derived' : relation.name, relation.join]),
    outputs: block.outputs.map((output) => JSON.stringify(expression(output.expression))).sort(),
    conjuncts: block.conjuncts.map(conjunct),
    groupBy: block.groupBy.map(expression),
    orderBy: block.orderBy.map((item) => [expression(item.expression), item.descending, item.nulls]),
    limit: expression(block.limit?.expression), offset: expression(block.offset?.expression),
    locking: block.locking?.strength, skipLocked: block.locking?.skipLocked,
    writes: [...(block.write?.columns ?? [])].sort(),
    // The Core compiler adds RETURNING for the key by itself.
    returning: explicitReturning && block.returning,
  })),
});

const analyse = (text: string): StatementModel => analyser.analyse({ text, placeholders: 'dollar', interpolations: [] });

describe('statements mean what SQLAlchemy compiles', () => {
  it.each(compared('sqlalchemy 2', recorded.statements))('$source', ({ source, sql }) => {
    const text = `${prelude}\nasync def run(session):\n    return await session.execute(${source})\n`;
    const sites = read(text).sites;
    expect(sites.map((site) => site.executes)).toEqual(['yes']);
    const rendered = sites[0]?.source?.text ?? '';
    const explicit = source.includes('.returning(');
    expect(shape(analyse(rendered), explicit), rendered).toEqual(shape(analyse(sql), explicit));
  });
});

describe('statements mean what SQLModel compiles', () => {
  const sqlmodel = join(folder, 'sqlmodel');
  const own = JSON.parse(readFileSync(join(sqlmodel, 'statements.json'), 'utf8')) as typeof recorded;
  const head = `${readFileSync(join(sqlmodel, 'models.py'), 'utf8')}
from sqlalchemy import delete, func, update
from sqlmodel import col, or_, select
`;
  it.each(compared('sqlmodel', own.statements))('$source', ({ source, sql }) => {
    const sites = read(`${head}\n\ndef run(session):\n    return session.exec(${source})\n`).sites;
    expect(sites.map((site) => site.executes)).toEqual(['yes']);
    const rendered = sites[0]?.source?.text ?? '';
    expect(shape(analyse(rendered), false), rendered).toEqual(shape(analyse(sql), false));
  });

  it('fields with an index have one in the catalog', () => {
    const team = read(head).models.find((model) => model.name === 'Team');
    expect(team?.changes.flatMap((change) => (change.type === 'create-index' ? [change.index.keys.map((key) => key.column)] : []))).toEqual([['name']]);
  });
});

describe('queries of the legacy interface mean what SQLAlchemy sends', () => {
  const own = JSON.parse(readFileSync(join(folder, 'legacy', 'statements.json'), 'utf8')) as typeof recorded;
  const forms = compared('sqlalchemy legacy', own.statements).flatMap(({ source, sql }) => [{ source, sql }, ...(/^session\.query\((Order|Customer)\)/.test(source) ? [{ source: source.replace(/^session\.query\((Order|Customer)\)/, '$1.query'), sql }] : [])]);
  it.each(forms)('$source', ({ source, sql }) => {
    const flask = /^\w+\.query/.test(source);
    const head = flask ? `from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n${prelude}` : prelude;
    const text = `${head}\n\ndef run(session):\n    return ${source}\n`;
    const sites = read(text).sites.filter((site) => site.executes === 'yes');
    expect(sites).toHaveLength(1);
    const [site] = sites;
    expect(text.slice(site!.span.start, site!.span.end)).toBe(source);
    const rendered = site?.source?.text ?? '';
    expect(shape(analyse(rendered), false), rendered).toEqual(shape(analyse(sql), false));
  });
});

describe('statements on tables mean what SQLAlchemy compiles', () => {
  const own = JSON.parse(readFileSync(join(folder, 'core', 'statements.json'), 'utf8')) as typeof recorded;
  const head = `${readFileSync(join(folder, 'core', 'tables.py'), 'utf8')}
from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
tenant = 5
`;
  it.each(compared('sqlalchemy core', own.statements))('$source', ({ source, sql }) => {
    for (const [way, before, call] of [['', 'conn', 'conn.execute'], ['async ', 'conn: AsyncConnection', 'await conn.execute']] as const) {
      const { sites } = read(`${head}from sqlalchemy.ext.asyncio import AsyncConnection\n\n${way}def run(${before}):\n    return ${call}(${source})\n`);
      expect(sites.map((site) => site.executes)).toEqual(['yes']);
      const rendered = sites[0]?.source?.text ?? '';
      expect(shape(analyse(rendered), false), rendered).toEqual(shape(analyse(sql), false));
    }
  });
});

describe('queries mean what Flask-SQLAlchemy sends', () => {
  const own = JSON.parse(readFileSync(join(folder, 'flask', 'statements.json'), 'utf8')) as typeof recorded;
  const head = readFileSync(join(folder, 'flask', 'models.py'), 'utf8');
  /** What is given is a value here, and a constant there; limit and offset of a page are computed. */
  const withoutValues = (model: StatementModel): unknown => {
    anyValue = true;
    try {
      return shape(model, false);
    } finally {
      anyValue = false;
    }
  };
  it.each(compared('flask-sqlalchemy', own.statements))('$source', ({ source, sql }) => {
    const text = `${head}\n\ndef run(org, page, a, b):\n    return ${source}\n`;
    const sites = read(text).sites.filter((site) => site.executes === 'yes');
    expect(sites).toHaveLength(1);
    const rendered = sites[0]?.source?.text ?? '';
    expect(withoutValues(analyse(rendered)), rendered).toEqual(withoutValues(analyse(sql)));
  });
});

/** Code of the same look that sends nothing. */
describe('no query of SQLAlchemy', () => {
  const head = `${prelude}from sqlmodel import Session\nfrom flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n`;
  it.each([
    ...innocent('sqlalchemy', ['session.add(Order(number=tenant))', 'session.expunge(row)', 'row.orders.append(Order())', 'requests.session().get(url)', 'Order(number="x")', 'Order.number.label("n")', 'cache.get(Order, 1)', 'and_(Order.total > 1, Order.id < 2)', 'relationship("Order")']),
    ...innocent('sqlmodel', ['Session(engine)', 'order.model_dump(exclude={"id"})', 'Order.model_validate(row)', 'session.expire(row)', 'col(Order.number)']),
    ...innocent('flask-sqlalchemy', ['db.init_app(app)', 'db.session.add(row)', 'db.Column(db.Integer)', 'request.args.get("page")', 'db.session.rollback()', 'current_app.query']),
  ])('%s', (code) => {
    expect(read(`${head}\n\ndef run(session, row, url, cache, engine, app, request, order):\n    value = ${code}\n`).sites).toEqual([]);
  });
});
