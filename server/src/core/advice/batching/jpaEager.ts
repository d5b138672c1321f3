import { findModel, indexModels } from '../../hosts/models';
import type { ClassIr, HostFile } from '../../hosts/ir';
import type { Fix, FlowContext } from '../../lint/rule';
import type { Edit } from '../../text/edit';
import { escapeRegExp } from '../../text/regExp';
import { hostSpan, spanText } from '../../text/span';
import { lineEnd } from './code';
import { masked, type ReadLoop } from './readLoop';
import { mentions } from './soleWrite';

/**
 * JPA: children that a repository reads for each parent are fetched with the parents, and read from the parent: by an
 * `@EntityGraph` on the repository's method, or a `left join fetch` in the JPQL. Only where the parent's class maps exactly this
 * key to a list, with nothing that filters or sorts it.
 */
export function jpaEager(context: FlowContext, read: ReadLoop): Fix | undefined {
  const { site, list, element, lead, tail, condition } = read;
  const { block } = condition;
  const declared = /^\s*(?:final\s+)?(?:List<(\w+)>|var) (\w+) = $/.exec(lead.slice(lead.lastIndexOf('\n') + 1));
  if (!declared || !tail.startsWith(';') || block.conjuncts.length !== 1 || block.orderBy.length > 0 || block.limit || site.model === undefined || !/^\w+$/.test(list)) return undefined;
  const parent = /^(?:java\.util\.)?List<(\w+)>$/.exec(read.type ?? '')?.[1];
  const owner = parent === undefined ? undefined : declarationOf(context, parent);
  const child = findModel(indexModels([...context.flow.files()].flatMap((one) => one.models)), site.model, 'jpa', { uri: context.file.uri });
  if (!owner || parent === undefined || !child || read.key.text.trim() !== `${element}.getId()`) return undefined;
  const property = mappedList(owner.text, child.name, child.columns.filter((one) => one.column === condition.column).map((one) => one.property));
  const getter = property === undefined ? undefined : `get${property[0]?.toUpperCase() ?? ''}${property.slice(1)}`;
  if (property === undefined || getter === undefined || !(new RegExp(`\\b${getter}\\s*\\(\\s*\\)`).test(owner.text) || /@(?:Getter|Data)\b/.test(owner.text))) return undefined;
  const load = producer(context, read, parent, property);
  return load && { title: `Load \`${property}\` with the query of \`${list}\` (${load.by})`, kind: 'review', edits: [...load.edits, { uri: context.file.uri, span: site.span, text: `${element}.${getter}()` }] };
}

interface Declaration {
  readonly file: HostFile;
  readonly cls: ClassIr;
  /** Text of the class. */
  readonly text: string;
  /** Text of its document. */
  readonly document: string;
}

function declarationOf(context: FlowContext, name: string): Declaration | undefined {
  const found = [...context.flow.files()].flatMap((file) => (file.language === 'java' ? file.classes.filter((one) => one.name === name).map((cls) => ({ file, cls })) : []));
  const [first] = found;
  const document = first && found.length === 1 ? (first.file.uri === context.file.uri ? context.text : context.textOf(first.file.uri)) : undefined;
  return first && document !== undefined ? { ...first, document, text: spanText(document, first.cls.span) } : undefined;
}

/** `@OneToMany(mappedBy = "order") private List<Line> lines;` with no other annotation. */
function mappedList(owner: string, child: string, keys: readonly string[]): string | undefined {
  const lists = [...owner.matchAll(new RegExp(`((?:@\\w+(?:\\([^()]*\\))?\\s*)+)(?:(?:private|protected|public|final)\\s+)*(?:java\\.util\\.)?List<${escapeRegExp(child)}>\\s+(\\w+)\\s*[;=]`, 'g'))];
  const [only] = lists;
  const mappedBy = /^@OneToMany\([^()]*\bmappedBy\s*=\s*"(\w+)"[^()]*\)\s*$/.exec(only?.[1] ?? '')?.[1];
  return lists.length === 1 && mappedBy !== undefined && keys.includes(mappedBy) && !/\bEAGER\b/.test(only?.[1] ?? '') ? only?.[2] : undefined;
}

/** The query of this function that gives the parents, told to fetch the property. */
function producer(context: FlowContext, read: ReadLoop, parent: string, property: string): { readonly by: string; readonly edits: readonly Edit[] } | undefined {
  const { file, text } = context;
  const { list, loop } = read;
  const rows = file.sites.find((one) => one.functionId === loop.functionId && one.library === 'jpa' && one.loopIds.length === 0 && one.span.end <= loop.span.start && new RegExp(`(?<![\\w.])${escapeRegExp(list)}\\s*=\\s*$`).test(text.slice(Math.max(0, one.span.start - 200), one.span.start)));
  if (!rows || rows.conditional.length > 0 || mentions(masked(text.slice(rows.span.end, loop.span.start), 'java'), list)) return undefined;
  const call = spanText(text, rows.span);
  const jpql = /^[\w.]+\.createQuery\(\s*"select (\w+) from (\w+) (?:as )?\1(?=[ "])/i.exec(call);
  if (jpql) {
    const rest = text.slice(rows.span.start, loop.span.start);
    if (jpql[2] !== parent || /\b(?:join|group by)\b/i.test(call) || /\.(?:setMaxResults|setFirstResult)\(/.test(rest)) return undefined;
    const at = rows.span.start + jpql[0].length;
    const select = rows.span.start + jpql[0].search(/"select /i) + '"select '.length;
    return { by: 'left join fetch', edits: [{ uri: file.uri, span: hostSpan(select, select), text: 'distinct ' }, { uri: file.uri, span: hostSpan(at, at), text: ` left join fetch ${jpql[1] ?? ''}.${property}` }] };
  }
  const [, field, method] = /^(?:this\.)?(\w+)\.(\w+)\(/.exec(call) ?? [];
  const fn = loop.functionId === undefined ? undefined : file.functions[loop.functionId];
  const type = fn?.classId === undefined ? undefined : file.classes[fn.classId]?.fields.find((one) => one.name === field)?.type;
  const repository = type === undefined ? undefined : declarationOf(context, type);
  if (!repository || method === undefined || /\bpageable\b|PageRequest|Pageable/i.test(call)) return undefined;
  const edits = annotated(repository, method, parent, property);
  return edits && { by: '@EntityGraph', edits };
}

/** The method's declaration with the graph; `findAll`, which is inherited, is declared with it. */
function annotated({ file, cls, text, document }: Declaration, method: string, parent: string, property: string): readonly Edit[] | undefined {
  const eol = lineEnd(document);
  const own = new RegExp(`^([ \\t]*)(?:public\\s+)?[\\w<>.]+\\s+${escapeRegExp(method)}\\s*\\(([^()]*)\\)\\s*;`, 'm');
  const found = own.exec(text);
  const graph = `@EntityGraph(attributePaths = "${property}")`;
  const imports = /^import org\.springframework\.data\.jpa\.repository\.(?:EntityGraph|\*);/m.test(document) ? [] : importLine(document, eol, file.uri);
  if (!imports) return undefined;
  if (found) {
    const before = text.slice(0, found.index).trimEnd();
    if (text.match(new RegExp(own, 'gm'))?.length !== 1 || /[)\w"]$/.test(before) || /Pageable/.test(found[2] ?? '')) return undefined;
    const at = cls.span.start + found.index + (found[1]?.length ?? 0);
    return [...imports, { uri: file.uri, span: hostSpan(at, at), text: `${graph}${eol}${found[1] ?? ''}` }];
  }
  const end = cls.span.end - 1;
  if (method !== 'findAll' || document[end] !== '}') return undefined;
  const list = /^import java\.util\.(?:List|\*);/m.test(document) ? 'List' : 'java.util.List';
  return [...imports, { uri: file.uri, span: hostSpan(end, end), text: `${eol}  @Override${eol}  ${graph}${eol}  ${list}<${parent}> findAll();${eol}` }];
}

function importLine(document: string, eol: string, uri: string): readonly Edit[] | undefined {
  const first = /^import org\.springframework\.data\./m.exec(document) ?? /^import /m.exec(document);
  return first ? [{ uri, span: hostSpan(first.index, first.index), text: `import org.springframework.data.jpa.repository.EntityGraph;${eol}` }] : undefined;
}
