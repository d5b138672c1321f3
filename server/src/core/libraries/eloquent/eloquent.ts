import type { CommonFile } from '../../hosts/common/context';
import { constantOf } from '../../hosts/common/strings';
import type { ModelIr } from '../../hosts/ir';
import type { Chain, HostContext } from '../adapter';
import { concat, identifier, sql } from '../shared/sqlBuilder';
import { recordStart } from './eloquentInstances';
import { among, createChains, equals, isList, requestPage, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { phpKeyset } from '../shared/commonKeyset';

const one = { access: 'read', fetches: 'one' } as const;
const many = { access: 'read', fetches: 'many' } as const;
const stream = { access: 'read', fetches: 'stream' } as const;
const write = { access: 'write', fetches: 'none' } as const;
const terminals: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly fetches: 'one' | 'many' | 'none' | 'stream' }>> = {
  get: many, all: many, pluck: many, paginate: many, simplePaginate: many, cursorPaginate: many, findMany: many,
  first: one, firstOrFail: one, find: one, findOrFail: one, findOr: one, sole: one, value: one, count: one, exists: one, doesntExist: one, sum: one, max: one, min: one, avg: one, firstWhere: one,
  cursor: stream, lazy: stream, lazyById: stream, chunk: stream, chunkById: stream, each: stream, eachById: stream,
  create: write, insert: write, insertGetId: write, insertOrIgnore: write, upsert: write, update: write, delete: write, forceDelete: write, firstOrCreate: write, updateOrCreate: write, updateOrInsert: write, increment: write, decrement: write, truncate: write, destroy: write, attach: write, detach: write, sync: write, syncWithoutDetaching: write, updateExistingPivot: write, toggle: write, save: write, createMany: write, saveMany: write, createQuietly: write, forceCreate: write,
};
const silent = /^(?:query|table|from|get|all|select|addSelect|distinct|count|exists|pluck|newQuery|lockForUpdate|sharedLock|withoutGlobalScopes?|cursor|lazy|chunk|each|sum|max|min|avg|useWritePdo)$/;
const telling = /^(?:where\w*|with|query|findOrFail|firstOrCreate|updateOrCreate|firstOrFail|firstWhere|withCount|latest|oldest)$/;

/** Eloquent's models and Laravel's query builder. */
export const eloquentAdapter = createChains({
  id: 'eloquent',
  languages: ['php'],
  marks: /\bDB::table\(|\b[A-Z]\w*::\w+\(|->(?:save|update|delete|create|forceDelete|attach|detach|sync|get|first|exists|push|touch|saveOrFail)\w*\(/,
  toKeyset: phpKeyset,
  terminal: (name) => (Object.hasOwn(terminals, name) ? terminals[name] : undefined),
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    const first = chain.calls[0];
    if (!first) return undefined;
    if (chain.root.type !== 'name' && chain.root.type !== 'qualified_name') return recordStart(chain, file, context);
    const name = chain.rootPath[0] ?? '';
    if (name === 'DB') {
      const table = first.name === 'table' && first.argNodes[0] ? constantOf(first.argNodes[0], file.source) : undefined;
      return typeof table === 'string' ? { table: table.replace(/\s+as\s+.*$/i, ''), first: 0, confidence: 'proved' } : undefined;
    }
    const model = context.model(name, 'eloquent');
    if (model) return { model, table: model.table, first: 0, confidence: 'proved' };
    return telling.test(first.name) && /\bIlluminate\\|\buse App\\/.test(context.text) && !/^(?:Rule|Validator|Storage|Cache|Http|Arr|Str|Collection|Route)$/.test(name) ? { first: 0, confidence: 'typed' } : undefined;
  },
  part,
  eager: { by: 'with', joint: '->', behind: /^(?:query|newQuery|withTrashed|onlyTrashed|withoutGlobalScopes?)$/, write: (path) => `with('${path.join('.')}')` },
});

function part(call: ChainLink, file: CommonFile, context: HostContext, model?: ModelIr): ChainPart | undefined {
  const [first, second, third] = call.argNodes;
  const text = first && constantOf(first, file.source);
  switch (call.name) {
    case 'where':
    case 'firstWhere': {
      if (!first || typeof text !== 'string' || !second) return { open: true };
      const one = call.name === 'firstWhere' ? { limit: sql('1', call.span) } : {};
      if (!third) return { where: equals(text, second, call.span, context), ...one };
      const operator = constantOf(second, file.source);
      if (typeof operator !== 'string' || !/^(?:=|<>|!=|<|>|<=|>=|i?like|not i?like)$/i.test(operator)) return { open: true };
      return { where: concat(identifier(text.split('.'), call.span), sql(` ${operator} `, call.span), valuePart(third, context)), ...one };
    }
    case 'whereIn':
    case 'whereNotIn':
      return typeof text === 'string' && second && !file.source.functionForm(file.source.unwrap(second)) ? { where: among(text, second, call.span, context, call.name === 'whereNotIn') } : { open: true };
    case 'whereNotNull':
      return typeof text === 'string' ? { where: concat(identifier(text.split('.'), call.span), sql(' IS NOT NULL', call.span)) } : { open: true };
    case 'whereBetween': {
      const items = second && context.items(second)?.items;
      const [low, high] = items?.map(({ node }) => node) ?? [];
      return typeof text === 'string' && low && high ? { where: concat(identifier(text.split('.'), call.span), sql(' BETWEEN ', call.span), valuePart(low, context), sql(' AND ', call.span), valuePart(high, context)) } : { open: true };
    }
    case 'whereNull':
      return typeof text === 'string' ? { where: concat(identifier(text.split('.'), call.span), sql(' IS NULL', call.span)) } : { open: true };
    case 'find':
    case 'findOrFail':
      return first ? { where: equals(model?.primary?.[0] ?? 'id', first, call.span, context), ...(isList(first, context) || context.argument(first).items ? {} : { limit: sql('1', call.span) }) } : { open: true };
    case 'first':
    case 'firstOrFail':
    case 'value':
      return { limit: sql('1', call.span) };
    case 'orderBy':
    case 'orderByDesc':
    case 'latest':
    case 'oldest': {
      const descending = call.name === 'orderByDesc' || call.name === 'latest' || (second !== undefined && /desc/i.test(second.text));
      const column = first ? text : /^(?:latest|oldest)$/.test(call.name) ? 'created_at' : undefined;
      return typeof column === 'string' ? { order: [concat(identifier(column.split('.'), call.span), sql(descending ? ' DESC' : '', call.span))] } : { open: true };
    }
    case 'limit':
    case 'take':
      return first ? { limit: valuePart(first, context) } : { open: true };
    case 'offset':
    case 'skip':
      return first ? { offset: valuePart(first, context) } : { open: true };
    case 'reorder':
      return { reorders: true, ...(typeof text === 'string' ? { order: [concat(identifier(text.split('.'), call.span), sql(second !== undefined && /desc/i.test(second.text) ? ' DESC' : '', call.span))] } : {}), open: first !== undefined && typeof text !== 'string' };
    case 'chunkById':
    case 'lazyById':
    case 'eachById':
      // All rows are walked, batch by batch: what one batch reads in vain, the next does not read again.
      return { reorders: true };
    case 'forPage':
      return first ? { offset: valuePart(first, context), limit: second ? valuePart(second, context) : sql('15', call.span) } : { open: true };
    case 'paginate':
    case 'simplePaginate':
      // The page comes from the request; its size stands first.
      return { limit: first ? valuePart(first, context) : sql('15', call.span), offset: requestPage(call), open: true };
    case 'cursorPaginate':
      return { limit: first ? valuePart(first, context) : sql('15', call.span) };
    case 'count':
      return first ? {} : { counts: sql('count(*)', call.nameSpan) };
    case 'inRandomOrder':
      return { order: [sql('random()', call.span)] };
    case 'lockForUpdate':
      return { locking: sql('FOR UPDATE', call.span) };
    case 'with':
    case 'load':
      return { eager: call.argNodes.flatMap((node) => eagerNames(node, file)) };
    default:
      // What stands beside all conditions before it is not rendered.
      if (/^or[A-Z]/.test(call.name)) return { or: 'unknown', open: true };
      return silent.test(call.name) ? {} : undefined;
  }
}

function eagerNames(node: Parameters<CommonFile['source']['form']>[0], file: CommonFile): readonly string[] {
  const form = file.source.form(file.source.unwrap(node));
  if (form?.kind === 'list') return form.items.flatMap((item) => eagerNames(item, file));
  if (form?.kind === 'record') return form.entries.map((entry) => entry.key);
  const value = constantOf(node, file.source);
  return typeof value === 'string' ? [value.replace(/:.*$/, '')] : [];
}
