import type { CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext } from '../adapter';
import { createChains, equals, snakeCase, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { rustCondition, type RustWords } from '../shared/rustConditions';
import { bind, concat, group, identifier, incomplete, join, sql, type SqlPart } from '../shared/sqlBuilder';

const reads: Readonly<Record<string, QuerySite['fetches']>> = { all: 'many', one: 'one', stream: 'stream', count: 'one', paginate: 'many', cursor_by: 'many', stream_partial_model: 'stream' };
const writes = /^(?:insert|insert_many|update|update_many|delete|delete_many|delete_by_id)$/;
const starts = /^(?:find|find_by_id|find_related|find_with_related|find_also_related|insert|insert_many|update|update_many|delete|delete_many|delete_by_id)$/;
const silent = /^(?:find|select_only|column|columns|column_as|into_model|into_partial_model|into_json|into_tuple|into_values|distinct|lock|lock_exclusive|lock_shared|apply_if|all|one|stream|count)$/;

const patterns = { contains: ['%', '%'], starts_with: ['', '%'], ends_with: ['%', ''] } as const;

/** SeaORM's selects of an entity. What an active model saves by itself is not seen: its type is the project's own. */
export const seaOrmAdapter = createChains({
  id: 'sea-orm',
  languages: ['rust'],
  marks: /\bsea_orm\b/,
  terminal(name, _call, calls) {
    if (writes.test(calls[0]?.name ?? '')) return /^(?:exec|exec_with_returning|exec_without_returning)$/.test(name) ? { access: 'write', fetches: 'none' } : undefined;
    const fetches = Object.hasOwn(reads, name) ? reads[name] : undefined;
    return fetches && { access: 'read', fetches };
  },
  start(chain: Chain, _file: CommonFile, context: HostContext): ChainStart | undefined {
    const [first] = chain.calls;
    if (!first || !starts.test(first.name) || chain.calls.slice(0, -1).some((call) => Object.hasOwn(reads, call.name) || /^exec/.test(call.name))) return undefined;
    const entity = entityOf(chain.root, context);
    if (entity === undefined) return undefined;
    const model = context.model(entity, 'sea-orm');
    return model ? { model, table: model.table, first: 0, confidence: 'proved', at: spanOf(chain.root) } : { first: 0, confidence: 'typed' };
  },
  part(call: ChainLink, file: CommonFile, context: HostContext, _model, table): ChainPart | undefined {
    const [first, second] = call.argNodes;
    const words: RustWords = { column: (node) => columnOf(node, table), patterns };
    switch (call.name) {
      case 'filter': {
        const where = first && (conditionTree(first, words, file, context) ?? rustCondition(first, words, file, context));
        return where ? { where } : { open: true };
      }
      case 'find_by_id':
        return first && first.type !== 'tuple_expression' && table !== undefined ? { where: equals(`${table}.id`, first, call.span, context), limit: sql('1', call.span), open: true } : { open: true };
      case 'order_by':
      case 'order_by_asc':
      case 'order_by_desc': {
        const column = first && words.column(file.source.unwrap(first));
        const descending = call.name === 'order_by_desc' || (call.name === 'order_by' && /(?:^|::)Desc$/.test(second?.text ?? ''));
        const known = call.name !== 'order_by' || /(?:^|::)(?:Asc|Desc)$/.test(second?.text ?? '');
        return column && known ? { order: [concat(column, sql(descending ? ' DESC' : '', call.span))] } : { open: true };
      }
      case 'limit':
        return first ? { limit: valuePart(first, context) } : { open: true };
      case 'offset':
        return first ? { offset: valuePart(first, context) } : { open: true };
      case 'one':
        return { limit: sql('1', call.span) };
      case 'count':
        return { open: true };
      case 'paginate':
        // `fetch_page(n)` asks for OFFSET n * size.
        return second ? { limit: valuePart(second, context), offset: bind({ text: 'page', span: call.span, names: [], origin: 'request' }), open: true } : { open: true };
      case 'cursor_by':
        return { limit: sql('100', call.span), open: true };
      default:
        return silent.test(call.name) ? {} : undefined;
    }
  },
});

/** `cake::Entity`, `entity::cake::Entity`, `Cake` of a prelude. */
function entityOf(root: SyntaxNode, context: HostContext): string | undefined {
  const path = root.text.split('::');
  const last = path.at(-1) ?? '';
  if (last === 'Entity') return path.at(-2) ?? moduleOf(context.uri);
  if (!/^[A-Z]\w*$/.test(last) || !/^(?:identifier|scoped_identifier|type_identifier)$/.test(root.type)) return undefined;
  const aliased = new RegExp(`([a-z]\\w*)::Entity\\s+as\\s+${last}\\b`).exec(context.text)?.[1];
  const name = aliased ?? snakeCase(last);
  return aliased !== undefined || context.model(name, 'sea-orm') ? name : undefined;
}

export const moduleOf = (uri: string): string | undefined => /([a-z]\w*)(?:\/mod)?\.rs$/.exec(uri)?.[1];

/** `cake::Column::Name`, `Column::Name`. */
function columnOf(node: SyntaxNode, table: string | undefined): SqlPart | undefined {
  if (table === undefined || node.type !== 'scoped_identifier') return undefined;
  const [, name] = /(?:^|::)Column::([A-Z]\w*)$/.exec(node.text) ?? [];
  return name === undefined ? undefined : identifier([table, snakeCase(name)], spanOf(node));
}

/** `Condition::all().add(a).add(b)`, `Condition::any()…`. */
function conditionTree(node: SyntaxNode, words: RustWords, file: CommonFile, context: HostContext, depth = 0): SqlPart | undefined {
  const parts: (SqlPart | undefined)[] = [];
  let current = file.source.unwrap(node);
  for (let hops = 0; hops < 40 && depth < 8; hops++) {
    const form = file.source.callForm(current);
    if (!form?.receiver) return undefined;
    const name = form.name.text;
    if (/^(?:all|any)$/.test(name) && /(?:^|::)Condition$/.test(form.receiver.text)) {
      const whole = parts.reverse();
      const known = whole.filter((part) => part !== undefined);
      const open = known.length < whole.length;
      // One alternative that is not known may let every row in.
      if (known.length === 0 || (open && name === 'any')) return undefined;
      return concat(group(join(known, name === 'all' ? ' AND ' : ' OR ')), open ? incomplete : []);
    }
    const [first] = form.args;
    if (!/^add(?:_option)?$/.test(name) || !first) return undefined;
    parts.push(name === 'add' ? conditionTree(first.node, words, file, context, depth + 1) ?? rustCondition(first.node, words, file, context) : undefined);
    current = file.source.unwrap(form.receiver);
  }
  return undefined;
}
