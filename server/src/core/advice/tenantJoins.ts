import type { Table } from '../catalog/model';
import type { Conjunct, QueryBlock } from '../sql/model';
import { collectEqualities, collectPins } from './pins';
import { bindColumn, withoutCasts, type BoundColumn, type Scope } from './scope';
import type { TenantColumnOf } from './tenantEvidence';

/** Two tenants' tables that are joined by something that is no key of either across tenants. */
export interface TenantJoin {
  readonly block: QueryBlock;
  readonly conjunct: Conjunct;
  readonly left: BoundColumn;
  readonly right: BoundColumn;
  readonly leftTenant: string;
  readonly rightTenant: string;
  /** A key of the tenant and this column together: unique within a tenant only. */
  readonly keyed?: string;
}

/**
 * Joins that can put two tenants' rows together: an equality between columns of two tenant tables where neither is a key
 * on its own nor a foreign key to one, and nothing holds the two tenant columns equal.
 */
export function collectTenantJoins(scope: Scope, tenantColumnOf: TenantColumnOf): readonly TenantJoin[] {
  return scope.model.blocks.flatMap((block) => {
    const equalities = collectEqualities(block).flatMap(({ left, right, conjunct }) => {
      const [a, b] = [left, right].map((side) => {
        const { column } = withoutCasts(side);
        return column ? bindColumn(scope, block, column) : undefined;
      });
      return a?.table && b?.table && a.block.index === block.index && b.block.index === block.index && a.relationIndex !== b.relationIndex ? [{ a, b, conjunct }] : [];
    });
    if (equalities.length === 0) return [];
    const pins = collectPins(scope, block);
    const found: TenantJoin[] = [];
    const pairs = new Set<string>();
    for (const { a, b, conjunct } of equalities) {
      const key = [a.relationIndex, b.relationIndex].sort((x, y) => x - y).join(':');
      if (pairs.has(key) || !a.table || !b.table) continue;
      const [leftTenant, rightTenant] = [tenantColumnOf(a.table), tenantColumnOf(b.table)];
      if (leftTenant === undefined || rightTenant === undefined) continue;
      const same = equalities.filter((e) => [e.a.relationIndex, e.b.relationIndex].sort((x, y) => x - y).join(':') === key);
      pairs.add(key);
      if (same.some((e) => isTenantEquality(e.a, e.b, tenantColumnOf) || isOwnership(e.a, e.b) || isOwnership(e.b, e.a))) continue;
      if (coversKey(same.map((e) => (e.a.relationIndex === a.relationIndex ? e.a.column : e.b.column)), a.table) || coversKey(same.map((e) => (e.a.relationIndex === a.relationIndex ? e.b.column : e.a.column)), b.table)) continue;
      if (pins.has(a.relationIndex, leftTenant) && pins.has(b.relationIndex, rightTenant)) continue;
      if (isLinkedOtherwise(equalities, a.relationIndex, b.relationIndex, tenantColumnOf)) continue;
      const keyed = [a, b].find((side) => side.table && isKeyWithin(side.table, side.column, side === a ? leftTenant : rightTenant));
      found.push({ block, conjunct, left: a, right: b, leftTenant, rightTenant, ...(keyed?.table ? { keyed: `${keyed.table.name}.${keyed.column}` } : {}) });
    }
    return found;
  });
}

interface Pair {
  readonly a: BoundColumn;
  readonly b: BoundColumn;
}

const isTenantEquality = (a: BoundColumn, b: BoundColumn, tenantColumnOf: TenantColumnOf): boolean => a.table !== undefined && b.table !== undefined && tenantColumnOf(a.table) === a.column && tenantColumnOf(b.table) === b.column;

/** Joined through third tables whose tenants are equal, or which own both: `a.org = c.org and b.org = c.org`. */
function isLinkedOtherwise(equalities: readonly Pair[], from: number, to: number, tenantColumnOf: TenantColumnOf): boolean {
  const reached = new Set([from]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { a, b } of equalities) {
      if (!(isTenantEquality(a, b, tenantColumnOf) || isOwnership(a, b) || isOwnership(b, a))) continue;
      for (const [x, y] of [[a, b], [b, a]] as const) if (reached.has(x.relationIndex) && !reached.has(y.relationIndex)) { reached.add(y.relationIndex); grown = true; }
    }
  }
  return reached.has(to);
}

/** A foreign key, or a key that is unique over all tenants. What is called like a reference and has no constraint is taken for one. */
function isOwnership(from: BoundColumn, to: BoundColumn): boolean {
  const [source, target] = [from.table, to.table];
  if (!source || !target) return false;
  if (source.foreignKeys.some((fk) => fk.columns.includes(from.column) && fk.references.table === target.name)) return true;
  if (isUniqueAlone(target, to.column)) return true;
  return to.column === 'id' || /_?(uu)?id$/i.test(from.column) || /_?(uu)?id$/i.test(to.column);
}

const uniqueKeys = (table: Table): readonly (readonly string[])[] => [...table.constraints.map((c) => c.columns), ...table.indexes.filter((i) => i.unique && i.predicate === undefined && i.keys.every((k) => k.column !== undefined)).map((i) => i.keys.flatMap((k) => k.column ?? []))];

const isUniqueAlone = (table: Table, column: string): boolean => uniqueKeys(table).some((key) => key.length === 1 && key[0] === column);
const coversKey = (columns: readonly string[], table: Table): boolean => uniqueKeys(table).some((key) => key.length > 0 && key.every((column) => columns.includes(column)));
const isKeyWithin = (table: Table, column: string, tenant: string): boolean => uniqueKeys(table).some((key) => key.length === 2 && key.includes(tenant) && key.includes(column));
