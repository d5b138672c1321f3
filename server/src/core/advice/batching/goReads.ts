import type { FlowContext } from '../../lint/rule';
import { findColumn } from '../../catalog/lookup';
import { hostSpan } from '../../text/span';
import { tableOf } from '../scope';
import { camelName, freshName } from './code';
import { anyCall, keyType, masked, type ReadLoop } from './readLoop';
import type { Rewrite } from './rewrite';
import { mentions } from './soleWrite';
import { isPerKeySelect } from './sqlForm';

/** `var name string` in front; `if err := ` or `err := ` before the query. */
const declared = /^\s*var (\w+) ([\w.*[\]]+)\s+(?:if (\w*[eE]rr) := |(\w*[eE]rr) := )$/;
const integers = /^u?int(?:16|32|64)?$/;

/**
 * `db.QueryRow(…, id).Scan(&name)` for each key becomes one query and a map, in a function that gives its rows back; the way by
 * which an error leaves, and that of a row that is missing, stay. One variable is scanned into: a value, or fields of a struct.
 */
export function goRead(context: FlowContext, read: ReadLoop): Rewrite | undefined {
  const { site, element, list, type, indent, lead, tail, condition } = read;
  if (!/^(?:pgx|database\/sql)$/.test(site.library) || !isPerKeySelect(condition.block) || !read.unique || condition.block.outputs.some((output) => output.star)) return undefined;
  const [, name, declaredType, inIf, before] = declared.exec(lead) ?? [];
  const error = inIf ?? before;
  const scan = /^\.Scan\(\s*([^()]*?)\s*\)/.exec(tail);
  const block = scan && (inIf === undefined ? new RegExp(`^\\s*\\n\\s*if ${error} != nil (\\{\\s*return\\b[^{}]*\\})`) : new RegExp(`^; ${error} != nil (\\{\\s*return\\b[^{}]*\\})`)).exec(tail.slice(scan[0].length));
  if (name === undefined || declaredType === undefined || error === undefined || !scan || !block?.[1]) return undefined;
  const targets = (scan[1] ?? '').split(/\s*,\s*/);
  if (!targets.every((target) => new RegExp(`^&${name}(?:\\.\\w+)*$`).test(target)) || targets.length !== condition.block.outputs.length) return undefined;
  const leave = block[1];
  const rest = tail.slice(scan[0].length + block[0].length);
  if (mentions(masked(leave, 'go'), element) || mentions(masked(leave, 'go'), name)) return undefined;
  // Behind the loop's own declaration, the error's name may be used again only where it is declared again.
  const again = new RegExp(`(?<![\\w.])${error}(?!\\w)`).exec(masked(rest, 'go'));
  if (inIf === undefined && again && !new RegExp(`^${error}\\s*:=`).test(rest.slice(again.index))) return undefined;
  const missing = !mentions(masked(leave, 'go'), error) ? '' : `${error} := ${site.library === 'pgx' ? 'pgx' : 'sql'}.ErrNoRows`;
  if (missing !== '' && !(site.library === 'pgx' ? /"github\.com\/jackc\/pgx\/v\d"/ : /"database\/sql"/).test(context.text)) return undefined;
  const elementType = type?.startsWith('[]') ? type.slice(2) : undefined;
  const keyed = keyType(context, read, elementType);
  const column = findColumn(tableOf(context.catalog, condition.relation), condition.column)?.type;
  if (keyed === undefined || !(integers.test(keyed) || (keyed === 'string' && (column === undefined || /^(?:text|character varying)/.test(column))) || keyed === 'uuid.UUID')) return undefined;
  const key = read.key.text.trim();
  const keys = key === element ? list : freshName(context.text, 'keys');
  const array = /jackc\/pgx/.test(context.text) ? keys : /(?<!_ )"github\.com\/lib\/pq"/.test(context.text) ? `pq.Array(${keys})` : undefined;
  const call = array === undefined ? undefined : anyCall(context, read, array, true)?.replace(/\.QueryRow(Context)?\(/, '.Query$1(');
  if (call === undefined || !call.includes('.Query')) return undefined;
  const map = freshName(context.text, camelName(condition.relation.name, 'by', condition.column));
  const [rows, one, found] = [freshName(context.text, 'rows'), freshName(context.text, 'key'), freshName(context.text, 'found')];
  const collect = key === element ? [] : [`\t${keys} := make([]${keyed}, 0, len(${list}))`, `\tfor _, ${element} := range ${list} {`, `\t\t${keys} = append(${keys}, ${key})`, '\t}'];
  return {
    before: [
      `${map} := make(map[${keyed}]${declaredType}, len(${list}))`,
      `if ${error} := func() error {`,
      ...collect,
      `\t${rows}, err := ${call}`,
      '\tif err != nil {', '\t\treturn err', '\t}',
      `\tdefer ${rows}.Close()`,
      `\tfor ${rows}.Next() {`,
      `\t\tvar ${one} ${keyed}`,
      `\t\tvar ${name} ${declaredType}`,
      `\t\tif err := ${rows}.Scan(${targets.join(', ')}, &${one}); err != nil {`, '\t\t\treturn err', '\t\t}',
      `\t\t${map}[${one}] = ${name}`,
      '\t}',
      `\treturn ${rows}.Err()`,
      `}(); ${error} != nil ${leave.replaceAll('\n\t', '\n')}`,
    ],
    edits: [{ span: hostSpan(read.bodyStart + lead.search(/\S/), site.span.end + scan[0].length + block[0].length), text: [`${name}, ${found} := ${map}[${key}]`, `${indent}\tif !${found} ${missing === '' ? leave : leave.replace(/^\{\s*/, `{\n${indent}\t\t${missing}\n${indent}\t\t`)}`].join('\n') }],
  };
}
