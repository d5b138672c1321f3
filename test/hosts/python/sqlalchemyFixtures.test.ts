import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Conjunct, Expression, StatementModel } from '../../../server/src/core/sql/model';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
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

const expression = (value: Expression | undefined): unknown => {
  if (!value) return undefined;
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
  it.each(recorded.statements)('$source', ({ source, sql }) => {
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
  it.each(own.statements)('$source', ({ source, sql }) => {
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
  const forms = own.statements.flatMap(({ source, sql }) => [{ source, sql }, ...(/^session\.query\((Order|Customer)\)/.test(source) ? [{ source: source.replace(/^session\.query\((Order|Customer)\)/, '$1.query'), sql }] : [])]);
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
