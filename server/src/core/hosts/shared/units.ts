import { hostSpan, type HostSpan } from '../../text/span';
import type { HostFile } from '../ir';
import type { ExcerptReading } from './excerpt';
import type { SyntaxNode } from '../syntax';
import { changeBetween } from './textChange';

/**
 * Reading a document again after an edit in one function: what the edit cannot have changed is taken over, moved to its new place.
 *
 * A module is a row of *units*: its top-level statements, and the methods of its top-level classes. A unit's facts follow from its own
 * text, from the units whose names it mentions, and, where a unit builds a query without sending it, from those that mention it. After
 * an edit in a function the units that may have become others are thus: the edited one, those that mention it directly
 * or through others, and builders within its reach with all that mention them. Anything else (another name, another import, several
 * edits, a bracket that takes in more) means reading the whole file. Facts that hang on the file's whole text (which library is
 * imported) are settled by the whole reading that follows when the keyboard rests.
 */
export interface Unit {
  /** UTF-16 offsets in the document. */
  readonly start: number;
  readonly end: number;
  readonly type: string;
  /** Names it declares, and names of the module that it writes to. */
  readonly names: readonly string[];
  /** Index of the class that a method stands in. */
  readonly owner?: number;
  /** A method that sets fields of its class. */
  readonly sets: boolean;
}

/** A top-level statement, or a method, with what it declares. */
export interface UnitNode {
  readonly node: SyntaxNode;
  readonly names: readonly string[];
  readonly sets?: boolean;
  readonly members?: readonly UnitNode[];
}

/** What a language tells of its modules. */
export interface UnitLanguage {
  units(root: SyntaxNode): readonly UnitNode[];
  /** Does a stretch of a unit stand in a function (its name and parameters included)? */
  isInFunction(unit: SyntaxNode, span: HostSpan): boolean;
  /** Names of the module's top level that are written to after their declaration, with where. */
  writes(): readonly { readonly name: string; readonly at: number }[];
}

export type FileParts = Pick<HostFile, 'sites' | 'loops' | 'functions' | 'classes' | 'calls' | 'locals' | 'blocks' | 'exits'>;
export const partKinds = ['sites', 'loops', 'functions', 'classes', 'calls', 'locals', 'blocks', 'exits'] as const satisfies readonly (keyof FileParts)[];
export type PartKind = (typeof partKinds)[number];
/** Of a unit's facts in each array: the first index, and the one behind the last. */
export type Ranges = Readonly<Record<PartKind, readonly [number, number]>>;
export interface Slice extends Ranges {
  /** The last offset that the facts name. */
  readonly last: number;
  /** They name no fact of another unit. */
  readonly closed: boolean;
}

/** A reading with what it takes to build the next one on it. */
export interface Reading {
  readonly text: string;
  readonly parts: FileParts;
  /** In document order, a class before its methods. */
  readonly units: readonly Unit[];
  readonly slices: readonly Slice[];
  /** Units with a statement that is not sent, or not surely, where it stands. */
  readonly builders: ReadonlySet<number>;
  /** Top-level statements that write to names of the module, themselves or in a method. */
  readonly writers: ReadonlySet<number>;
  /** Words of each unit, as far as they have been looked for. */
  readonly words: (ReadonlySet<string> | undefined)[];
}

/** Kept with an open document; its reader leaves the last reading there. */
export interface ReadingMemory {
  last?: Reading;
  /** What else the reader wants to be the same, put in words: the libraries that the file uses. */
  key?: string;
  /** The last reading took over facts of the one before. */
  partial: boolean;
  /** Of a reader by excerpts, in place of `last` and `key`. */
  excerpt?: ExcerptReading;
  /** What statements show to other files, by their text. */
  slices?: ReadonlyMap<string, string | undefined>;
  /** Documents that were asked for imports. */
  uses?: readonly string[];
}

/** Which units are read again, and where the others are now. */
export interface Plan {
  readonly before: Reading;
  readonly affected: ReadonlySet<number>;
  readonly units: readonly Unit[];
  readonly words: (ReadonlySet<string> | undefined)[];
  /** Where the edit begins: offsets before it stay. */
  readonly start: number;
  offset(old: number): number;
}

/**
 * Whether a top-level statement reads as it did at the last reading, says nothing that counts in its comments, and writes to no name of
 * the module: then it need not be looked into before something asks about it.
 */
export function untouchedSince(memory: ReadingMemory | undefined, text: string): (statement: SyntaxNode) => boolean {
  const last = memory?.last;
  if (!last || /sargable-disable/.test(text)) return () => false;
  const change = changeBetween(last.text, text);
  const delta = text.length - last.text.length;
  const quiet = new Set<string>();
  for (const [index, unit] of last.units.entries()) {
    if (unit.owner !== undefined || last.writers.has(index)) continue;
    if (unit.end < change.start) quiet.add(`${unit.start}-${unit.end}`);
    else if (unit.start > change.oldEnd) quiet.add(`${unit.start + delta}-${unit.end + delta}`);
  }
  return (statement) => quiet.has(`${statement.startIndex}-${statement.endIndex}`);
}

/** Larger parts of a file are as well read whole. */
const WORTH = 0.5;

/** @returns undefined: the file is to be read whole. */
export function planReading(before: Reading, language: UnitLanguage, units: readonly Unit[], nodes: readonly SyntaxNode[], text: string): Plan | undefined {
  const change = changeBetween(before.text, text);
  if (units.length !== before.units.length) return undefined;
  const delta = text.length - before.text.length;
  const offset = (old: number): number => (old >= change.oldEnd ? old + delta : old);
  let edited: number | undefined;
  for (const [index, unit] of units.entries()) {
    const old = before.units[index];
    if (!old || old.type !== unit.type || old.owner !== unit.owner || old.sets !== unit.sets) return undefined;
    const touched = old.start <= change.oldEnd && change.start <= old.end;
    if (touched ? old.start > change.start || old.end < change.oldEnd || unit.start !== old.start || unit.end !== old.end + delta : unit.start !== offset(old.start) || unit.end !== offset(old.end)) return undefined;
    if (touched && unit.type !== 'comment') edited = index; // A method stands behind its class, and is the closer one.
  }
  const words = [...before.words];
  const affected = new Set<number>();
  if (edited !== undefined) {
    const node = nodes[edited];
    // What stands in a class beside its methods says what all of them mean.
    if (!node || units[edited + 1]?.owner === edited || !language.isInFunction(node, hostSpan(change.start, change.newEnd))) return undefined;
    const wordsBefore = wordsOf(before.text, before.units, before.words, edited);
    words[edited] = undefined;
    const wordsNow = wordsOf(text, units, words, edited);
    const names = [...new Set([...(before.units[edited]?.names ?? []), ...(units[edited]?.names ?? [])])];
    spread(affected, { edited, names, mentioned: new Set([...wordsBefore, ...wordsNow]), units, builders: before.builders, words: (index) => wordsOf(text, units, words, index) });
    if (affected.size > Math.max(1, units.length * WORTH)) return undefined;
  }
  return { before, affected, units, words, start: change.start, offset };
}

/** Units in document order. */
export function listUnits(language: UnitLanguage, root: SyntaxNode): { readonly units: readonly Unit[]; readonly nodes: readonly SyntaxNode[]; readonly writers: ReadonlySet<number> } {
  const writers = new Set<number>();
  const units: (Unit & { names: string[] })[] = [];
  const nodes: SyntaxNode[] = [];
  const add = ({ node, names, sets = false, members = [] }: UnitNode, owner?: number): void => {
    const index = units.length;
    units.push({ start: node.startIndex, end: node.endIndex, type: node.type, names: [...names], sets, ...(owner === undefined ? {} : { owner }) });
    nodes.push(node);
    for (const member of members) add(member, index);
  };
  for (const unit of language.units(root)) add(unit);
  for (const { name, at } of language.writes()) {
    const index = units.findLastIndex((unit) => unit.start <= at && at < unit.end);
    const unit = units[index];
    if (!unit) continue;
    writers.add(unit.owner ?? index);
    if (!unit.names.includes(name)) unit.names.push(name);
  }
  return { units, nodes, writers };
}

interface Spread {
  readonly edited: number;
  /** What the edited unit declares, and declared before. */
  readonly names: readonly string[];
  /** Its words, and those it had. */
  readonly mentioned: ReadonlySet<string>;
  readonly units: readonly Unit[];
  readonly builders: ReadonlySet<number>;
  words(unit: number): ReadonlySet<string>;
}

/** Puts into `affected` what may read otherwise after an edit of one unit (see `Unit`). */
function spread(affected: Set<number>, { edited, names, mentioned, units, builders, words }: Spread): void {
  const declaring = new Map<string, number[]>();
  for (const [index, unit] of units.entries()) for (const name of unit.names) declaring.set(name, [...(declaring.get(name) ?? []), index]);
  const add = (first: number): void => {
    const waiting = [first];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      if (affected.has(index)) continue;
      affected.add(index);
      const { owner, sets } = units[index] ?? {};
      if (owner !== undefined && sets) waiting.push(owner);
      for (let member = index + 1; units[member]?.owner === index; member++) waiting.push(member);
      const own = index === edited ? names : units[index]?.names ?? [];
      if (own.length > 0) for (const [other] of units.entries()) if (!affected.has(other) && own.some((name) => words(other).has(name))) waiting.push(other);
    }
  };
  add(edited);
  // What is built elsewhere and sent here counts as sent: builders within reach are judged anew, by all that reach them.
  const seen = new Set<number>();
  const reach = (mentions: ReadonlySet<string>): void => {
    for (const name of mentions) {
      for (const index of declaring.get(name) ?? []) {
        if (seen.has(index)) continue;
        seen.add(index);
        if (builders.has(index)) add(index);
        reach(words(index));
      }
    }
  };
  reach(mentioned);
  for (const index of affected) {
    const owner = units[index]?.owner;
    if (owner !== undefined && builders.has(owner)) add(owner);
    reach(words(index));
  }
}

const word = /[\w$\u0080-\uffff]+/g;

/** The words of a unit's text, comments and strings included; of a class without its methods. */
function wordsOf(text: string, units: readonly Unit[], known: (ReadonlySet<string> | undefined)[], index: number): ReadonlySet<string> {
  let found = known[index];
  const unit = units[index];
  if (!found && unit) {
    const words = new Set<string>();
    const look = (start: number, end: number): void => {
      for (const [name] of text.slice(start, end).matchAll(word)) words.add(name);
    };
    let at = unit.start;
    for (let member = index + 1; units[member]?.owner === index; member++) {
      look(at, units[member]?.start ?? at);
      at = units[member]?.end ?? at;
    }
    look(at, unit.end);
    known[index] = found = words;
  }
  return found ?? new Set();
}
