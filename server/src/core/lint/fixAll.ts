import type { Edit } from '../text/edit';
import type { Fix } from './rule';

/**
 * The edits of as many fixes as fit together, in order of priority. A fix is taken whole or not at all: one whose edits
 * touch a stretch that an earlier fix changes waits for the next round, when it is computed afresh.
 */
export const collectCompatibleEdits = (fixes: readonly Fix[]): readonly Edit[] => collectCompatibleFixes(fixes).flatMap((fix) => fix.edits);

/** The fixes themselves; those that write files are left out. */
export function collectCompatibleFixes(fixes: readonly Fix[]): readonly Fix[] {
  const taken: Fix[] = [];
  const edits: Edit[] = [];
  for (const fix of fixes) {
    if (fix.creates?.length || fix.edits.some((edit) => edits.some((other) => conflicts(edit, other)))) continue;
    taken.push(fix);
    edits.push(...fix.edits);
  }
  return taken;
}

/** Insertions at one place conflict too: their order would be a guess. */
const conflicts = (a: Edit, b: Edit): boolean => a.uri === b.uri && a.span.start <= b.span.end && b.span.start <= a.span.end;
