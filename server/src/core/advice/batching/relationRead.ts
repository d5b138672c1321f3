import { tableOf } from '../scope';
import { isNullable } from '../../catalog/lookup';
import { prismaInclude } from '../../libraries/prisma/prismaEdits';
import { findAdapter } from '../../libraries';
import { addEagerLoad } from '../../libraries/sqlalchemy/sqlalchemyEdits';
import type { ModelIr, QuerySite, RelationIr } from '../../hosts/ir';
import type { FlowContext } from '../../lint/rule';
import type { Conjunct, Expression, StatementModel } from '../../sql/model';
import type { Edit } from '../../text/edit';
import { containsSpan } from '../../text/span';
import { maskCode, occurrences } from './code';
import { modelOf, producingSite } from './producer';
import type { Rewrite } from './rewrite';
import type { KeyBinds, PlainLoop } from './shape';
import { builderResult } from './singleRow';
import { ormResult } from './sqlalchemyRead';
import type { KeyCondition } from './sqlForm';

/**
 * The row that a loop reads by the foreign key of its element, loaded along with the elements: `include` / `select` of
 * the relation (Prisma), `joinedload` (SQLAlchemy). Only where the elements come from a query of this function whose
 * model declares the relation over exactly this key, and every other condition of the inner query stands on the outer
 * one as well.
 */
export function relationRead(context: FlowContext, plain: PlainLoop, binds: KeyBinds, condition: KeyCondition): Rewrite | undefined {
  const { site } = plain;
  const producer = producingSite(context, plain);
  const key = /^([A-Za-z_$][\w$]*)\.([A-Za-z_$][\w$]*)$/.exec(binds.key.text.trim());
  if (!producer?.source || producer.library !== site.library || !producer.complete || !key || plain.elements.length !== 1 || key[1] !== plain.elements[0]) return undefined;
  const model = modelOf(context, producer);
  const column = model?.columns.find((c) => c.property === key[2])?.column ?? key[2];
  const relation = model?.relations.find((r) => !r.many && r.model === site.model && r.columns.length === 1 && [column, key[2]].includes(r.columns[0]) && r.references.length === 1 && isReferenced(modelOf(context, site), r, condition.column));
  const outer = context.sql.analyse(producer.source);
  const inner = site.source && context.sql.analyse(site.source);
  if (!relation || !inner || !othersHold(context, condition, { model: inner, site }, { model: outer, site: producer }) || !isOnlyWalked(context, plain)) return undefined;
  const others = condition.block.conjuncts.length > 1;
  const load = site.library === 'prisma' ? prismaLoad(context, plain, producer, relation) : site.library === 'sqlalchemy' ? sqlalchemyLoad(context, plain, producer, relation, column ?? '') : libraryLoad(context, plain, producer, relation, column ?? '');
  return load && { ...load, title: `Load \`${relation.property}\` with the query of \`${plain.iterable}\`${others ? ' (by its key alone)' : ''}` };
}

const isReferenced = (target: ModelIr | undefined, relation: RelationIr, column: string): boolean => {
  const written = relation.references[0];
  return written === column || target?.columns.some((c) => c.property === written && c.column === column) === true;
};

interface Statement {
  readonly model: StatementModel;
  readonly site: QuerySite;
}

/** Each further `column = value` of the inner query is one of the outer query too: same column, same value. */
function othersHold(context: FlowContext, condition: KeyCondition, inner: Statement, outer: Statement): boolean {
  const block = outer.model.blocks[0];
  // A lock reaches no outer join.
  if (!block || block.locking || block.distinct || block.groupBy.length > 0 || condition.block.relations.length !== 1) return false;
  const known = new Set(block.conjuncts.map((c) => equality(context, c, outer)));
  return condition.block.conjuncts.filter((c) => c !== condition.conjunct).map((c) => equality(context, c, inner)).every((w) => w !== undefined && known.has(w));
}

/** `tenant_id = tenantId`, as text; undefined for any other condition. */
function equality(context: FlowContext, conjunct: Conjunct, { model, site }: Statement): string | undefined {
  const { left, right } = conjunct;
  if (conjunct.clause !== 'where' || conjunct.operator !== '=' || conjunct.negated || !left?.column || !right) return undefined;
  const value = valueText(right, model, site);
  const name = left.column.column;
  return value && `${modelOf(context, site)?.columns.find((c) => c.property === name)?.column ?? name} = ${value}`;
}

function valueText(expression: Expression, model: StatementModel, site: QuerySite): string | undefined {
  if (expression.kind === 'constant') return JSON.stringify(expression.value);
  const hole = expression.kind === 'hole' ? model.holes[expression.hole ?? -1] : undefined;
  const { origin } = hole ?? {};
  if (origin?.type !== 'placeholder') return undefined;
  return site.binds.find((b) => b.interpolation === undefined && b.key === origin.key)?.text.trim();
}

/** The collection goes nowhere else: a property more in its elements is seen by this loop only. */
function isOnlyWalked({ file, text }: FlowContext, plain: PlainLoop): boolean {
  const fn = file.functions.find((f) => f.id === plain.loop.functionId);
  if (!fn || !/^[\w$]+$/.test(plain.iterable)) return false;
  const masked = maskCode(text.slice(fn.body.start, fn.body.end), plain.language);
  const uses = occurrences(masked, plain.iterable).filter((at) => !containsSpan(plain.loop.head, { start: fn.body.start + at, end: fn.body.start + at + 1 } as never));
  // A type written beside the name knows nothing of another property.
  const declared = uses.filter((at) => /^\s*=[^=]/.test(masked.slice(at + plain.iterable.length)));
  if (declared.length !== 1 || uses.some((at) => !declared.includes(at) && !/^\.length\b/.test(masked.slice(at + plain.iterable.length)) && !/\blen\(\s*$/.test(masked.slice(0, at)))) return false;
  const element = plain.elements[0] ?? '';
  return occurrences(plain.body, element).every((at) => /^\??\.[\w$]+(?!\s*=[^=])/.test(plain.body.slice(at + element.length)));
}

function prismaLoad(context: FlowContext, plain: PlainLoop, producer: QuerySite, relation: RelationIr): Rewrite | undefined {
  const { site } = plain;
  const result = builderResult(context, plain, 'row');
  const method = site.chain[0]?.name ?? '';
  if (!result || !/^find(First|Unique)$/.test(method) || producer.chain[0]?.name !== 'findMany' || site.chain.some((c) => c.name === 'omit' || c.name === 'orderBy' || c.name === 'skip')) return undefined;
  const chosen = site.chain.find((c) => c.name === 'select' || c.name === 'include');
  const text = chosen?.args[0]?.text;
  if (chosen && (text === undefined || !/^\{[\s\w:{},]*\}$/.test(text))) return undefined;
  const edits = prismaInclude(producer, relation.property, { uri: context.file.uri, text: context.text }, chosen ? `{ ${chosen.name}: ${text} }` : 'true');
  return edits && { before: [], others: edits, edits: [{ span: result.span, text: `${plain.element.split(':')[0]?.trim()}.${relation.property}` }] };
}

function sqlalchemyLoad(context: FlowContext, plain: PlainLoop, producer: QuerySite, relation: RelationIr, column: string): Rewrite | undefined {
  const result = ormResult(context, plain);
  const model = modelOf(context, producer);
  if (!result || result.fetch === 'many' || !model || relation.eager) return undefined;
  const outer = producer.source && context.sql.analyse(producer.source).blocks[0]?.relations[0];
  // Without a row the inner query raises; the relation is None.
  if (result.fetch === 'required' && isNullable(outer && tableOf(context.catalog, outer), column) !== false) return undefined;
  const edits: readonly Edit[] | undefined = addEagerLoad(producer, context.file.uri, context.text, { property: relation.property, many: false });
  return edits && { before: [], others: edits, edits: [{ span: result.span, text: `${plain.element}.${relation.property}` }] };
}

/** A Python ORM whose adapter loads relations by itself: the element's attribute in place of the query. */
function libraryLoad(context: FlowContext, plain: PlainLoop, producer: QuerySite, relation: RelationIr, column: string): Rewrite | undefined {
  const { site } = plain;
  const last = site.chain.at(-1)?.name ?? '';
  if (plain.language !== 'python' || !/^(get|first)$/.test(last) || relation.eager) return undefined;
  const outer = producer.source && context.sql.analyse(producer.source).blocks[0]?.relations[0];
  // Without a row `get` raises; the relation is None.
  if (last === 'get' && isNullable(outer && tableOf(context.catalog, outer), column) !== false) return undefined;
  const load = findAdapter(site.library)?.loadRelation?.(producer, { uri: context.file.uri, text: context.text, path: [{ property: relation.property, many: false }] });
  return load && { before: [], others: load.edits, edits: [{ span: plain.awaited, text: `${plain.element}.${relation.property}` }] };
}
