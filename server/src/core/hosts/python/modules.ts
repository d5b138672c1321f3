import type { AttributeRead, ExportIr, FunctionIr, ImportIr, Loop } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { SelfRead } from '../templateIr';
import { isConditional } from './calls';
import type { Outline } from './outline';
import { importsOf, type Scopes } from './scopes';
import { field, isComprehension, spanOf } from './syntaxTools';

/** Every import of the file with its offset, those inside functions too: they bind the same names for resolving calls. */
export function readImports(root: SyntaxNode): { readonly item: ImportIr; readonly at: number }[] {
  const found: { item: ImportIr; at: number }[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'import_statement' || node.type === 'import_from_statement') {
      for (const item of importsOf(node)) found.push({ item, at: node.startIndex });
      return;
    }
    if (node.type.endsWith('_statement') || node.type === 'block' || node.type === 'module' || node.type.endsWith('_definition') || node.type.endsWith('_clause')) {
      for (const child of node.namedChildren) visit(child);
    }
  };
  visit(root);
  return found;
}

/** Whatever the module's top level binds can be imported, imported names included. */
export function readExports(scopes: Scopes): ExportIr[] {
  const found: ExportIr[] = [];
  for (const [name, bindings] of scopes.module.bindings) {
    const binding = bindings.at(-1);
    if (!binding) continue;
    if (binding.kind === 'import') {
      if (binding.import && binding.node.type === 'import_from_statement') found.push({ name, local: binding.import.imported, module: binding.import.module });
    } else if (binding.kind !== 'except') found.push({ name, local: name });
  }
  return found;
}

/** `element.property` in the loop of that element; neither method names (`row.save()`) nor assignment targets. */
export function readAttributeReads(outline: Outline, loops: readonly Loop[], scopes: Scopes): AttributeRead[] {
  const ids = new Map(outline.loops.map((loop, id) => [loop.id, id]));
  const loopOf = (binder: SyntaxNode): number | undefined => {
    const loop = binder.type === 'for_in_clause' && binder.parent && isComprehension(binder.parent) ? binder.parent : binder;
    const id = ids.get(loop.id);
    return id !== undefined && loops[id] ? id : undefined;
  };
  return outline.attributes.flatMap((node): AttributeRead[] => {
    const object = field(node, 'object');
    const property = field(node, 'attribute');
    if (object?.type !== 'identifier' || !property || isCalled(node) || isTarget(node)) return [];
    const loopIds = outline.loopsOf(node);
    if (loopIds.length === 0) return [];
    const binding = scopes.resolve(object.text, object)?.bindings.find((candidate) => candidate.kind === 'for' && loopIds.includes(loopOf(candidate.node) ?? -1));
    const loopId = binding && loopOf(binding.node);
    if (loopId === undefined) return [];
    return [{ name: object.text, property: property.text, span: spanOf(node), functionId: outline.functionOf(node), loopIds, loopId, conditional: isConditional(node), ...(isAwaitedRead(node) ? { awaited: true } : {}) }];
  });
}

const isAwaitedRead = (node: SyntaxNode): boolean => node.parent?.type === 'await' || (/^for_(statement|in_clause)$/.test(node.parent?.type ?? '') && field(node.parent!, 'right')?.id === node.id && /^async\b/.test(node.parent?.text ?? ''));
const isCalled = (node: SyntaxNode): boolean => node.parent?.type === 'call' && field(node.parent, 'function')?.id === node.id;

function isTarget(node: SyntaxNode): boolean {
  const parent = node.parent;
  return !!parent && /assignment$/.test(parent.type) && field(parent, 'left')?.id === node.id;
}

/** Methods with what they read of their own object (`self.items.count()`), a serializer's `get_x` of the object that it is given, up to a call with arguments. */
export function withSelfReads(functions: readonly FunctionIr[], outline: Outline): readonly FunctionIr[] {
  const reads = new Map<number, SelfRead[]>();
  for (const node of outline.attributes) {
    const object = field(node, 'object');
    if (object?.type !== 'identifier') continue;
    const functionId = outline.functionOf(node);
    const fn = functionId === undefined ? undefined : functions[functionId];
    if (functionId === undefined || fn?.classId === undefined) continue;
    const given = /^get_/.test(fn.name) && fn.parameters.length === 2 ? fn.parameters[1]?.name : undefined;
    if (object.text !== (given ?? 'self')) continue;
    const path: string[] = [field(node, 'attribute')?.text ?? ''];
    let current = node;
    for (let parent = current.parent; parent; current = parent, parent = current.parent) {
      if (parent.type === 'attribute' && field(parent, 'object')?.id === current.id) path.push(field(parent, 'attribute')?.text ?? '');
      else if (parent.type !== 'call' || field(parent, 'function')?.id !== current.id) break;
      else if ((field(parent, 'arguments')?.namedChildren.length ?? 0) > 0) {
        path.push('()');
        break;
      }
    }
    if (isTarget(current)) continue;
    reads.set(functionId, [...(reads.get(functionId) ?? []), { path, conditional: isConditional(node) }]);
  }
  return reads.size === 0 ? functions : functions.map((fn) => (reads.has(fn.id) ? { ...fn, selfReads: reads.get(fn.id)! } : fn));
}
