import type { Chain, HostContext, HostString, Origin } from '../../libraries/adapter';
import { hostSpan } from '../../text/span';
import { findModel, type ModelIndex } from '../models';
import type { HostEnvironment } from '../host';
import type { Bind, BindOrigin, ChainArgument, ImportIr } from '../ir';
import { splitHostString } from '../shared/statements';
import { renderParts } from '../shared/textParts';
import type { SyntaxNode } from '../syntax';
import type { Classes } from './functions';
import type { Names } from './names';
import type { SharedView } from './sharedView';
import type { Source } from './source';
import { constantOf, textOf, type TextEnvironment } from './strings';
import { spanOf } from './syntaxTools';

/** What stands behind the context of a file of the common reader, for adapters that look at forms themselves. */
export interface CommonFile {
  readonly source: Source;
  readonly names: Names;
  readonly classes: Classes;
  readonly imports: readonly ImportIr[];
  /** What other files of the workspace share. */
  readonly shared?: SharedView;
}

const registry = new WeakMap<HostContext, CommonFile>();

/** Undefined in files of the languages with readers of their own. */
export const commonFile = (context: HostContext): CommonFile | undefined => registry.get(context);

const maximumHops = 8;
const unknown: Origin = { kind: 'unknown' };

export function createContext(uri: string, text: string, file: CommonFile, environment: HostEnvironment, own: ModelIndex): HostContext {
  const { source, names } = file;
  const importOf = new Map(file.imports.map((item) => [item.local, item]));

  const originOf = (node: SyntaxNode, hops = 0): Origin => {
    if (hops > maximumHops) return unknown;
    const inner = source.unwrap(node);
    const form = source.form(inner);
    switch (form?.kind) {
      case 'name': {
        const found = names.bindings(form.name, inner);
        if (!found) {
          const path = names.path(inner);
          if (path[0] === 'this' && path[1] !== undefined) return fieldOrigin(path[1], inner);
          const imported = importOf.get(form.name);
          return imported ? { kind: 'import', module: imported.module, imported: imported.imported, path: [] } : unknown;
        }
        const before = found.top ? found.list : found.list.filter((binding) => binding.kind === 'parameter' || binding.start < inner.startIndex);
        const last = before.filter((binding) => binding.kind !== 'adds' && binding.kind !== 'append').at(-1);
        if (!last) return unknown;
        const made = last.kind === 'assign' && last.value && last.index === 0 ? originOf(last.value, hops + 1) : undefined;
        if (made?.kind === 'call' || made?.kind === 'construct' || made?.kind === 'node') return made;
        if (last.kind === 'parameter' || last.type !== undefined) return { kind: 'parameter', index: last.index, name: form.name, type: last.type, path: [] };
        return made ?? unknown;
      }
      case 'field':
        return fieldOrigin(form.name, inner);
      case 'member': {
        const path = names.path(inner);
        if (path.length === 2 && path[0] === 'this' && path[1] !== undefined) return fieldOrigin(path[1], inner);
        const base = originOf(form.object, hops + 1);
        return base.kind === 'import' ? { ...base, path: [...base.path, form.name.text] } : { kind: 'field', path };
      }
      case 'call': {
        const callee = names.calleePath(inner);
        return form.constructs ? { kind: 'construct', callee, node: inner } : { kind: 'call', callee, node: inner };
      }
      default:
        return { kind: 'node', node: inner };
    }
  };
  const fieldOrigin = (name: string, node: SyntaxNode): Origin => ({ kind: 'field', path: ['this', name], type: names.typeOfField(name, node) });

  const bindOrigin = (node: SyntaxNode): BindOrigin => {
    if (constantOf(node, source) !== undefined) return 'literal';
    // Rails hands its controllers what the client sent.
    if (source.spec.language === 'ruby' && /\/controllers\/|_controller\.rb$/.test(uri) && /(?:^|[^\w.@:])params\s*\[/.test(node.text)) return 'request';
    const free = names.free(node);
    const kinds = free.map((name): BindOrigin => {
      const found = names.bindings(name, node);
      const last = found?.list.filter((binding) => binding.start < node.startIndex || binding.kind === 'parameter').at(-1);
      if (!last) return importOf.has(name) ? 'imported' : 'unknown';
      if (last.kind === 'parameter') return found?.fn && source.functionForm(found.fn)?.entry !== undefined ? 'request' : 'parameter';
      return last.kind === 'element' ? 'loop' : 'local';
    });
    for (const kind of ['request', 'loop', 'parameter', 'local', 'imported'] as const) if (kinds.includes(kind)) return kind;
    return 'unknown';
  };
  const texts: TextEnvironment = { source, names, originOf: bindOrigin, ...(file.shared ? { shared: file.shared.text, sqlFile: file.shared.sqlFile } : {}) };

  const argument = (node: SyntaxNode): ChainArgument => {
    const inner = source.unwrap(node);
    const form = source.form(inner);
    const literal = constantOf(inner, source);
    const items = form?.kind === 'list' ? form.items.map(argument) : form?.kind === 'record' ? form.entries.map((entry) => ({ ...argument(entry.value), span: entry.span, name: entry.key })) : undefined;
    return { text: inner.text, span: spanOf(inner), ...(literal === undefined ? {} : { literal }), ...(items ? { items } : {}) };
  };

  const chain = (node: SyntaxNode): Chain | undefined => {
    const calls: Chain['calls'][number][] = [];
    let current = source.unwrap(node);
    for (;;) {
      const form = source.callForm(current);
      if (!form) break;
      const given = form.args.map(({ node: value, name }) => ({ ...argument(value), ...(name === undefined ? {} : { name }) }));
      const start = form.receiver ? form.receiver.endIndex : current.startIndex;
      calls.unshift({ name: form.name.text, nameSpan: spanOf(form.name), span: hostSpan(start + Math.max(0, text.slice(start, form.name.startIndex).search(/\S/)), current.endIndex), args: given, node: current, argNodes: form.args.map((a) => a.node) });
      if (!form.receiver) return { root: form.name, rootPath: names.calleePath(current), calls };
      current = source.unwrap(form.receiver);
    }
    return calls.length === 0 ? undefined : { root: current, rootPath: names.path(current), calls };
  };

  /** The literal behind a variable that is assigned once. What may be added to it later is not followed. */
  const valueOf = (node: SyntaxNode): SyntaxNode => {
    const inner = source.unwrap(node);
    const origin = source.form(inner)?.kind === 'name' ? originOf(inner) : undefined;
    return origin?.kind === 'node' ? origin.node : inner;
  };

  const context: HostContext = {
    uri,
    text,
    language: source.spec.language,
    span: spanOf,
    path: (node) => names.path(node),
    origin: (node) => originOf(node),
    string(node): HostString | undefined {
      const found = textOf(node, texts);
      return found && renderParts(found.parts, found.complete);
    },
    chain,
    argument,
    bind: (node, key): Bind => {
      const inner = source.unwrap(node);
      return { key, text: inner.text, span: spanOf(inner), names: names.free(inner), origin: bindOrigin(inner) };
    },
    executes: () => true,
    model: (name, library) => findModel(own, name, library) ?? findModel(environment.models, name, library, { uri }),
    statements: (whole, placeholders) => splitHostString(whole, placeholders, environment.split),
    entries(node) {
      const value = valueOf(node);
      const form = source.form(value);
      return form?.kind === 'record' ? { entries: form.entries.map(({ key, value: held, span }) => ({ key, value: held, span })), open: value.id !== source.unwrap(node).id } : undefined;
    },
    items(node) {
      const value = valueOf(node);
      const form = source.form(value);
      return form?.kind === 'list' ? { items: form.items.map((item) => ({ node: item })), open: value.id !== source.unwrap(node).id } : undefined;
    },
  };
  registry.set(context, file);
  return context;
}
