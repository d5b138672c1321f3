import type { SyntaxNode } from '../syntax';
import { callParts, keyName, loosePath, unwrap } from './syntaxTools';

/** A function literal that a known function calls once per element of something. */
export interface PerElement {
  readonly call: SyntaxNode;
  readonly iterable: SyntaxNode;
  /** Position of the element among the callback's parameters. */
  readonly element: number;
  /** The callee's name: `map`, `forEach`, `mapLimit`. */
  readonly method: string;
  /** The turns do not wait for each other, or the results are promises collected at once. */
  readonly parallel: boolean;
}

const arrayMethods = new Set(['map', 'flatMap', 'forEach', 'filter', 'some', 'every', 'find', 'findIndex', 'findLast', 'reduce', 'reduceRight', 'each', 'mapSeries', 'concatMap', 'mergeMap', 'switchMap']);
const callbackSecond = /^(map|mapSeries|each|forEach|eachSeries|eachLimit|eachOf|eachOfSeries|eachOfLimit|mapLimit|concat|concatSeries|concatLimit|filter|filterSeries|filterLimit|detect|reject|some|every|flatMap|reduce|reduceSeries|forEachSeries|forEachLimit|forEachOf|groupBy|keyBy|sumBy|times|timesSeries|timesLimit|pMap|pEach|mapValues|pFilter|pReduce|pMapSeries|pEachSeries|pMapIterable|forOwn|forIn|transform|sortBy|orderBy|partition|uniqBy|mapAsync|forEachAsync)$/;
const parallelMethods = /^(map|flatMap|forEach|filter|each|eachOf|mapLimit|eachLimit|eachOfLimit|pMap|mergeMap|forEachLimit|times|timesLimit)$/;
/** Namespaces of libraries whose functions take the collection first. */
const collectionFirst = new Set(['_', 'lodash', 'async', 'Promise', 'Bluebird', 'bluebird', 'B', 'R', 'Array', 'bb', 'P', 'asyncLib']);
const bareFunctions = /^(pMap|pEach|pFilter|pReduce|pMapSeries|pEachSeries|pMapIterable|eachLimit|eachSeries|mapLimit|mapSeries|eachOfLimit|asyncMap|mapAsync|forEachAsync|asyncForEach|times)$/;

/**
 * The loop that a function literal is the body of.
 * @returns undefined for any other function: it may be run once, later or never.
 */
export function perElementCallback(fn: SyntaxNode): PerElement | undefined {
  let node = fn;
  while (node.parent && /^(parenthesized_expression|as_expression|satisfies_expression)$/.test(node.parent.type)) node = node.parent;
  const call = node.parent?.type === 'arguments' ? node.parent.parent : undefined;
  const parts = call ? callParts(call) : undefined;
  if (!call || !parts || call.type === 'new_expression') return undefined;
  const position = parts.args.findIndex((arg) => arg.id === node.id);
  const { callee } = parts;
  if (callee.type === 'identifier') {
    const first = parts.args[0];
    const streamed = position === 0 && streamOperators.test(callee.text) ? streamSource(call) : undefined;
    if (streamed) return { call, iterable: streamed, element: 0, method: callee.text, parallel: callee.text !== 'concatMap' };
    if (position >= 1 && first && bareFunctions.test(callee.text)) return { call, iterable: first, element: 0, method: callee.text, parallel: !/Series$/.test(callee.text) };
    return undefined;
  }
  if (callee.type !== 'member_expression') return undefined;
  const object = callee.childForFieldName('object');
  const method = callee.childForFieldName('property')?.text ?? '';
  if (!object) return undefined;
  const root = loosePath(object)?.join('.') ?? '?';
  if (collectionFirst.has(root)) {
    const first = parts.args[0];
    if (root === 'Array' && method === 'from' && position === 1 && first) return { call, iterable: arrayFrom(first), element: 0, method, parallel: true };
    if (!first || position < 1 || !callbackSecond.test(method)) return undefined;
    return { call, iterable: first, element: /^reduce/.test(method) ? 1 : 0, method, parallel: parallelMethods.test(method) };
  }
  if (root === 'Effect') {
    const first = parts.args[0];
    return method === 'forEach' && position === 1 && first ? { call, iterable: first, element: 0, method, parallel: false } : undefined;
  }
  if (position === 0 && fpModules.test(root) && fpMethods.test(method)) {
    const piped = pipedValue(call);
    return piped ? { call, iterable: piped, element: 0, method, parallel: true } : undefined;
  }
  // The receiver of `.map` in `fp.pipe(...)` forms or of a stream is walked all the same.
  if (position === 0 && arrayMethods.has(method)) return { call, iterable: unwrap(object), element: /^reduce/.test(method) ? 1 : 0, method, parallel: parallelMethods.test(method) };
  return undefined;
}

const streamOperators = /^(mergeMap|concatMap|switchMap|exhaustMap|flatMap)$/;
const fpModules = /^(A|RA|RNEA|NEA|ROA|Arr|ReadonlyArray|array|readonlyArray|TE|RTE|T|Task|TaskEither)$/;
/** Of arrays, and of tasks the ones that walk an array. */
const fpMethods = /^(map|mapWithIndex|chain|filterMap|traverse|wither|traverseArray|traverseSeqArray|traverseArrayWithIndex)$/;

/** The collection of `from(ids).pipe(mergeMap(fn))`; other streams may give one value only. */
function streamSource(call: SyntaxNode): SyntaxNode | undefined {
  const outer = call.parent?.type === 'arguments' ? call.parent.parent : null;
  const callee = outer ? callParts(outer)?.callee : undefined;
  const object = callee?.type === 'member_expression' && callee.childForFieldName('property')?.text === 'pipe' ? callee.childForFieldName('object') : null;
  const source = object ? callParts(unwrap(object)) : undefined;
  return source?.callee.text === 'from' ? source.args[0] : undefined;
}

/** The collection of fp-ts' `pipe(ids, A.map(fn))`; `TE.map` and `TE.chain` walk nothing. */
function pipedValue(call: SyntaxNode): SyntaxNode | undefined {
  const own = callParts(call)?.callee;
  const task = /^(TE|RTE|T|Task|TaskEither)$/.test(own?.childForFieldName('object')?.text ?? '');
  if (task && !/^traverse/.test(own?.childForFieldName('property')?.text ?? '')) return undefined;
  const outer = call.parent?.type === 'arguments' ? call.parent.parent : null;
  const parts = outer ? callParts(outer) : undefined;
  return parts && /^(pipe|flow)$/.test(parts.callee.text) ? parts.args[0] : undefined;
}

/** `Array.from({ length: n }, fn)`: the object stands for the collection. */
function arrayFrom(first: SyntaxNode): SyntaxNode {
  const length = first.type === 'object' ? first.namedChildren.find((pair) => keyName(pair.childForFieldName('key')) === 'length')?.childForFieldName('value') : undefined;
  return length ?? first;
}

const joiners = /^(all|allSettled|any|race)$/;

/** Is this call's result collected by `Promise.all(…)` (directly, spread, or through a variable awaited later)? */
export function isJoined(call: SyntaxNode): boolean {
  let node: SyntaxNode = call;
  for (let parent = node.parent; parent; node = parent, parent = parent.parent) {
    if (/^(parenthesized_expression|as_expression|spread_element|array|non_null_expression)$/.test(parent.type)) continue;
    if (parent.type === 'member_expression' && parent.parent?.type === 'call_expression' && /^(flat|filter|concat|slice|map|flatMap)$/.test(parent.childForFieldName('property')?.text ?? '')) {
      parent = parent.parent;
      continue;
    }
    if (parent.type === 'arguments' && parent.parent?.type === 'call_expression') {
      const callee = callParts(parent.parent)?.callee;
      const name = callee?.type === 'member_expression' ? callee.childForFieldName('property')?.text : callee?.text;
      if (name && (joiners.test(name) || name === '$transaction')) return true;
      if (name && /^(concat|flat|push)$/.test(name)) continue;
      return false;
    }
    return false;
  }
  return false;
}
