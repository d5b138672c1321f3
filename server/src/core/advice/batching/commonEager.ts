import { findModel, indexModels } from '../../hosts/models';
import type { ModelIr, QuerySite, RelationIr } from '../../hosts/ir';
import type { Fix, FlowContext } from '../../lint/rule';
import { escapeRegExp } from '../../text/regExp';
import { hostSpan, type HostSpan } from '../../text/span';
import { jpaEager } from './jpaEager';
import { masked, type ReadLoop } from './readLoop';
import { mentions } from './soleWrite';

/**
 * gorm, EF Core and JPA: the rows that belong to each element, read by a query of their own, are loaded with the query that gives
 * the elements (`Preload`, `Include`, `@EntityGraph`). Only where that query stands in the same function, and the model declares the relation
 * over exactly this key.
 */
export function commonEagerFix(context: FlowContext, read: ReadLoop): Fix | undefined {
  return read.site.library === 'gorm' ? preload(context, read) : read.site.library === 'ef-core' ? include(context, read) : read.site.library === 'jpa' ? jpaEager(context, read) : undefined;
}

/** `var posts []Post` and the statement that fills it, with an error that leaves the function or is not looked at. */
const filled = /^\s*var (\w+) \[\][\w.]+\s+(?:if (\w*[eE]rr) := )?$/;

function preload(context: FlowContext, read: ReadLoop): Fix | undefined {
  const { site, list, element, lead, tail, call } = read;
  const [, name, error] = filled.exec(lead) ?? [];
  const end = error === undefined ? /^(?:\.Error)?(?=[ \t]*\n)/.exec(tail)?.[0].length : new RegExp(`^\\.Error; ${error} != nil \\{\\s*return\\b[^{}]*\\}`).exec(tail)?.[0].length;
  if (name === undefined || end === undefined || !new RegExp(`\\.Find\\(&${name}(?:, [^()]*)?\\)$`).test(call)) return undefined;
  const model = ownerOf(context, read.type?.replace(/^\[\]\*?/, '').split('.').at(-1), 'gorm');
  const relation = model && relationOf(context, model, read);
  const key = read.key.text.trim();
  if (!model || !relation || key !== `${element}.ID` || model.primary?.join() !== 'id') return undefined;
  const rows = producer(context, read, (text) => new RegExp(`\\.Find\\(&${escapeRegExp(list)}\\)$`).test(text));
  const find = rows?.chain.at(-1);
  if (!rows || find?.name !== 'Find' || rows.chain.some((one) => /^(?:Select|Joins|Group|Omit|Table|Raw|Preload)$/.test(one.name)) || rows.model !== model.name) return undefined;
  return {
    title: `Load \`${relation.property}\` with the query of \`${list}\` (Preload)`,
    kind: 'review',
    edits: [edit(context, hostSpan(find.nameSpan.start, find.nameSpan.start), `Preload("${relation.property}").`), edit(context, hostSpan(read.bodyStart + lead.search(/\S/), site.span.end + end), `${name} := ${element}.${relation.property}`)],
  };
}

function include(context: FlowContext, read: ReadLoop): Fix | undefined {
  const { site, list, element, lead, tail, call } = read;
  const waits = /await\s+$/.exec(lead);
  if (!/\.To(?:List|Array)(?:Async)?\(\)$/.test(call) || !/^\s*(?:var|[\w<>[\]]+) \w+ = (?:await )?$/.test(lead.slice(lead.lastIndexOf('\n') + 1)) || !tail.startsWith(';') || site.chain.length !== 2 || read.condition.block.conjuncts.length !== 1) return undefined;
  const rows = rowsLocal(context, read);
  const first = rows?.chain[0];
  const entity = rows?.model === undefined ? undefined : ownerOf(context, rows.model, 'ef-core');
  const name = entity?.entity?.name ?? rows?.model;
  const model = entity && name !== undefined ? (entity.relations.length > 0 ? entity : ownerOf(context, `class ${name}`, 'ef-core')) : undefined;
  const inner = site.model === undefined ? undefined : ownerOf(context, site.model, 'ef-core');
  const target = inner?.entity?.name ?? site.model;
  const relations = model?.relations.filter((one) => one.many && one.model === target) ?? [];
  const [relation] = relations;
  const column = read.condition.column;
  const property = ownerColumns(context, inner, target).find((one) => one.column === column)?.property ?? column;
  if (!rows || !first || !relation || relations.length !== 1 || property !== `${name ?? ''}Id` || read.key.text.trim() !== `${element}.Id` || rows.chain.some((one) => !/^(?:Where|OrderBy|OrderByDescending|ThenBy|ThenByDescending|Skip|Take|AsNoTracking|Include|ToList|ToListAsync|ToArray|ToArrayAsync)$/.test(one.name))) return undefined;
  const letter = element[0] ?? 'x';
  return {
    title: `Load \`${relation.property}\` with the query of \`${list}\` (Include)`,
    kind: 'review',
    edits: [
      edit(context, hostSpan(first.nameSpan.start, first.nameSpan.start), `Include(${letter} => ${letter}.${relation.property}).`),
      edit(context, hostSpan(site.span.start - (waits?.[0].length ?? 0), site.span.end), `${element}.${relation.property}.To${/\.ToArray/.test(call) ? 'Array' : 'List'}()`),
    ],
  };
}

const edit = ({ file }: FlowContext, span: HostSpan, text: string): Fix['edits'][number] => ({ uri: file.uri, span, text });

function ownerOf({ flow, file }: FlowContext, name: string | undefined, library: ModelIr['library']): ModelIr | undefined {
  return name === undefined ? undefined : findModel(indexModels([...flow.files()].flatMap((one) => one.models)), name, library, { uri: file.uri });
}

const ownerColumns = (context: FlowContext, model: ModelIr | undefined, entity: string | undefined): ModelIr['columns'] =>
  model && model.columns.length > 0 ? model.columns : ownerOf(context, `class ${entity ?? ''}`, 'ef-core')?.columns ?? [];

/** The relation whose rows the inner query reads by this key alone; deletion that is soft is left out of both alike. */
function relationOf(context: FlowContext, model: ModelIr, { site, condition }: ReadLoop): RelationIr | undefined {
  const target = site.model === undefined ? undefined : ownerOf(context, site.model, 'gorm');
  const { block } = condition;
  const others = block.conjuncts.filter((one) => one !== condition.conjunct);
  if (!target || block.orderBy.length > 0 || block.limit || others.some((one) => one.operator !== 'is null' || one.left?.column?.column !== target.softDelete)) return undefined;
  const found = model.relations.filter((one) => one.many && one.model === target.name && one.references.join() === condition.column);
  return found.length === 1 ? found[0] : undefined;
}

/** The one query before the loop that fills the list, unless the list is changed between. */
function producer({ file, text }: FlowContext, read: ReadLoop, fills: (text: string) => boolean): QuerySite | undefined {
  const found = file.sites.filter((one) => one.functionId === read.loop.functionId && one.loopIds.length === 0 && one.span.end <= read.loop.span.start && fills(text.slice(one.span.start, one.span.end)));
  const [rows] = found;
  const between = rows && masked(text.slice(rows.span.end, read.loop.span.start), read.language);
  return rows && found.length === 1 && rows.library === read.site.library && rows.conditional.length === 0 && !new RegExp(`(?<![\\w.])${escapeRegExp(read.list)}\\s*(?:=|\\[)|append\\(\\s*${escapeRegExp(read.list)}\\b|&${escapeRegExp(read.list)}\\b`).test(between ?? '') ? rows : undefined;
}

/** `var orders = await context.Orders.ToListAsync();` */
function rowsLocal({ file, text }: FlowContext, read: ReadLoop): QuerySite | undefined {
  const fn = read.loop.functionId === undefined ? undefined : file.functions[read.loop.functionId];
  const locals = fn?.locals.filter((one) => one.name === read.list) ?? [];
  const rows = file.sites.find((one) => one.functionId === read.loop.functionId && one.span.end <= read.loop.span.start && new RegExp(`(?<![\\w.])${escapeRegExp(read.list)}\\s*=\\s*(?:await\\s+)?$`).test(text.slice(Math.max(0, one.span.start - 200), one.span.start)));
  return locals.length === 1 && rows?.library === 'ef-core' && rows.loopIds.length === 0 && !mentions(masked(text.slice(rows.span.end, read.loop.span.start), 'csharp'), read.list) ? rows : undefined;
}
