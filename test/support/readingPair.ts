import { expect } from 'vitest';
import type { HostFile } from '../../server/src/core/hosts/ir';
import { hostSpan } from '../../server/src/core/text/span';
import type { Engine, OpenReader } from '../../server/src/workspace/engine';
import { languageOf, toUri } from '../../server/src/workspace/paths';

/** mulberry32: the same edits in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A document in an editor, beside one that is read whole at each edit. */
export class ReadingPair {
  readonly reader: OpenReader;
  private readonly whole: OpenReader;

  constructor(private readonly engine: Engine, path: string, public text: string) {
    const language = languageOf(path);
    if (!language) throw new Error(`no language: ${path}`);
    this.reader = engine.open(toUri(path), text, language);
    this.whole = engine.open(toUri(path), text, language);
  }

  /** Replaces a stretch; both readings have to be the same. @returns whether the first one was partial */
  edit(start: number, end: number, inserted: string): boolean {
    const change = { span: hostSpan(start, end), text: inserted };
    this.text = this.text.slice(0, start) + inserted + this.text.slice(end);
    const file = this.reader.update(this.text, [change]);
    // Of the same incremental parse, but with other models, though there are none: nothing is taken over.
    const expected = file.language === 'sql' ? this.engine.read(file.uri, this.text, 'sql') : this.whole.update(this.text, [change], { models: new Map() });
    expect(this.whole.partial).toBe(false);
    if (this.reader.partial) expect(file).toEqual(expected);
    return this.reader.partial;
  }

  replace(old: string, text: string): boolean {
    const at = this.text.indexOf(old);
    if (at < 0 || this.text.includes(old, at + 1)) throw new Error(`not once: ${old}`);
    return this.edit(at, at + old.length, text);
  }

  get file(): HostFile {
    return this.reader.file;
  }

  dispose(): void {
    this.reader.dispose();
    this.whole.dispose();
  }
}

/** Edits at places that are the same in every run, every second one undoes the one before. @returns how many were read in part */
export function typeInto(engine: Engine, path: string, text: string, snippets: readonly string[], edits: number): number {
  const pair = new ReadingPair(engine, path, text);
  const random = randomFrom(text.length);
  let partial = 0;
  let undo: { start: number; end: number; text: string } | undefined;
  for (let i = 0; i < edits; i++) {
    const start = undo?.start ?? Math.floor(random() * pair.text.length);
    const end = undo?.end ?? Math.min(pair.text.length, start + Math.floor(random() * 2) * Math.floor(random() * 6));
    const inserted = undo?.text ?? snippets[Math.floor(random() * snippets.length)] ?? '';
    undo = undo ? undefined : { start, end: start + inserted.length, text: pair.text.slice(start, end) };
    if (pair.edit(start, end, inserted)) partial++;
  }
  pair.dispose();
  return partial;
}
