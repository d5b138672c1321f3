import type { ExportIr } from '../ir';
import { ASIDE, type WorkspaceModules } from '../surface';
import type { SyntaxNode } from '../syntax';
import { readModule } from './modules';
import { createScopes, type Declaration, type Linked, type Scopes } from './scopes';
import { keyName, unwrap } from './syntaxTools';
import { escapeRegExp } from '../../text/regExp';

const maxHops = 8;

interface Module {
  readonly uri: string;
  readonly root: SyntaxNode;
  readonly scopes: Scopes;
  readonly exports: readonly ExportIr[];
  /** The first of each name. */
  readonly named: ReadonlyMap<string, ExportIr>;
}

export interface LinkedScopes extends Scopes {
  /** Documents that were asked for an import. */
  readonly uses: ReadonlySet<string>;
}

/** One reading of a surface serves every file that imports from it. */
const modulesByRoot = new WeakMap<SyntaxNode, Module>();

/**
 * Scopes whose names may lead into other files: nodes of a surface are resolved in their own module, imports of either
 * are followed, and the parameters of a function may stand for what a call gives it.
 */
export function linkScopes(own: Scopes, uri: string, modules: WorkspaceModules | undefined): LinkedScopes {
  const uses = new Set<string>();
  const given: { readonly fn: SyntaxNode; readonly args: readonly (SyntaxNode | undefined)[] }[] = [];

  const moduleAt = (node: SyntaxNode): Module | undefined => {
    let root = node;
    while (root.parent) root = root.parent;
    return modulesByRoot.get(root);
  };
  const moduleOf = (target: string): Module | undefined => {
    const root = modules?.surface(target);
    if (!root) return undefined;
    let module = modulesByRoot.get(root);
    if (!module) {
      const { exports } = readModule(root);
      modulesByRoot.set(root, (module = { uri: target, root, scopes: createScopes(root), exports, named: new Map([...exports].reverse().map((one) => [one.name, one])) }));
    }
    return module;
  };

  const find = (name: string, at: SyntaxNode): Declaration | undefined => {
    const found = at.startIndex >= ASIDE ? moduleAt(at)?.scopes.find(name, at) : own.find(name, at);
    return found?.kind === 'parameter' && given.length > 0 ? substituted(found) : found;
  };
  const substituted = (parameter: Declaration): Declaration => {
    const call = given.findLast(({ fn }) => fn.id === parameter.owner?.id);
    let value = call?.args[parameter.index ?? 0];
    if (!value) return parameter;
    const path = [...parameter.path];
    while (path[0] !== undefined && unwrap(value).type === 'object') {
      const inner = property(unwrap(value), path[0]);
      if (!inner) return parameter;
      value = inner;
      path.shift();
    }
    return { ...parameter, kind: 'variable', value, path, constant: parameter.writes.length === 0, type: undefined };
  };

  const exported = (module: Module, name: string, hops: number): Linked | undefined => {
    if (hops > maxHops) return undefined;
    const found = module.named.get(name);
    if (found?.module !== undefined) return imported(module.uri, found.module, found.local ?? name, [], hops + 1);
    if (found) {
      const declaration = found.local === undefined ? undefined : module.scopes.find(found.local, module.root);
      if (declaration?.kind === 'import' && declaration.import) return imported(module.uri, declaration.import.module, declaration.import.imported, [], hops + 1);
      if (declaration) return { declaration, path: [] };
      const value = exportedValue(module.root, name);
      return value && { declaration: { kind: 'variable', name, node: value, scope: module.root, value, path: [], constant: true, writes: [] }, path: [] };
    }
    if (name === 'default') return undefined;
    for (const star of module.exports) {
      if (star.name !== '*' || star.module === undefined) continue;
      const inner = imported(module.uri, star.module, name, [], hops + 1);
      if (inner) return inner;
    }
    return undefined;
  };

  const imported = (from: string, name: string, member: string, path: readonly string[], hops: number): Linked | undefined => {
    const target = modules?.resolve(from, name);
    if (target === undefined || target === uri) return undefined;
    uses.add(target);
    const module = moduleOf(target);
    const [key, rest] = member === '*' ? [path[0], path.slice(1)] : [member, path];
    const linked = module && key !== undefined ? exported(module, key, hops) : undefined;
    return linked && { declaration: linked.declaration, path: [...linked.path, ...rest] };
  };

  return {
    find,
    references: own.references,
    top: own.top,
    classes: own.classes,
    comments: own.comments,
    uses,
    follow(declaration, path = []) {
      if (declaration.kind !== 'import' || !declaration.import || !modules) return undefined;
      const from = declaration.node.startIndex >= ASIDE ? moduleAt(declaration.node)?.uri : uri;
      return from === undefined ? undefined : imported(from, declaration.import.module, declaration.import.imported, [...declaration.path, ...path], 0);
    },
    sourceOf(name) {
      const declaration = own.top(name);
      const direct = declaration?.import && modules?.resolve(uri, declaration.import.module);
      const linked = declaration && this.follow(declaration);
      return (linked && moduleAt(linked.declaration.node)?.uri) ?? direct;
    },
    get substituting() { return given.length > 0; },
    substitute(fn, args, act) {
      if (given.length > 12 || given.some((one) => one.fn.id === fn.id)) return undefined;
      given.push({ fn, args });
      try {
        return act();
      } finally {
        given.pop();
      }
    },
  };
}

/** `export default <expression>`, `module.exports = …`, `module.exports = { name: … }`, `exports.name = …`. */
function exportedValue(root: SyntaxNode, name: string): SyntaxNode | undefined {
  for (const statement of root.namedChildren) {
    if (statement.type === 'export_statement' && name === 'default' && statement.children.some((child) => child.type === 'default')) return statement.childForFieldName('value') ?? statement.childForFieldName('declaration') ?? undefined;
    const assignment = statement.type === 'expression_statement' ? statement.namedChildren[0] : undefined;
    const [left, right] = [assignment?.childForFieldName('left')?.text ?? '', assignment?.childForFieldName('right')];
    if (!right) continue;
    if (/^(module\.)?exports$/.test(left)) {
      if (name === 'default') return right;
      const inner = right.type === 'object' ? property(right, name) : undefined;
      if (inner) return inner;
    } else if (new RegExp(`^(module\\.)?exports\\.${escapeRegExp(name)}$`).test(left)) return right;
  }
  return undefined;
}

function property(object: SyntaxNode, name: string): SyntaxNode | undefined {
  for (const child of object.namedChildren) {
    if (child.type === 'shorthand_property_identifier' && child.text === name) return child;
    if (child.type === 'method_definition' && child.childForFieldName('name')?.text === name) return child;
    if (child.type === 'pair' && keyName(child.childForFieldName('key')) === name) return child.childForFieldName('value') ?? undefined;
  }
  return undefined;
}
