import type { Table } from '../catalog/model';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { collectPins } from './pins';
import { bindColumn, tableOf, traceColumn, walkExpression, type BoundColumn, type Scope } from './scope';

/** What ties a row to one tenant, strongest first; `none` is what the rule reports. */
export type TenantEvidence = 'predicate' | 'equality' | 'join' | 'sub-query' | 'row-security' | 'secret' | 'owner' | 'none';

/** A base-table occurrence of a tenant table. */
export interface TenantOccurrence {
  readonly block: QueryBlock;
  readonly relationIndex: number;
  readonly table: Table;
  readonly column: string;
  readonly evidence: TenantEvidence;
}

/** The tenant column of a table; undefined for global tables. */
export type TenantColumnOf = (table: Table) => string | undefined;

const nodeKey = (block: QueryBlock, relation: number): string => `${block.index}:${relation}`;

/**
 * Finds every occurrence of a tenant table in a statement, sub-queries, CTEs, arms, UPDATE FROM and DELETE USING
 * included, with the evidence for each. Evidence spreads along equalities (`o.tenant_id = c.tenant_id`, `i.order_id =
 * o.id`) and through sub-queries until nothing changes. `assumed` occurrences count as tied. INSERT targets are not occurrences: they read no row.
 */
export function collectTenantOccurrences(scope: Scope, tenantColumnOf: TenantColumnOf, assumed: readonly Pick<TenantOccurrence, 'block' | 'relationIndex'>[] = []): readonly TenantOccurrence[] {
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
      if (table && isRowSecured(table)) strengthen(block, index, 'row-security');
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
    for (const conjunct of block.conjuncts) readConjunct(scope, block, conjunct, tenantColumnOf, strengthen, links);
    linkInner(scope, block, links);
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const link of links) {
      if (!link.from.some((key) => evidence.has(key))) continue;
      for (const key of link.to) {
        if (evidence.has(key)) continue;
        evidence.set(key, link.kind);
        grown = true;
      }
    }
  }
  return scope.model.blocks.flatMap((block) => block.relations.flatMap((relation, relationIndex): TenantOccurrence[] => {
    const table = tableOf(scope.catalog, relation);
    const column = table && tenantColumnOf(table);
    if (!table || column === undefined || (relation.target && block.kind === 'insert')) return [];
    return [{ block, relationIndex, table, column, evidence: evidence.get(nodeKey(block, relationIndex)) ?? 'none' }];
  }));
}

/** When one of `from` is tied to a tenant, all of `to` are. */
interface Link {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly kind: TenantEvidence;
}

type Strengthen = (block: QueryBlock, relation: number, kind: TenantEvidence) => boolean;

function readConjunct(scope: Scope, block: QueryBlock, conjunct: Conjunct, tenantColumnOf: TenantColumnOf, strengthen: Strengthen, links: Link[]): void {
  for (const branch of conjunct.branches ?? []) for (const inner of branch) readConjunct(scope, block, inner, tenantColumnOf, strengthen, links);
  const sides = [conjunct.left, conjunct.right].filter((e): e is Expression => e !== undefined);
  const columns = sides.flatMap((side) => side.columns.flatMap((ref) => traceColumn(scope, block, ref) ?? bindColumn(scope, block, ref) ?? []));
  const isTenant = (bound: BoundColumn): boolean => bound.table !== undefined && tenantColumnOf(bound.table) === bound.column;
  const nodes = [...new Set(columns.map((bound) => nodeKey(bound.block, bound.relationIndex)))];
  if (nodes.length === 1 && conjunct.operator !== 'is null' && conjunct.operator !== 'is not null') {
    for (const bound of columns) {
      if (isTenant(bound) && pinsTenant(conjunct)) strengthen(bound.block, bound.relationIndex, 'predicate');
      else if (isSecret(bound, conjunct)) strengthen(bound.block, bound.relationIndex, 'secret');
      else if (isOwner(bound, conjunct)) strengthen(bound.block, bound.relationIndex, 'owner');
    }
  }
  if (nodes.length === 2 && ['=', 'in', 'any', 'is not distinct from'].includes(conjunct.operator) && !conjunct.negated) {
    const kind: TenantEvidence = columns.every(isTenant) ? 'equality' : 'join';
    links.push({ from: nodes, to: nodes, kind });
  }
  for (const side of sides) for (const node of walkExpression(side)) if (node.kind === 'subquery') linkSubquery(scope, block, conjunct, node, nodes, links);
}

const pinsTenant = (conjunct: Conjunct): boolean => !conjunct.negated && conjunct.operator !== '<>' && conjunct.operator !== 'not';

/** `x IN (SELECT …)` and `EXISTS (SELECT …)`: the outer rows are tied when the sub-query's are. */
function linkSubquery(scope: Scope, block: QueryBlock, conjunct: Conjunct, node: Expression, nodes: readonly string[], links: Link[]): void {
  const inner = node.block === undefined ? undefined : scope.model.blocks[node.block];
  if (!inner || conjunct.negated) return;
  const innerNodes = nodesOf(scope, inner);
  if (conjunct.operator !== 'exists') links.push({ from: innerNodes, to: nodes, kind: 'sub-query' });
  else links.push({ from: innerNodes, to: correlated(scope, inner, block), kind: 'sub-query' });
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
    links.push({ from: nodesOf(scope, inner), to: [nodeKey(block, index)], kind: 'sub-query' });
    if (relation.kind === 'derived' && relation.lateral) links.push({ from: nodesOf(scope, inner), to: correlated(scope, inner, block), kind: 'sub-query' });
  });
}

/**
 * Columns that only their owner knows, compared with `=`: the hash of a credential, or a provider's own id. The row
 * then names the tenant, not the other way round.
 */
const SECRET = /(^|_)(token|secret|hash|hashed|digest|api_?key|key_?hash|session_?id|password|nonce|otp|signature|invite_?code|invitation_?code)($|_)|^(stripe|paypal|github|gitlab|google|slack|twilio|provider|external|webhook|oauth|remote|customer_stripe)_.*id$/;

function isSecret(bound: BoundColumn, conjunct: Conjunct): boolean {
  if (!['=', 'in', 'any'].includes(conjunct.operator) || conjunct.negated) return false;
  return SECRET.test(bound.column.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase());
}

/** A person's own rows: narrower than the tenant, and the same person in each of them. */
const isOwner = (bound: BoundColumn, conjunct: Conjunct): boolean => conjunct.operator === '=' && !conjunct.negated && /^(user|owner|author|member|profile)_?id$/i.test(bound.column);

/** Row-level security with a policy: the database itself limits what an ordinary role sees. */
const isRowSecured = (table: Table): boolean => table.rowSecurity?.enabled === true && table.rowSecurity.policies.length > 0;
