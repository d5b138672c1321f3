import type { CallIr, FunctionIr, LocalIr, ParameterIr, QuerySite } from '../ir';
import type { SyntaxNode } from '../syntax';
import { classOf, decoratorsOf, entryOf, isBackground, perObjectOf } from './entries';
import type { Outline } from './outline';
import type { Scope, Scopes } from './scopes';
import { leaves } from './steps';
import { field, freeNames, parameterName, parts, pathOf, spanOf, unwrap } from './syntaxTools';

/** What links a value to the query or call that made it. */
export interface ValueLinks {
  readonly outline: Outline;
  /** Sites by the id of the call that sends them. */
  readonly siteOfCall: ReadonlyMap<number, QuerySite['id']>;
}

export function readFunctions(outline: Outline, scopes: Scopes, calls: readonly CallIr[], links: ValueLinks): FunctionIr[] {
  return outline.functions.map((node, id): FunctionIr => {
    const body = field(node, 'body') ?? node;
    const name = field(node, 'name');
    const owner = classOf(node);
    const scope = scopes.scopeAt(node);
    const callback = callbackOf(node, outline);
    const perObject = perObjectOf(node);
    return {
      id,
      name: name?.text ?? '',
      span: spanOf(node),
      nameSpan: spanOf(name ?? node),
      body: spanOf(body),
      classId: owner && outline.classId(owner),
      parent: outline.functionOf(node),
      parameters: parametersOf(node),
      async: node.children.some((child) => child.type === 'async'),
      decorators: decoratorsOf(node).map((decorator) => decorator.text),
      locals: scope ? localsOf(scope, links) : [],
      entry: entryOf(node),
      ...(perObject === undefined ? {} : { perObject }),
      ...(isBackground(node) ? { background: true as const } : {}),
      callback: callback && calls[callback.callId] ? callback : undefined,
      returns: returnsOf(node),
      returnType: field(node, 'return_type')?.text,
      guards: guardsOf(body),
    };
  });
}

function parametersOf(node: SyntaxNode): ParameterIr[] {
  const list = field(node, 'parameters');
  return parts(list ?? node).flatMap((parameter): ParameterIr[] => {
    const name = list && parameterName(parameter);
    if (!name) return [];
    const provider = providerOf(field(parameter, 'value'));
    return [{ name: name.text, type: field(parameter, 'type')?.text, field: false, ...(provider ? { provider } : {}), optional: !!field(parameter, 'value') || /splat/.test(parameter.type) || /splat/.test(parts(parameter)[0]?.type ?? '') }];
  });
}

/** `get_users` of `= Depends(get_users)`. */
function providerOf(value: SyntaxNode | undefined): readonly string[] | undefined {
  const call = value && unwrap(value);
  if (call?.type !== 'call' || !/(^|\.)(Depends|Security|Provide)$/.test(field(call, 'function')?.text ?? '')) return undefined;
  const first = parts(field(call, 'arguments') ?? call)[0];
  return first && first.type !== 'keyword_argument' ? pathOf(first) : undefined;
}

/** Variables of a function (those of its comprehensions belong to their loops). */
export function localsOf(scope: Scope, links: ValueLinks): LocalIr[] {
  const found: LocalIr[] = [];
  for (const bindings of scope.bindings.values()) {
    for (const binding of bindings) {
      if (!/^(assign|augmented|with|for|unpack)$/.test(binding.kind)) continue;
      const { value } = binding;
      found.push({
        name: binding.name,
        names: value ? freeNames(value) : [],
        text: value?.text ?? '',
        span: spanOf(binding.node),
        type: binding.type,
        ...(value && binding.kind !== 'for' ? linksOf(value, links) : {}),
      });
    }
  }
  return found.sort((a, b) => a.span.start - b.span.start);
}

/** Calls on the spine of an expression, outermost first: `a(x).b().c` → b(), a(x). */
export function spineCalls(value: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  let current: SyntaxNode | undefined = unwrap(value);
  while (current) {
    if (current.type === 'call') {
      found.push(current);
      current = field(current, 'function');
    } else if (current.type === 'attribute') current = field(current, 'object');
    else if (current.type === 'subscript') current = field(current, 'value');
    else break;
    current &&= unwrap(current);
  }
  return found;
}

const wrappers = /^(list|tuple|set|dict|sorted|iter|reversed|enumerate|len|next|cast|deque)$/;

export function linksOf(value: SyntaxNode, { outline, siteOfCall }: ValueLinks): { readonly siteId?: number; readonly callId?: number } {
  let spine = spineCalls(value);
  for (let hop = 0; hop < 3; hop++) {
    for (const call of spine) {
      const callId = outline.callId(call);
      const siteId = callId === undefined ? undefined : siteOfCall.get(callId);
      if (siteId !== undefined) return { siteId, callId };
    }
    const outer = spine[0];
    const callee = outer && field(outer, 'function');
    const first = outer && parts(field(outer, 'arguments') ?? outer)[0];
    if (!first || callee?.type !== 'identifier' || !wrappers.test(callee.text)) break;
    const inner = spineCalls(first);
    if (inner.length === 0) break;
    spine = inner;
  }
  const outermost = spine[0];
  return { callId: outermost && outline.callId(outermost) };
}

function callbackOf(node: SyntaxNode, outline: Outline): { callId: number; argument: number } | undefined {
  const list = node.parent?.type === 'keyword_argument' ? node.parent.parent : node.parent;
  const call = list?.type === 'argument_list' ? list.parent : undefined;
  const callId = call ? outline.callId(call) : undefined;
  if (callId === undefined || !list) return undefined;
  return { callId, argument: parts(list).findIndex((part) => part.startIndex <= node.startIndex && node.endIndex <= part.endIndex) };
}

function returnsOf(node: SyntaxNode): FunctionIr['returns'] {
  const body = field(node, 'body');
  if (!body) return [];
  const entry = (value: SyntaxNode) => ({ span: spanOf(value), names: freeNames(value), text: value.text });
  if (node.type === 'lambda') return [entry(body)];
  const found: { span: ReturnType<typeof spanOf>; names: readonly string[]; text: string }[] = [];
  const visit = (current: SyntaxNode): void => {
    if (current.type === 'function_definition' || current.type === 'class_definition' || current.type === 'lambda') return;
    if (current.type === 'return_statement') {
      const value = parts(current)[0];
      if (value) found.push(entry(value));
      return;
    }
    for (const child of current.namedChildren) visit(child);
  };
  visit(body);
  return found;
}

function guardsOf(body: SyntaxNode): FunctionIr['guards'] {
  if (body.type !== 'block') return [];
  return parts(body).flatMap((statement) => {
    const condition = statement.type === 'if_statement' ? field(statement, 'condition') : undefined;
    const consequence = statement.type === 'if_statement' ? field(statement, 'consequence') : undefined;
    if (!condition || !consequence || !leaves(consequence)) return [];
    return [{ condition: condition.text, names: freeNames(condition), span: spanOf(statement) }];
  });
}
