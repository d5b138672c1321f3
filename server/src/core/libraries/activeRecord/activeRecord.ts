import type { CommonFile } from '../../hosts/common/context';
import { constantOf } from '../../hosts/common/strings';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext } from '../adapter';
import { bind, concat, identifier, incomplete, sql, type SqlPart } from '../shared/sqlBuilder';
import { ofRecords, recordStart } from './activeRecordInstances';
import { createChains, equals, isList, requestPage, textCondition, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { rubyKeyset } from '../shared/commonKeyset';

const one = { access: 'read', fetches: 'one' } as const;
const many = { access: 'read', fetches: 'many' } as const;
const write = { access: 'write', fetches: 'none' } as const;
const terminals: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly fetches: 'one' | 'many' | 'none' | 'stream' }>> = {
  find: one, find_by: one, 'find_by!': one, find_sole_by: one, 'first!': one, first: one, last: one, take: one, sole: one, 'exists?': one, 'any?': one, 'none?': one, 'empty?': one, count: one, sum: one, average: one, minimum: one, maximum: one, pick: one, ids: many, pluck: many,
  to_a: many, load: many, each: many, map: many, flat_map: many, each_with_index: many, to_h: many, index_by: many, group_by: many, filter_map: many, each_with_object: many, records: many,
  find_each: { access: 'read', fetches: 'stream' }, in_batches: { access: 'read', fetches: 'stream' }, find_in_batches: { access: 'read', fetches: 'stream' },
  create: write, 'create!': write, insert: write, 'insert!': write, insert_all: write, 'insert_all!': write, upsert: write, upsert_all: write, update_all: write, delete_all: write, destroy_all: write, discard_all: write, 'discard_all!': write, find_or_create_by: write, 'find_or_create_by!': write, create_or_find_by: write, 'create_or_find_by!': write, touch_all: write, delete_by: write, destroy_by: write, update_counters: write,
};
const filters = /^(?:where|find_by!?|find_sole_by|find_or_create_by!?)$/;
/** Calls that take conditions back, or set them beside others. */
const undoes = /^(?:or|rewhere|unscope|except|only|merge|invert_where|unscoping|and)$/;
const silent = /^(?:all|select|distinct|lock|readonly|references|load_async|strict_loading|unscoped|annotate|order|to_a|load|each|map|flat_map|pluck|ids|index_by|group_by|filter_map|each_with_index|each_with_object|records|find_each|in_batches|find_in_batches|count|positive\?|zero\?|to_h)$/;
/** Methods that only a relation has: the class need not be known. */
const telling = /^(?:where|find_by!?|includes|preload|eager_load|joins|left_joins|find_each|in_batches|find_in_batches|insert_all!?|upsert_all|find_or_create_by!?|pluck)$/;

/** ActiveRecord: chains on a model's class, and what instances and associations send. */
export const activeRecordAdapter = createChains({
  id: 'active-record',
  languages: ['ruby'],
  marks: /\b[A-Z]\w*\.\w|\b(?:where|find_|save|update|destroy|delete_|discard|create|insert_|upsert_|touch|increment|decrement|in_batches|exists\?|pluck|toggle!)/,
  toKeyset: rubyKeyset,
  // A count that is asked on: of any other number nothing is known.
  terminal: (name, _, calls) => (/^(?:positive|zero)\?$/.test(name) ? (calls.at(-2)?.name === 'count' ? one : undefined) : Object.hasOwn(terminals, name) ? terminals[name] : undefined),
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    const { type } = chain.root;
    const last = chain.calls.at(-1);
    if ((type !== 'constant' && type !== 'scope_resolution') || last?.node.type === 'block_argument' || (chain.calls.length > 1 && ofRecords.test(last?.name ?? ''))) return recordStart(chain, file, context);
    const name = chain.rootPath[0] ?? '';
    if (/clickhouse|mongo|redis/i.test(chain.root.text)) return undefined;
    const model = context.model(name, 'active-record');
    if (model) return { model, table: model.table, first: 0, confidence: 'proved' };
    return telling.test(chain.calls[0]?.name ?? '') && !/^(?:Dir|File|Set|Hash|Array|ENV|Pathname)$/.test(name) ? { first: 0, confidence: 'typed' } : undefined;
  },
  part,
  eager: { by: 'includes', joint: '.', behind: /^(?:all|unscoped|with_deleted)$/, write: (path) => `includes(${path.slice(0, -1).reduceRight((inner, name, index) => `${name}: ${index === path.length - 2 ? inner : `{ ${inner} }`}`, `:${path.at(-1) ?? ''}`)})` },
});

function part(call: ChainLink, file: CommonFile, context: HostContext, model?: ModelIr): ChainPart | undefined {
  const [first, ...rest] = call.argNodes;
  if (filters.test(call.name) && first) return { ...condition(call, first, rest, file, context, model), ...(/^find_by/.test(call.name) ? { limit: sql('1', call.span) } : {}) };
  if (undoes.test(call.name)) return { or: 'unknown', open: true };
  switch (call.name) {
    case 'find':
      return first && call.argNodes.length === 1 ? found(equals(keyOf(model), first, call.span, context), first, call, context) : { open: true };
    case 'limit':
    case 'per':
    case 'take':
      return first ? { limit: valuePart(first, context) } : call.name === 'take' ? { limit: sql('1', call.span) } : {};
    case 'offset':
      return first ? { offset: valuePart(first, context) } : {};
    case 'page':
    case 'paginate':
      // kaminari's and will_paginate's pages are OFFSETs.
      return { offset: first ? bind(context.bind(first, '')) : requestPage(call), limit: sql('25', call.span), open: true };
    case 'first':
    case 'first!':
    case 'last':
    case 'last!':
      return { limit: first ? valuePart(first, context) : sql('1', call.span), byKey: { order: concat(identifier(keyOf(model), call.span), sql(/^last/.test(call.name) ? ' DESC' : '', call.span)), reversed: /^last/.test(call.name) } };
    case 'find_each':
    case 'find_in_batches':
      // All rows are walked, batch by batch: what one batch reads in vain, the next does not read again.
      return { reorders: true };
    case 'pick':
    case 'exists?':
    case 'any?':
    case 'none?':
    case 'empty?':
      return { limit: sql('1', call.span), open: first !== undefined };
    case 'count':
      return first ? {} : { counts: sql('count(*)', call.nameSpan) };
    case 'distinct':
      return first ? {} : { distinct: sql('DISTINCT', call.nameSpan) };
    case 'pluck':
      return picked(call, context);
    case 'lock': {
      const clause = first ? constantOf(first, file.source) : true;
      return typeof clause === 'string' && /^for\s/i.test(clause) ? { locking: sql(clause, call.span) } : clause === true ? { locking: sql('FOR UPDATE', call.span) } : {};
    }
    case 'order':
    case 'reorder':
      if (call.args.length === 1 && typeof call.args[0]?.literal === 'string' && /^random\(\)$/i.test(call.args[0].literal)) return { ...(call.name === 'reorder' ? { reorders: true } : {}), order: [sql('random()', call.args[0].span)] };
      return { ...(call.name === 'reorder' ? { reorders: true } : {}), order: call.args.flatMap((argument, index) => (argument.name !== undefined ? [concat(identifier(argument.name, argument.span), sql(argument.literal === 'desc' ? ' DESC' : '', argument.span))] : typeof argument.literal === 'string' && /^\w+$/.test(argument.literal) && call.argNodes[index] ? [identifier(argument.literal, argument.span)] : [])), open: call.args.some((argument) => argument.name === undefined && !(typeof argument.literal === 'string' && /^\w+$/.test(argument.literal))) };
    case 'includes':
    case 'preload':
    case 'eager_load':
      return { eager: eagerNames(call.argNodes, call, file) };
    default:
      return silent.test(call.name) ? {} : undefined;
  }
}

const keyOf = (model: ModelIr | undefined): string => model?.primary?.[0] ?? 'id';

/** `pluck(:team_id)`, `pluck("DISTINCT team_id")`, `pluck(Arel.sql("DISTINCT team_id"))`: as many rows as there are, or as there are values. */
function picked(call: ChainLink, context: HostContext): ChainPart {
  const [argument] = call.args;
  const text = argument && /^(?:Arel\.sql\(\s*)?["']\s*DISTINCT\b\s*\(?\s*([\w.]+)\s*\)?\s*["']\s*\)?$/i.exec(argument.text)?.[1];
  if (call.args.length === 1 && text !== undefined) return { distinct: sql('DISTINCT', argument?.span ?? call.span), columns: [identifier(text.split('.'), argument?.span)] };
  const names = call.argNodes.map((node) => { const { literal, span } = context.argument(node); return typeof literal === 'string' && /^[\w.]+$/.test(literal) ? identifier(literal.split('.'), span) : undefined; });
  return names.length > 0 && names.every((name) => name !== undefined) ? { columns: names.filter((name) => name !== undefined) } : {};
}

/** `find(id)` reads one row, `find(ids)` those of a list. */
const found = (where: SqlPart, key: SyntaxNode, call: ChainLink, context: HostContext): ChainPart => (isList(key, context) || context.argument(key).items ? { where } : { where, limit: sql('1', call.span) });

function condition(call: ChainLink, first: SyntaxNode, rest: readonly SyntaxNode[], file: CommonFile, context: HostContext, model: ModelIr | undefined): ChainPart {
  if (call.args.every((argument) => argument.name !== undefined)) {
    const parts = call.args.map((argument, index) => {
      const value = file.source.unwrap(call.argNodes[index] ?? first);
      const association = model?.relations.find((relation) => relation.property === argument.name);
      if (association) return association.many || association.columns[0] === undefined ? concat(sql('TRUE', argument.span), incomplete) : equals(association.columns[0], value, argument.span, context);
      return value.type === 'range' ? within(argument.name ?? '', value, argument.span, context) : equals(argument.name ?? '', value, argument.span, context);
    });
    return { where: parts.reduce((all, next) => concat(all, sql(' AND ', call.span), next)) };
  }
  const text = textCondition(first, rest, context);
  return text ? { where: text } : { open: true };
}

/** `a..b`, `a..`, `...b` as bounds of a column. */
function within(column: string, range: SyntaxNode, host: ChainLink['span'], context: HostContext): SqlPart {
  const bounds = [['>=', range.childForFieldName('begin')], [range.childForFieldName('operator')?.text === '...' ? '<' : '<=', range.childForFieldName('end')]] as const;
  const parts = bounds.flatMap(([operator, bound]) => (bound ? [concat(identifier([column], host), sql(` ${operator} `, host), valuePart(bound, context))] : []));
  return parts.length === 0 ? concat(sql('TRUE', host), incomplete) : parts.reduce((all, next) => concat(all, sql(' AND ', host), next));
}

/** `:posts`, `posts: :comments`, `[:a, :b]`. */
function eagerNames(nodes: readonly SyntaxNode[], call: ChainLink, file: CommonFile): readonly string[] {
  const own = (node: SyntaxNode): string[] => {
    const form = file.source.form(file.source.unwrap(node));
    if (form?.kind === 'list') return form.items.flatMap(own);
    if (form?.kind === 'record') return form.entries.flatMap((entry) => [entry.key, ...own(entry.value).map((name) => `${entry.key}.${name}`)]);
    const value = constantOf(node, file.source);
    return typeof value === 'string' ? [value] : [];
  };
  return nodes.flatMap((node, index) => {
    const key = call.args[index]?.name;
    return key === undefined ? own(node) : [key, ...own(node).map((name) => `${key}.${name}`)];
  });
}

