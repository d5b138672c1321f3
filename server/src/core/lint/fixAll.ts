import type { Edit } from '../text/edit';
import type { Fix } from './rule';

/**
 * The edits of as many fixes as fit together, in order of priority. A fix is taken whole or not at all: one whose edits
 * touch a stretch that an earlier fix changes waits for the next round, when it is computed afresh.
 */
export function collectCompatibleEdits(fixes: readonly Fix[]): readonly Edit[] {
  const taken: Edit[] = [];
  for (const fix of fixes) {
    if (fix.creates?.length) continue;
    if (fix.edits.every((edit) => !taken.some((other) => conflicts(edit, other)))) taken.push(...fix.edits);
  }
  return taken;
}

/** Insertions at one place conflict too: their order would be a guess. */
const conflicts = (a: Edit, b: Edit): boolean => a.uri === b.uri && a.span.start <= b.span.end && b.span.start <= a.span.end;
