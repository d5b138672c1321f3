import type { ChainCall, QuerySite } from '../../hosts/ir';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { Chain, HostContext } from '../adapter';

interface Place {
  readonly uri: string;
  readonly text: string;
}

type Link = Chain['calls'][number];

/** A call of a chain as data, without its nodes; its span begins at the dot, so that a call on a line of its own is underlined there. */
export const plainCall = ({ name, nameSpan, span, args }: Link): ChainCall => ({ name, nameSpan, span, args });

/** The calls of a chain with spans from the dot on. */
export const fromTheDot = (calls: readonly Link[], context: HostContext): readonly Link[] =>
  calls.map((call) => ({ name: call.name, nameSpan: call.nameSpan, span: hostSpan(call.span.start + Math.max(0, context.text.slice(call.span.start, call.nameSpan.start).search(/\S/)), call.span.end), get args() { return call.args; }, node: call.node, argNodes: call.argNodes, ...(call.condition ? { condition: call.condition } : {}) }));

/** The calls of the first expression of the chain: what follows elsewhere may stand under a condition. */
export function ownCalls(site: QuerySite, text: string): readonly ChainCall[] | undefined {
  const [first, ...rest] = site.chain;
  if (!first) return undefined;
  const calls = [first];
  for (const call of rest) {
    const previous = calls.at(-1) ?? first;
    if (call.span.start < previous.span.end || !/^(\s|\/\/[^\n]*|\/\*[^]*?\*\/)*$/.test(text.slice(previous.span.end, call.span.start))) break;
    calls.push(call);
  }
  return calls;
}

/** Behind a call, on lines of their own where the calls stand so. */
export function insertCalls(call: ChainCall, inserted: readonly string[], place: Place): Edit {
  const before = /[^\S\r\n]*\r?\n[^\S\r\n]*$/.exec(place.text.slice(0, call.span.start))?.[0] ?? '';
  return { uri: place.uri, span: hostSpan(call.span.end, call.span.end), text: inserted.map((part) => before + part).join('') };
}

/** Removes a call with the blank before its dot. */
export function removeCall(call: ChainCall, place: Place): Edit {
  const blank = /\s*$/.exec(place.text.slice(0, call.span.start))?.[0].length ?? 0;
  return { uri: place.uri, span: hostSpan(call.span.start - blank, call.span.end), text: '' };
}

/** `object.name`, or `object['name']` where it must be. */
export const propertyAccess = (object: string, name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? `${object}.${name}` : `${object}['${name}']`);

/**
 * Adds names to an import of a module (`import { eq } from 'drizzle-orm'`).
 * @returns no edit where all are imported, undefined where the module is not imported by names.
 */
export function importEdits(names: readonly string[], module: RegExp, place: Place): readonly Edit[] | undefined {
  const imports = [...place.text.matchAll(/^import\s+(?!type\b)(?:[\w$]+\s*,\s*)?\{([^}]*)\}\s*from\s*['"]([^'"]+)['"]/gm)];
  const known = new Set(imports.flatMap((found) => (found[1] ?? '').split(',').map((name) => name.trim().replace(/^.*\sas\s+/, ''))));
  const missing = [...new Set(names)].filter((name) => !known.has(name));
  if (missing.length === 0) return [];
  const target = imports.find((found) => module.test(found[2] ?? ''));
  // A name that means something else in this file cannot be imported.
  if (!target || missing.some((name) => new RegExp(`\\b(const|let|var|function|class)\\s+${name}\\b|[{,(]\\s*${name}\\s*[,:)}]`).test(place.text.replace(target[0], '')))) return undefined;
  const open = target.index + target[0].indexOf('{') + 1;
  return listed(missing, target[1] ?? '').map(({ at, text }) => ({ uri: place.uri, span: hostSpan(open + at, open + at), text }));
}

/** Where names go into a list of imports: in its order where it is sorted, else at its end; one place for each. */
function listed(names: readonly string[], list: string): readonly { readonly at: number; readonly text: string }[] {
  const items = [...list.matchAll(/[^\s,][^,]*[^\s,]|[^\s,]/g)].map((found) => ({ key: sortKey(found[0]), start: found.index, end: found.index + found[0].length }));
  const [first] = items;
  if (first === undefined) return [{ at: 0, text: ` ${names.join(', ')} ` }];
  const sorted = items.length > 1 && items.every((item, i) => i === 0 || items[i - 1]!.key <= item.key);
  const blank = /\s*$/.exec(list.slice(0, first.start))?.[0].includes('\n') === true ? (/\n[^\S\n]*$/.exec(list.slice(0, first.start))?.[0] ?? ' ') : ' ';
  const places = new Map<number, string[]>();
  for (const name of [...names].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))) {
    const before = sorted ? items.filter((item) => item.key < sortKey(name)).length : items.length;
    places.set(before, [...(places.get(before) ?? []), name]);
  }
  return [...places].map(([before, own]) => (before === 0 ? { at: first.start, text: own.map((name) => `${name},${blank}`).join('') } : { at: items[before - 1]!.end, text: own.map((name) => `,${blank}${name}`).join('') }));
}

const sortKey = (name: string): string => name.replace(/^type\s+/, '').toLowerCase();
