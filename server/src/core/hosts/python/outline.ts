import type { SyntaxNode } from '../syntax';
import { field, isComprehension, isFunction, parts } from './syntaxTools';

/** The nodes of a file that get ids, each list in document order. Lives as long as the tree. */
export interface Outline {
  readonly functions: readonly SyntaxNode[];
  readonly classes: readonly SyntaxNode[];
  readonly loops: readonly SyntaxNode[];
  readonly calls: readonly SyntaxNode[];
  /** Subscripts, attributes and comments, for slices, lazy reads and suppressions. */
  readonly subscripts: readonly SyntaxNode[];
  readonly attributes: readonly SyntaxNode[];
  readonly comments: readonly SyntaxNode[];
  readonly errors: readonly SyntaxNode[];
  /** `try` and `with` statements; `return` statements. */
  readonly blocks: readonly SyntaxNode[];
  readonly exits: readonly SyntaxNode[];
  functionId(node: SyntaxNode): number | undefined;
  classId(node: SyntaxNode): number | undefined;
  callId(node: SyntaxNode): number | undefined;
  /** Function whose body contains the node. */
  functionOf(node: SyntaxNode): number | undefined;
  /** Loops of the same function whose turns run the node, innermost first. A lambda given to `map` belongs to its loop. */
  loopsOf(node: SyntaxNode): readonly number[];
}

const mappers = /^(map|imap|imap_unordered|starmap|map_async)$/;

/** `executor.map(f, xs)`, `pool.imap(f, xs)`, `map(f, xs)`: calls its first argument per element. */
export function isMapCall(node: SyntaxNode): boolean {
  if (node.type !== 'call') return false;
  const callee = field(node, 'function');
  const list = field(node, 'arguments');
  const first = list?.type === 'argument_list' ? parts(list)[0] : undefined;
  if (!callee || !first || parts(list ?? node).length < 2 || !/^(identifier|attribute|lambda)$/.test(first.type)) return false;
  if (callee.type === 'identifier') return callee.text === 'map';
  return callee.type === 'attribute' && mappers.test(field(callee, 'attribute')?.text ?? '') && /pool|executor|^ex$|^tg$/i.test(field(callee, 'object')?.text ?? '');
}

export function outlineOf(root: SyntaxNode): Outline {
  const functions: SyntaxNode[] = [];
  const classes: SyntaxNode[] = [];
  const loops: SyntaxNode[] = [];
  const calls: SyntaxNode[] = [];
  const subscripts: SyntaxNode[] = [];
  const attributes: SyntaxNode[] = [];
  const comments: SyntaxNode[] = [];
  const errors: SyntaxNode[] = [];
  const blocks: SyntaxNode[] = [];
  const exits: SyntaxNode[] = [];
  const anyErrors = root.hasError;
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'ERROR' || (anyErrors && node.isMissing)) {
      errors.push(node);
      if (node.type === 'ERROR' && node.children.length === 0) return;
    }
    if (isFunction(node)) functions.push(node);
    else if (node.type === 'class_definition') classes.push(node);
    else if (node.type === 'for_statement' || node.type === 'while_statement' || isComprehension(node)) loops.push(node);
    else if (node.type === 'call') {
      calls.push(node);
      if (isMapCall(node)) loops.push(node);
    } else if (node.type === 'try_statement' || node.type === 'with_statement') blocks.push(node);
    else if (node.type === 'return_statement') exits.push(node);
    else if (node.type === 'subscript') subscripts.push(node);
    else if (node.type === 'attribute') attributes.push(node);
    else if (node.type === 'comment') comments.push(node);
    const broken = anyErrors && node.hasError;
    for (const child of node.children) {
      if (child.namedChildren.length > 0 || child.type === 'comment' || child.type === 'call' || child.type === 'return_statement' || (broken && child.hasError) || (broken && child.isMissing)) visit(child);
    }
  };
  visit(root);
  const index = (list: readonly SyntaxNode[]): Map<number, number> => new Map(list.map((node, id) => [node.id, id]));
  const functionIds = index(functions);
  const classIds = index(classes);
  const callIds = index(calls);
  const loopIds = index(loops);

  const functionOf = (node: SyntaxNode): number | undefined => {
    for (let child = node, current = node.parent; current; child = current, current = current.parent) {
      if (isFunction(current) && field(current, 'body')?.id === child.id) return functionIds.get(current.id);
    }
    return undefined;
  };
  return {
    functions, classes, loops, calls, subscripts, attributes, comments, errors, blocks, exits, functionOf,
    functionId: (node) => functionIds.get(node.id),
    classId: (node) => classIds.get(node.id),
    callId: (node) => callIds.get(node.id),
    loopsOf(node) {
      const found: number[] = [];
      for (let child = node, current = node.parent; current; child = current, current = current.parent) {
        const id = loopIds.get(current.id);
        if (id !== undefined && runsPerTurn(current, child, node)) found.push(id);
        if (current.type === 'function_definition' && field(current, 'body')?.id === child.id) break;
        if (current.type === 'lambda' && field(current, 'body')?.id === child.id && !isMappedFunction(current)) break;
      }
      return found;
    },
  };
}

/** True for a lambda that stands as the function of a `map` call. */
function isMappedFunction(node: SyntaxNode): boolean {
  const call = node.parent?.parent;
  return !!call && isMapCall(call) && parts(node.parent ?? node)[0]?.id === node.id;
}

/** The iterable of a `for` and of a comprehension's first clause runs once; `else` runs once too. */
function runsPerTurn(loop: SyntaxNode, child: SyntaxNode, node: SyntaxNode): boolean {
  if (loop.type === 'for_statement') return field(loop, 'body')?.id === child.id;
  if (loop.type === 'while_statement') return field(loop, 'body')?.id === child.id || field(loop, 'condition')?.id === child.id;
  if (loop.type === 'call') {
    const list = field(loop, 'arguments');
    const first = list && parts(list)[0];
    return !!first && first.startIndex <= node.startIndex && node.endIndex <= first.endIndex;
  }
  const firstClause = loop.namedChildren.find((part) => part.type === 'for_in_clause');
  return firstClause?.id !== child.id;
}
