import type { HostFile } from '../hosts/ir';
import type { SqlAnalyser } from '../sql/ports';
import { applyEdits } from '../text/edit';
import type { Finding, Fix } from './rule';

/** What a changed text looks like to the linter. */
export interface RelintResult {
  readonly findings: readonly Pick<Finding, 'rule' | 'message'>[];
  /** Stretches of the host that do not parse plus statements that the grammar rejects (`countSyntaxErrors`), in every document that was read. */
  readonly errors: number;
}

/** Another document as it would be. */
export interface ChangedText {
  readonly uri: string;
  readonly text: string;
}

/**
 * Reads and lints a changed text of the same document, as if it stood on disk, with `others` as they would be too. `creates` are the files that the fix
 * would write: the caller puts them into the catalog where they are migrations. `planned`: with what the planner has said
 * about the text as it stands; answers about another text or catalog are not waited for. Only the findings of `rule` are asked for.
 */
export type Relint = (text: string, creates: NonNullable<Fix['creates']>, planned: boolean, others: readonly ChangedText[], rule: string) => RelintResult;

/** Errors of a file: host stretches that did not parse, and statements whose complete text the grammar rejects. */
export function countSyntaxErrors(file: HostFile, sql: SqlAnalyser): number {
  return file.errors.length + file.sites.filter((site) => site.source && sql.analyse(site.source).error).length;
}

/**
 * Distrusts every fix: it is applied, the text is read and linted again, and the fix is dropped unless the finding is
 * gone and no new syntax error appeared. So are the other documents that it
 * touches, which have to be known for it. Cost: one lint of the file before, and one per fix, of the finding's rule alone.
 * @param textOf text of another document; left out, fixes that touch one are dropped.
 */
export function verifyFixes(text: string, finding: Pick<Finding, 'rule' | 'uri'>, fixes: readonly Fix[], relint: Relint, textOf?: (uri: string) => string | undefined): readonly Fix[] {
  if (fixes.length === 0) return fixes;
  // Without the planner the check is strict; a finding that only the planner sees was proved by its own what-if.
  const plain = relint(text, [], false, [], finding.rule);
  const planned = countOf(plain, finding) === 0;
  const before = planned ? relint(text, [], true, [], finding.rule) : plain;
  return fixes.filter((fix) => {
    const others = changedOthers(finding.uri, fix, textOf);
    if (!others) return false;
    const unchanged = others.length === 0 ? before : relint(text, [], planned, others.map(({ uri, before: known }) => ({ uri, text: known })), finding.rule);
    return isFixSound(text, finding, fix, unchanged, (changed, creates) => relint(changed, creates, planned, others, finding.rule));
  });
}

const countOf = (result: RelintResult, finding: Pick<Finding, 'rule'>): number => result.findings.filter((f) => f.rule === finding.rule).length;

/** The other documents that a fix changes; undefined where one is not known or the edits do not fit it. */
function changedOthers(own: string, fix: Fix, textOf: ((uri: string) => string | undefined) | undefined): readonly (ChangedText & { readonly before: string })[] | undefined {
  const found: (ChangedText & { readonly before: string })[] = [];
  for (const uri of new Set(fix.edits.map((edit) => edit.uri).filter((one) => one !== own))) {
    const before = textOf?.(uri);
    const text = before === undefined ? undefined : applyEdits(before, fix.edits.filter((edit) => edit.uri === uri));
    if (before === undefined || text === undefined || text === before) return undefined;
    found.push({ uri, text, before });
  }
  return found;
}

function isFixSound(text: string, finding: Pick<Finding, 'rule' | 'uri'>, fix: Fix, before: RelintResult, relint: (text: string, creates: NonNullable<Fix['creates']>) => RelintResult): boolean {
  if (fix.edits.length === 0 && !fix.creates?.length) return false;
  const own = fix.edits.filter((edit) => edit.uri === finding.uri);
  const changed = own.length === 0 ? text : applyEdits(text, own);
  if (changed === undefined || (own.length > 0 && changed === text)) return false;
  const after = relint(changed, fix.creates ?? []);
  return after.errors <= before.errors && countOf(after, finding) < countOf(before, finding);
}
