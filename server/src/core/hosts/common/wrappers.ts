import type { HostContext, LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { accessOf, placeholderStyle, returnsRows, startsStatement } from '../../libraries/shared/sqlText';
import { isForeignSql } from '../../sql/foreignDialect';
import type { SyntaxNode } from '../syntax';
import { commonFile, type CommonFile } from './context';
import type { CallForm } from './forms';
import type { Source } from './source';
import { spanOf } from './syntaxTools';

/** A function of a file, and which of its parameters reaches a query as its text. */
export interface Sender {
  readonly name: string;
  readonly parameter: number;
  /** The class that it is a method of. */
  readonly owner?: string | undefined;
  readonly library: SiteDraft['library'];
  readonly fetches: SiteDraft['fetches'];
}

const known = new WeakMap<Source, readonly Sender[]>();

/** The functions of a file that pass a parameter as SQL text to a query. */
export function sendersOf(source: Source, context: HostContext, adapters: readonly LibraryAdapter[]): readonly Sender[] {
  let found = known.get(source);
  if (!found) known.set(source, (found = findSenders(source, context, adapters)));
  return found;
}

/**
 * A function that passes a parameter as SQL text to a query is a query function: its call with a text is a query.
 * A bare name that two functions of the file share stands for neither. A call of a method must be of the object itself or of a value of the method's class.
 */
export function wrapperSites(call: SyntaxNode, context: HostContext, adapters: readonly LibraryAdapter[]): readonly SiteDraft[] | undefined {
  const file = commonFile(context);
  const form = file?.source.callForm(call);
  if (!file || !form || form.constructs || form.args.length === 0) return undefined;
  const name = plainName(form);
  const own = sendersOf(file.source, context, adapters).filter((sender) => sender.name === name && reaches(form, sender, file));
  const sink = own.length === 1 ? own[0] : foreignSender(form, file, context);
  if (!sink) return undefined;
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

function findSenders(source: Source, context: HostContext, adapters: readonly LibraryAdapter[]): readonly Sender[] {
  if (adapters.length === 0) return [];
  const found = new Map<string, Sender>();
  const counts = new Map<string, number>();
  const keyOf = (fn: SyntaxNode): { readonly key: string; readonly name?: string; readonly owner?: string | undefined } => {
    const form = source.functionForm(fn);
    const owner = form?.owner ?? ownerOf(fn, source);
    return { key: `${owner ?? ''} ${form?.name?.text ?? ''}`, ...(form?.name ? { name: form.name.text } : {}), owner };
  };
  for (const fn of source.functions) {
    const { key, name } = keyOf(fn);
    // What is only declared (of an interface, a trait) has its body elsewhere.
    if (name !== undefined && source.functionForm(fn)?.body) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const call of source.calls) {
    const fn = source.functionOf(call);
    const form = fn && source.functionForm(fn);
    if (!fn || !form) continue;
    const { key, name, owner } = keyOf(fn);
    if (name === undefined || found.has(key) || counts.get(key) !== 1) continue;
    const given = source.callForm(call)?.args.slice(0, 4).map((argument) => form.parameters.findIndex((parameter) => parameter.name === argument.node.text.replace(/^[&$]+/, '')));
    const parameter = given?.find((index) => index >= 0 && isText(form.parameters[index]));
    const draft = parameter === undefined ? undefined : sendingDraft(call, source, context, adapters);
    if (parameter !== undefined && draft && !draft.source && draft.confidence === 'proved') found.set(key, { name, parameter, library: draft.library, fetches: draft.fetches, owner });
  }
  return [...found.values()];
}

/** Name of the class that a declaration stands in. */
export function ownerOf(node: SyntaxNode, source: Source): string | undefined {
  const around = source.classOf(node);
  return around && source.classForm(around)?.name;
}

/** `all(…)`, `this.all(…)`, `Store.all(…)`, `store.all(…)` of a `store` whose type is known: what another object calls by the same name is its own. */
function reaches({ receiver }: CallForm, { owner }: Sender, { source, names, classes }: CommonFile): boolean {
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

/** The query function of another file that a call means. */
function foreignSender(form: CallForm, file: CommonFile, context: HostContext): Sender | undefined {
  const { shared, source, names } = file;
  // Where only numbers and other texts are given, the callee need not be looked for; a name or a member may hold SQL.
  if (!shared || !form.args.slice(0, 4).some(({ node }) => mayBeText(node, source))) return undefined;
  const all = shared.senders(plainName(form));
  if (all.length === 0) return undefined;
  if (!form.receiver) return shared.bare(plainName(form), all);
  const inner = source.unwrap(form.receiver);
  const path = names.path(inner);
  if (/^(?:self|Self|static|parent|super|base)$/.test(inner.text) || (path.length === 1 && path[0] === 'this')) {
    const bases = basesAt(inner, file);
    return shared.agreeing(all.filter(({ item }) => item.owner !== undefined && bases.includes(item.owner)));
  }
  const behind = shared.behind(inner.text, all);
  if (behind) return behind;
  const type = plainType(names.typeOf(inner) ?? madeType(inner, context) ?? '');
  return type === '' ? undefined : shared.agreeing(all.filter(({ item }) => item.owner !== undefined && (item.owner === type || item.bases.includes(type))));
}

/** `All` of `All<int>`. */
const plainName = (form: CallForm): string => form.name.text.replace(/<.*$/s, '');

const mayBeText = (node: SyntaxNode, source: Source): boolean => {
  const inner = source.unwrap(node);
  const form = source.form(inner);
  return form?.kind === 'text' ? /select|insert|update|delete|with|\{/i.test(inner.text.slice(0, 400)) : form?.kind === 'join' || form?.kind === 'call' || form?.kind === 'choice' ? /select|insert|update|delete|with/i.test(inner.text.slice(0, 1000)) : form?.kind === 'name' || form?.kind === 'member' || form?.kind === 'reference';
};

/** What the class around a node extends and implements. */
export function basesAt(node: SyntaxNode, { source, classes }: Pick<CommonFile, 'source' | 'classes'>): readonly string[] {
  for (let fn = source.functionOf(node); fn; fn = source.functionOf(fn)) {
    const around = classes.list[classes.classId(fn) ?? -1];
    if (around) return [...around.bases, ...(around.implements ?? [])].map(plainType);
  }
  const around = source.classOf(node);
  const form = around && source.classForm(around);
  return [...(form?.bases ?? []), ...(form?.implements ?? [])].map(plainType);
}

/** `Store` of `*store.Store`, `&'a mut Store`, `Arc<dyn Store>`, `Store<T>`, `App\\Store`. */
function plainType(type: string): string {
  const bare = type.trim().replace(/^[&*?]+(?:'\w+\s+)?(?:mut\s+)?/, '').replace(/^(?:dyn|impl)\s+/, '');
  const held = /^(?:[\w:]+::)?(?:Arc|Rc|Box|Option|State|Data|Extension|Lazy|IOptions|Optional)<(.*)>$/s.exec(bare)?.[1];
  return held !== undefined ? plainType(held) : bare.replace(/[<?[{(].*$/s, '').split(/[.\\]|::/).at(-1)?.trim() ?? '';
}

/** `Store` of `new Store(db)`, `NewStore(db)`, `store.NewStore(db)`, `Store::new(pool)`, `Store.new`. */
function madeType(node: SyntaxNode, context: HostContext): string | undefined {
  const origin = context.origin(node);
  if (origin.kind === 'construct') return origin.callee.at(origin.callee.at(-1) === 'new' ? -2 : -1);
  if (origin.kind !== 'call') return undefined;
  const last = origin.callee.at(-1) ?? '';
  return /^(?:new|default|connect|create|from_\w+|with_\w+)$/.test(last) ? origin.callee.at(-2) : /^New([A-Z]\w*)$/.exec(last)?.[1];
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
