import type { HostFile } from '../hosts/ir';
import { hostSpan, type HostSpan } from '../text/span';

/** `#[cfg(test)] mod tests {`, with further attributes between. */
const TEST_MODULE = /^([ \t]*)#\[cfg\((?:all\()?test\b[^\]]*\]\s*(?:#!?\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{/gm;

/** Modules of a Rust file that are compiled for its tests alone; each ends with the brace that is as far in as it begins. */
export function findTestModules({ language }: Pick<HostFile, 'language'>, text: string): readonly HostSpan[] {
  if (language !== 'rust' || !text.includes('cfg(')) return [];
  return [...text.matchAll(TEST_MODULE)].map((match) => {
    const end = text.slice(match.index).search(new RegExp(`\\n${match[1] ?? ''}\\}`));
    return hostSpan(match.index, end < 0 ? text.length : match.index + end);
  });
}
