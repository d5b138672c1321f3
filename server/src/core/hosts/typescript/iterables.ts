import type { IterableKind, Loop } from '../ir';
import type { SyntaxNode } from '../syntax';
import { rootCall } from './ownership';
import type { Scopes } from './scopes';
import { callParts, collectNames, loosePath, spanOf, unwrap } from './syntaxTools';

type Iterable = NonNullable<Loop['iterable']>;

/** What a loop walks, and the call its elements come from where that could be a query. */
export interface IterableFacts {
  readonly iterable: Iterable;
  readonly source?: SyntaxNode;
}

const passing = /^(filter|map|slice|sort|toSorted|reverse|toReversed|concat|flat|flatMap|values|entries|keys|splice|rows|data|items)$/;
const chunkers = /^(chunk|chunks|chunkArray|toChunks|splitIntoChunks|batched|batch|splitEvery|_\.chunk|lodash\.chunk|R\.splitEvery|inBatches|createBatches)$/;
const maxText = 200;

/** @returns the iterable with its kind; `query` is decided by the caller, who knows which calls are queries. */
export function describeIterable(written: SyntaxNode, scopes: Scopes): IterableFacts {
  const node = unwrap(written, true);
  const { kind, size, source } = classify(node, scopes, 0);
  const text = node.text.length > maxText ? node.text.slice(0, maxText) : node.text;
  return { iterable: { text, span: spanOf(node), names: collectNames(node), kind, ...(size === undefined ? {} : { size }) }, source };
}

interface Classified {
  readonly kind: IterableKind;
  readonly size?: number;
  readonly source?: SyntaxNode;
}

function classify(written: SyntaxNode, scopes: Scopes, hops: number): Classified {
  const node = unwrap(written, true);
  if (hops > 12) return { kind: 'unknown' };
  switch (node.type) {
    case 'array': {
      const elements = node.namedChildren.filter((child) => child.type !== 'comment');
      const spread = elements.find((child) => child.type === 'spread_element');
      if (!spread) return { kind: 'literal', size: elements.length };
      const inner = elements.length === 1 ? spread.namedChildren[0] : undefined;
      return inner ? classify(inner, scopes, hops + 1) : { kind: 'local' };
    }
    case 'number':
    case 'string':
      return { kind: 'literal', ...(node.type === 'number' ? { size: Number(node.text) } : {}) };
    case 'object':
      return { kind: 'literal', size: node.namedChildren.length };
    case 'identifier':
      return classifyName(node, scopes, hops);
    case 'member_expression': {
      const object = node.childForFieldName('object');
      const property = node.childForFieldName('property')?.text ?? '';
      if (!object) return { kind: 'unknown' };
      if (object.type === 'this') return { kind: 'local' };
      const base = classify(object, scopes, hops + 1);
      if (base.kind === 'literal' || base.kind === 'constant') return constantMember(object, property, scopes) ?? { kind: 'local' };
      return base.kind === 'entries' || base.kind === 'chunks' ? { kind: 'local' } : base;
    }
    case 'subscript_expression': {
      const object = node.childForFieldName('object');
      const base = object ? classify(object, scopes, hops + 1) : undefined;
      return base && base.kind !== 'literal' && base.kind !== 'constant' && base.kind !== 'chunks' ? base : { kind: 'local' };
    }
    case 'binary_expression':
    case 'ternary_expression': {
      const first = node.childForFieldName('left') ?? node.childForFieldName('consequence');
      return first ? classify(first, scopes, hops + 1) : { kind: 'unknown' };
    }
    case 'new_expression':
    case 'call_expression':
      return classifyCall(node, scopes, hops);
    default:
      return { kind: 'unknown' };
  }
}

function classifyName(node: SyntaxNode, scopes: Scopes, hops: number): Classified {
  const declaration = scopes.find(node.text, node);
  if (!declaration) return { kind: 'unknown' };
  if (declaration.kind === 'parameter' || declaration.kind === 'element') return { kind: 'parameter' };
  if (declaration.kind !== 'variable') return { kind: 'unknown' };
  if (!declaration.value) {
    const write = declaration.writes.length === 1 ? declaration.writes[0]?.childForFieldName('right') : undefined;
    return write ? classify(write, scopes, hops + 1) : { kind: 'local' };
  }
  const found = classify(declaration.value, scopes, hops + 1);
  if (declaration.path.length > 0 && (found.kind === 'literal' || found.kind === 'constant')) return { kind: 'local' };
  if (found.kind === 'literal' || found.kind === 'constant') return declaration.writes.length === 0 && declaration.constant ? { kind: 'constant', size: found.size } : { kind: 'local' };
  return found.kind === 'unknown' ? { kind: 'local' } : found;
}

function classifyCall(node: SyntaxNode, scopes: Scopes, hops: number): Classified {
  const parts = callParts(node);
  if (!parts) return { kind: 'unknown' };
  const path = loosePath(parts.callee)?.join('.') ?? '';
  const first = parts.args[0];
  const method = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text ?? '' : parts.callee.text;
  if (chunkers.test(path) || chunkers.test(method)) return { kind: 'chunks' };
  if (first && /^Object\.(entries|keys|values)$/.test(path)) {
    const base = classify(first, scopes, hops + 1);
    return base.kind === 'literal' || base.kind === 'constant' ? { kind: 'constant', size: base.size } : { kind: 'entries', source: base.source };
  }
  if (first && /^(Array\.from|Set|Map|Array\.of|Readable\.from|uniq|_\.uniq|_\.uniqBy|_\.compact|_\.flatten)$/.test(path)) return classify(first, scopes, hops + 1);
  const object = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
  if (object && passing.test(method) && rootIsData(object)) {
    const base = classify(object, scopes, hops + 1);
    if (base.kind !== 'unknown') return base;
  }
  return { kind: 'call', source: rootCall(node) };
}

/** `xs.map(…)` passes its receiver's elements on; `client.data(…)` is a call of its own. */
function rootIsData(object: SyntaxNode): boolean {
  const inner = unwrap(object, true);
  return inner.type !== 'this' && !/^(db|knex|prisma|client|pool|trx|tx|api|axios|http)$/.test(inner.text);
}

/** `STATES.open` of a constant object whose property is an array literal. */
function constantMember(object: SyntaxNode, property: string, scopes: Scopes): Classified | undefined {
  const declaration = object.type === 'identifier' ? scopes.find(object.text, object) : undefined;
  const value = declaration?.value ? unwrap(declaration.value) : undefined;
  for (const pair of value?.namedChildren ?? []) {
    if (pair.childForFieldName('key')?.text !== property) continue;
    const inner = pair.childForFieldName('value');
    if (inner && unwrap(inner).type === 'array') return { kind: 'constant', size: unwrap(inner).namedChildren.length };
  }
  return undefined;
}
