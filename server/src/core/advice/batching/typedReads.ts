import type { FlowContext } from '../../lint/rule';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import { camelName, freshName, snakeName } from './code';
import { anyCall, classNamed, keyType, type ReadLoop } from './readLoop';
import type { Rewrite } from './rewrite';
import { isPerKeySelect, outputOf } from './sqlForm';

/** `List<long>`, `long[]` → `long`. */
const itemOf = (type: string | undefined): string | undefined => /^(?:[\w.]*(?:List|Collection|Set|IReadOnlyList|IList|ICollection|IReadOnlyCollection|Vec))<\s*([\w.]+)\s*>$|^([\w.]+)\[\]$/.exec(type ?? '')?.slice(1).find((part) => part !== undefined);

/** Dapper: `QueryFirstOrDefault<User>(…)` becomes `Query<User>(… = ANY(@Id) …).ToLookup(…)`; LINQ's methods of the same names take the row, or raise. */
export function csharpRead(context: FlowContext, read: ReadLoop): Rewrite | undefined {
  const { site, element, list, condition, lead } = read;
  const key = read.key.text.trim();
  const made = /^[\w.]+\.Query(First|FirstOrDefault|Single|SingleOrDefault)?(Async)?<([\w.]+)>\(/.exec(read.call);
  if (site.library !== 'npgsql' || !made || !isPerKeySelect(condition.block) || !read.key.span) return undefined;
  const item = itemOf(read.type);
  const keyed = keyType(context, read, item);
  const column = outputOf(condition.block, condition) ?? condition.column;
  const property = classNamed(context, made[3]?.split('.').at(-1) ?? '')?.fields.find((field) => field.name.toLowerCase() === column.toLowerCase());
  // A look-up is asked for keys of its own type.
  if (item === undefined || keyed === undefined || !property || property.type.trim() !== keyed || (made[2] !== undefined && !/\bawait\s+$/.test(lead))) return undefined;
  const all = key === element ? (read.type?.endsWith('[]') ? list : `${list}.ToArray()`) : `${list}.Select(${element} => ${key}).ToArray()`;
  const named = /[\w\]]\s*=\s*$/.test(context.text.slice(0, read.key.span.start));
  const call = anyCall(context, read, named ? all : `${key.split('.').at(-1) ?? key} = ${all}`, outputOf(condition.block, condition) === undefined)?.replace(/\.Query(?:First|FirstOrDefault|Single|SingleOrDefault)?(Async)?</, '.Query$1<');
  if (call === undefined) return undefined;
  const map = freshName(context.text, camelName(condition.relation.name, 'by', condition.column));
  const waits = made[2] === undefined ? '' : 'await ';
  const rows = waits === '' ? call : `(await ${call})`;
  const from = waits === '' ? site.span.start : site.span.start - (/await\s+$/.exec(lead)?.[0].length ?? 0);
  return {
    before: [`var ${map} = ${rows}.ToLookup(row => row.${property.name});`],
    edits: [{ span: hostSpan(from, site.span.end), text: `${map}[${key}]${made[1] === undefined ? '' : `.${made[1]}()`}` }],
    others: usingLinq(context),
  };
}

function usingLinq({ file, text }: FlowContext): readonly Edit[] {
  if (/^\s*(?:global\s+)?using System\.Linq;/m.test(text)) return [];
  const first = /^using /m.exec(text)?.index ?? 0;
  return [{ uri: file.uri, span: hostSpan(first, first), text: 'using System.Linq;\n' }];
}

const sqlTypes: Readonly<Record<string, string>> = { Long: 'bigint', Integer: 'integer', Short: 'smallint', String: 'text', UUID: 'uuid' };

/** JdbcTemplate: `queryForObject` and `query` with a mapper become one query whose rows go into a map. */
export function javaRead(context: FlowContext, read: ReadLoop): Rewrite | undefined {
  const { site, element, list, condition, lead, tail, indent } = read;
  const key = read.key.text.trim();
  const declared = /^\s*(?:final\s+)?([\w<>]+) (\w+) = $/.exec(lead.slice(lead.lastIndexOf('\n') + 1));
  const sent = /^([\w.]+)\.(queryForObject|query)\(/.exec(read.call);
  const call = site.callId === undefined ? undefined : context.file.calls[site.callId];
  const [statement, mapper] = call?.args ?? [];
  if (site.library !== 'jdbc' || !declared || !sent || !tail.startsWith(';') || !statement || !mapper || call?.args.length !== 3 || site.binds.length !== 1 || !isPerKeySelect(condition.block) || site.source?.placeholders !== 'question') return undefined;
  if (!/^[\w.]*[mM]apper$|^\w*MAPPER$/.test(mapper.text)) return undefined;
  const single = sent[2] === 'queryForObject';
  const rowType = single ? declared[1] : /^List<(\w+)>$/.exec(declared[1] ?? '')?.[1];
  const column = outputOf(condition.block, condition);
  const keyed = keyType(context, read, itemOf(read.type));
  const boxed = keyed === undefined ? undefined : boxes[keyed] ?? keyed;
  const sqlType = boxed === undefined ? undefined : sqlTypes[boxed];
  // The key is read from the rows' own column; a getter may do more than a field tells.
  if (rowType === undefined || (single && !read.unique) || boxed === undefined || sqlType === undefined || !/^[\w.]+(?:\(\))?$/.test(key)) return undefined;
  const text = anyCall(context, read, key, column === undefined);
  const start = statement.span.start - site.span.start;
  const literal = text?.slice(start, text.lastIndexOf(mapper.text)).replace(/,\s*$/, '');
  if (literal === undefined || !/^"/.test(literal)) return undefined;
  const map = freshName(context.text, camelName(condition.relation.name, 'by', condition.column));
  const keys = key === element ? `${list}.toArray()` : `${list}.stream().map(${element} -> ${key}).toArray()`;
  const [connection, statementName, rs] = [freshName(context.text, 'connection'), freshName(context.text, 'statement'), freshName(context.text, 'rs')];
  const value = single ? rowType : `List<${rowType}>`;
  const keyOfRow = `${rs}.getObject("${column ?? condition.column}", ${boxed}.class)`;
  const put = single ? `${map}.put(${keyOfRow}, ${mapper.text}.mapRow(${rs}, 0))` : `${map}.computeIfAbsent(${keyOfRow}, ${freshName(context.text, 'absent')} -> new java.util.ArrayList<>()).add(${mapper.text}.mapRow(${rs}, 0))`;
  const inner = `${indent}    `;
  return {
    before: [
      `java.util.Map<${boxed}, ${single ? value : `java.util.${value}`}> ${map} = new java.util.HashMap<>();`,
      `${sent[1]}.query(${connection} -> {`,
      `    java.sql.PreparedStatement ${statementName} = ${connection}.prepareStatement(${literal});`,
      `    ${statementName}.setArray(1, ${connection}.createArrayOf("${sqlType}", ${keys}));`,
      `    return ${statementName};`,
      `}, (org.springframework.jdbc.core.RowCallbackHandler) ${rs} -> ${put});`,
    ],
    edits: single
      ? [{ span: site.span, text: `${map}.get(${key});\n${inner}if (${declared[2]} == null) throw new org.springframework.dao.EmptyResultDataAccessException(1)` }]
      : [{ span: site.span, text: `${map}.getOrDefault(${key}, new java.util.ArrayList<>())` }],
  };
}

const boxes: Readonly<Record<string, string>> = { long: 'Long', int: 'Integer', short: 'Short' };

/** sqlx: a value of each key becomes a map of all. */
export function rustRead(context: FlowContext, read: ReadLoop): Rewrite | undefined {
  const { site, element, list, condition, lead, tail, type } = read;
  const key = read.key.text.trim();
  const declared = /^\s*let (\w+): (String|i16|i32|i64|bool|f64|Option<(?:String|i16|i32|i64|bool|f64)>) = $/.exec(lead.slice(lead.lastIndexOf('\n') + 1));
  const item = /^&?(?:mut\s+)?(?:Vec<|\[)\s*(i16|i32|i64|Uuid)\s*[>\]]$/.exec(type ?? '')?.[1];
  const sent = /^(sqlx::|)query_scalar\(([\s\S]*)\)\s*\.bind\(([^()]*)\)\s*\.(fetch_one|fetch_optional)\(([^()]*)\)$/.exec(read.call);
  const [, , name, declaredType] = declared ? ['', '', declared[1], declared[2]] : [];
  if (site.library !== 'sqlx' || !sent || item === undefined || name === undefined || declaredType === undefined || key.replace(/^[*&]+/, '') !== element || !read.unique || !isPerKeySelect(condition.block) || condition.block.outputs.length !== 1) return undefined;
  const wait = /^\s*\.await(\?|\.unwrap\(\)|\.expect\("[^"]*"\))/.exec(tail);
  const optional = sent[4] === 'fetch_optional';
  if (!wait || (optional && !declaredType.startsWith('Option<'))) return undefined;
  const value = optional ? declaredType.slice(7, -1) : declaredType;
  const call = anyCall(context, read, `&${list}[..]`, true);
  if (call === undefined) return undefined;
  const map = freshName(context.text, snakeName(condition.relation.name, 'by', condition.column));
  const hoisted = call.replace(/^(sqlx::|)query_scalar\(/, '$1query_as(').replace(/\.fetch_(?:one|optional)\(/, '.fetch_all(');
  const reference = borrows(read) ? element : `&${element}`;
  return {
    before: [
      `let ${map}_rows: Vec<(${value}, ${item})> = ${hoisted}.await${wait[1]};`,
      `let ${map}: std::collections::HashMap<${item}, ${value}> = ${map}_rows.into_iter().map(|(value, key)| (key, value)).collect();`,
    ],
    edits: [{ span: hostSpan(site.span.start, site.span.end + wait[0].length), text: `${map}.get(${reference}).cloned()${optional ? '' : `.ok_or(sqlx::Error::RowNotFound)${wait[1]}`}` }],
  };
}

/** `for id in &ids`, `ids.iter()` and slices give references. */
const borrows = ({ loop, type }: ReadLoop): boolean => /^&|\.iter\(\)$/.test(loop.iterable?.text.trim() ?? '') || /^&/.test(type ?? '');
