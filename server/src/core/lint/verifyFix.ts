import type { HostFile } from '../hosts/ir';
import type { SqlAnalyser } from '../sql/ports';
import { applyEdits } from '../text/edit';
import type { Finding, Fix } from './rule';

/** What a changed text looks like to the linter. */
export interface RelintResult {
  readonly findings: readonly Pick<Finding, 'rule' | 'message'>[];
  /** Stretches of the host that do not parse plus statements that the grammar rejects (`countSyntaxErrors`). */
  readonly errors: number;
}

/**
 * Reads and lints a changed text of the same document, as if it stood on disk. `creates` are the files that the fix
 * would write: the caller puts them into the catalog where they are migrations.
 */
export type Relint = (text: string, creates: NonNullable<Fix['creates']>) => RelintResult;

/** Errors of a file: host stretches that did not parse, and statements whose complete text the grammar rejects. */
export function countSyntaxErrors(file: HostFile, sql: SqlAnalyser): number {
  return file.errors.length + file.sites.filter((site) => site.source && sql.analyse(site.source).error).length;
}

/**
 * Distrusts every fix: it is applied, the text is read and linted again, and the fix is dropped unless the finding is
 * gone, no new syntax error appeared and no finding that is an error in itself was added. Fixes that touch other
 * documents are dropped too: they cannot be checked here. Cost: one lint of the file before, and one per fix.
 */
export function verifyFixes(text: string, finding: Pick<Finding, 'rule' | 'uri'>, fixes: readonly Fix[], relint: Relint): readonly Fix[] {
  if (fixes.length === 0) return fixes;
  const before = relint(text, []);
  return fixes.filter((fix) => isFixSound(text, finding, fix, before, relint));
}

function isFixSound(text: string, finding: Pick<Finding, 'rule' | 'uri'>, fix: Fix, before: RelintResult, relint: Relint): boolean {
  if (fix.edits.length === 0 && !fix.creates?.length) return false;
  if (fix.edits.some((edit) => edit.uri !== finding.uri)) return false;
  const changed = applyEdits(text, fix.edits);
  if (changed === undefined || (fix.edits.length > 0 && changed === text)) return false;
  const after = relint(changed, fix.creates ?? []);
  const count = (result: RelintResult): number => result.findings.filter((f) => f.rule === finding.rule).length;
  return after.errors <= before.errors && count(after) < count(before);
}
