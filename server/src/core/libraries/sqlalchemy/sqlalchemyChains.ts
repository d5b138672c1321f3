import { chainOf, type PythonChain } from '../../hosts/python/chains';
import { methodsOf } from '../../hosts/python/classes';
import type { Scopes } from '../../hosts/python/scopes';
import { field, parts, pathOf, receiverOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';

/**
 * A chain as a statement is read from it: `db = SQLAlchemy()` and `tags = db.Table(…)` begin none, so the chain starts
 * behind them; a class method of this file that returns a query (`Order.by_org(org).count()`) is filled in.
 */
export function wholeChain(chain: PythonChain, scopes: Scopes, depth = 0): PythonChain {
  const [first, second] = chain.calls;
  if (first && second && /^(SQLAlchemy|SQLA|Table)$/.test(first.name)) {
    const root = second.node.type === 'call' ? receiverOf(second.node) : undefined;
    // `tags.select()` comes through `db = SQLAlchemy()` and `tags = db.Table(…)`: both go.
    return root?.type === 'identifier' ? wholeChain({ ...chain, root, rootPath: [root.text], calls: chain.calls.slice(1) }, scopes, depth) : chain;
  }
  const [owner] = chain.rootPath;
  const declared = first && owner !== undefined && chain.rootPath.length === 1 && chain.root.type === 'identifier' ? scopes.module.bindings.get(owner)?.find((binding) => binding.kind === 'class')?.node : undefined;
  const method = declared && methodsOf(declared).find((candidate) => field(candidate, 'name')?.text === first?.name);
  const value = method && depth < 4 ? onlyReturn(method) : undefined;
  const inner = value && (chainOf(value, scopes) ?? propertyChain(value));
  return inner ? { ...inner, calls: [...inner.calls, ...chain.calls.slice(1)], complete: inner.complete && chain.complete } : chain;
}

/** `return cls.query` */
const propertyChain = (node: SyntaxNode): PythonChain | undefined => {
  const path = node.type === 'attribute' ? pathOf(node) : undefined;
  return path && { root: node, rootPath: path, calls: [], complete: true };
};

function onlyReturn(method: SyntaxNode): SyntaxNode | undefined {
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'return_statement') found.push(node);
    else if (node.type !== 'function_definition' && node.type !== 'lambda') for (const child of node.namedChildren) visit(child);
  };
  const body = field(method, 'body');
  if (body) visit(body);
  return found.length === 1 && found[0] ? parts(found[0])[0] : undefined;
}
