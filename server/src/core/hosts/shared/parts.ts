import { changeBetween } from './textChange';
import type { SyntaxNode } from '../syntax';

/**
 * Reading again an excerpt of a file after an edit in one function: the parts that the edit may have changed, with those that they
 * mention, and nothing else. The rest is taken over from the reading before (`excerptMerge.ts`).
 *
 * A file is a row of parts: its top-level statements, and in classes, modules and namespaces their functions and containers. A part's
 * facts follow from its own text, from the parts whose names it mentions, and, where it builds a query without sending it, from those
 * that mention it. After an edit in a part those that may have become others are thus: the edited one, those that mention it directly
 * or through others, and builders within its reach with all that mention them. Anything else (another name, another import, several
 * edits, a bracket that takes in more) means reading the whole file. Facts that hang on the file's whole text (which library is
 * imported) are settled by the whole reading that follows when the keyboard rests.
 */
export interface Part {
  /** UTF-16 offsets in the document. */
  readonly start: number;
  readonly end: number;
  readonly type: string;
  readonly kind: 'function' | 'container' | 'head' | 'comment' | 'other';
  readonly names: readonly string[];
  /** Names of the top level that it writes to. */
  readonly written: readonly string[];
  /** Index of the container that it stands in. */
  readonly owner: number | undefined;
  /** Number of parts from this one to its last member. */
  readonly size: number;
  /** It sets fields of its class. */
  readonly sets: boolean;
}

/** What a language tells of the parts of its files. */
export interface PartLanguage {
  kindOf(node: SyntaxNode): Part['kind'];
  /** Functions and containers in a container, in order of text. */
  members(container: SyntaxNode): readonly SyntaxNode[];
  /** Names that a part declares. */
  names(node: SyntaxNode): readonly string[];
  /** Text of a function that sets fields of the object. */
  readonly setsFields: RegExp;
  /** Writes to variables: their names, with commas between them, in the groups; global. */
  readonly writes: RegExp;
}

export interface PartsReading {
  readonly text: string;
  readonly parts: readonly Part[];
  readonly words: readonly (ReadonlySet<string> | undefined)[];
  /** Parts that build a query which is not sent, or not surely, where it stands. */
  readonly builders: ReadonlySet<number>;
  /** Containers whose own facts hang on all their members. */
  readonly tied: ReadonlySet<number>;
}

export interface ExcerptPlan {
  readonly parts: readonly Part[];
  readonly words: readonly (ReadonlySet<string> | undefined)[];
  /** Parts that are read anew. */
  readonly affected: ReadonlySet<number>;
  /** Those that are in the excerpt: affected ones, and what they hang on. */
  readonly included: ReadonlySet<number>;
  readonly omitted: readonly SyntaxNode[];
  /** New offset of one that stands in no affected part. */
  offset(old: number): number;
}

/** More of a file is as well read whole: of its parts, of its text. */
const WORTH = { parts: 0.6, text: 0.85 };

/** All parts of a file, in document order. */
export function listParts(language: PartLanguage, root: SyntaxNode, text: string): readonly Part[] {
  const parts: (Part & { size: number })[] = [];
  const shared = new Set<string>();
  const add = (node: SyntaxNode, owner: number | undefined): void => {
    const index = parts.length;
    const kind = language.kindOf(node);
    const part = { start: node.startIndex, end: node.endIndex, type: node.type, kind, names: language.names(node), written: [], owner, size: 1, sets: kind === 'function' && owner !== undefined && language.setsFields.test(node.text) };
    parts.push(part);
    if (kind === 'other') for (const name of part.names) shared.add(name);
    if (kind === 'container') for (const member of language.members(node)) add(member, index);
    part.size = parts.length - index;
  };
  for (const node of root.namedChildren) add(node, undefined);
  return shared.size === 0 ? parts : parts.map((part) => (part.kind === 'function' ? { ...part, written: writtenBy(language, text.slice(part.start, part.end), shared) } : part));
}

function writtenBy(language: PartLanguage, text: string, shared: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>();
  for (const [, ...groups] of text.matchAll(language.writes)) for (const names of groups) for (const name of names?.split(/[\s,]+/) ?? []) if (shared.has(name)) found.add(name);
  return [...found];
}

/** @returns undefined: the file is to be read whole. */
export function planExcerpt(before: PartsReading, language: PartLanguage, root: SyntaxNode, text: string, changed: readonly { readonly start: number; readonly end: number }[] | undefined): ExcerptPlan | undefined {
  const change = changeBetween(before.text, text);
  const delta = text.length - before.text.length;
  const offset = (old: number): number => (old >= change.oldEnd ? old + delta : old);
  const parts: Part[] = [];
  const nodes: (SyntaxNode | undefined)[] = [];
  let edited: number | undefined;
  const follow = (list: readonly SyntaxNode[], first: number, owner: number | undefined): number | undefined => {
    let index = first;
    for (const node of list) {
      const old = before.parts[index];
      if (!old || old.owner !== owner || old.type !== node.type) return undefined;
      nodes[index] = node;
      const touched = old.start <= change.oldEnd && change.start <= old.end;
      if (!touched) {
        const shift = old.start > change.start ? delta : 0;
        if (node.startIndex !== old.start + shift || node.endIndex !== old.end + shift) return undefined;
        for (let one = index; one < index + old.size; one++) {
          const part = before.parts[one];
          if (part) parts[one] = shift === 0 ? part : { ...part, start: part.start + shift, end: part.end + shift };
        }
      } else {
        if (old.start > change.start || old.end < change.oldEnd || node.startIndex !== old.start || node.endIndex !== old.end + delta) return undefined;
        parts[index] = { ...old, end: node.endIndex };
        if (old.kind === 'head' || language.kindOf(node) !== old.kind) return undefined;
        if (old.kind !== 'container') edited = index;
        // What stands in a class beside its methods says what all of them mean.
        else if (follow(language.members(node), index + 1, index) !== index + old.size || edited === undefined) return undefined;
      }
      index += old.size;
    }
    return index;
  };
  if (follow(root.namedChildren, 0, undefined) !== before.parts.length) return undefined;
  const words = [...before.words];
  const affected = new Set<number>();
  const old = edited === undefined ? undefined : before.parts[edited];
  const part = edited === undefined ? undefined : parts[edited];
  const node = edited === undefined ? undefined : nodes[edited];
  // Spaces between the parts alone.
  if (edited === undefined || !old || !part || !node) return { parts, words, affected, included: new Set(), omitted: root.namedChildren, offset };
  if (!changed?.every(({ start, end }) => part.start <= start && end <= part.end)) return undefined;
  const names = language.names(node);
  if (names.length !== old.names.length || names.some((name, at) => name !== old.names[at])) return undefined;
  const shared = new Set(parts.flatMap((one) => (one.kind === 'other' ? one.names : [])));
  const sets = old.kind === 'function' && old.owner !== undefined && language.setsFields.test(node.text);
  parts[edited] = { ...part, sets, written: old.kind === 'function' && shared.size > 0 ? writtenBy(language, node.text, shared) : [] };

  const wordsBefore = wordsOf(before.text, before.parts, words, edited);
  words[edited] = undefined;
  const look = (index: number): ReadonlySet<string> => wordsOf(text, parts, words, index);
  const declaring = new Map<string, number[]>();
  for (const [index, one] of parts.entries()) {
    for (const name of [...one.names, ...one.written]) {
      const list = declaring.get(name);
      if (list) list.push(index);
      else declaring.set(name, [index]);
    }
  }
  const editedNames = [...names, ...old.written, ...(parts[edited]?.written ?? [])];
  const membersOf = (index: number): number[] => Array.from({ length: (parts[index]?.size ?? 1) - 1 }, (_, at) => index + 1 + at);
  const isTied = (index: number): boolean => before.tied.has(index);
  const add = (first: number): void => {
    const waiting = [first];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (affected.has(index)) continue;
      affected.add(index);
      const one = parts[index];
      if (!one) continue;
      if (one.owner !== undefined && (isTied(one.owner) || one.sets || (index === edited && old.sets))) waiting.push(one.owner);
      waiting.push(...membersOf(index));
      const own = index === edited ? editedNames : [...one.names, ...one.written];
      if (own.length > 0) for (const [other] of parts.entries()) if (!affected.has(other) && own.some((name) => look(other).has(name))) waiting.push(other);
    }
  };
  add(edited);
  // A comment speaks of what follows it.
  if (part.kind === 'comment' && edited + 1 < parts.length && parts[edited + 1]?.owner === part.owner) add(edited + 1);
  // Whether a statement is the last one that runs is told by the next.
  if (part.kind === 'other') {
    let previous = edited - 1;
    while (parts[previous]?.kind === 'comment') previous--;
    if (parts[previous]?.kind === 'other') add(previous);
  }
  // What is built elsewhere and sent here counts as sent: builders within reach are judged anew, by all that reach them.
  const seen = new Set<number>();
  const reach = (mentions: ReadonlySet<string>): void => {
    for (const name of mentions) {
      for (const index of declaring.get(name) ?? []) {
        if (seen.has(index)) continue;
        seen.add(index);
        if (before.builders.has(index)) add(index);
        reach(look(index));
      }
    }
  };
  reach(wordsBefore);
  for (const index of affected) {
    const owner = parts[index]?.owner;
    if (owner !== undefined && before.builders.has(owner)) add(owner);
    reach(look(index));
  }
  if (affected.size > Math.max(1, parts.length * WORTH.parts)) return undefined;

  const included = new Set<number>();
  const include = (first: number): void => {
    const waiting = [first];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (included.has(index)) continue;
      included.add(index);
      const owner = parts[index]?.owner;
      if (owner !== undefined) waiting.push(owner);
      if (parts[index]?.kind === 'container') for (const member of membersOf(index)) if (isTied(index) || (parts[member]?.owner === index && parts[member].sets)) waiting.push(member);
      for (const name of look(index)) waiting.push(...(declaring.get(name) ?? []));
    }
  };
  for (const index of affected) include(index);
  let length = 0;
  for (const index of included) if (parts[index]?.kind !== 'container') length += (parts[index]?.end ?? 0) - (parts[index]?.start ?? 0);
  if (length > text.length * WORTH.text) return undefined;

  const omitted: SyntaxNode[] = [];
  const omit = (first: number, after: number): void => {
    let follows = false;
    for (let index = first; index < after; index += parts[index]?.size ?? 1) {
      const one = parts[index];
      const own = nodes[index];
      if (!one || !own || one.kind === 'head') continue;
      let spoken = index;
      while (parts[spoken]?.kind === 'comment' && spoken + 1 < after) spoken++;
      if (!included.has(spoken) && !follows) omitted.push(own);
      else if (one.kind === 'container') {
        if (nodes[index + 1] === undefined && one.size > 1) assign(own, index);
        omit(index + 1, index + one.size);
      }
      if (one.kind !== 'comment') follows = one.kind === 'other' && affected.has(index);
    }
  };
  const assign = (container: SyntaxNode, index: number): void => {
    let at = index + 1;
    for (const member of language.members(container)) {
      nodes[at] = member;
      at += parts[at]?.size ?? 1;
    }
  };
  omit(0, parts.length);
  return { parts, words, affected, included, omitted, offset };
}

const word = /[\w$\u0080-\uffff]+/g;

/** The words of a part's text, comments and strings included; of a container without its members. */
function wordsOf(text: string, parts: readonly Part[], known: (ReadonlySet<string> | undefined)[], index: number): ReadonlySet<string> {
  let found = known[index];
  const part = parts[index];
  if (!found && part) {
    const words = new Set<string>();
    const look = (start: number, end: number): void => {
      for (const [name] of text.slice(start, end).matchAll(word)) words.add(name);
    };
    let at = part.start;
    for (let member = index + 1; member < index + part.size; member += parts[member]?.size ?? 1) {
      look(at, parts[member]?.start ?? at);
      at = parts[member]?.end ?? at;
    }
    look(at, part.end);
    known[index] = found = words;
  }
  return found ?? new Set();
}
