import type { Binding } from '../../hosts/common/names';
import type { CommonFile } from '../../hosts/common/context';
import type { LibraryId, ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';

/** What an expression holds of a model: one object, or several (a relation, its rows, a query that is only built). */
export interface Held {
  readonly model: ModelIr;
  readonly many: boolean;
}

/** How a library's models are reached by name, as a table. */
export interface RecordNaming {
  readonly library: LibraryId;
  /** `order_items` and `orderItem` name the class `OrderItem`. */
  className(word: string): string;
  isPlural(word: string): boolean;
  /** Calls that give one object of a query, or of a class. */
  readonly single: RegExp;
  /** Calls that give neither objects nor a query: `pluck`, `count`. */
  readonly values: RegExp;
}

const maximumHops = 6;

/**
 * The model behind an expression: by declared types, by the query or constructor a variable is assigned from, by the
 * loop that a name is the element of, by the relation that its name is, else by the name itself where a class is called so.
 * Undefined: not known. Never a guess against what is written.
 */
export function heldBy(node: SyntaxNode, file: CommonFile, context: HostContext, naming: RecordNaming, hops = 0): Held | undefined {
  if (hops > maximumHops) return undefined;
  const { source, names } = file;
  const inner = source.unwrap(node);
  const form = source.form(inner);
  const follow = (next: SyntaxNode): Held | undefined => heldBy(next, file, context, naming, hops + 1);
  const named = (word: string): Held | undefined => byName(word, context, naming);
  switch (form?.kind) {
    case 'self':
      return ofClass(inner, file, context, naming);
    case 'name': {
      const own = context.model(form.name, naming.library);
      if (own) return { model: own, many: true };
      const found = names.bindings(form.name, inner);
      const before = found?.list.filter((binding) => binding.kind === 'parameter' || binding.start <= inner.startIndex).at(-1);
      return before ? byBinding(form.name, before, file, follow, named, context, naming) : named(form.name);
    }
    case 'field':
      return named(form.name);
    case 'member': {
      const type = names.typeOf(inner);
      if (type !== undefined) return byType(type, context, naming);
      const owner = follow(form.object);
      return relationOf(owner?.many === false ? owner.model : undefined, form.name.text, context, naming) ?? named(form.name.text);
    }
    case 'index': {
      const found = follow(form.object);
      return found && { model: found.model, many: false };
    }
    case 'call': {
      const name = form.name.text;
      if (form.constructs) {
        const made = context.model(form.receiver ? lastName(form.receiver.text) : name, naming.library);
        return made && { model: made, many: false };
      }
      if (!form.receiver) return form.args.length === 0 ? named(name) : undefined;
      if (naming.values.test(name)) return undefined;
      const receiver = follow(form.receiver);
      if (naming.single.test(name)) return receiver?.many ? { model: receiver.model, many: false } : undefined;
      // What a query or a collection is asked for by another name is a scope or a filter: rows of the same class.
      if (receiver?.many) return receiver;
      return form.args.length > 0 ? undefined : relationOf(receiver?.model, name, context, naming) ?? named(name);
    }
    default:
      return undefined;
  }
}

function byBinding(name: string, binding: Binding, file: CommonFile, follow: (node: SyntaxNode) => Held | undefined, named: (word: string) => Held | undefined, context: HostContext, naming: RecordNaming): Held | undefined {
  if (binding.type !== undefined) return byType(binding.type, context, naming);
  if (binding.kind === 'assign') {
    const value = binding.value && file.source.unwrap(binding.value);
    const form = value && file.source.form(value);
    if (!value || binding.index !== 0) return undefined;
    // What a function of the project gives is called as it is named; a literal is what it is.
    return follow(value) ?? (form?.kind === 'call' && !form.constructs ? named(name) : undefined);
  }
  if (binding.kind === 'element') {
    const walked = binding.value ?? (binding.index === 0 ? iterableOf(binding.node, file) : undefined);
    const found = walked && follow(walked);
    return found ? { model: found.model, many: false } : named(name);
  }
  return binding.kind === 'parameter' ? named(name) : undefined;
}

/** What the call walks whose closure this is. */
function iterableOf(closure: SyntaxNode, file: CommonFile): SyntaxNode | undefined {
  for (let current = closure.parent, depth = 0; current && depth < 3; current = current.parent, depth++) {
    const loop = file.source.elementLoop(current);
    if (loop?.run.id === closure.id) return loop.iterable;
  }
  return undefined;
}

/** `Page`, `?Page`, `Collection<int, Page>`; another type is no model. */
function byType(type: string, context: HostContext, naming: RecordNaming): Held | undefined {
  const words = type.match(/[A-Za-z_]\w*/g) ?? [];
  const model = words.map((word) => context.model(word, naming.library)).find((found) => found !== undefined);
  return model && { model, many: /<|\[\]/.test(type) };
}

function byName(word: string, context: HostContext, naming: RecordNaming): Held | undefined {
  const model = context.model(naming.className(word), naming.library);
  return model && { model, many: naming.isPlural(word) };
}

function relationOf(owner: ModelIr | undefined, property: string, context: HostContext, naming: RecordNaming): Held | undefined {
  const relation = owner?.relations.find((one) => one.property === property);
  const model = relation && context.model(relation.model, naming.library);
  return model && { model, many: relation.many };
}

/** The model in whose class the node stands. */
export function ofClass(node: SyntaxNode, file: CommonFile, context: HostContext, naming: RecordNaming): Held | undefined {
  const owner = file.source.classOf(node);
  const name = owner && file.source.classForm(owner)?.name;
  const model = name === undefined ? undefined : context.model(name, naming.library);
  return model && { model, many: false };
}

const lastName = (text: string): string => /(\w+)$/.exec(text.trim())?.[1] ?? text;
