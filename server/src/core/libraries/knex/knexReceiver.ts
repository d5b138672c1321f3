import type { QuerySite } from '../../hosts/ir';
import { callParts, isFunction } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext, Origin } from '../adapter';

const types = /(^|[^\w])Knex(?![\w])/;
const foreignTypes = /Redis|Mongo|Prisma|Kysely|Drizzle|Supabase|PgDatabase|Pool|DataSource|EntityManager|Sequelize/i;
const knexNames = /^_?(knex|knexInstance|knexClient|knexDb|knexConnection|readKnex|writeKnex)$/i;
const looseNames = /^_?(db|trx|tx|transaction|database|conn|connection|replica|primary|readDb|writeDb|dbConn|dbClient|pg|qb|t|client)$/i;
/** Methods that make an expression of a loose name a knex builder. */
const builderMethods = new Set(['where', 'andWhere', 'orWhere', 'whereIn', 'whereNot', 'whereNull', 'whereNotNull', 'whereRaw', 'whereBetween', 'whereNotIn', 'whereExists', 'whereILike', 'whereLike', 'insert', 'update', 'del', 'delete', 'select', 'first', 'join', 'innerJoin', 'leftJoin', 'rightJoin', 'orderBy', 'orderByRaw', 'groupBy', 'limit', 'offset', 'count', 'countDistinct', 'max', 'min', 'sum', 'pluck', 'distinct', 'increment', 'decrement', 'returning', 'onConflict', 'forUpdate', 'truncate', 'modify', 'with', 'from', 'into', 'as', 'column', 'columns']);
/** Methods of other builders that share names with knex. */
const foreignMethods = new Set(['eq', 'neq', 'gte', 'lte', 'maybeSingle', 'single', 'range', 'rpc', 'collection', 'find', 'findOne', 'aggregate', 'exec', 'lean', 'values', 'set', 'selectFrom', 'insertInto', 'leftJoinAndSelect', 'getMany', 'getOne', 'executeTakeFirst', 'execute', 'query', 'pool', '$dynamic', 'snapshots', 'doc', 'get', 'withGraphFetched', 'findById', 'patch']);
/** Methods with which a chain on the knex object itself starts a query. */
const starters = new Set(['select', 'from', 'table', 'into', 'with', 'withRecursive', 'withMaterialized', 'withSchema', 'insert', 'column', 'columns', 'distinct', 'queryBuilder', 'batchInsert', 'count', 'max', 'min', 'sum', 'avg', 'where', 'union', 'unionAll', 'first', 'pluck', 'update', 'del', 'delete']);

export interface KnexReceiver {
  readonly confidence: QuerySite['confidence'];
  /** Index of the call that is the knex function itself (`db('t')`): its argument is the table; -1 where there is none. */
  readonly tableCall: number;
}

/**
 * How well a chain is known to be a knex builder.
 * @returns undefined when it is something else, or nothing tells.
 */
export function knexReceiver(chain: Chain, context: HostContext): KnexReceiver | undefined {
  const names = chain.calls.map((call) => call.name);
  const tableCall = findTableCall(chain);
  const receiver = tableCall >= 0 ? calleeOf(chain, tableCall) : receiverOf(chain);
  if (!receiver) return undefined;
  const name = tableCall >= 0 ? names[tableCall] ?? '' : context.path(receiver)?.at(-1) ?? '';
  if (names.some((method) => method === 'schema' || method === 'fn')) return undefined;
  const origin = byOrigin(context.origin(receiver), context, 0);
  if (origin === 'other') return undefined;
  const rest = names.slice(tableCall + 1);
  if (tableCall >= 0 && !isTableArgument(chain.calls[tableCall]?.argNodes[0], chain.calls[tableCall]?.argNodes.length ?? 0)) return undefined;
  if (origin !== undefined) return tableCall >= 0 || starters.has(names[0] ?? '') || names[0] === 'raw' ? { confidence: origin, tableCall } : undefined;
  if (rest.some((method) => foreignMethods.has(method))) return undefined;
  const table = tableCall >= 0 ? chain.calls[tableCall] : undefined;
  if (table) {
    if (knexNames.test(name)) return { confidence: 'typed', tableCall };
    return looseNames.test(name) && rest.some((method) => builderMethods.has(method)) ? { confidence: 'typed', tableCall } : undefined;
  }
  if (knexNames.test(name)) return starters.has(names[0] ?? '') || names[0] === 'raw' ? { confidence: 'typed', tableCall } : undefined;
  return undefined;
}

/** `knex({ client: 'pg' })` with the function of the module `knex`. */
export function isKnexFactory(call: SyntaxNode, context: HostContext): boolean {
  const callee = callParts(call)?.callee;
  const origin = callee && context.origin(callee);
  return origin?.kind === 'import' && origin.module === 'knex';
}

/** Index of the call that names the table: `knex('t')`, `this.knex('t')`; `getDb()('t')` is not followed. */
function findTableCall(chain: Chain): number {
  const first = chain.calls[0];
  if (!first) return -1;
  const callee = callParts(first.node)?.callee;
  if (callee?.type === 'identifier') return 0;
  const isFunctionLike = knexNames.test(first.name) || looseNames.test(first.name);
  return isFunctionLike && !starters.has(first.name) && first.argNodes.length > 0 && chain.calls.length > 0 && callee?.type === 'member_expression' ? 0 : -1;
}

/** The knex object in front of the first call, also where the chain was followed past it to the factory. */
function receiverOf(chain: Chain): SyntaxNode | undefined {
  const callee = chain.calls[0] ? callParts(chain.calls[0].node)?.callee : undefined;
  return callee?.childForFieldName('object') ?? undefined;
}

const calleeOf = (chain: Chain, index: number): SyntaxNode | undefined => {
  const call = chain.calls[index];
  return call ? callParts(call.node)?.callee : undefined;
};

function isTableArgument(argument: SyntaxNode | undefined, count: number): boolean {
  if (!argument || count > 2) return false;
  // `knex({ client: 'pg', connection })` makes the knex object.
  if (argument.type === 'object' && /^\{\s*['"]?(client|dialect|connection)\b['"]?\s*[:,}]/.test(argument.text)) return false;
  return /^(string|template_string|identifier|member_expression|object|call_expression|as_expression|subscript_expression)$/.test(argument.type);
}

function byOrigin(origin: Origin, context: HostContext, hops: number): QuerySite['confidence'] | 'other' | undefined {
  if (hops > 6) return undefined;
  switch (origin.kind) {
    case 'call': {
      const name = origin.callee.at(-1) ?? '';
      const callee = callParts(origin.node)?.callee;
      if (!callee) return undefined;
      if (name === 'transaction' || name === 'transactionProvider' || name === 'withUserParams' || name === 'initialize') {
        const object = callee.childForFieldName('object');
        return object ? byOrigin(context.origin(object), context, hops + 1) ?? (knexNames.test(object.text.split('.').at(-1) ?? '') ? 'typed' : undefined) : undefined;
      }
      const made = context.origin(callee);
      if (made.kind === 'import') return made.module === 'knex' ? 'proved' : /^(drizzle-orm|kysely|postgres|pg|mongodb|@supabase)/.test(made.module) ? 'other' : undefined;
      return /^(knex|Knex|createKnex)$/.test(name) ? 'typed' : undefined;
    }
    case 'construct':
      return foreignTypes.test(origin.callee.at(-1) ?? '') ? 'other' : undefined;
    case 'parameter': {
      if (origin.type !== undefined && origin.path.length === 0) return types.test(origin.type) ? 'typed' : foreignTypes.test(origin.type) || /^(string|number|boolean)$/.test(origin.type) ? 'other' : undefined;
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const object = callee?.childForFieldName('property')?.text === 'transaction' ? callee.childForFieldName('object') : null;
      if (object && origin.index === 0 && origin.path.length === 0) return byOrigin(context.origin(object), context, hops + 1) ?? (knexNames.test(object.text.split('.').at(-1) ?? '') ? 'typed' : undefined);
      return undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : types.test(origin.type) ? 'typed' : foreignTypes.test(origin.type) ? 'other' : undefined;
    case 'import':
      return origin.module === 'knex' ? (origin.imported === 'knex' || origin.imported === 'default' ? undefined : 'other') : /^(drizzle-orm|kysely|mongodb|mongoose|@supabase|firebase)/.test(origin.module) ? 'other' : undefined;
    case 'node':
      return isFunction(origin.node) || /^(class|class_declaration|string|number|array)$/.test(origin.node.type) ? 'other' : undefined;
    default:
      return undefined;
  }
}

/** True when the node is an argument of a call of a knex builder, so that it is a part of that query. */
export function isBuilderArgument(node: SyntaxNode): boolean {
  let current = node;
  while (current.parent && /^(parenthesized_expression|as_expression|pair|object|array|spread_element|ternary_expression|member_expression|call_expression)$/.test(current.parent.type)) {
    const parent = current.parent;
    if (parent.type === 'call_expression' && parent.childForFieldName('function')?.id !== current.id) break;
    if (parent.type === 'pair' && parent.childForFieldName('value')?.id !== current.id) return false;
    current = parent;
  }
  const call = current.parent?.type === 'arguments' ? current.parent.parent : null;
  const callee = call ? callParts(call)?.callee : undefined;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property')?.text ?? '' : '';
  return builderMethods.has(method) || /^(and|or)?(where|having|on)|join$|^(union|unionAll|with|withRecursive|raw|fromRaw|joinRaw|orderByRaw|groupByRaw|selectRaw|intersect|except|merge)$/i.test(method) || (callee !== undefined && (knexNames.test(callee.text.split('.').at(-1) ?? '') || looseNames.test(callee.text.split('.').at(-1) ?? '')));
}
