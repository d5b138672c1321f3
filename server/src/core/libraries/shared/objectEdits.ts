import type { ChainArgument, ChainCall } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan, type HostSpan } from '../../text/span';
import { escapeRegExp } from '../../text/regExp';

/** The document an edit is for. */
export interface Place {
  readonly uri: string;
  readonly text: string;
}

export const identifierName = /^[A-Za-z_$][\w$]*$/;
/** A property's name as an object literal writes it. */
export const keyText = (name: string): string => (identifierName.test(name) ? name : `'${name}'`);

/** From the key on; a shorthand is its own key. */
export function spanOfPair(item: ChainArgument, key: string, text: string): HostSpan {
  const before = new RegExp(`['"]?${escapeRegExp(key)}['"]?\\s*:\\s*$`).exec(text.slice(0, item.span.start));
  return before ? hostSpan(before.index, item.span.end) : item.span;
}

export const isObject = (argument: ChainArgument): boolean => argument.items !== undefined && argument.text.trimStart().startsWith('{');

/** Puts a property at the start of an object literal. */
export function insertFirst(object: ChainArgument, pair: string, place: Place): Edit {
  const at = object.span.start + object.text.indexOf('{') + 1;
  const inside = place.text.slice(at, object.span.end - 1);
  const lead = /^\s*/.exec(inside)?.[0] ?? '';
  if (inside.trim() === '') return { uri: place.uri, span: hostSpan(at, at + inside.length), text: ` ${pair} ` };
  return { uri: place.uri, span: hostSpan(at, at), text: `${lead === '' ? ' ' : lead}${pair},${lead === '' ? ' ' : ''}` };
}

/** Adds an argument key to the call, first or last. */
export function addKey(method: ChainCall, key: string, value: string, place: Place, last = false): Edit | undefined {
  const [argument] = method.args;
  const pair = `${key}: ${value}`;
  if (!argument) {
    const open = place.text.indexOf('(', method.nameSpan.end);
    const close = method.span.end - 1;
    // The entity of a manager stands before the options.
    const before = place.text.slice(open + 1, close).trimEnd();
    const at = before === '' ? open + 1 : close;
    return open >= 0 && open < method.span.end ? { uri: place.uri, span: hostSpan(at, at), text: before === '' || before.endsWith(',') ? `{ ${pair} }` : `, { ${pair} }` } : undefined;
  }
  if (!isObject(argument)) return undefined;
  const tail = argument.items?.at(-1);
  if (!last || !tail) return insertFirst(argument, pair, place);
  const lead = /\s*$/.exec(place.text.slice(argument.span.start, firstStart(tail, place.text)))?.[0] ?? ' ';
  return { uri: place.uri, span: hostSpan(tail.span.end, tail.span.end), text: `,${lead === '' ? ' ' : lead}${pair}` };
}

/** Start of the last property: its key, where it has one. */
function firstStart(item: ChainArgument, text: string): number {
  return item.name && item.name !== '...' ? spanOfPair(item, item.name, text).start : item.span.start;
}
