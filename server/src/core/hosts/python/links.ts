import { ASIDE, type WorkspaceModules } from '../surface';
import type { SyntaxNode } from '../syntax';
import { collectScopes, type Binding, type Scopes } from './scopes';
import { isFunction } from './syntaxTools';

const maxHops = 8;

interface Module {
  readonly uri: string;
  readonly root: SyntaxNode;
  readonly scopes: Scopes;
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
  const given: { readonly fn: SyntaxNode; readonly args: ReadonlyMap<string, SyntaxNode> }[] = [];

  const moduleAt = (node: SyntaxNode): Module | undefined => {
    let root = node;
    while (root.parent) root = root.parent;
    return modulesByRoot.get(root);
  };
  const scopesAt = (node: SyntaxNode): Scopes => (node.startIndex >= ASIDE ? moduleAt(node)?.scopes ?? own : own);
  const moduleOf = (target: string): Module | undefined => {
    const root = modules?.surface(target);
    if (!root) return undefined;
    let module = modulesByRoot.get(root);
    if (!module) modulesByRoot.set(root, (module = { uri: target, root, scopes: collectScopes(root) }));
    return module;
  };

  const imported = (from: string, name: string, member: string, path: readonly string[], hops: number): Binding | undefined => {
    if (!modules || hops > maxHops) return undefined;
    if (member !== '*') {
      const target = modules.resolve(from, name);
      const found = target === undefined || target === uri ? undefined : exported(target, member, path, hops);
      return found ?? imported(from, name.endsWith('.') ? name + member : `${name}.${member}`, '*', path, hops + 1);
    }
    // `import app.db` and `app.db.POOL`: the module may go on in the path.
    const [key, ...rest] = path;
    if (key === undefined) return undefined;
    const target = modules.resolve(from, name);
    const found = target === undefined || target === uri ? undefined : exported(target, key, rest, hops);
    return found ?? (rest.length > 0 ? imported(from, `${name}.${key}`, '*', rest, hops + 1) : undefined);
  };
  const exported = (target: string, name: string, path: readonly string[], hops: number): Binding | undefined => {
    uses.add(target);
    const module = moduleOf(target);
    const bindings = module?.scopes.module.bindings.get(name);
    const last = bindings?.at(-1);
    if (module && last?.import) return imported(module.uri, last.import.module, last.import.imported, path, hops + 1);
    if (last && path.length === 0) return bindings?.length === 1 ? last : undefined;
    if (last) return undefined;
    for (const star of module?.scopes.module.bindings.get('*') ?? []) {
      const found = module && star.import && imported(module.uri, star.import.module, name, path, hops + 1);
      if (found) return found;
    }
    return undefined;
  };

  return {
    module: own.module,
    uses,
    scopeOf: (node) => scopesAt(node).scopeOf(node),
    scopeAt: (node) => scopesAt(node).scopeAt(node),
    resolve(name, node) {
      const found = scopesAt(node).resolve(name, node);
      const [first] = found?.bindings ?? [];
      if (!found || first?.kind !== 'parameter' || given.length === 0) return found;
      const call = given.findLast(({ fn }) => fn.id === found.scope.node.id && isFunction(fn));
      const value = call?.args.get(name);
      return value ? { scope: found.scope, bindings: [{ ...first, kind: 'assign', value, type: undefined }, ...found.bindings.slice(1)] } : found;
    },
    follow(at, module, member, path = []) {
      if (!modules) return undefined;
      const from = at.startIndex >= ASIDE ? moduleAt(at)?.uri : uri;
      return from === undefined ? undefined : imported(from, module, member, path, 0);
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
