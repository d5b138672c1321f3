import { findColumn } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { collectPins, requiredRelations } from './pins';
import type { ViewTenancy } from './tenantViews';
import { bindColumn, tableOf, traceColumn, walkExpression, type BoundColumn, type Scope } from './scope';

/** What ties a row to one tenant, strongest first; `none` is what the rule reports. */
export type TenantEvidence = 'predicate' | 'equality' | 'join' | 'sub-query' | 'row-security' | 'view' | 'secret' | 'owner' | 'none';

/** A base-table occurrence of a tenant table. */
export interface TenantOccurrence {
  readonly block: QueryBlock;
  readonly relationIndex: number;
  readonly table: Table;
  readonly column: string;
  /** The table is a view that has no such column: no condition on it can be written. */
  readonly hidden?: true;
  readonly evidence: TenantEvidence;
}

/** The tenant column of a table, or of a view that lets the tenant through; undefined for global tables. */
export interface TenantColumnOf {
  (table: Table): string | undefined;
  /** What a view's definition says of its rows; undefined for tables. */
  readonly view?: (table: Table) => ViewTenancy | undefined;
}

/** The tenant of a relation's rows: the column that has it, or the column of the tables behind a view that keeps it to itself. */
function tenantOf(table: Table | undefined, columnOf: TenantColumnOf): { readonly column: string; readonly pinned?: true; readonly hidden?: true } | undefined {
  const view = table && columnOf.view?.(table);
  if (view?.state === 'pinned') return { column: view.of, pinned: true };
  if (view?.state === 'open' && view.column === undefined) return { column: view.of, hidden: true };
  const column = table && columnOf(table);
  return column === undefined ? undefined : { column };
}

const nodeKey = (block: QueryBlock, relation: number): string => `${block.index}:${relation}`;

/**
 * Finds every occurrence of a tenant table in a statement, sub-queries, CTEs, arms, UPDATE FROM and DELETE USING
 * included, with the evidence for each. Evidence spreads along equalities (`o.tenant_id = c.tenant_id`, `i.order_id =
 * o.id`) and through sub-queries until nothing changes. `assumed` occurrences count as tied, row-level security where `rowSecured` says that it is asked. INSERT targets are not occurrences: they read no row.
 */
export function collectTenantOccurrences(scope: Scope, tenantColumnOf: TenantColumnOf, assumed: readonly Pick<TenantOccurrence, 'block' | 'relationIndex'>[] = [], rowSecured: (table: Table) => boolean = () => true): readonly TenantOccurrence[] {
  const evidence = new Map<string, TenantEvidence>();
  const strengthen = (block: QueryBlock, relation: number, kind: TenantEvidence): boolean => {
    const key = nodeKey(block, relation);
    if (evidence.has(key)) return false;
    evidence.set(key, kind);
    return true;
  };
  const links: Link[] = [];
  for (const block of scope.model.blocks) {
    for (const [index, relation] of block.relations.entries()) {
      const table = tableOf(scope.catalog, relation);
      const column = table && tenantColumnOf(table);
      if (tenantOf(table, tenantColumnOf)?.pinned) strengthen(block, index, 'view');
      if (table && column !== undefined && rowSecured(table) && isRowSecured(table, column, commandOf(block, relation.target))) strengthen(block, index, 'row-security');
      // What a statement writes carries the tenant that it writes; rows that are joined to it are that tenant's.
      if (block.kind === 'insert' && relation.target) strengthen(block, index, 'predicate');
      if (assumed.some((other) => other.block.index === block.index && other.relationIndex === index)) strengthen(block, index, 'predicate');
    }
    const pins = collectPins(scope, block);
    for (const [index, relation] of block.relations.entries()) {
      const table = tableOf(scope.catalog, relation);
      const column = table && tenantColumnOf(table);
      // The tenant's own row stands for the column: `JOIN teams t ON t.id = i.team_id WHERE t.id = $1`.
      if (column !== undefined && pins.has(index, column)) strengthen(block, index, 'predicate');
    }
    const reader: Reader = { scope, block, tenantColumnOf, required: requiredRelations(scope, block), links };
    for (const conjunct of block.conjuncts) for (const [key, kind] of tiedBy(reader, conjunct)) if (!evidence.has(key)) evidence.set(key, kind);
    linkInner(scope, block, links);
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const link of links) {
      if (link.all === true ? !link.from.every((key) => evidence.has(key)) : !link.from.some((key) => evidence.has(key))) continue;
      for (const key of link.to) {
        if (evidence.has(key)) continue;
        evidence.set(key, link.kind);
        grown = true;
      }
    }
  }
  return scope.model.blocks.flatMap((block) => block.relations.flatMap((relation, relationIndex): TenantOccurrence[] => {
    const table = tableOf(scope.catalog, relation);
    const tenant = tenantOf(table, tenantColumnOf);
    if (!table || !tenant || (relation.target && block.kind === 'insert')) return [];
    return [{ block, relationIndex, table, column: tenant.column, ...(tenant.hidden ? { hidden: true } : {}), evidence: evidence.get(nodeKey(block, relationIndex)) ?? 'none' }];
  }));
}

/** Does a statement hold every tenant table that it touches to one tenant, and touch one by a condition of its own? `eager`: relations loaded with the rows are reached through these rows' keys. */
export function isTenantScoped(scope: Scope, tenantColumnOf: TenantColumnOf, eager = false): boolean {
  const occurrences = collectTenantOccurrences(scope, tenantColumnOf).filter((o) => !eager || o.block.role !== 'derived' || o.evidence !== 'none');
  return occurrences.some((o) => o.evidence === 'predicate') && occurrences.every((o) => o.evidence !== 'none');
}

/** When one of `from` (each of them, with `all`) is tied to a tenant, all of `to` are. */
interface Link {
  readonly from: readonly string[];
  readonly all?: boolean;
  readonly to: readonly string[];
  readonly kind: TenantEvidence;
}

interface Reader {
  readonly scope: Scope;
  readonly block: QueryBlock;
  readonly tenantColumnOf: TenantColumnOf;
  /** Relations whose outer join is none, since WHERE asks for a row. */
  readonly required: ReadonlySet<number>;
  readonly links: Link[];
}

/** A column with the place it has in the block, and the base table's row that it is read from. */
interface Place {
  readonly level: BoundColumn;
  readonly base: BoundColumn;
  readonly node: string;
}

/** May a condition restrict the rows of this relation? That of an outer join restricts the side that it may fill with NULLs alone. */
function mayRestrict({ block, required }: Reader, conjunct: Conjunct, level: BoundColumn): boolean {
  if (conjunct.clause === 'having' || level.block.index !== block.index) return false;
  if (conjunct.clause !== 'on' || conjunct.joined === undefined) return true;
  switch (block.relations[conjunct.joined]?.join) {
    case 'left': return level.relationIndex === conjunct.joined || required.has(conjunct.joined);
    case 'right': return level.relationIndex !== conjunct.joined;
    case 'full': return false;
    default: return true;
  }
}

/** The rows that a condition ties to a tenant by itself; what it ties them to by others is noted in `links`. */
function tiedBy(reader: Reader, conjunct: Conjunct): ReadonlyMap<string, TenantEvidence> {
  const tied = new Map<string, TenantEvidence>();
  if (conjunct.operator === 'or') return tiedByEach(reader, conjunct);
  if (conjunct.operator === 'not' || conjunct.operator === 'is null' || conjunct.operator === 'is not null') return tied;
  const { scope, block, tenantColumnOf, links } = reader;
  const sides = [conjunct.left, conjunct.right].filter((e): e is Expression => e !== undefined);
  const places = sides.map((side) => placesOf(scope, block, side));
  const isTenant = ({ base }: Place): boolean => base.table !== undefined && tenantColumnOf(base.table) === base.column;
  const all = places.flat();
  const nodes = [...new Set(all.map((place) => place.node))];
  // Compared with a value: one side has no column of this block.
  const isValueTest = sides.length === 1 || places.some((side) => side.every((place) => place.level.block.index !== block.index));
  // A list that comes from a tenant's table ties as far as that table is tied: see `linkSubquery`.
  const asksTenants = conjunct.operator === 'in' && sides.some((side) => [...walkExpression(side)].some((e) => readsTenants(reader, e.block)));
  for (const place of nodes.length === 1 && isValueTest ? all : []) {
    if (!mayRestrict(reader, conjunct, place.level)) continue;
    if (isTenant(place) && pinsTenant(conjunct) && !asksTenants) tied.set(place.node, 'predicate');
    else if (isSecret(place.base, conjunct, block, tenantColumnOf) || isProbe(place, conjunct, block)) tied.set(place.node, 'secret');
    else if (isOwner(place.base, conjunct)) tied.set(place.node, 'owner');
  }
  if (nodes.length === 2 && ['=', 'in', 'any', 'is not distinct from'].includes(conjunct.operator) && !conjunct.negated) {
    const kind: TenantEvidence = all.every(isTenant) ? 'equality' : 'join';
    links.push({ from: nodes, to: [...new Set(all.filter((place) => mayRestrict(reader, conjunct, place.level)).map((place) => place.node))], kind });
  }
  const restricted = [...new Set(all.filter((place) => mayRestrict(reader, conjunct, place.level)).map((place) => place.node))];
  for (const side of sides) for (const node of walkExpression(side)) if (node.kind === 'subquery') linkSubquery(reader, conjunct, node, restricted);
  return tied;
}

function readsTenants({ scope, tenantColumnOf }: Reader, index: number | undefined): boolean {
  const block = index === undefined ? undefined : scope.model.blocks[index];
  return block?.relations.some((relation) => {
    const table = tableOf(scope.catalog, relation);
    return table !== undefined && tenantColumnOf(table) !== undefined;
  }) ?? false;
}

const placesOf = (scope: Scope, block: QueryBlock, side: Expression): readonly Place[] => side.columns.flatMap((ref): Place[] => {
  const level = bindColumn(scope, block, ref);
  const base = level && (traceColumn(scope, block, ref) ?? level);
  return level && base ? [{ level, base, node: nodeKey(base.block, base.relationIndex) }] : [];
});

/**
 * OR ties what each of its branches ties. A branch that is about rows of nobody or of everybody (`organization_id IS NULL`,
 * `is_public`), or whose test is about a value alone (`$1 IS NULL`, another rule's business), is meant to let through.
 */
function tiedByEach(reader: Reader, conjunct: Conjunct): ReadonlyMap<string, TenantEvidence> {
  const branches = (conjunct.branches ?? []).map((branch) => ({ branch, tied: new Map(branch.flatMap((inner) => [...tiedBy(reader, inner)])) }));
  const closed = branches.filter(({ branch }) => !branch.some((inner) => isShared(reader, inner)));
  const [first, ...others] = closed;
  if (!first) return new Map();
  return new Map([...first.tied].filter(([key]) => others.every(({ tied }) => tied.has(key))));
}

function isShared(reader: Reader, { operator, left, right, negated }: Conjunct): boolean {
  if (!left || operator === 'exists') return operator === 'exists';
  if ([left, right].some((side) => side && [...walkExpression(side)].some((e) => e.kind === 'subquery'))) return true;
  if (left.columns.length === 0 && (right?.columns.length ?? 0) === 0) return true;
  const places = placesOf(reader.scope, reader.block, left);
  if (operator === 'is null' && !negated) return places.some(({ base }) => base.table !== undefined && reader.tenantColumnOf(base.table) === base.column);
  return places.length === 1 && (operator === 'boolean' || (operator === '=' && right?.kind === 'constant')) && SHARED.test(places[0]?.base.column ?? '');
}

/** Columns that make a row everybody's. */
const SHARED = /public|global|shared|system|visib|template|built_?in|default|published/i;

const PINNING: ReadonlySet<string> = new Set(['=', 'in', 'any', 'is not distinct from', 'boolean', '@>', '<@', '&&']);

const pinsTenant = (conjunct: Conjunct): boolean => !conjunct.negated && PINNING.has(conjunct.operator);

/** `x IN (SELECT …)` and `EXISTS (SELECT …)`: the outer rows are tied when the sub-query's are. */
function linkSubquery({ scope, block, links }: Reader, conjunct: Conjunct, node: Expression, nodes: readonly string[]): void {
  const inner = node.block === undefined ? undefined : scope.model.blocks[node.block];
  if (!inner || conjunct.negated || conjunct.clause === 'having') return;
  const innerNodes = nodesOf(scope, inner);
  const all = inner.setOperation !== undefined && inner.setOperation.operator !== 'intersect';
  if (conjunct.operator !== 'exists') links.push({ from: innerNodes, to: nodes, kind: 'sub-query', all });
  else links.push({ from: innerNodes, to: correlated(scope, inner, block), kind: 'sub-query', all });
}

/** Relations of `outer` that the conditions of `inner` mention. */
function correlated(scope: Scope, inner: QueryBlock, outer: QueryBlock): readonly string[] {
  const refs = inner.conjuncts.flatMap((c) => [...(c.left?.columns ?? []), ...(c.right?.columns ?? [])]);
  return refs.flatMap((ref) => {
    const bound = bindColumn(scope, inner, ref);
    return bound?.block.index === outer.index ? [nodeKey(outer, bound.relationIndex)] : [];
  });
}

/** Every relation of a block and of its set-operation arms. */
function nodesOf(scope: Scope, block: QueryBlock): readonly string[] {
  const arms = block.setOperation?.arms.flatMap((arm) => scope.model.blocks[arm] ?? []) ?? [];
  return [...block.relations.map((_, i) => nodeKey(block, i)), ...arms.flatMap((arm) => nodesOf(scope, arm))];
}

/** A derived table or CTE is tied when its body's rows are, and a tied one used by a join passes it on. */
function linkInner(scope: Scope, block: QueryBlock, links: Link[]): void {
  block.relations.forEach((relation, index) => {
    const inner = relation.block === undefined ? undefined : scope.model.blocks[relation.block];
    if (!inner || inner.index === block.index) return;
    links.push({ from: nodesOf(scope, inner), to: [nodeKey(block, index)], kind: 'sub-query', all: inner.setOperation !== undefined && inner.setOperation.operator !== 'intersect' });
    if (relation.kind === 'derived' && relation.lateral) links.push({ from: nodesOf(scope, inner), to: correlated(scope, inner, block), kind: 'sub-query' });
  });
}

/**
 * Columns that only their owner knows, compared with `=`: the hash of a credential, or a provider's own id. The row
 * then names the tenant, not the other way round.
 */
const SECRET = /(^|_)(token|secret|hash|hashed|digest|api_?key|key_?hash|session_?id|password|nonce|otp|signature|invite_?code|invitation_?code)($|_)|^(stripe|paypal|github|gitlab|google|slack|twilio|provider|external|webhook|oauth|remote|customer_stripe)_.*id$/;

function isSecret(bound: BoundColumn, conjunct: Conjunct, block: QueryBlock, tenantColumnOf: TenantColumnOf): boolean {
  if (!['=', 'in', 'any'].includes(conjunct.operator) || conjunct.negated) return false;
  const name = bound.column.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  // The tenant's own name for a row, which another tenant may use, too.
  const tenant = bound.table && tenantColumnOf(bound.table);
  if (tenant !== undefined && bound.table?.indexes.some((index) => index.unique && index.keys.length === 2 && [bound.column, tenant].every((column) => index.keys.some((key) => key.column === column)))) return false;
  return SECRET.test(name) || (PUBLIC.test(name) && isHandle(bound, block)) || (isApplicationId(name, bound) && isHandle(bound, block));
}

/** What is given away on purpose, to whoever is to see the row: a short link, a shared page. A `public_id` is any row's name outside. */
const PUBLIC = /^(?:(?:short|link|share|shared|portal)_(?:id|key|slug|code)|public_(?:key|slug|code))$/;

/** A text of its own that refers to nothing, unique or asked for as if it were: `client_id` may be a customer's key. */
const isHandle = ({ table, column }: BoundColumn, block: QueryBlock): boolean =>
  table !== undefined && isText(table, column) && !table.foreignKeys.some((key) => key.columns.includes(column)) && (isUniqueAlone(table, column) || (block.kind === 'select' && block.limit?.expression.value === 1));

const isText = (table: Table, column: string): boolean => /^(?:text|character|uuid)/.test(findColumn(table, column)?.type ?? '');

/** Unique among all tenants' rows, and not the primary key. */
const isUniqueAlone = (table: Table, column: string): boolean =>
  table.indexes.some((index) => index.unique && index.predicate === undefined && index.keys.length === 1 && index.keys[0]?.column === column && !table.constraints.some((constraint) => constraint.type === 'primary' && constraint.name === index.constraint));

/** OAuth's name of an application, which it sends itself: beside its secret. */
const isApplicationId = (name: string, { table }: BoundColumn): boolean => /^(?:client|app|application)_id$/.test(name) && table?.columns.some((column) => /^(?:client|app|application)_?secret/i.test(column.name)) === true;

/** Is a name taken that all tenants share? What is read is the key of a row, and the question is about all of them. */
function isProbe({ base, level }: Place, conjunct: Conjunct, block: QueryBlock): boolean {
  const { table, column } = base;
  if (table === undefined || block.kind !== 'select' || block.relations.length !== 1 || level.block.index !== block.index || conjunct.operator !== '=' || conjunct.negated || !isText(table, column) || !isUniqueAlone(table, column)) return false;
  const keys = new Set([column, ...table.constraints.flatMap((constraint) => (constraint.type === 'primary' ? constraint.columns : []))]);
  return block.outputs.length > 0 && block.outputs.every(({ expression }) => expression?.kind === 'constant' || (expression?.column !== undefined && keys.has(expression.column.column)));
}

/** A person's own rows: narrower than the tenant, and the same person in each of them. */
const isOwner = (bound: BoundColumn, conjunct: Conjunct): boolean => conjunct.operator === '=' && !conjunct.negated && /^(user|owner|author|member|profile)_?id$/i.test(bound.column);

const commandOf = (block: QueryBlock, target: boolean): 'select' | 'update' | 'delete' => (target && block.kind === 'update' ? 'update' : target && block.kind === 'delete' ? 'delete' : 'select');

/**
 * Row-level security that limits an ordinary role to one tenant: it is on, and each permissive policy for what the
 * statement does asks something of the row's tenant or of the session. `USING (true)` asks nothing. No policy at all lets
 * nobody through. That the application's role is neither the owner nor allowed to bypass it is not in the catalog.
 */
function isRowSecured({ rowSecurity }: Table, column: string, command: 'select' | 'update' | 'delete'): boolean {
  if (rowSecurity?.enabled !== true) return false;
  const applies = rowSecurity.policies.filter((policy) => policy.command === 'all' || policy.command === command);
  const asks = (using: string | undefined): boolean => using !== undefined && (new RegExp(`\\b${column}\\b`).test(using) || /current_setting|\(\s*select|\w\s*\(/i.test(using));
  const restricted = applies.some((policy) => !policy.permissive && asks(policy.using));
  const open = applies.filter((policy) => policy.permissive);
  return restricted || (open.length > 0 && open.every((policy) => asks(policy.using)));
}
