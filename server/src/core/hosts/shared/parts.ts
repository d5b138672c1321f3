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
  /** Words in which names are found; absent: those of a script. Global. */
  readonly word?: RegExp;
  /** A method may be known by its name alone; else it is reached through its class. */
  readonly methodsByName?: boolean;
  /** Text of a function that sets fields of the object, or that is called without its name. */
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
  /** Parts on which so much hangs that the file is read whole after each edit in them. */
  readonly central: ReadonlySet<number>;
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
  /** Offsets before this one stay. */
  readonly from: number;
}

/** More of a file is as well read whole: of its parts, of its text. */
const WORTH = { parts: 0.6, text: 0.85 };

/** Names that are looked for text by text before all words are put in order. */
const FEW_LOOKS = 12;

/** What is known of the text of a part, wherever it stands: looked for once. */
interface TextFacts {
  words?: ReadonlySet<string>;
  /** Names of variables that it may write to. */
  writes?: ReadonlySet<string>;
  sets?: boolean;
}

/** Kept with an open document. */
export class PartTexts {
  private readonly known = new Map<string, TextFacts>();

  constructor(private readonly language: PartLanguage) {}

  words(text: string): ReadonlySet<string> {
    return (this.of(text).words ??= new Set(text.match(this.language.word ?? word)));
  }

  /** Of the names in `shared` those that it writes to. */
  written(text: string, shared: ReadonlySet<string>): readonly string[] {
    if (shared.size === 0) return [];
    const facts = this.of(text);
    if (!facts.writes) {
      const names = new Set<string>();
      for (const [, ...groups] of text.matchAll(this.language.writes)) for (const group of groups) for (const name of group?.split(/[\s,]+/) ?? []) names.add(name);
      facts.writes = names;
    }
    return [...facts.writes].filter((name) => shared.has(name));
  }

  setsFields(text: string): boolean {
    return (this.of(text).sets ??= this.language.setsFields.test(text));
  }

  /** Forgets the texts of former edits, which are most of what is kept. @param parts number of those that there are */
  tidy(parts: number): void {
    if (this.known.size > 4 * parts + 100) this.known.clear();
  }

  private of(text: string): TextFacts {
    let facts = this.known.get(text);
    if (!facts) this.known.set(text, (facts = {}));
    return facts;
  }
}

/** All parts of a file, in document order. */
export function listParts(language: PartLanguage, root: SyntaxNode, texts: PartTexts): readonly Part[] {
  const parts: (Part & { size: number; written: readonly string[] })[] = [];
  const functions: { readonly index: number; readonly text: string }[] = [];
  const shared = new Set<string>();
  const add = (node: SyntaxNode, owner: number | undefined): void => {
    const index = parts.length;
    const kind = language.kindOf(node);
    const part = { start: node.startIndex, end: node.endIndex, type: node.type, kind, names: language.names(node), written: [], owner, size: 1, sets: kind === 'function' && owner !== undefined && texts.setsFields(node.text) };
    parts.push(part);
    if (kind === 'other') for (const name of part.names) shared.add(name);
    if (kind === 'function') functions.push({ index, text: node.text });
    if (kind === 'container') for (const member of language.members(node)) add(member, index);
    part.size = parts.length - index;
  };
  for (const node of root.namedChildren) add(node, undefined);
  for (const { index, text } of functions) {
    const part = parts[index];
    if (part) part.written = texts.written(text, shared);
  }
  return parts;
}

/** @returns undefined: the file is to be read whole; a number: so it will be after each edit in this part, on which most of the file hangs. */
export function planExcerpt(before: PartsReading, language: PartLanguage, root: SyntaxNode, text: string, changed: readonly { readonly start: number; readonly end: number }[] | undefined, texts: PartTexts): ExcerptPlan | number | undefined {
  const change = changeBetween(before.text, text);
  const delta = text.length - before.text.length;
  const offset = (old: number): number => (old >= change.oldEnd ? old + delta : old);
  const from = delta === 0 ? Infinity : change.oldEnd;
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
  const old = edited === undefined ? undefined : before.parts[edited];
  const part = edited === undefined ? undefined : parts[edited];
  const node = edited === undefined ? undefined : nodes[edited];
  // Spaces between the parts alone.
  if (edited === undefined || !old || !part || !node) return { parts, words, affected: new Set(), included: new Set(), omitted: root.namedChildren, offset, from };
  if (before.central.has(edited)) return edited;
  if (!changed?.every(({ start, end }) => part.start <= start && end <= part.end)) return undefined;
  const names = language.names(node);
  if (names.length !== old.names.length || names.some((name, at) => name !== old.names[at])) return undefined;
  const shared = new Set(parts.flatMap((one) => (one.kind === 'other' ? one.names : [])));
  const sets = old.kind === 'function' && old.owner !== undefined && texts.setsFields(node.text);
  parts[edited] = { ...part, sets, written: old.kind === 'function' ? texts.written(node.text, shared) : [] };

  const wordsBefore = wordsOf(before.text, before.parts, words, edited, texts);
  words[edited] = undefined;
  const look = (index: number): ReadonlySet<string> => wordsOf(text, parts, words, index, texts);
  const reach = new Reach(parts, look, language.methodsByName === true, before.tied);
  const affected = new Set<number>();
  const most = Math.max(1, parts.length * WORTH.parts);
  /** Stops where most of the file is affected: what else is does not matter then. */
  const add = (first: number): void => {
    const waiting: number[] = [];
    const note = (index: number): void => {
      if (affected.has(index)) return;
      affected.add(index);
      waiting.push(index);
    };
    note(first);
    for (let index = waiting.pop(); index !== undefined && affected.size <= most; index = waiting.pop()) {
      const one = parts[index];
      if (!one) continue;
      if (one.owner !== undefined && (before.tied.has(one.owner) || one.sets || (index === edited && old.sets))) note(one.owner);
      for (const member of reach.members(index)) note(member);
      for (const other of reach.mentioning(index, index === edited ? old.written : [])) note(other);
    }
  };
  add(edited);
  // A comment speaks of what follows it, and of what follows the comments after it.
  for (let one = edited; parts[one]?.kind === 'comment' && parts[one + 1]?.owner === part.owner; one++) add(one + 1);
  // Whether a statement is the last one that runs is told by the next.
  if (part.kind === 'other') {
    let previous = edited - 1;
    while (parts[previous]?.kind === 'comment') previous--;
    if (parts[previous]?.kind === 'other' || parts[previous]?.kind === 'container') add(previous);
  }
  if (affected.size > most) return edited;
  const { included } = reach;
  reach.follow(wordsBefore);
  // What is built elsewhere and sent here counts as sent: builders within reach are judged anew, by all that reach them.
  for (let size = -1; size !== affected.size; ) {
    size = affected.size;
    for (const index of affected) reach.include(index);
    for (const index of before.builders) if (included.has(index)) add(index);
    if (affected.size > most) break;
  }
  if (affected.size > most) return edited;

  let length = 0;
  for (const index of included) if (parts[index]?.kind !== 'container') length += (parts[index]?.end ?? 0) - (parts[index]?.start ?? 0);
  if (length > text.length * WORTH.text) return edited;

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
      if (one.kind !== 'comment') follows = (one.kind === 'other' || one.kind === 'container') && affected.has(index);
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
  return { parts, words, affected, included, omitted, offset, from };
}

/** What the parts of a file mention of each other. */
class Reach {
  /** Parts that have been included, with all that they mention. */
  readonly included = new Set<number>();
  private readonly mentioned = new Set<string>();
  private readonly declaring = new Map<string, number[]>();
  private readonly reaching = new Map<number, ReadonlySet<number>>();
  /** Functions in containers by their names. */
  private readonly methods = new Map<string, number[]>();
  private looks = 0;
  private index: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(private readonly parts: readonly Part[], private readonly words: (part: number) => ReadonlySet<string>, private readonly methodsByName: boolean, private readonly tied: ReadonlySet<number>) {
    for (const [index, part] of parts.entries()) {
      // A method is reached through its class.
      for (const name of this.isMethod(index) ? part.written : [...part.names, ...part.written]) {
        const list = this.declaring.get(name);
        if (list) list.push(index);
        else this.declaring.set(name, [index]);
      }
      if (!methodsByName && part.owner !== undefined) for (const name of part.names) {
        const list = this.methods.get(name);
        if (list) list.push(index);
        else this.methods.set(name, [index]);
      }
    }
  }

  members(index: number): number[] {
    return Array.from({ length: (this.parts[index]?.size ?? 1) - 1 }, (_, at) => index + 1 + at);
  }

  /** Parts that mention a part. @param further names that it has written to */
  mentioning(index: number, further: readonly string[]): number[] {
    const part = this.parts[index];
    if (!part) return [];
    const owner = this.isMethod(index) ? part.owner : undefined;
    const open = [...(owner === undefined ? part.names : []), ...part.written, ...further];
    const found = new Set(open.flatMap((name) => this.mentioners(name)));
    if (owner !== undefined) for (const name of part.names) for (const other of this.mentioners(name)) if (!found.has(other) && this.reachersOf(owner).has(other)) found.add(other);
    found.delete(index);
    return [...found];
  }

  include(first: number): void {
    const waiting = [first];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (this.included.has(index)) continue;
      this.included.add(index);
      const part = this.parts[index];
      if (part?.owner !== undefined) waiting.push(part.owner);
      if (part?.kind === 'container') for (const member of this.members(index)) if (this.tied.has(index) || (this.parts[member]?.owner === index && this.parts[member].sets) || this.parts[member]?.names.some((name) => this.mentioned.has(name))) waiting.push(member);
      this.note(this.words(index), waiting);
    }
  }

  /** Includes what words mention. */
  follow(words: ReadonlySet<string>): void {
    const waiting: number[] = [];
    this.note(words, waiting);
    for (const index of waiting) this.include(index);
  }

  private note(words: ReadonlySet<string>, waiting: number[]): void {
    const fresh = [...words].filter((name) => !this.mentioned.has(name));
    for (const name of fresh) {
      this.mentioned.add(name);
      for (const index of this.declaring.get(name) ?? []) waiting.push(index);
      for (const index of this.methods.get(name) ?? []) if (!this.included.has(index) && this.isInIncluded(index)) waiting.push(index);
    }
  }

  private isInIncluded(index: number): boolean {
    for (let owner = this.parts[index]?.owner; owner !== undefined; owner = this.parts[owner]?.owner) if (this.included.has(owner)) return true;
    return false;
  }

  /** Parts in whose text a name stands. Where many names are looked for, all words are put in order once. */
  private mentioners(name: string): readonly number[] {
    if (!this.index && this.looks++ < FEW_LOOKS) return [...this.parts.keys()].filter((index) => this.words(index).has(name));
    if (!this.index) {
      const index = new Map<string, number[]>();
      for (const part of this.parts.keys()) for (const word of this.words(part)) {
        const list = index.get(word);
        if (list) list.push(part);
        else index.set(word, [part]);
      }
      this.index = index;
    }
    return this.index.get(name) ?? [];
  }

  private isMethod(index: number): boolean {
    return !this.methodsByName && this.parts[index]?.owner !== undefined && this.parts[index].kind === 'function';
  }

  /** Parts from which a container can be reached by the names that they mention; those of a container as one. */
  private reachersOf(container: number): ReadonlySet<number> {
    const known = this.reaching.get(container);
    if (known) return known;
    const found = new Set<number>();
    const names: string[] = [];
    const add = (index: number): void => {
      const part = this.parts[index];
      if (!part || found.has(index)) return;
      found.add(index);
      if (!this.isMethod(index)) names.push(...part.names);
      names.push(...part.written);
      if (part.owner !== undefined) add(part.owner);
      if (part.kind === 'container') for (const member of this.members(index)) add(member);
    };
    add(container);
    const looked = new Set<string>();
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      if (looked.has(name)) continue;
      looked.add(name);
      for (const index of this.mentioners(name)) add(index);
    }
    this.reaching.set(container, found);
    return found;
  }
}

const word = /[\w$\u0080-\uffff]+/g;

/** The words of a part's text, comments and strings included; of a container without its members. */
function wordsOf(text: string, parts: readonly Part[], known: (ReadonlySet<string> | undefined)[], index: number, texts: PartTexts): ReadonlySet<string> {
  const part = parts[index];
  if (!part) return new Set();
  let own = '';
  if (!known[index]) {
    let at = part.start;
    for (let member = index + 1; member < index + part.size; member += parts[member]?.size ?? 1) {
      own += `${text.slice(at, parts[member]?.start ?? at)} `;
      at = parts[member]?.end ?? at;
    }
    own += text.slice(at, part.end);
  }
  return (known[index] ??= texts.words(own));
}
