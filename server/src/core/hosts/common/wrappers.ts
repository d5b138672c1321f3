import type { HostContext, LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { accessOf, placeholderStyle, returnsRows, startsStatement } from '../../libraries/shared/sqlText';
import { isForeignSql } from '../../sql/foreignDialect';
import type { SyntaxNode } from '../syntax';
import { commonFile, type CommonFile } from './context';
import type { CallForm } from './forms';
import type { Source } from './source';
import { spanOf } from './syntaxTools';

/** A parameter of a function of the file that reaches a query as its text. */
interface Sink {
  readonly parameter: number;
  /** The class that it is a method of. */
  readonly owner?: string | undefined;
  readonly library: SiteDraft['library'];
  readonly fetches: SiteDraft['fetches'];
}

const known = new WeakMap<Source, ReadonlyMap<string, Sink>>();

/**
 * A function of the file that passes a parameter as SQL text to a query is a query function: its call with a text is a query.
 * Functions are told by their names; a name that two of them share stands for neither. A call of a method must be of the object itself or of a value of the method's class.
 */
export function wrapperSites(call: SyntaxNode, context: HostContext, adapters: readonly LibraryAdapter[]): readonly SiteDraft[] | undefined {
  const file = commonFile(context);
  const form = file?.source.callForm(call);
  if (!file || !form || form.constructs || form.args.length === 0) return undefined;
  let sinks = known.get(file.source);
  if (!sinks) known.set(file.source, (sinks = findSinks(file.source, context, adapters)));
  const sink = sinks.get(form.name.text);
  if (!sink || !reaches(form, sink, file)) return undefined;
  const argument = form.args[sink.parameter];
  const text = argument && argument.name === undefined ? context.string(argument.node) : undefined;
  if (!text || !startsStatement(text.text) || isForeignSql(text.text)) return undefined;
  const style = placeholderStyle(text.text);
  const values = form.args.slice(sink.parameter + 1).map(({ node }, index) => context.bind(node, String(index + 1)));
  return context.statements(text, style).map((statement): SiteDraft => ({
    library: sink.library, confidence: 'typed', source: statement.source, map: statement.map, span: spanOf(call), anchor: { ...spanOf(form.name), start: spanOf(form.receiver && /^[\w$@.>:\\-]{1,40}$/.test(form.receiver.text) ? call : form.name).start },
    executes: 'yes', access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? sink.fetches : 'none', binds: [...values, ...statement.binds],
    conditional: statement.conditional, complete: text.complete, chain: [], eager: [],
  }));
}

function findSinks(source: Source, context: HostContext, adapters: readonly LibraryAdapter[]): ReadonlyMap<string, Sink> {
  const found = new Map<string, Sink>();
  const counts = new Map<string, number>();
  for (const fn of source.functions) {
    const name = source.functionForm(fn)?.name?.text;
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const call of source.calls) {
    const fn = source.functionOf(call);
    const form = fn && source.functionForm(fn);
    const name = form?.name?.text;
    if (!form || name === undefined || found.has(name) || counts.get(name) !== 1) continue;
    const given = source.callForm(call)?.args.slice(0, 4).map((argument) => form.parameters.findIndex((parameter) => parameter.name === argument.node.text.replace(/^[&$]+/, '')));
    const parameter = given?.find((index) => index >= 0 && isText(form.parameters[index]));
    const draft = parameter === undefined ? undefined : sendingDraft(call, source, context, adapters);
    if (parameter !== undefined && draft && !draft.source && draft.confidence === 'proved') found.set(name, { parameter, library: draft.library, fetches: draft.fetches, owner: form.owner ?? ownerOf(fn, source) });
  }
  return found;
}

function ownerOf(fn: SyntaxNode, source: Source): string | undefined {
  const around = source.classOf(fn);
  return around && source.classForm(around)?.name;
}

/** `all(…)`, `this.all(…)`, `Store.all(…)`, `store.all(…)` of a `store` whose type is known: what another object calls by the same name is its own. */
function reaches({ receiver }: CallForm, { owner }: Sink, { source, names, classes }: CommonFile): boolean {
  if (!receiver) return true;
  if (owner === undefined) return false;
  const inner = source.unwrap(receiver);
  const path = names.path(inner);
  if (/^(?:self|Self|static|parent|super|base)$/.test(inner.text) || (path.length === 1 && path[0] === 'this')) {
    // Two classes of a file may stand over one method's name: one has it here, the other by inheritance from elsewhere.
    for (let fn = source.functionOf(receiver); fn; fn = source.functionOf(fn)) {
      const around = classes.list[classes.classId(fn) ?? -1];
      if (around) return around.name === owner || around.bases.includes(owner);
    }
    return false;
  }
  const type = names.typeOf(inner) ?? (inner.text.includes('.') ? '' : inner.text);
  return type.replace(/^[&*?]+(?:'\w+\s+)?(?:mut\s+)?/, '').replace(/[<?].*$/s, '').split(/[.\\]|::/).at(-1) === owner;
}

/** Of the call itself, or of what it goes on with: `query(sql).bind(id).fetch_all(pool)`. */
function sendingDraft(call: SyntaxNode, source: Source, context: HostContext, adapters: readonly LibraryAdapter[]): SiteDraft | undefined {
  let current = call;
  for (let hops = 0; hops < 12; hops++) {
    const [draft] = recognise(current, context, adapters) ?? [];
    if (draft && draft.executes !== 'no') return draft;
    let outer = source.wrapped(current).parent;
    for (let depth = 0; outer && depth < 2 && !source.callForm(outer); depth++) outer = source.wrapped(outer).parent;
    const receiver = outer ? source.callForm(outer)?.receiver : undefined;
    if (!outer || !receiver || source.unwrap(receiver).id !== current.id) return undefined;
    current = outer;
  }
  return undefined;
}

/** Text by its type, or by its name where types are not written. */
const isText = (parameter: { readonly name: string; readonly type?: string } | undefined): boolean =>
  parameter !== undefined && (parameter.type === undefined ? /sql|query|stmt|statement/i.test(parameter.name) : /^(?:final\s+)?(?:string|String|&(?:'\w+\s+)?str|CharSequence|\?string)$/.test(parameter.type.trim()));

/** What the first adapter that knows the call says of it. */
export function recognise(call: SyntaxNode, context: HostContext, adapters: readonly LibraryAdapter[]): readonly SiteDraft[] | undefined {
  for (const adapter of adapters) {
    const drafts = adapter.recognise(call, context);
    if (drafts) return drafts;
  }
  return undefined;
}
