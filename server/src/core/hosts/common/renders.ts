import type { SyntaxNode } from '../syntax';
import type { RenderIr, TemplateValueIr } from '../templateIr';
import type { ArgumentForm, CallForm } from './forms';
import type { Names } from './names';
import type { Source } from './source';
import { field, parts, spanOf } from './syntaxTools';

export interface RenderSources {
  readonly uri: string;
  readonly source: Source;
  readonly names: Names;
  /** The query that an expression is. */
  siteOf(node: SyntaxNode): number | undefined;
}

/** Where a file of Rails or Laravel fills templates, with the values that queries give. */
export function readRenders(sources: RenderSources): readonly RenderIr[] {
  const { language } = sources.source.spec;
  return language === 'ruby' ? railsRenders(sources) : language === 'php' ? laravelRenders(sources) : [];
}

const valueOf = (node: SyntaxNode, { siteOf, source }: RenderSources): TemplateValueIr | undefined => {
  const siteId = siteOf(source.unwrap(node));
  return siteId === undefined ? undefined : { span: spanOf(node), siteId, shape: 'unknown' };
};

/** Instance variables that an action assigns once, for the template of its name and those that it names. */
function railsRenders(sources: RenderSources): readonly RenderIr[] {
  const { uri, source } = sources;
  const folder = /\/app\/controllers\/(.*)_controller\.rb$/.exec(uri)?.[1];
  if (folder === undefined) return [];
  const methodsOf = new Map<number | undefined, SyntaxNode[]>();
  for (const fn of source.functions) if (fn.type === 'method') add(methodsOf, source.classOf(fn)?.id, fn);
  const namedIn = new Map<number | undefined, string[]>();
  for (const call of source.calls) {
    const template = namedTemplate(source.callForm(call));
    if (template !== undefined) add(namedIn, source.functionOf(call)?.id, template);
  }
  return source.classes.flatMap((node) => {
    const body = field(node, 'body');
    const closed = parts(body).find((member) => /^(?:private|protected)$/.test(member.text))?.startIndex ?? Infinity;
    const methods = methodsOf.get(node.id) ?? [];
    const assigned = new Map(methods.map((fn) => [fn, assignments(fn, source)]));
    const helpers = new Set(methods.filter((fn) => fn.startIndex > closed).flatMap((fn) => assigned.get(fn)!.map(({ name }) => name)));
    return methods.filter((fn) => fn.startIndex < closed).flatMap((fn): readonly RenderIr[] => {
      const name = source.functionForm(fn)?.name;
      const own = assigned.get(fn)!;
      const values = own.flatMap(({ name: variable, value }) => {
        // Assigned elsewhere too: which of them counts is not known.
        const found = own.filter((other) => other.name === variable).length === 1 && !helpers.has(variable) ? valueOf(value, sources) : undefined;
        return found ? [{ name: `@${variable}`, value: found }] : [];
      });
      if (!name || values.length === 0) return [];
      return [...new Set([name.text, ...(namedIn.get(fn.id) ?? [])])].map((template) => ({ templates: [template.includes('/') ? template : `${folder}/${template}`], span: spanOf(name), values }));
    });
  });
}

/** `render :edit`, `render template: 'orders/edit'`. */
function namedTemplate(form: CallForm | undefined): string | undefined {
  if (!form || form.receiver || form.name.text !== 'render') return undefined;
  const first = form.args.find((argument) => argument.name === undefined || /^(?:template|action)$/.test(argument.name));
  const text = first && /^(?::(\w+)|["']([\w/]+)["'])$/.exec(first.node.text);
  return text ? text[1] ?? text[2] : undefined;
}

function add<K, T>(lists: Map<K, T[]>, key: K, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

/** Every assignment of an instance variable in a method, `||=` and its like without a value that counts. */
function assignments(fn: SyntaxNode, source: Source): readonly { readonly name: string; readonly value: SyntaxNode }[] {
  const found: { name: string; value: SyntaxNode }[] = [];
  const visit = (node: SyntaxNode): void => {
    const form = source.form(node);
    if (form?.kind === 'assign') {
      form.targets.forEach((target, i) => {
        const name = source.form(target);
        const value = form.targets.length === form.values.length ? form.values[i] : form.values[0];
        if (name?.kind === 'field' && value) found.push({ name: name.name, value: form.targets.length === 1 && !form.adds ? value : node });
      });
    }
    for (const child of node.namedChildren) visit(child);
  };
  visit(fn);
  return found;
}

/** `view('orders.index', ['orders' => $orders])`, `compact('orders')`, `->with('orders', $orders)`. */
function laravelRenders(sources: RenderSources): readonly RenderIr[] {
  const { source } = sources;
  return source.calls.flatMap((call): readonly RenderIr[] => {
    const form = source.callForm(call);
    const isView = form && ((form.name.text === 'view' && (!form.receiver || /^response\(\)$/.test(form.receiver.text))) || (form.name.text === 'make' && /(?:^|\\)View$/.test(form.receiver?.text ?? '')));
    const template = isView && form.args[0] ? /^["']([\w./-]+)["']$/.exec(form.args[0].node.text)?.[1] : undefined;
    if (!form || template === undefined) return [];
    const entries = [...(form.args[1] ? entriesOf(form.args[1].node, sources) : [])];
    // What is given behind the call.
    for (let outer = call.parent; outer; outer = outer.parent) {
      const link = source.callForm(outer);
      if (!link?.receiver || link.receiver.startIndex !== call.startIndex) break;
      if (link.name.text === 'with') entries.push(...withEntries(link.args, sources));
    }
    const values = entries.flatMap(([name, node]) => { const value = valueOf(node, sources); return value ? [{ name, value }] : []; });
    return values.length === 0 ? [] : [{ templates: [template.replaceAll('.', '/')], span: spanOf(form.name), values }];
  });
}

type Entry = readonly [name: string, value: SyntaxNode];

function withEntries(args: readonly ArgumentForm[], sources: RenderSources): readonly Entry[] {
  const [first, second] = args;
  const name = first && /^["'](\w+)["']$/.exec(first.node.text)?.[1];
  if (name !== undefined && second) return resolvedEntry(name, second.node, sources);
  return first ? entriesOf(first.node, sources) : [];
}

function entriesOf(node: SyntaxNode, sources: RenderSources): readonly Entry[] {
  const { source } = sources;
  const inner = source.unwrap(node);
  const form = source.form(inner);
  if (form?.kind === 'record') return form.entries.flatMap((entry) => resolvedEntry(entry.key, entry.value, sources));
  if (form?.kind === 'call' && form.name.text === 'compact') return form.args.flatMap((argument) => { const name = /^["'](\w+)["']$/.exec(argument.node.text)?.[1]; return name === undefined ? [] : assignedTo(name, inner, sources); });
  return [];
}

function resolvedEntry(name: string, node: SyntaxNode, sources: RenderSources): readonly Entry[] {
  const inner = sources.source.unwrap(node);
  const form = sources.source.form(inner);
  return form?.kind === 'name' ? assignedTo(form.name, inner, sources).map(([, value]) => [name, value] as const) : [[name, inner]];
}

/** The one value that a variable of the function has; nothing where it has several, or is a parameter. */
function assignedTo(name: string, at: SyntaxNode, { names }: RenderSources): readonly Entry[] {
  const found = names.bindings(name, at);
  const [only] = found?.list ?? [];
  return found?.list.length === 1 && only?.kind === 'assign' && only.value && only.index === 0 ? [[name, only.value]] : [];
}
