import type { Bind, HostFile, QuerySite } from '../hosts/ir';
import { isCommonLanguage } from '../hosts/syntax';
import type { LibraryAdapter } from '../libraries/adapter';
import type { Fix } from '../lint/rule';
import type { QueryBlock, StatementModel } from '../sql/model';
import type { Edit } from '../text/edit';
import { containsSpan, hostSpan, spanText } from '../text/span';
import { commonKeysetFixes } from './commonKeyset';
import { coverHoles } from './holes';
import { addCursorParameter } from './cursorParameter';
import { offsetBind, offsetWalk } from './keysetWalk';
import { planKeyset, renderKeysetCondition, type KeysetKey } from './keyset';
import { percentParameters } from './keysetPercent';
import { outputNames, type Scope } from './scope';
import { removeUnused } from './unusedOffset';
import { addCondition, addOrderKeys, removeClause, toHostEdits, type SqlEdit } from './sqlEdits';

export interface KeysetFixRequest {
  readonly scope: Scope;
  readonly site: QuerySite;
  readonly block: QueryBlock;
  readonly file: HostFile;
  readonly uri: string;
  /** Text of the document. */
  readonly text: string;
  readonly adapter: LibraryAdapter | undefined;
}

/** Name of the argument that carries the last row of the page before. */
const CURSOR = 'after';

/**
 * Rewrites a page by OFFSET into a page by key, in the library's own idiom or in the SQL text.
 * @returns an empty list when the order, a unique tie-breaker or the place of an edit cannot be proved.
 */
export function keysetFixes(request: KeysetFixRequest): readonly Fix[] {
  const { scope, site, block, uri, text, adapter } = request;
  if (scope.model.completeness !== 'full' || block.role !== 'root' || !block.offset) return [];
  if (isCommonLanguage(request.file.language)) return commonKeysetFixes(request);
  const plan = planKeyset(scope, block);
  const walk = offsetWalk({ file: request.file, text, site, model: scope.model, block });
  // A loop that counts would never leave its first page.
  if (!plan || walk === 'other') return [];
  const cursor = walk?.cursor ?? CURSOR;
  const fromLibrary = adapter?.toKeyset?.(site, { uri, text, keys: plan.keys.map((k) => ({ column: k.sql, descending: k.descending, nullable: k.nullable, added: k.added, type: k.type })), cursor });
  const edits = fromLibrary ?? (site.chain.length === 0 ? textEdits(request, plan.keys, cursor) : undefined);
  if (!edits) return [];
  const names = plan.keys.map((k) => k.column).join(', ');
  const precise = plan.keys.some((k) => k.type.startsWith('timestamp')) && JAVASCRIPT.has(site.library) ? ', timestamps with all six digits' : '';
  // A `Date` without its microseconds lies before its own row: the walk might read that row for ever.
  if (walk && precise !== '') return [];
  if (walk) return [{ title: `Walk by key instead of OFFSET: each turn begins after ${names} of the last row`, kind: 'review', edits: [...walk.edits(plan.keys, edits), ...edits] }];
  const parameter = addCursorParameter(request.file, text, site, plan.keys, edits, CURSOR);
  const unused = removeUnused(request.file, text, site, offsetBind({ site, model: scope.model, block })?.names ?? [], [...parameter, ...edits]);
  return [{ title: `Page by key instead of OFFSET: callers pass ${names} of the last row (none for the first page${precise})`, kind: 'review', edits: [...parameter, ...unused, ...edits] }];
}

/** Libraries whose rows hold timestamps as `Date`: milliseconds, where Postgres compares microseconds. */
const JAVASCRIPT: ReadonlySet<string> = new Set(['pg', 'postgres.js', 'knex', 'prisma', 'objection', 'kysely', 'typeorm', 'sequelize', 'mikro-orm']);

/** The rewrite in SQL text, with the bound arguments of the host where there are any. */
function textEdits(request: KeysetFixRequest, keys: readonly KeysetKey[], cursor: string): readonly Edit[] | undefined {
  const { scope, site, block, uri } = request;
  if (!selectsKeys(scope, block, keys)) return undefined;
  const parameters = planParameters(scope.model, block, site, keys, { uri, cursor });
  const condition = parameters && addCondition(scope.model, block, parameters.condition);
  const order = addOrderKeys(scope.model, block, keys.filter((k) => k.added).map((k) => k.sql + (k.descending ? ' DESC' : '')));
  if (!parameters || !condition || !order || !block.offset) return undefined;
  const edits = toHostEdits(site, uri, [...condition, ...order, removeClause(scope.model, block.offset.clause), ...parameters.sqlEdits]);
  return edits && [...edits, ...parameters.hostEdits];
}

/** The next page starts at the last row's keys, so the rows must carry them. */
function selectsKeys(scope: Scope, block: QueryBlock, keys: readonly KeysetKey[]): boolean {
  const names = outputNames(scope, block);
  if (!names) return block.outputs.some((o) => o.star && o.qualifier === undefined);
  return keys.every((key) => block.outputs.some((o) => o.column?.column === key.column) || (block.outputs.some((o) => o.star) && names.includes(key.column)));
}

/** The condition with its parameters, and what they change elsewhere. */
export interface ParameterPlan {
  readonly condition: string;
  readonly sqlEdits: readonly SqlEdit[];
  readonly hostEdits: readonly Edit[];
}

/** Where the arguments are written, and the name of the last row there. */
interface Place {
  readonly uri: string;
  readonly cursor: string;
}

function planParameters(model: StatementModel, block: QueryBlock, site: QuerySite, keys: readonly KeysetKey[], place: Place): ParameterPlan | undefined {
  const { uri, cursor } = place;
  const written = model.holes.map((hole) => ({ hole, text: site.source ? spanText(site.source.text, hole.span) : '', key: hole.origin.type === 'placeholder' ? hole.origin.key : undefined }));
  if (written.some((w) => w.key === undefined)) return undefined;
  const named = written.find((w) => /^[:@][A-Za-z_]/.test(w.text));
  if (named) {
    if (site.library !== 'sql') return undefined;
    const sigil = named.text[0] ?? ':';
    return { condition: renderKeysetCondition(keys, keys.map((k) => `${sigil}${CURSOR}_${words(k.column)}`)), sqlEdits: [], hostEdits: [] };
  }
  // sqlc: an argument that may be NULL, as it is for the first page.
  if (site.library === 'sql' && /\bsqlc\.n?arg\(/.test(site.source?.text ?? '')) return { condition: renderKeysetCondition(keys, keys.map((k) => `sqlc.narg('${CURSOR}_${words(k.column)}')`)), sqlEdits: [], hostEdits: [] };
  if (site.source?.placeholders === 'percent') return percentParameters(model, block, site, keys.map((key) => ({ key, value: hostValue(site, key, cursor) })), uri);
  if (written.some((w) => !/^\$\d+$/.test(w.text))) return undefined;
  if (site.library !== 'sql' && site.source?.placeholders !== 'dollar') return undefined;
  return numberedParameters(model, written.map((w) => ({ number: Number(w.key), span: w.hole.span })), block, site, keys, place);
}

const words = (column: string): string => column.replace(/\W/g, '_');

/** `$n`: the numbers that OFFSET alone used are taken first, so that none stays unused (Postgres refuses gaps). */
function numberedParameters(model: StatementModel, holes: readonly { readonly number: number; readonly span: SqlEdit['span'] }[], block: QueryBlock, site: QuerySite, keys: readonly KeysetKey[], place: Place): ParameterPlan | undefined {
  const inOffset = (span: SqlEdit['span']): boolean => block.offset !== undefined && containsSpan(coverHoles(model, block.offset.clause), span);
  const kept = new Set(holes.filter((h) => !inOffset(h.span)).map((h) => h.number));
  const freed = [...new Set(holes.filter((h) => inOffset(h.span) && !kept.has(h.number)).map((h) => h.number))].sort((a, b) => a - b);
  const highest = Math.max(0, ...holes.map((h) => h.number));
  const numbers = keys.map((_, i) => freed[i] ?? highest + 1 + i - freed.length);
  const gaps = freed.slice(keys.length);
  if (site.library !== 'sql') {
    const hostEdits = gaps.length === 0 ? bindEdits(site, numbers, highest, keys, place) : undefined;
    return hostEdits && { condition: renderKeysetCondition(keys, numbers.map((n) => `$${n}`)), sqlEdits: [], hostEdits };
  }
  const renumber = (n: number): number => n - gaps.filter((gap) => gap < n).length;
  const moved = holes.filter((h) => !inOffset(h.span) && renumber(h.number) !== h.number);
  return { condition: renderKeysetCondition(keys, numbers.map((n) => `$${renumber(n)}`)), sqlEdits: moved.map((h) => ({ span: h.span, text: `$${renumber(h.number)}` })), hostEdits: [] };
}

/** Host expressions for the new parameters: in the place of the old offset, further ones after the last argument. */
function bindEdits(site: QuerySite, numbers: readonly number[], highest: number, keys: readonly KeysetKey[], { uri, cursor }: Place): readonly Edit[] | undefined {
  const find = (n: number): Bind | undefined => site.binds.find((b) => b.key === String(n));
  const last = find(highest)?.span;
  if (!last) return undefined;
  const edits: Edit[] = [];
  const appended: string[] = [];
  for (const [i, number] of numbers.entries()) {
    const key = keys[i];
    if (!key) return undefined;
    const value = hostValue(site, key, cursor);
    if (number > highest) {
      appended.push(value);
      continue;
    }
    const span = find(number)?.span;
    if (!span) return undefined;
    edits.push({ uri, span, text: value });
  }
  if (appended.length > 0) edits.push({ uri, span: hostSpan(last.end, last.end), text: `, ${appended.join(', ')}` });
  return edits;
}

/** The last row's column as an expression that gives NULL for the first page. */
function hostValue(site: QuerySite, key: KeysetKey, cursor: string): string {
  if (site.library === 'asyncpg' || site.library === 'psycopg' || site.library === 'sqlalchemy') return `${cursor}["${key.column}"] if ${cursor} else None`;
  return /^[A-Za-z_$][\w$]*$/.test(key.column) ? `${cursor}?.${key.column}` : `${cursor}?.[${JSON.stringify(key.column)}]`;
}
