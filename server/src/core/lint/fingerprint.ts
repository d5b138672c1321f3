/**
 * 64 bits of FNV-1a over UTF-16 units, as 16 hexadecimal digits: two 32-bit runs with different offset bases.
 * Not for security; two findings of one file collide with a chance of about 2^-64.
 */
export function hashText(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}

/** Blanks collapsed, so that re-indenting code does not change a fingerprint. */
export const normaliseSnippet = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Numbers equal findings of a file in order, so that each has a fingerprint of its own. */
export class FingerprintCounter {
  private readonly seen = new Map<string, number>();

  /** @param path relative to the workspace, so that the fingerprint is the same on every machine. */
  next(rule: string, path: string, statement: string, snippet: string): string {
    const content = `${rule}\0${path}\0${normaliseSnippet(statement)}\0${normaliseSnippet(snippet)}`;
    const occurrence = this.seen.get(content) ?? 0;
    this.seen.set(content, occurrence + 1);
    return hashText(`${content}\0${occurrence}`);
  }
}
