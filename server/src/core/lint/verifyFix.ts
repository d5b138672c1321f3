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
 * would write: the caller puts them into the catalog where they are migrations. `planned`: with what the planner has said
 * about the text as it stands; answers about another text or catalog are not waited for.
 */
export type Relint = (text: string, creates: NonNullable<Fix['creates']>, planned: boolean) => RelintResult;

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
  // Without the planner the check is strict; a finding that only the planner sees was proved by its own what-if.
  const plain = relint(text, [], false);
  const planned = countOf(plain, finding) === 0;
  const before = planned ? relint(text, [], true) : plain;
  return fixes.filter((fix) => isFixSound(text, finding, fix, before, (changed, creates) => relint(changed, creates, planned)));
}

const countOf = (result: RelintResult, finding: Pick<Finding, 'rule'>): number => result.findings.filter((f) => f.rule === finding.rule).length;

function isFixSound(text: string, finding: Pick<Finding, 'rule' | 'uri'>, fix: Fix, before: RelintResult, relint: (text: string, creates: NonNullable<Fix['creates']>) => RelintResult): boolean {
  if (fix.edits.length === 0 && !fix.creates?.length) return false;
  if (fix.edits.some((edit) => edit.uri !== finding.uri)) return false;
  const changed = applyEdits(text, fix.edits);
  if (changed === undefined || (fix.edits.length > 0 && changed === text)) return false;
  const after = relint(changed, fix.creates ?? []);
  return after.errors <= before.errors && countOf(after, finding) < countOf(before, finding);
}
