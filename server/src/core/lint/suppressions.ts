import type { SuppressionComment } from '../hosts/ir';
import { createLineIndex, type LineIndex } from '../text/lineIndex';
import type { HostOffset, HostSpan } from '../text/span';

/** Decides which findings a file's `sargable-disable…` comments silence, and remembers which comments did something. */
export interface Suppressions {
  /** @param starts where the finding and the statement it belongs to begin; either one's line counts. */
  silences(rule: string, starts: readonly HostOffset[]): boolean;
  /** Comments that silenced nothing, although every rule they name was run. */
  unused(ran: ReadonlySet<string>): readonly SuppressionComment[];
}

export function createSuppressions(text: string, comments: readonly SuppressionComment[]): Suppressions {
  if (comments.length === 0) return { silences: () => false, unused: () => [] };
  const lines = createLineIndex(text);
  const targets = comments.map((comment) => targetLine(comment, comments, lines, text));
  const used = new Set<number>();
  return {
    silences(rule, starts) {
      let silenced = false;
      comments.forEach((comment, i) => {
        if (comment.rules.length > 0 && !comment.rules.includes(rule)) return;
        if (targets[i] !== undefined && !starts.some((start) => lines.toLineColumn(start).line === targets[i])) return;
        used.add(i);
        silenced = true;
      });
      return silenced;
    },
    unused: (ran) => comments.filter((comment, i) => !used.has(i) && comment.rules.every((rule) => ran.has(rule))),
  };
}

/** Line a comment speaks of; undefined: the whole file. `next-line` skips blank lines and further suppressions. */
function targetLine(comment: SuppressionComment, all: readonly SuppressionComment[], lines: LineIndex, text: string): number | undefined {
  if (comment.scope === 'file') return undefined;
  const own = lines.toLineColumn(comment.span.start).line;
  if (comment.scope === 'line') return own;
  const occupied = new Set(all.filter((c) => c.scope === 'next-line').map((c) => lines.toLineColumn(c.span.start).line));
  let line = lines.toLineColumn(comment.span.end).line + 1;
  while (line < lines.lineCount && (occupied.has(line) || text.slice(lines.lineStart(line), lines.lineStart(line + 1)).trim() === '')) line++;
  return line;
}

/** Message of the finding about a comment that silences nothing. */
export function describeUnused(comment: SuppressionComment): { readonly message: string; readonly span: HostSpan } {
  const names = comment.rules.length === 0 ? 'any rule' : comment.rules.join(', ');
  return { message: `This comment silences nothing: no finding of ${names} stands here any more.`, span: comment.span };
}
