import { collectMissingParts, type MissingPart } from '../catalog/implication';
import { hasServingIndex, matchIndex } from '../catalog/indexMatch';
import { findColumn } from '../catalog/lookup';
import type { Index, Table } from '../catalog/model';
import { quoteIdentifier } from '../sql/names';
import { escapeRegExp } from '../text/regExp';
import { sqlSpan } from '../text/span';
import { coverHoles } from './holes';
import { addCondition, type SqlEdit } from './sqlEdits';
import type { Condition, RelationDemand } from './indexDemand';
import { unquote } from './indexKeys';
import { chiefCondition, isParameterEquality, type ReadRelation } from './relationDemand';

/** A partial index that would serve a query, did the query's conditions imply the index's own. */
export interface PartialMismatch {
  readonly index: Index;
  /** The condition that the index would find the rows by. */
  readonly by: Condition;
  /** `live`: the query does not leave deleted rows out. `other`: it compares the same column with another constant. */
  readonly kind: 'live' | 'other';
  readonly parts: readonly MissingPart[];
  /** For `other`: the query's own condition. */
  readonly condition?: Condition;
}

/** Columns by which rows are taken out of use without being deleted; a query that does not name one mostly forgot it. */
const GONE = /^(is_)?(deleted|removed|archived|trashed|discarded|voided|revoked|disabled|deactivated)(_at|_on|_date|_time|_flag)?$/;
const PRESENT = /^(is_)?(active|enabled|live)$/;

const toSnake = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

/** Is it a column by which rows are taken out of use without being deleted (`deleted_at`, `isArchived`)? */
export const isGoneColumn = (name: string): boolean => GONE.test(toSnake(name));

/**
 * The partial index that a query on a relation just misses. A partial index for other rows altogether (`WHERE status = 'open'`
 * beside a query that does not look at the status) is none: such a query needs an index of its own.
 * @returns undefined where another index serves, or the query looks at the deleted rows on purpose.
 */
export function findPartialMismatch(read: ReadRelation, demand: RelationDemand): PartialMismatch | undefined {
  const { table, size } = read;
  const partial = table.indexes.filter((index) => index.predicate !== undefined && index.valid);
  if (partial.length === 0 || hasServingIndex(table, demand) !== 'no') return undefined;
  const mismatches = partial.flatMap((index): readonly PartialMismatch[] => {
    const whole = matchIndex({ ...index, predicate: undefined }, demand, table);
    const found = demand.predicates.filter((c) => whole.equality.includes(c) || whole.range.includes(c));
    const by = whole.usable === 'yes' ? chiefCondition(read, found) : undefined;
    if (!by || (size === 'unknown' && !isParameterEquality(by))) return [];
    return judge(read, demand.predicates, index, by) ?? [];
  });
  return mismatches.find((m) => m.kind === 'live') ?? mismatches[0];
}

function judge(read: ReadRelation, conditions: readonly Condition[], index: Index, by: Condition): readonly PartialMismatch[] | undefined {
  const parts = collectMissingParts(conditions, index.predicate ?? '');
  if (!parts || parts.length === 0) return undefined;
  if (parts.every((part) => isLivePart(read.table, part))) return mentions(read, parts) || !addMissingParts(read, parts) ? undefined : [{ index, by, kind: 'live', parts }];
  const condition = conditions.find((c) => c.values !== undefined && c.key !== by.key && parts.some((part) => part.key === c.key));
  return condition && [{ index, by, kind: 'other', parts, condition }];
}

function isLivePart(table: Table, { key, operator }: MissingPart): boolean {
  const column = findColumn(table, unquote(key));
  if (!column) return false;
  const name = toSnake(column.name);
  return (GONE.test(name) && (operator === 'is null' || operator === 'false')) || (PRESENT.test(name) && operator === 'true');
}

/** A statement that names the column anywhere (filters, returns or sets it) knows of the deleted rows; those of another relation are its own business. */
function mentions({ scope, block, index, relation }: ReadRelation, parts: readonly MissingPart[]): boolean {
  const others = new Set(block.relations.flatMap((r, i) => (i !== index && r.alias !== relation.alias ? [r.alias] : [])));
  return parts.some(({ key }) => {
    const column = escapeRegExp(unquote(key));
    return [...scope.model.text.matchAll(new RegExp(`(?:("[^"]+"|[\\w$]+)\\s*\\.\\s*)?(?<![\\w$])"?${column}(?![\\w$])`, 'gi'))].some(([, qualifier]) => qualifier === undefined || !others.has(qualifier.startsWith('"') ? unquote(qualifier) : qualifier.toLowerCase()));
  });
}

/** The edits that make the query imply the index's predicate; undefined where there is no place for it. */
export function addMissingParts({ scope, block, index, relation }: ReadRelation, parts: readonly MissingPart[]): readonly SqlEdit[] | undefined {
  const condition = renderParts(parts, block.relations.length > 1 ? `${quoteIdentifier(relation.alias)}.` : '');
  // Rows that a later outer join fills with NULLs are not the table's own.
  if (relation.join === 'full' || block.relations.slice(index).some((r) => r.join === 'right' || r.join === 'full')) return undefined;
  if (relation.join !== 'left') return addCondition(scope.model, block, condition);
  const on = block.conjuncts.filter((c) => c.clause === 'on' && c.joined === index);
  const last = on.at(-1);
  if (!last || on.some((c) => c.operator === 'or') || scope.model.text.slice(relation.span.end, last.span.start).search(/\busing\b/i) >= 0) return undefined;
  const { end } = coverHoles(scope.model, last.span);
  return [{ span: sqlSpan(end, end), text: ` AND ${condition}` }];
}

/** `deleted_at IS NULL AND NOT archived` */
export const renderParts = (parts: readonly MissingPart[], qualifier = ''): string =>
  parts.map(({ key, operator, text }) => {
    const column = qualifier + quoteIdentifier(unquote(key));
    return operator === 'is null' ? `${column} IS NULL` : operator === 'true' ? column : operator === 'false' ? `NOT ${column}` : text;
  }).join(' AND ');
