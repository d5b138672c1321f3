import { hostSpan } from '../../text/span';
import type { CallIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import { isMapCall, type Outline } from './outline';
import type { Scopes } from './scopes';
import { calleeName, enclosingStatement, field, freeNames, isComprehension, isFunction, parts, pathOf, spanOf, unwrap, wrapped } from './syntaxTools';

export function readCalls(outline: Outline, scopes: Scopes): CallIr[] {
  const calls = outline.calls.map((node, id): CallIr => {
    const callee = field(node, 'function') ?? node;
    const path = pathOf(callee) ?? ['?'];
    const list = field(node, 'arguments');
    const argumentList = list?.type === 'argument_list' ? parts(list) : list ? [list] : [];
    return {
      id,
      span: spanOf(node),
      nameSpan: spanOf(calleeName(node) ?? callee),
      callee: path,
      args: argumentList.map((argument) => {
        const value = argument.type === 'keyword_argument' ? field(argument, 'value') ?? argument : argument;
        const inner = unwrap(value);
        return {
          text: value.text,
          span: spanOf(value),
          names: freeNames(value),
          name: argument.type === 'keyword_argument' ? field(argument, 'name')?.text : undefined,
          functionId: inner.type === 'lambda' ? outline.functionId(inner) : localFunction(inner, scopes, outline),
        };
      }),
      functionId: outline.functionOf(node),
      loopIds: outline.loopsOf(node),
      awaited: isAwaited(node),
      conditional: isConditional(node),
      onError: handlesErrors(node) || undefined,
      exitsAfter: exitsAfter(node),
      constructs: /^[A-Z]/.test(path.at(-1) ?? '') || isClass(callee, scopes),
      resultName: resultNameOf(node),
    };
  });
  return [...calls, ...mappedCalls(outline, calls.length)];
}

/** `map(self.load, ids)` calls `self.load`: one call per element that has no call expression of its own. */
function mappedCalls(outline: Outline, firstId: number): CallIr[] {
  const mapped = outline.loops.filter(isMapCall).flatMap((loop) => {
    const first = parts(field(loop, 'arguments') ?? loop)[0];
    return first && first.type !== 'lambda' ? [{ loop, first }] : [];
  });
  return mapped.map(({ loop, first }, index): CallIr => ({
    id: firstId + index,
    span: spanOf(first),
    nameSpan: spanOf((first.type === 'attribute' ? field(first, 'attribute') : undefined) ?? first),
    callee: pathOf(first) ?? ['?'],
    args: [{ text: '(element)', span: hostSpan(first.endIndex, first.endIndex), names: ['(element)'] }],
    functionId: outline.functionOf(loop),
    loopIds: outline.loopsOf(first),
    awaited: false,
    conditional: isConditional(loop),
    exitsAfter: false,
    constructs: false,
  }));
}

function localFunction(node: SyntaxNode, scopes: Scopes, outline: Outline): number | undefined {
  if (node.type !== 'identifier') return undefined;
  const binding = scopes.resolve(node.text, node)?.bindings.at(-1);
  return binding?.kind === 'function' ? outline.functionId(binding.node) : undefined;
}

function isClass(callee: SyntaxNode, scopes: Scopes): boolean {
  return callee.type === 'identifier' && scopes.resolve(callee.text, callee)?.bindings.at(-1)?.kind === 'class';
}

export function isAwaited(node: SyntaxNode): boolean {
  let current = node;
  for (;;) {
    const parent = current.parent;
    if (parent?.type === 'await') return true;
    if (parent?.type === 'for_statement' || parent?.type === 'for_in_clause') return parent.children.some((child) => child.type === 'async');
    if (parent?.type === 'with_item' || parent?.type === 'as_pattern') {
      let statement: SyntaxNode | null = parent;
      while (statement && statement.type !== 'with_statement' && statement.type !== 'block') statement = statement.parent;
      return statement?.type === 'with_statement' && statement.children.some((child) => child.type === 'async');
    }
    if (parent?.type !== 'parenthesized_expression') return false;
    current = parent;
  }
}

/** Below an `if`, `except`, `case`, `and`/`or`, or a conditional expression, inside its innermost loop or function. */
export function isConditional(node: SyntaxNode): boolean {
  for (let child = node, current = node.parent; current; child = current, current = current.parent) {
    if (isFunction(current) || current.type === 'for_statement' || current.type === 'while_statement') return false;
    if (isComprehension(current)) return child.type !== 'if_clause' && current.namedChildren.some((part) => part.type === 'if_clause');
    if ((current.type === 'if_statement' || current.type === 'elif_clause') && child.id !== field(current, 'condition')?.id) return true;
    if (current.type === 'elif_clause') return true;
    if (current.type === 'except_clause' || current.type === 'case_clause') return true;
    if (current.type === 'conditional_expression' && parts(current)[1]?.id !== child.id) return true;
    if (current.type === 'boolean_operator' && field(current, 'right')?.id === child.id) return true;
  }
  return false;
}

/** In a handler of every error (`except:`, `except Exception`), inside its innermost loop or function. One of a certain error may be the usual path. */
function handlesErrors(node: SyntaxNode): boolean {
  for (let current = node.parent; current; current = current.parent) {
    if (isFunction(current) || current.type === 'for_statement' || current.type === 'while_statement') return false;
    if (current.type !== 'except_clause') continue;
    const head = parts(current)[0];
    if (!head || head.type === 'block' || /^(Base)?Exception\b/.test(head.text)) return true;
  }
  return false;
}

/** Returned, or followed at once by an unconditional `return`, `break` or `raise`. */
export function exitsAfter(node: SyntaxNode): boolean {
  for (let current = node.parent; current; current = current.parent) {
    if (isComprehension(current) || isFunction(current)) return false;
    if (current.type === 'return_statement' || current.type === 'raise_statement') return true;
    if (current.type === 'block' || current.type === 'module' || current.type === 'for_statement' || current.type === 'while_statement') break;
  }
  const statement = enclosingStatement(node);
  const siblings = statement.parent ? parts(statement.parent) : [];
  const next = siblings[siblings.findIndex((sibling) => sibling.id === statement.id) + 1];
  return next?.type === 'return_statement' || next?.type === 'break_statement' || next?.type === 'raise_statement';
}

/** The name to which the value of this call, or of the chain and `await` round it, is assigned. */
export function resultNameOf(call: SyntaxNode): string | undefined {
  let current = wrapped(call);
  for (;;) {
    const parent: SyntaxNode | null = current.parent;
    if (parent?.type === 'attribute' && parent.parent?.type === 'call') current = wrapped(parent.parent);
    else if (parent?.type === 'attribute' || (parent?.type === 'subscript' && field(parent, 'value')?.id === current.id)) current = wrapped(parent);
    else break;
  }
  const parent = current.parent;
  if (parent?.type === 'argument_list' && parent.parent?.type === 'call' && /^(list|tuple|set|sorted)$/.test(field(parent.parent, 'function')?.text ?? '')) return resultNameOf(parent.parent);
  const target = parent?.type === 'assignment' ? field(parent, 'left') : parent?.type === 'named_expression' ? field(parent, 'name') : parent?.type === 'as_pattern' ? field(parent, 'alias') : undefined;
  const name = target?.type === 'as_pattern_target' ? parts(target)[0] : target;
  return name?.type === 'identifier' ? name.text : undefined;
}
