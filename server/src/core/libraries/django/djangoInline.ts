import type { DjangoArgumentIr, DjangoBind, DjangoCallIr, DjangoMethodIr, DjangoQueryIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { keywordOf, positionalOf } from './djangoRead';

/** A method's query with the arguments of a call in the place of its parameters; everything in it stands where the call does. */
export function inlineMethod(method: DjangoMethodIr, call: Pick<DjangoCallIr, 'args' | 'span'>): DjangoQueryIr | undefined {
  const positional = positionalOf(call.args);
  const given = new Map(method.parameters.flatMap((name, at): [string, DjangoValue][] => {
    const value = keywordOf(call.args, name) ?? positional[at]?.value;
    return value ? [[name, value]] : [];
  }));
  return method.query && mapQuery(method.query, call.span, given);
}

/** The query without its places, which are another file's. */
export const withoutPlaces = (query: DjangoQueryIr): DjangoQueryIr => mapQuery(query, undefined, new Map());
export const valueWithoutPlaces = (value: DjangoValue): DjangoValue => mapValue(value, undefined, new Map());

function mapQuery(query: DjangoQueryIr, span: HostSpan | undefined, given: ReadonlyMap<string, DjangoValue>): DjangoQueryIr {
  const { root } = query;
  return {
    complete: query.complete, ...(span ? { span, anchor: span } : {}),
    root,
    ...(root.kind === 'related' ? { root: { ...root, value: mapValue(root.value, span, given) } } : {}),
    calls: query.calls.map((call): DjangoCallIr => {
      const slice = call.slice && Object.fromEntries(Object.entries(call.slice).map(([key, value]) => [key, mapValue(value, span, given)]));
      return { name: call.name, ...(span ? { span, nameSpan: span } : {}), args: call.args.map((argument) => mapArgument(argument, span, given)), ...(slice ? { slice } : {}), ...(call.condition && span ? { condition: { ...call.condition, span } } : {}) };
    }),
  };
}

function mapArgument({ name, value, condition }: DjangoArgumentIr, span: HostSpan | undefined, given: ReadonlyMap<string, DjangoValue>): DjangoArgumentIr {
  return { ...(name === undefined ? {} : { name }), value: mapValue(value, span, given), ...(span ? { span } : {}), ...(condition && span ? { condition: { ...condition, span } } : {}) };
}

function mapValue(value: DjangoValue, span: HostSpan | undefined, given: ReadonlyMap<string, DjangoValue>): DjangoValue {
  const known = value.kind === 'bind' ? given.get(value.bind.text) : undefined;
  if (known) return known;
  const bind: DjangoBind = { text: value.bind.text, names: value.bind.names, origin: value.bind.origin, ...(span ? { span } : {}) };
  const next = (inner: DjangoValue): DjangoValue => mapValue(inner, span, given);
  switch (value.kind) {
    case 'list': return { ...value, items: value.items.map(next), bind };
    case 'call': return { ...value, args: value.args.map((argument) => mapArgument(argument, span, given)), bind };
    case 'method': return { ...value, receiver: next(value.receiver), args: value.args.map((argument) => mapArgument(argument, span, given)), bind };
    case 'operation': return { ...value, left: next(value.left), right: next(value.right), bind, ...(value.condition ? (span ? { condition: { ...value.condition, span } } : { condition: undefined }) : {}) };
    case 'not': return { ...value, operand: next(value.operand), bind };
    case 'query': return { ...value, query: mapQuery(value.query, span, given), bind };
    default: return { ...value, bind };
  }
}
