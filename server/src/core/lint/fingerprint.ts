import type { SqlSource } from '../sql/source';
import { hashText } from '../text/hash';

/** Blanks collapsed, so that re-indenting code does not change a fingerprint. */
export const normaliseSnippet = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The statements of an open document are the same objects at most keystrokes. */
const statements = new WeakMap<SqlSource, string>();

function statementOf(source: SqlSource | undefined): string {
  if (!source) return '';
  let known = statements.get(source);
  if (known === undefined) statements.set(source, (known = normaliseSnippet(source.text)));
  return known;
}

/** Numbers equal findings of a file in order, so that each has a fingerprint of its own. */
export class FingerprintCounter {
  private readonly seen = new Map<string, number>();

  /** @param path relative to the workspace, so that the fingerprint is the same on every machine. */
  next(rule: string, path: string, statement: SqlSource | undefined, snippet: string): string {
    const content = `${rule}\0${path}\0${statementOf(statement)}\0${normaliseSnippet(snippet)}`;
    const occurrence = this.seen.get(content) ?? 0;
    this.seen.set(content, occurrence + 1);
    return hashText(`${content}\0${occurrence}`);
  }
}
