import type { Catalog, Column, Table } from '../../../server/src/core/catalog/model';

/** A repeatable source of numbers in [0, 1): the constants of Numerical Recipes' generator. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/**
 * Structurally distinct statements over the tables of a catalog, with parameters: filters, sorts, limits, groups, joins
 * along foreign keys and on shared columns, semi- and anti-joins, CTEs, UPDATE and DELETE. Equal seeds give equal lists.
 */
export function generateQueries(catalog: Catalog, count: number, seed: number): readonly string[] {
  const random = createRandom(seed);
  const tables = [...catalog.tables.values()].filter((t) => (t.kind === 'table' || t.kind === 'partitioned' || t.kind === 'matview') && t.partitionOf === undefined && t.columns.length > 2);
  const found = new Set<string>();
  for (let tries = 0; found.size < count && tries < count * 50; tries++) found.add(generate(tables, random));
  return [...found];
}

class Statement {
  private parameters = 0;
  constructor(readonly random: () => number) {}
  parameter(): string { return `$${++this.parameters}`; }
  pick<T>(items: readonly T[]): T { return items[Math.floor(this.random() * items.length)]!; }
  chance(share: number): boolean { return this.random() < share; }
}

const isText = (c: Column): boolean => /^(text|character)/.test(c.type);
const isOrdered = (c: Column): boolean => /^(bigint|integer|date|timestamp|numeric)/.test(c.type);
const isComparable = (c: Column): boolean => isText(c) || isOrdered(c) || c.type === 'uuid' || c.type === 'boolean';

function generate(tables: readonly Table[], random: () => number): string {
  const s = new Statement(random);
  const table = s.pick(tables);
  const kind = random();
  if (kind < 0.34) return plain(s, table);
  if (kind < 0.48) return grouped(s, table);
  if (kind < 0.72) return joined(s, table, tables);
  if (kind < 0.86) return semiJoined(s, table, tables);
  if (kind < 0.93) return withCte(s, table);
  return write(s, table);
}

function predicate(s: Statement, alias: string, table: Table): string {
  const columns = table.columns.filter(isComparable);
  const ordered = columns.filter(isOrdered);
  const texts = columns.filter(isText);
  const nullable = table.columns.filter((c) => !c.notNull);
  const json = table.columns.filter((c) => c.type === 'jsonb');
  const roll = s.random();
  const name = (c: Column): string => `${alias}.${c.name}`;
  if (roll < 0.4) return `${name(s.pick(columns))} = ${s.parameter()}`;
  if (roll < 0.58 && ordered.length > 0) return `${name(s.pick(ordered))} ${s.pick(['>', '<', '>=', '<='])} ${s.parameter()}`;
  if (roll < 0.66) return `${name(s.pick(columns))} = ANY(${s.parameter()})`;
  if (roll < 0.72 && json.length > 0) return `${name(s.pick(json))} @> ${s.parameter()}`;
  if (roll < 0.77 && json.length > 0) return `${name(s.pick(json))} ->> 'k' = ${s.parameter()}`;
  if (roll < 0.84 && texts.length > 0) return `${name(s.pick(texts))} LIKE ${s.parameter()}`;
  if (roll < 0.9 && nullable.length > 0) return `${name(s.pick(nullable))} IS ${s.pick(['', 'NOT '])}NULL`;
  if (roll < 0.95 && texts.length > 0) return `lower(${name(s.pick(texts))}) = ${s.parameter()}`;
  return `${name(s.pick(columns))} IN (${s.parameter()}, ${s.parameter()}, ${s.parameter()})`;
}

function predicates(s: Statement, alias: string, table: Table, most: number): string {
  const list = Array.from({ length: 1 + Math.floor(s.random() * most) }, () => predicate(s, alias, table));
  return list.length > 1 && s.chance(0.12) ? `(${list.join(' OR ')})` : list.join(' AND ');
}

function order(s: Statement, alias: string, table: Table): string {
  const first = s.pick(table.columns.filter(isComparable));
  const second = s.pick(table.columns.filter(isComparable));
  return `ORDER BY ${alias}.${first.name}${s.pick(['', ' DESC'])}${s.chance(0.3) && second !== first ? `, ${alias}.${second.name}` : ''}`;
}

const limit = (s: Statement): string => `LIMIT ${s.pick([s.parameter, () => '20', () => '100']).call(s)}`;
const nameOf = (table: Table): string => `${table.schema}.${table.name}`;

function plain(s: Statement, table: Table): string {
  const outputs = s.pick(['x.*', `x.${s.pick(table.columns).name}`, table.columns.slice(0, 2).map((c) => `x.${c.name}`).join(', ')]);
  return [`SELECT ${outputs} FROM ${nameOf(table)} x`, `WHERE ${predicates(s, 'x', table, 3)}`, s.chance(0.7) ? order(s, 'x', table) : '', s.chance(0.7) ? limit(s) : ''].filter(Boolean).join(' ');
}

function grouped(s: Statement, table: Table): string {
  const key = s.pick(table.columns.filter(isComparable));
  const ordered = table.columns.filter(isOrdered);
  const further = ordered.length > 0 && s.chance(0.4) ? `, max(x.${s.pick(ordered).name})` : '';
  return [`SELECT x.${key.name} AS g, count(*)${further} FROM ${nameOf(table)} x WHERE ${predicates(s, 'x', table, 3)} GROUP BY 1`, s.chance(0.5) ? 'ORDER BY 2 DESC' : '', s.chance(0.4) ? 'LIMIT 10' : ''].filter(Boolean).join(' ');
}

/** A condition that ties two tables: a foreign key of either, else a column that both have. */
function tie(s: Statement, table: Table, tables: readonly Table[]): { readonly other: Table; readonly on: string } | undefined {
  const ties = tables.flatMap((other) => {
    const up = table.foreignKeys.filter((k) => k.references.table === other.name).map((k) => k.columns.map((c, i) => `y.${k.references.columns[i] ?? 'id'} = x.${c}`).join(' AND '));
    const down = other.foreignKeys.filter((k) => k.references.table === table.name).map((k) => k.columns.map((c, i) => `y.${c} = x.${k.references.columns[i] ?? 'id'}`).join(' AND '));
    const shared = other === table ? [] : other.columns.filter((c) => c.name !== 'id' && /_id$/.test(c.name) && table.columns.some((own) => own.name === c.name && own.type === c.type)).map((c) => `y.${c.name} = x.${c.name}`);
    return [...up, ...down, ...shared].map((on) => ({ other, on }));
  });
  return ties.length > 0 ? s.pick(ties) : undefined;
}

function joined(s: Statement, table: Table, tables: readonly Table[]): string {
  const found = tie(s, table, tables);
  if (!found) return plain(s, table);
  const { other, on } = found;
  const parts = [`FROM ${nameOf(table)} x ${s.pick(['JOIN', 'JOIN', 'LEFT JOIN'])} ${nameOf(other)} y ON ${on}`, `WHERE ${predicates(s, 'x', table, 2)}${s.chance(0.6) ? ` AND ${predicate(s, 'y', other)}` : ''}`];
  if (s.chance(0.4)) return `SELECT count(*) ${parts.join(' ')}`;
  return [`SELECT x.*, y.${s.pick(other.columns).name}`, ...parts, s.chance(0.6) ? order(s, 'x', table) : '', s.chance(0.6) ? 'LIMIT 50' : ''].filter(Boolean).join(' ');
}

function semiJoined(s: Statement, table: Table, tables: readonly Table[]): string {
  const found = tie(s, table, tables);
  if (!found) return grouped(s, table);
  return `SELECT x.* FROM ${nameOf(table)} x WHERE ${predicates(s, 'x', table, 2)} AND ${s.pick(['', 'NOT '])}EXISTS (SELECT 1 FROM ${nameOf(found.other)} y WHERE ${found.on} AND ${predicate(s, 'y', found.other)})${s.chance(0.6) ? ' LIMIT 20' : ''}`;
}

function withCte(s: Statement, table: Table): string {
  const key = s.pick(table.columns.filter(isComparable));
  return `WITH w AS ${s.pick(['', 'MATERIALIZED '])}(SELECT x.${key.name} AS k, count(*) AS n FROM ${nameOf(table)} x WHERE ${predicates(s, 'x', table, 2)} GROUP BY 1) SELECT k, n FROM w ORDER BY n DESC LIMIT ${s.parameter()}`;
}

function write(s: Statement, table: Table): string {
  const assigned = table.columns.find((c) => isText(c));
  if (table.kind === 'matview' || !assigned) return plain(s, table);
  return s.chance(0.5) ? `DELETE FROM ${nameOf(table)} x WHERE ${predicates(s, 'x', table, 2)}` : `UPDATE ${nameOf(table)} x SET ${assigned.name} = ${s.parameter()} WHERE ${predicates(s, 'x', table, 2)}`;
}
