import { commonFile, type CommonFile } from '../../hosts/common/context';
import type { CallForm } from '../../hosts/common/forms';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { isForeignSql } from '../../sql/foreignDialect';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { anchorOf, bindsOf, callsBehind, opaque, speaksOther, valuesBehind } from '../shared/driverCalls';
import { byIdQuery, derivedQuery } from './derivedQuery';
import { bind, buildSql, concat, incomplete, sql } from '../shared/sqlBuilder';
import { accessOf, placeholderStyle, returnsRows, startsStatement } from '../shared/sqlText';

const table = { id: 'jpa' } as const;
const reads = /^(?:find|get|read|query|search|stream)(?:All|One|First\w*|Top\w*|Distinct)?(?:By\w*)?$|^(?:exists|count)(?:By\w+|ById)?$/;
const bulk = /^(?:findAllById|saveAll|saveAllAndFlush|deleteAll|deleteAllById|deleteAllInBatch|deleteInBatch|deleteAllByIdInBatch)$/;
const writes = /^(?:save|saveAndFlush|delete|deleteById|(?:delete|remove)By\w+)$/;

/** JPA: native and JPQL queries of the entity manager, Spring Data's repositories and their `@Query`. */
export const jpaAdapter: LibraryAdapter = {
  id: 'jpa',
  languages: ['java'],
  marks: /\b(?:persistence|springframework\.data|hibernate)\b|Repository\b/,
  recognise(call, context) {
    const file = commonFile(context);
    const form = file?.source.callForm(call);
    if (!file || !form || speaksOther(context)) return undefined;
    const name = form.name.text;
    if (name === 'Query' && !form.receiver) return annotated(call, form, file, context);
    if (!form.receiver) return undefined;
    const type = file.names.typeOf(form.receiver)?.replace(/<.*$/s, '');
    if (/^(?:createNativeQuery|createNativeMutationQuery)$/.test(name)) return nativeQuery(call, form, file, context);
    if (/\b(?:EntityManager|Session)$/.test(type ?? '') || /^(?:em|entityManager)$/.test(form.receiver.text)) return managed(call, form, name, file, context);
    return /(?:Repository|Repo|Dao)$/.test(type ?? '') ? repositoryCall(call, form, name, type ?? '', file, context) : undefined;
  },
};

function managed(call: SyntaxNode, form: CallForm, name: string, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  if (name === 'find' && form.args.length >= 2) return [{ ...opaque(call, form, 'yes', 'read', 'one', table), binds: form.args.slice(1, 2).map(({ node }) => context.bind(node, '1')) }];
  // What is persisted waits for the flush: a flush per element is a statement per element.
  if (name === 'flush' && form.args.length === 0) return everyNth(call, file) ? undefined : [opaque(call, form, 'yes', 'write', 'none', table)];
  if (!/^(?:createQuery|createNamedQuery)$/.test(name) || !form.args[0]) return undefined;
  const text = context.string(form.args[0].node);
  const base = { ...opaque(call, form, 'yes', text && /^\s*(?:update|delete|insert)\b/i.test(text.text) ? 'write' as const : 'read' as const, 'unknown', table), binds: parametersOf(call, file, context) };
  const behind = callsBehind(call, file);
  const from = behind.find((one) => one.name.text === 'setFirstResult')?.args[0]?.node;
  const size = behind.find((one) => one.name.text === 'setMaxResults')?.args[0]?.node;
  if (!from || !size || base.access !== 'read' || from.text === '0') return [base];
  // JPQL is not SQL, but what its page costs does not hang on the rest.
  const page = behind.find((one) => one.name.text === 'setFirstResult')?.name ?? call;
  const paged = pageOf(size, from, page, file);
  return [{ ...base, ...paged, binds: [...base.binds, ...paged.binds] }];
}

const parametersOf = (call: SyntaxNode, file: CommonFile, context: HostContext): SiteDraft['binds'] => valuesBehind(call, /^setParameter(?:List)?$/, file).map((node, at) => context.bind(node, `set ${at}`));

/** `i % 50 == 0`, `++count == BATCH`, `pending.size() >= 50`, `count >= limit`; what is asked of an element is none. */
const counts = /%|\+\+|size\(\)\s*[><=]|(?:^|[\s(&|])(?:this\.)?\w+\s*(?:[<>]=?|==)\s*(?!null\b|true\b|false\b|["'])|\bincrement\w*\(/;

/** `if (i % 50 == 0) { em.flush(); em.clear(); }` */
function everyNth(call: SyntaxNode, file: CommonFile): boolean {
  for (let current = call.parent; current; current = current.parent) {
    const form = file.source.form(current);
    if (form?.kind === 'if' && counts.test(form.condition?.text ?? '')) return true;
    if (form?.kind === 'function' || form?.kind === 'loop') return false;
  }
  return false;
}

/** A page of rows of which no more is known than its place. */
function pageOf(size: SyntaxNode, from: SyntaxNode, at: SyntaxNode, file: CommonFile): Pick<SiteDraft, 'source' | 'map' | 'binds' | 'complete'> {
  const value = (node: SyntaxNode): Parameters<typeof bind>[0] => ({ text: node.text, span: spanOf(node), names: file.names.free(node), origin: 'unknown' });
  const built = buildSql(concat(sql('SELECT * FROM zq LIMIT '), bind(value(size)), sql(' OFFSET ', spanOf(at)), bind(value(from)), incomplete));
  return { source: built.source, map: built.map, binds: built.binds, complete: false };
}

function nativeQuery(call: SyntaxNode, form: CallForm, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const text = form.args[0] && context.string(form.args[0].node);
  if (!text || !startsStatement(text.text)) return [opaque(call, form, 'yes', 'unknown', 'unknown', table)];
  return isForeignSql(text.text) ? [] : statements(call, form, text, 'yes', file, context);
}

function statements(call: SyntaxNode, form: CallForm, text: NonNullable<ReturnType<HostContext['string']>>, executes: QuerySite['executes'], file: CommonFile, context: HostContext): readonly SiteDraft[] {
  // `?1` is JPA's own numbering.
  const style = placeholderStyle(text.text);
  const numbered = style !== 'colon' && /\?\d/.test(text.text);
  const placeholders = style === 'colon' ? 'colon' : numbered ? 'dollar' : 'question';
  return context.statements(numbered ? { ...text, text: text.text.replaceAll(/\?(?=\d)/g, '$') } : text, placeholders).map((statement): SiteDraft => ({
    library: 'jpa', confidence: 'proved', source: statement.source, map: statement.map, span: spanOf(call), anchor: anchorOf(call, form), executes,
    access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? 'unknown' : 'none', binds: [...bindsOf([], text.text, placeholders, file, context), ...parametersOf(call, file, context), ...statement.binds],
    conditional: statement.conditional, complete: text.complete, chain: [], eager: [],
  }));
}

/** `@Query(value = "…", nativeQuery = true)`; JPQL is not SQL. The method's calls are what sends it. */
function annotated(call: SyntaxNode, form: CallForm, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const native = form.args.find((argument) => argument.name === 'nativeQuery')?.node.text === 'true';
  const value = (form.args.find((argument) => argument.name === 'value') ?? form.args.find((argument) => argument.name === undefined))?.node;
  const text = native && value ? context.string(value) : undefined;
  if (!text || !startsStatement(text.text) || isForeignSql(text.text)) return undefined;
  // A `Pageable` among the parameters adds LIMIT and OFFSET.
  const paged = /\bPageable\b/.test(call.parent?.parent?.childForFieldName('parameters')?.text ?? '');
  return statements(call, form, paged ? { ...text, complete: false } : text, 'no', file, context);
}

/** `users.findByTeam(team)`: a method of a Spring Data repository, by the name of its type and of itself. */
function repositoryCall(call: SyntaxNode, form: CallForm, name: string, type: string, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const access = bulk.test(name) ? (name.startsWith('find') ? 'read' : 'write') : writes.test(name) ? 'write' : reads.test(name) ? 'read' : undefined;
  if (!access) return undefined;
  const page = form.args.map((argument) => argument.node).map((node) => { const origin = context.origin(node); return origin.kind === 'call' ? origin.node : node; }).find((node) => /^PageRequest\.of\(/.test(node.text));
  const base = { ...opaque(call, form, 'yes', access, /ById$|^(?:find|get|read)One|^(?:find|get)(?:First|Top)|^exists|^count/.test(name) ? 'one' : access === 'write' ? 'none' : 'many', table), confidence: 'typed' as const };
  const given = page && file.source.callForm(page);
  const [number, size] = given?.args ?? [];
  const repository = context.model(type.split('.').at(-1) ?? '', 'jpa');
  // What a method says of itself is read where it stands.
  const entity = repository?.written?.includes(name) ? undefined : repository?.relations[0]?.model;
  const model = entity === undefined || access !== 'read' || bulk.test(name) ? undefined : context.model(entity, 'jpa');
  const args = form.args.map((argument) => argument.node);
  const derived = model && !page ? (/^(?:find|get|getReference|exists)ById$/.test(name) && args.length === 1 && args[0] ? byIdQuery(args[0], model, spanOf(form.name), context) : derivedQuery(name, args, model, spanOf(form.name), context)) : undefined;
  if (derived) {
    const query = buildSql(derived);
    return [{ ...base, source: query.source, map: query.map, binds: query.binds, complete: query.complete, model: model?.name }];
  }
  if (!given || !number || !size || access !== 'read') return [{ ...base, binds: form.args.map(({ node }, index) => ({ key: String(index + 1), text: node.text, span: spanOf(node), names: file.names.free(node), origin: 'unknown' as const })) }];
  return [{ ...base, ...pageOf(size.node, number.node, page, file) }];
}
