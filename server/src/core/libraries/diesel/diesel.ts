import type { CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext } from '../adapter';
import { createChains, equals, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { rustCondition, type RustWords } from '../shared/rustConditions';
import { concat, identifier, sql } from '../shared/sqlBuilder';

const reads: Readonly<Record<string, 'one' | 'many' | 'stream'>> = { load: 'many', get_results: 'many', load_iter: 'stream', load_stream: 'stream', get_result: 'one', first: 'one' };
const writes = /^(?:insert_into|update|delete|replace_into|insert_or_ignore_into)$/;
const silent = /^(?:select|into_boxed|as_query|for_update|for_share|for_no_key_update|skip_locked|no_wait|distinct|load|get_results|load_iter|load_stream|get_result|execute|nullable)$/;

/** `contains` is there for arrays, ranges and jsonb, never for text. */
const operators = { contains: '@>' } as const;

/** diesel's query DSL on tables of `table!`, async or not. What it writes is seen as a write of its table. */
export const dieselAdapter = createChains({
  id: 'diesel',
  languages: ['rust'],
  marks: /\bdiesel(?:_async)?\b/,
  terminal(name, _call, calls) {
    const write = writes.test(calls[0]?.name ?? '');
    if (write) return name === 'execute' || Object.hasOwn(reads, name) ? { access: 'write', fetches: name === 'execute' ? 'none' : reads[name] ?? 'none' } : undefined;
    const fetches = Object.hasOwn(reads, name) ? reads[name] : undefined;
    return fetches && { access: 'read', fetches: calls.some((call) => call.name === 'count') ? 'one' : fetches };
  },
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    const [first] = chain.calls;
    // What follows the call that sends is done with its answer.
    if (!first || chain.calls.slice(0, -1).some((call) => Object.hasOwn(reads, call.name) || call.name === 'execute')) return undefined;
    const bare = first.node.childForFieldName('function')?.type === 'identifier';
    if (writes.test(first.name) && (bare || chain.root.text === 'diesel')) {
      const target = first.argNodes[0] && file.source.unwrap(first.argNodes[0]);
      return { table: target && tableOf(innermost(target, file), context), first: 0, confidence: 'proved' };
    }
    const table = bare ? undefined : tableOf(chain.root, context);
    if (table === undefined) return undefined;
    // A column is no table: `users::name.eq(…)` never comes to a query's calls.
    return chain.calls.some((call) => known.test(call.name)) ? { table, first: 0, confidence: 'proved', at: spanOf(chain.root) } : undefined;
  },
  part(call: ChainLink, file: CommonFile, context: HostContext, _model, table): ChainPart | undefined {
    const [first] = call.argNodes;
    const words: RustWords = { column: (node) => columnOf(node, table, context), operators };
    switch (call.name) {
      case 'filter': {
        const where = first && rustCondition(first, words, file, context);
        return where ? { where } : { open: true };
      }
      case 'find':
        // The key is called `id` unless the table says otherwise; several of them are a tuple.
        return first && first.type !== 'tuple_expression' && table !== undefined ? { where: equals(`${table}.id`, first, call.span, context), limit: sql('1', call.span), open: true } : { open: true, limit: sql('1', call.span) };
      case 'first':
        return { limit: sql('1', call.span) };
      case 'order':
      case 'order_by':
      case 'then_order_by': {
        const items = first ? (first.type === 'tuple_expression' ? first.namedChildren : [first]) : [];
        const order = items.map((item) => orderItem(item, words, file));
        return { ...(call.name === 'then_order_by' ? {} : { reorders: true }), order: order.flatMap((part) => part ?? []).length > 0 ? order.filter((part) => part !== undefined) : [], open: order.includes(undefined) };
      }
      case 'limit':
        return first ? { limit: valuePart(first, context) } : { open: true };
      case 'offset':
        return first ? { offset: valuePart(first, context) } : { open: true };
      case 'or_filter':
        return { or: 'unknown', open: true };
      case 'count':
        return { open: true };
      default:
        return silent.test(call.name) ? {} : undefined;
    }
  },
});

const known = /^(?:filter|or_filter|find|order|order_by|then_order_by|limit|offset|select|load|get_results|get_result|first|count|inner_join|left_join|into_boxed|group_by|distinct|distinct_on|execute)$/;

/** `schema::users::table`; `users` where the file uses its `dsl`. */
function tableOf(node: SyntaxNode, context: HostContext): string | undefined {
  if (node.type === 'scoped_identifier') return /(?:^|::)(\w+)::(?:dsl::)?table$/.exec(node.text)?.[1] ?? /(?:^|::)(\w+)::dsl::\1$/.exec(node.text)?.[1];
  return node.type === 'identifier' && /^\w+$/.test(node.text) && new RegExp(`\\b${node.text}::dsl::`).test(context.text) ? node.text : undefined;
}

/** `users::name`, `dsl::name`; a bare name where the file uses the table's `dsl`. A column of a joined table has no place in the statement. */
function columnOf(node: SyntaxNode, table: string | undefined, context: HostContext): ReturnType<typeof identifier> | undefined {
  if (table === undefined) return undefined;
  const host = spanOf(node);
  if (node.type === 'scoped_identifier') {
    const [, owner, name] = /(?:^|::)(\w+)::(?:dsl::)?(\w+)$/.exec(node.text) ?? [];
    return name !== undefined && owner === table && name !== 'table' ? identifier([table, name], host) : undefined;
  }
  return node.type === 'identifier' && new RegExp(`\\b${table}::dsl::(?:\\*|\\{[^}]*\\b${node.text}\\b|${node.text}\\b)`).test(context.text) ? identifier([table, node.text], host) : undefined;
}

function orderItem(node: SyntaxNode, words: RustWords, file: CommonFile): ReturnType<typeof identifier> | undefined {
  const inner = file.source.unwrap(node);
  const form = file.source.callForm(inner);
  if (!form) return words.column(inner);
  const nulls = /^nulls_(first|last)$/.exec(form.name.text)?.[1];
  if (nulls !== undefined && form.receiver) {
    const part = orderItem(form.receiver, words, file);
    return part && concat(part, sql(` NULLS ${nulls.toUpperCase()}`, spanOf(inner)));
  }
  const column = /^(?:asc|desc)$/.test(form.name.text) && form.receiver ? words.column(file.source.unwrap(form.receiver)) : undefined;
  return column && concat(column, sql(form.name.text === 'desc' ? ' DESC' : '', spanOf(inner)));
}

/** The table behind `users::table.find(id)`. */
function innermost(node: SyntaxNode, file: CommonFile): SyntaxNode {
  let current = node;
  for (let form = file.source.callForm(current); form?.receiver; form = file.source.callForm(current)) current = file.source.unwrap(form.receiver);
  return current;
}
