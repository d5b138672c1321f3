import { findTable } from '../catalog/lookup';
import type { Catalog, Column, ForeignKey, Table } from '../catalog/model';
import { quoteIdentifier } from '../sql/names';
import { readContext, type CompletionContext } from './completionContext';
import { visibleBlocks, type ScopeBlock, type ScopeColumn, type ScopeRelation } from './scope';

/** One proposal: SQL text that takes the place of `[start, end)`. */
export interface Proposal {
  readonly kind: 'table' | 'view' | 'cte' | 'column' | 'join';
  readonly label: string;
  /** SQL text, identifiers quoted where needed. */
  readonly insert: string;
  readonly detail: string;
  /** Lower comes first. */
  readonly rank: number;
  /** What its documentation is rendered from. */
  readonly table?: Table;
  readonly column?: string;
}

export interface Proposals {
  /** Offsets in the statement. */
  readonly start: number;
  readonly end: number;
  readonly items: readonly Proposal[];
}

/**
 * Tables and columns that may stand at `offset` of a statement. Undefined: nothing from the catalog may stand there.
 * @param text one statement with its holes filled; it may be half-typed
 */
export function propose(text: string, offset: number, catalog: Catalog): Proposals | undefined {
  const context = readContext(text, offset, catalog);
  if (!context) return undefined;
  const items = context.wants === 'relation' ? relations(context, catalog) : context.wants === 'table-column' ? columnsOfTable(findTable(catalog, context.table), 0) : columns(context);
  return { start: context.start, end: context.end, items: context.quoted ? items.map(inQuotes) : items };
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** The typed name has quotes of its own: a proposal of one name gets them too, whether it needs them or not. */
const inQuotes = (item: Proposal): Proposal => (item.kind !== 'join' && !item.insert.includes('"') && !item.insert.includes('.') ? { ...item, insert: quote(item.insert) } : item);

const rowsOf = (table: Table): string => (table.rows === undefined ? '' : `, ${table.rows.toLocaleString('en')} rows${table.rowsSource === 'assumed' ? ' (assumed)' : ''}`);
const kindName = (table: Table): string => ({ table: 'table', partitioned: 'partitioned table', view: 'view', matview: 'materialized view', foreign: 'foreign table' })[table.kind];

type RelationContext = Extract<CompletionContext, { wants: 'relation' }>;

function relations(context: RelationContext, catalog: Catalog): Proposal[] {
  const result: Proposal[] = [];
  const inScope = new Set(context.block?.relations.flatMap((relation) => (relation.table ? [relation.table] : [])) ?? []);
  const linked = new Set<string>();
  for (const table of inScope) for (const { references } of table.foreignKeys) linked.add(`${references.schema ?? 'public'}.${references.table}`);
  if (context.schema === undefined) for (const name of ctesBefore(context)) result.push({ kind: 'cte', label: name, insert: quoteIdentifier(name), detail: 'common table expression', rank: 0 });
  for (const { key, table, plain, qualified } of relationsOf(catalog)) {
    if (context.schema !== undefined && table.schema !== context.schema) continue;
    const item = context.schema === undefined ? qualified : plain;
    result.push(linked.has(key) || pointsInto(table, inScope) ? { ...item, rank: item.rank - 1 } : item);
  }
  return result;
}

interface RelationProposal {
  readonly key: string;
  readonly table: Table;
  /** The name alone, and the name with its schema where the search path does not lead to it. */
  readonly plain: Proposal;
  readonly qualified: Proposal;
}

const prepared = new WeakMap<Catalog, readonly RelationProposal[]>();

/** The proposals of all relations, made once for a catalog. */
function relationsOf(catalog: Catalog): readonly RelationProposal[] {
  const known = prepared.get(catalog);
  if (known) return known;
  const made = [...catalog.tables].map(([key, table]): RelationProposal => {
    // Partitions are read through their parent.
    const rank = table.partitionOf === undefined ? 2 : 4;
    const plain: Proposal = { kind: table.kind === 'view' || table.kind === 'matview' ? 'view' : 'table', label: table.name, insert: quoteIdentifier(table.name), detail: `${kindName(table)}${rowsOf(table)}`, rank, table };
    const reachable = findTable(catalog, { name: table.name }) === table;
    return { key, table, plain, qualified: reachable ? plain : { ...plain, label: key, insert: `${quoteIdentifier(table.schema)}.${plain.insert}` } };
  });
  prepared.set(catalog, made);
  return made;
}

/** Does a foreign key of the table lead to one that is in the query already? */
const pointsInto = (table: Table, others: ReadonlySet<Table>): boolean =>
  table.foreignKeys.length > 0 && [...others].some((other) => table.foreignKeys.some(({ references }) => references.table === other.name && (references.schema ?? 'public') === other.schema));

/** CTEs that can be named at the place: those of the block and of the blocks around it. */
function ctesBefore({ scope, block, start }: RelationContext): readonly string[] {
  const { ranges } = scope;
  const names: string[] = [];
  for (let at: ScopeBlock | undefined = block; at; at = at.range.parent === undefined ? undefined : scope.blocks[at.range.parent]) {
    const clause = at.range.clauses.find(({ name }) => name === 'with');
    for (const piece of clause ? ranges.splitList(ranges.inside(clause.body)) : []) {
      const token = ranges.tokens[piece.from];
      // Inside its own body it can be named only by a recursive one.
      if (token && token.start < start && (token.kind === 'word' || token.kind === 'quoted')) names.push(ranges.text.slice(token.start, token.end).replace(/^"|"$/g, ''));
    }
  }
  return [...new Set(names)];
}

type ColumnContext = Extract<CompletionContext, { wants: 'column' }>;

function columns(context: ColumnContext): Proposal[] {
  const { block, place, qualifier, scope } = context;
  const target = block.relations.find((relation) => relation.target);
  if (place.kind === 'insert' || place.kind === 'assigned') {
    if (qualifier !== undefined) return [];
    const written = new Set(place.written);
    return columnsOfTable(target?.table, 0).filter(({ label }) => !written.has(label));
  }
  if (place.kind === 'conflict') return columnsOfTable(target?.table, 0, (column, table) => (isUniqueColumn(table, column) ? 0 : 2));
  const blocks = visibleBlocks(scope, block);
  if (qualifier !== undefined) {
    const named = blocks.flatMap(({ relations: all }) => all).find((relation) => relation.alias === qualifier || (relation.kind === 'table' && relation.name === qualifier && relation.aliasAt === undefined));
    return named ? ofRelation(named, place.kind, undefined) : [];
  }
  const own = block.relations.filter((relation) => relation.alias !== 'excluded');
  if (place.kind === 'using') return commonColumns(own);
  const proposals = place.kind === 'on' && place.empty && place.joined !== undefined ? joinConditions(own, place.joined) : [];
  const names = new Map<string, number>();
  const lists = blocks.flatMap((visible, depth) => visible.relations.filter((relation) => relation.alias !== 'excluded').map((relation) => ({ relation, depth })));
  for (const { relation } of lists) for (const { name } of relation.columns() ?? []) names.set(name, (names.get(name) ?? 0) + 1);
  for (const { relation, depth } of lists) {
    // A condition names both sides of the join; elsewhere only what would be ambiguous is qualified.
    const qualified = (name: string): boolean => (names.get(name) ?? 0) > 1 || (place.kind === 'on' && own.length > 1) || depth > 0;
    proposals.push(...ofRelation(relation, place.kind, qualified).map((item) => ({ ...item, rank: item.rank + depth * 10 })));
  }
  if (own.length + blocks.length > 2 || place.kind === 'on') for (const relation of own) if (relation.alias !== '') proposals.push({ kind: relation.kind === 'table' ? 'table' : 'cte', label: relation.alias, insert: quoteIdentifier(relation.alias), detail: relation.table ? `${kindName(relation.table)} ${relation.table.name}` : 'in this query', rank: 8, ...(relation.table ? { table: relation.table } : {}) });
  return proposals;
}

/** Filters and sorts want indexed columns first. */
function ofRelation(relation: ScopeRelation, place: string, qualified: ((name: string) => boolean) | undefined): Proposal[] {
  return (relation.columns() ?? []).map((column, i) => {
    const { name } = column;
    const full = qualified?.(name) === true && relation.alias !== '' ? `${quoteIdentifier(relation.alias)}.${quoteIdentifier(name)}` : quoteIdentifier(name);
    const indexed = (place === 'filter' || place === 'order' || place === 'on') && isLeadingKey(column);
    return { kind: 'column', label: qualified?.(name) === true && relation.alias !== '' ? `${relation.alias}.${name}` : name, insert: full, detail: describeColumn(column, relation), rank: (indexed ? 2 : 3) + i / 10_000, ...(column.table ? { table: column.table, column: column.column } : {}) };
  });
}

const columnOf = ({ table, column }: ScopeColumn): Column | undefined => table?.columns.find(({ name }) => name === column);
const isLeadingKey = ({ table, column }: ScopeColumn): boolean => table?.indexes.some((index) => index.keys[0]?.column === column && index.valid) === true;
const isUniqueColumn = (table: Table, column: string): boolean => table.indexes.some((index) => index.unique && index.keys.some((key) => key.column === column));

function describeColumn(column: ScopeColumn, relation: ScopeRelation): string {
  const known = columnOf(column);
  const from = column.table?.name ?? relation.alias;
  return known ? `${known.type}${known.notNull ? '' : ', nullable'} · ${from}${isLeadingKey(column) ? ' · indexed' : ''}` : from;
}

const columnsOfTable = (table: Table | undefined, rank: number, order: (column: string, table: Table) => number = () => 0): Proposal[] =>
  (table?.columns ?? []).map((column, i) => ({
    kind: 'column', label: column.name, insert: quoteIdentifier(column.name), rank: rank + order(column.name, table!) + i / 10_000, table: table!, column: column.name,
    detail: `${column.type}${column.notNull && column.default === undefined && column.generated === undefined ? ', required' : column.notNull ? '' : ', nullable'}${column.generated === undefined ? '' : ', generated'}`,
  }));

/** Columns that every relation so far has and the last one too. */
function commonColumns(own: readonly ScopeRelation[]): Proposal[] {
  const last = own.at(-1);
  const before = own.slice(0, -1);
  return (last?.columns() ?? []).filter(({ name }) => before.some((relation) => relation.columns()?.some((column) => column.name === name) === true))
    .map((column) => ({ kind: 'column', label: column.name, insert: quoteIdentifier(column.name), detail: describeColumn(column, last!), rank: 1, ...(column.table ? { table: column.table, column: column.column } : {}) }));
}

/** The conditions by which foreign keys tie the joined relation to those before it. */
function joinConditions(own: readonly ScopeRelation[], joined: number): Proposal[] {
  const right = own[joined];
  if (!right?.table) return [];
  return own.slice(0, joined).flatMap((left) => {
    if (!left.table) return [];
    return [...keysBetween(left, right), ...keysBetween(right, left)].map(({ from, to, key }): Proposal => {
      const pair = (column: string, i: number): string => `${side(from, column)} = ${side(to, key.references.columns[i] ?? '')}`;
      const text = key.columns.map(pair).join(' AND ');
      return { kind: 'join', label: text, insert: text, detail: `foreign key ${key.name ?? ''}`.trim(), rank: -1 };
    });
  });
}

const side = (relation: ScopeRelation, column: string): string => `${quoteIdentifier(relation.alias)}.${quoteIdentifier(column)}`;

const keysBetween = (from: ScopeRelation, to: ScopeRelation): readonly { readonly from: ScopeRelation; readonly to: ScopeRelation; readonly key: ForeignKey }[] =>
  (from.table?.foreignKeys ?? []).filter(({ references, columns: own }) => references.table === to.table?.name && (references.schema ?? 'public') === to.table.schema && references.columns.length === own.length).map((key) => ({ from, to, key }));
