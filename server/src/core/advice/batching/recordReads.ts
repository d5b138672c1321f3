import type { FlowContext } from '../../lint/rule';
import { hostSpan } from '../../text/span';
import { escapeRegExp } from '../../text/regExp';
import { camelName, freshName, snakeName } from './code';
import type { ReadLoop } from './readLoop';
import type { Rewrite } from './rewrite';

/**
 * ActiveRecord: `User.find_by(id: order.user_id)` becomes `User.where(id: orders.map(&:user_id)).index_by(&:id)` and a look-up;
 * a relation that is read at once (`.to_a`) becomes `group_by`. Keys meet as text: an id of a request is a string.
 */
export function rubyRead(context: FlowContext, read: ReadLoop): Rewrite | undefined {
  const { site, list, element, condition, lead, tail } = read;
  const key = read.key.text.trim();
  const column = condition.column;
  const quoted = escapeRegExp(key);
  const model = /^((?:[A-Z]\w*)(?:::[A-Z]\w*)*)\./.exec(read.call)?.[1];
  if (site.library !== 'active-record' || model === undefined || site.chain.length === 0 || !/^\s*[a-z_]\w*\s*=\s*$/.test(lead.slice(lead.lastIndexOf('\n') + 1)) || !/^[ \t]*(?:\n|;|$)/.test(tail)) return undefined;
  const found = new RegExp(`^${escapeRegExp(model)}\\.(?:find\\(${quoted}\\)|(find_by!?)\\(${column}: ${quoted}\\))$`).exec(read.call);
  const many = new RegExp(`^(${escapeRegExp(model)}\\.where\\()(?:(.+), )?${column}: ${quoted}(\\))\\.to_a$`).exec(read.call);
  if (condition.block.conjuncts.length !== 1 && !many) return undefined;
  if (found ? !read.unique : !many || (many[2] !== undefined && !/^[\w: ,."'-]+$/.test(many[2]))) return undefined;
  const attribute = key === element ? undefined : key.slice(element.length + 1);
  if (attribute !== undefined && !/^\w+$/.test(attribute)) return undefined;
  const keys = attribute === undefined ? list : `${list}.map(&:${attribute})`;
  // An attribute of a row has the type of the column that it refers to.
  const same = attribute !== undefined && attribute.endsWith('_id') && column === 'id';
  const map = freshName(context.text, snakeName(condition.relation.name, 'by', column));
  const row = freshName(context.text, 'row');
  const by = same ? `(&:${column})` : ` { |${row}| ${row}.${column}.to_s }`;
  const look = same ? key : `${key}.to_s`;
  const raises = found !== null && (found[1] === undefined || found[1] === 'find_by!');
  const where = many ? `${many[1] ?? ''}${many[2] === undefined ? '' : `${many[2]}, `}${column}: ${keys}${many[3] ?? ''}` : `${model}.where(${column}: ${keys})`;
  return {
    before: [`${map} = ${where}.${many ? 'group_by' : 'index_by'}${by}`],
    edits: [{ span: hostSpan(site.span.start, site.span.end), text: many ? `${map}.fetch(${look}) { [] }` : raises ? `${map}.fetch(${look}) { raise ActiveRecord::RecordNotFound }` : `${map}[${look}]` }],
  };
}

/** Laravel: `User::find($id)` becomes `User::whereIn('id', $ids)->get()->keyBy('id')` and a look-up; lists become `groupBy`. */
export function phpRead(context: FlowContext, read: ReadLoop): Rewrite | undefined {
  const { site, list, type, element, condition, lead, tail } = read;
  const key = read.key.text.trim();
  const column = condition.column;
  if (site.library !== 'eloquent' || site.chain.length === 0 || !/^\s*\$\w+\s*=\s*$/.test(lead.slice(lead.lastIndexOf('\n') + 1)) || !tail.startsWith(';')) return undefined;
  const start = /^DB::table\((?:'\w+'|"\w+")\)->|^(\\?[A-Z][\w\\]*)::/.exec(read.call);
  if (!start) return undefined;
  const model = read.call.startsWith('DB::') ? undefined : start[1];
  const quoted = escapeRegExp(key);
  const rest = read.call.slice(start[0].length);
  const where = new RegExp(`^where\\((['"])${column}\\1,\\s*${quoted}\\)->(first|get)\\(\\)$`).exec(rest);
  const method = where?.[2] ?? new RegExp(`^(find|findOrFail)\\(${quoted}\\)$`).exec(rest)?.[1];
  if (method === undefined || condition.block.conjuncts.length > (site.model === undefined ? 1 : 2) || (method !== 'get' && !read.unique) || (model === undefined && method === 'findOrFail')) return undefined;
  if (model !== undefined && site.model === undefined) return undefined;
  const property = key === element ? undefined : /^->(\w+)$/.exec(key.slice(element.length))?.[1];
  if (key !== element && property === undefined) return undefined;
  // `find` of an array would be several rows.
  const keys = property === undefined ? list : `collect(${list})->pluck('${property}')`;
  if (property === undefined && type !== undefined && type !== 'array' && !/Collection$/.test(type)) return undefined;
  const map = `$${freshName(context.text, camelName(condition.relation.name, 'by', column))}`;
  const read1 = `${start[0]}whereIn('${column}', ${keys})->get()->${method === 'get' ? 'groupBy' : 'keyBy'}('${column}')`;
  const look = `${map}->get(${key})`;
  const none = model === undefined ? 'collect()' : 'new \\Illuminate\\Database\\Eloquent\\Collection()';
  return {
    before: [`${map} = ${read1};`],
    edits: [{ span: site.span, text: method === 'get' ? `${look} ?? ${none}` : method === 'findOrFail' ? `${look} ?? throw (new \\Illuminate\\Database\\Eloquent\\ModelNotFoundException())->setModel(${model}::class, [${key}])` : look }],
  };
}
