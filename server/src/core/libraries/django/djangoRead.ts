import { boundNames, chainOf, sliceBounds, type PythonChain } from '../../hosts/python/chains';
import type { DjangoArgumentIr, DjangoBind, DjangoCallIr, DjangoQueryIr, DjangoRoot, DjangoValue } from '../../hosts/djangoIr';
import { enclosingClass } from '../../hosts/python/origins';
import type { Scopes } from '../../hosts/python/scopes';
import { stepsOf } from '../../hosts/python/steps';
import { argumentNodes, argumentsOf, calleeName, enclosingFunction, field, literalValue, parts, pathOf, receiverOf, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';

/** What reading a chain needs of its file. */
export interface DjangoReading {
  readonly scopes: Scopes;
  bind(node: SyntaxNode): DjangoBind;
  /** A query that is awaited has become its rows: what is awaited, and names of it, are values. */
  readonly asynchronous?: true;
  /** Roots that need more than the chain: an instance's related manager, a view's queryset, a function that returns one. */
  root?(chain: PythonChain, depth: number): DjangoStart | undefined;
}

/** Where a chain starts, and the calls that come with it; `from`: the first call of the chain that is not part of the root. */
export interface DjangoStart {
  readonly root: DjangoRoot;
  readonly calls?: readonly DjangoCallIr[];
  readonly from: number;
  readonly complete?: boolean;
  readonly anchor?: SyntaxNode;
}

const maximumDepth = 12;
/** Expressions of Django's and of django.contrib.postgres', by name. */
const expressions = /^(Q|F|Value|Count|Sum|Avg|Min|Max|StdDev|Variance|Subquery|ArraySubquery|Exists|OuterRef|Case|When|Func|Coalesce|Lower|Upper|Length|Concat|Now|Trunc\w*|Extract\w*|Cast|Greatest|Least|ExpressionWrapper|ArrayAgg|StringAgg|JSONBAgg|JSONObject|BoolOr|BoolAnd|BitOr|BitAnd|Window|RowNumber|Rank|DenseRank|Search\w+|Trigram\w+|NullIf|Abs|Round|Ceil|Floor|Substr|Left|Right|Replace|Trim|LTrim|RTrim|StrIndex|MD5|Random|Prefetch|FilteredRelation|RawSQL|KeyTransform|KT|Collate|Mod|Power|Reverse|OrderBy)$/;

/** A value, an expression of Django's, or a query; variables that hold one are followed. */
export function readDjangoValue(node: SyntaxNode, reading: DjangoReading, depth = 0): DjangoValue {
  const inner = unwrap(node);
  const bind = reading.bind(inner);
  if (reading.asynchronous && inner.id !== node.id && isAwaited(inner)) return { kind: 'bind', bind };
  const value = literalValue(inner);
  if (value !== undefined) return { kind: 'literal', value, bind };
  const next = (child: SyntaxNode): DjangoValue => readDjangoValue(child, reading, depth + 1);
  if (depth > maximumDepth) return { kind: 'bind', bind };
  switch (inner.type) {
    case 'list':
    case 'tuple':
    case 'set': {
      const items = parts(inner).filter((item) => item.type !== 'list_splat');
      return { kind: 'list', items: items.map(next), complete: items.length === parts(inner).length, bind };
    }
    case 'identifier':
      return variable(inner, bind, reading, depth);
    case 'unary_operator': {
      const operand = field(inner, 'argument') ?? parts(inner)[0];
      return inner.text.startsWith('~') && operand ? { kind: 'not', operand: next(operand), bind } : { kind: 'bind', bind };
    }
    case 'binary_operator': {
      const [left, right, operator] = [field(inner, 'left'), field(inner, 'right'), field(inner, 'operator')?.text ?? ''];
      if (!left || !right) return { kind: 'bind', bind };
      const sides = [next(left), next(right)] as const;
      return sides.some((side) => !/^(bind|literal|list)$/.test(side.kind)) ? { kind: 'operation', operator, left: sides[0], right: sides[1], bind } : { kind: 'bind', bind };
    }
    case 'subscript':
    case 'call':
      return callValue(inner, bind, reading, depth);
    default:
      return { kind: 'bind', bind };
  }
}

function callValue(inner: SyntaxNode, bind: DjangoBind, reading: DjangoReading, depth: number): DjangoValue {
  const name = inner.type === 'call' ? calleeName(inner)?.text ?? '' : '';
  const receiver = inner.type === 'call' ? receiverOf(inner) : undefined;
  if (expressions.test(name) && (!receiver || /^[a-z_.]+$/.test(receiver.text))) return { kind: 'call', name, args: readArguments(inner, reading, depth), bind };
  if (/^(desc|asc|as_manager|copy|resolve_expression|bitand|bitor)$/.test(name) && receiver) {
    const of = readDjangoValue(receiver, reading, depth + 1);
    if (of.kind === 'call' || of.kind === 'operation' || of.kind === 'method') return { kind: 'method', name, receiver: of, args: readArguments(inner, reading, depth), bind };
  }
  const query = readDjangoQuery(inner, reading, depth + 1);
  return query ? { kind: 'query', query, bind } : { kind: 'bind', bind };
}

/** What a variable holds, where that says more than its name: `q = Q(a=1)`, then `q |= Q(b=2)` under an `if`. */
function variable(node: SyntaxNode, bind: DjangoBind, reading: DjangoReading, depth: number): DjangoValue {
  const unknown: DjangoValue = { kind: 'bind', bind };
  const steps = stepsOf(node.text, node, reading.scopes);
  const held = steps?.at(-1)?.binding.value;
  const query = reading.asynchronous && held && isAwaited(unwrap(held)) ? undefined : readDjangoQuery(node, reading, depth + 1);
  if (query) return { kind: 'query', query, bind };
  const first = steps?.findLastIndex((step) => step.binding.kind === 'assign' && !step.guard && !step.repeated) ?? -1;
  const value = steps?.[first]?.binding.value;
  if (!steps || !value) return unknown;
  let current = readDjangoValue(value, reading, depth + 1);
  if (current.kind === 'bind') return unknown;
  if (first === steps.length - 1) return current.kind === 'literal' || current.kind === 'list' ? { ...current, bind: { ...bind, origin: current.bind.origin } } : current;
  for (const step of steps.slice(first + 1)) {
    const { binding, guard, repeated } = step;
    const condition = guard && { text: guard.text, span: guard.span, ...(guard.statement ? { choice: guard.statement.startIndex } : {}) };
    const added = binding.value && unwrap(binding.value);
    const own = added?.type === 'binary_operator' && field(added, 'left')?.text === node.text ? { operator: field(added, 'operator')?.text, right: field(added, 'right') } : undefined;
    const [operator, right] = binding.kind === 'augmented' ? [binding.operator?.replace('=', ''), binding.value] : [own?.operator, own?.right];
    if (operator === undefined || !right || repeated) return unknown;
    current = { kind: 'operation', operator, left: current, right: readDjangoValue(right, reading, depth + 1), bind, ...(condition ? { condition } : {}) };
  }
  return current;
}

/** Arguments of a call; `**filters` is filled in where the dictionary is written out. */
export function readArguments(call: SyntaxNode, reading: DjangoReading, depth = 0): readonly DjangoArgumentIr[] {
  return argumentNodes(call).flatMap((node): readonly DjangoArgumentIr[] => {
    if (node.type === 'keyword_argument') {
      const [name, value] = [field(node, 'name'), field(node, 'value')];
      return name && value ? [{ name: name.text, value: readDjangoValue(value, reading, depth + 1), span: spanOf(node) }] : [];
    }
    if (node.type === 'dictionary_splat') return spread(node, reading, depth);
    if (node.type === 'list_splat') {
      const inner = parts(node)[0];
      const list = inner && readDjangoValue(inner, reading, depth + 1);
      if (list?.kind === 'list' && list.complete) return list.items.map((value) => ({ value, span: spanOf(node) }));
      return [{ name: '**', value: { kind: 'bind', bind: reading.bind(node) }, span: spanOf(node) }];
    }
    return [{ value: readDjangoValue(node, reading, depth + 1), span: spanOf(node) }];
  });
}

/** `**{"a__in": x}`, and a local dictionary with the keys that are added to it before its use. */
function spread(node: SyntaxNode, reading: DjangoReading, depth: number): readonly DjangoArgumentIr[] {
  const inner = unwrap(parts(node)[0] ?? node);
  const more: DjangoArgumentIr = { name: '**', value: { kind: 'bind', bind: reading.bind(inner) }, span: spanOf(node) };
  if (inner.type === 'dictionary') return entries(inner, reading, depth) ?? [more];
  if (inner.type !== 'identifier') return [more];
  const steps = stepsOf(inner.text, inner, reading.scopes);
  const value = steps?.length === 1 && steps[0]?.binding.kind === 'assign' ? steps[0].binding.value : undefined;
  const dictionary = value && unwrap(value);
  const initial = dictionary?.type === 'dictionary' ? entries(dictionary, reading, depth) : dictionary?.type === 'call' && dictionary.text === 'dict()' ? [] : undefined;
  const body = enclosingFunction(inner);
  if (!initial || !body || !dictionary) return [...(initial ?? []), more];
  const changes = new RegExp(`(?<![\\w.])${inner.text}\\s*(?:\\[|\\.\\w|\\|=)|[(,]\\s*${inner.text}\\s*[,)]`).test(body.text.slice(dictionary.endIndex - body.startIndex, Math.max(0, node.startIndex - body.startIndex)));
  return changes ? [...initial, more] : initial;
}

function entries(dictionary: SyntaxNode, reading: DjangoReading, depth: number): readonly DjangoArgumentIr[] | undefined {
  const found: DjangoArgumentIr[] = [];
  for (const pair of parts(dictionary)) {
    const [key, value] = pair.type === 'pair' ? [field(pair, 'key'), field(pair, 'value')] : [];
    const name = key && literalValue(key);
    if (typeof name !== 'string' || !value) return undefined;
    found.push({ name, value: readDjangoValue(value, reading, depth + 1), span: spanOf(pair) });
  }
  return found;
}

/** The queryset chain that an expression makes; undefined for anything else. */
export function readDjangoQuery(node: SyntaxNode, reading: DjangoReading, depth = 0): DjangoQueryIr | undefined {
  const inner = unwrap(node);
  if (depth > maximumDepth || !/^(call|subscript|identifier|attribute)$/.test(inner.type)) return undefined;
  if (inner.type === 'attribute') {
    const root = managerRoot(inner, pathOf(inner) ?? [], reading);
    return root && { root, calls: [], complete: true, span: spanOf(inner), anchor: spanOf(inner) };
  }
  const chain = chainOf(inner, reading.scopes);
  const start = chain && startOf(chain, reading, depth);
  if (!chain || !start) return undefined;
  const calls = chain.calls.slice(start.from).map((call): DjangoCallIr => ({
    name: call.name, span: call.span, nameSpan: call.nameSpan,
    args: call.node.type === 'call' ? readArguments(call.node, reading, depth) : [],
    ...(call.condition ? { condition: call.condition } : {}),
    ...(call.node.type === 'subscript' ? { slice: readSlice(call.node, reading, depth) } : {}),
  }));
  return { root: start.root, calls: [...(start.calls ?? []), ...calls], complete: chain.complete && (start.complete ?? true), span: spanOf(inner), anchor: spanOf(start.anchor ?? chain.root) };
}

function readSlice(node: SyntaxNode, reading: DjangoReading, depth: number): DjangoCallIr['slice'] {
  const index = field(node, 'subscript');
  if (index?.type !== 'slice') return index ? { index: readDjangoValue(index, reading, depth + 1) } : {};
  const names = boundNames(index);
  return Object.fromEntries(sliceBounds(index).map((bound, at) => [names[at] ?? 'step', readDjangoValue(bound, reading, depth + 1)]));
}

function startOf(chain: PythonChain, reading: DjangoReading, depth: number): DjangoStart | undefined {
  const { root, rootPath, calls } = chain;
  const manager = root.type === 'attribute' ? managerRoot(root, rootPath, reading) : undefined;
  if (manager) return { root: manager, from: 0 };
  const first = calls[0]?.name;
  const owner = enclosingClass(root);
  if (owner && isQuerysetClass(owner)) {
    if (rootPath.length === 1 && rootPath[0] === 'self') return { root: { kind: first === 'get_queryset' ? 'self' : 'self' }, from: first === 'get_queryset' || first === 'get_query_set' ? 1 : 0 };
    if (first === 'super' && rootPath[0] === 'super') return { root: { kind: 'base' }, from: calls[1]?.name === 'get_queryset' ? 2 : 1 };
    if (rootPath.length === 1 && /^[A-Z]\w*$/.test(first ?? '') && /^self\.model\b/.test(calls[0]?.args[0]?.text ?? calls[0]?.args.find((a) => a.name === 'model')?.text.replace(/^model=/, '') ?? '')) return { root: { kind: 'base', classes: [first ?? ''] }, from: 1 };
  }
  return reading.root?.(chain, depth);
}

export const isQuerysetClass = (owner: SyntaxNode): boolean => /Manager|Query[sS]et|\bQS\b/.test(field(owner, 'superclasses')?.text ?? '');

/** `Order.objects`, `models.Order.live`, `cls.objects`, `get_user_model().objects`. */
function managerRoot(node: SyntaxNode, path: readonly string[], reading: DjangoReading): DjangoRoot | undefined {
  const manager = path.at(-1);
  const object = field(node, 'object');
  if (manager === undefined || !object || path.length < 2 || !/^[a-z_]\w*$/.test(manager)) return undefined;
  const text = object.text.replaceAll(/\s+/g, '');
  if (text === 'get_user_model()') return { kind: 'model', model: 'settings.AUTH_USER_MODEL', manager };
  if (/^(cls|self\.__class__|type\(self\))$/.test(text)) {
    const owner = enclosingClass(node);
    const name = owner && field(owner, 'name')?.text;
    return name === undefined || (owner && isQuerysetClass(owner)) ? undefined : { kind: 'model', model: name, manager };
  }
  const name = path.at(-2) ?? '';
  if (!/^[A-Z]\w*$/.test(name) || /^[A-Z][A-Z0-9_]+$/.test(name)) return undefined;
  const head = object.type === 'identifier' ? object : field(object, 'object');
  const binding = head?.type === 'identifier' ? reading.scopes.resolve(head.text, head)?.bindings.at(-1) : undefined;
  if (binding?.kind === 'assign' && object.type === 'identifier') {
    return binding.value && /^get_user_model\(\)$/.test(binding.value.text) ? { kind: 'model', model: 'settings.AUTH_USER_MODEL', manager } : undefined;
  }
  const imported = binding?.import;
  const written = object.type === 'identifier' && imported && imported.imported !== '*' ? imported.imported : name;
  const module = imported && (object.type === 'identifier' || imported.imported === '*' ? imported.module : `${imported.module}.${imported.imported}`);
  return { kind: 'model', model: written, manager, ...(module === undefined ? {} : { module }) };
}

/** What a function or method returns, where that is a query and its only way out (but for `raise`). */
export function returnedQuery(definition: SyntaxNode, reading: DjangoReading, depth = 0): DjangoQueryIr | undefined {
  const body = field(definition, 'body');
  const returned: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'return_statement') returned.push(node);
    if (/^(function_definition|lambda|class_definition)$/.test(node.type)) return;
    for (const child of node.namedChildren) visit(child);
  };
  if (body) visit(body);
  const value = returned.length === 1 && returned[0] ? parts(returned[0])[0] : undefined;
  return value && readDjangoQuery(value, reading, depth + 1);
}

/** `await query`, with or without parentheses. */
export const isAwaited = (node: SyntaxNode): boolean => {
  let current = node.parent;
  while (current?.type === 'parenthesized_expression') current = current.parent;
  return current?.type === 'await';
};

/** A span of no width, for what no text stands for. */
export const nowhere = hostSpan(0, 0);

/** Positional parameters after `self`, by name. */
export function parametersOf(definition: SyntaxNode): readonly string[] {
  const list = field(definition, 'parameters');
  const names = list ? parts(list).map((parameter) => (parameter.type === 'identifier' ? parameter : field(parameter, 'name') ?? parts(parameter)[0])?.text ?? '') : [];
  return /^(self|cls)$/.test(names[0] ?? '') ? names.slice(1) : names;
}

/** Positional and keyword arguments, as in `argumentsOf`, of a call read before. */
export const positionalOf = (args: readonly DjangoArgumentIr[]): readonly DjangoArgumentIr[] => args.filter((argument) => argument.name === undefined);
export const keywordOf = (args: readonly DjangoArgumentIr[], name: string): DjangoValue | undefined => args.find((argument) => argument.name === name)?.value;
export { argumentsOf };
