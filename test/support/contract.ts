import { rules } from '../../server/src/core/rules/index.generated';
import type { Finding, Rule } from '../../server/src/core/lint/rule';
import { lintCase, type Language, type LintCase } from './readers';

/** What surrounds the code of a row; SQL with the section's schema and volumes where nothing is said. */
export type RowCase = Partial<LintCase> & { readonly code: string };

/**
 * A clause of the contract in words, a case of it, and what the rule must say: `silent`, or
 * `severity/confidence/fixes` of its only finding (`warning/planner/safe+new`; `text` where no fix is offered).
 */
export type ClauseRow = readonly [clause: string, code: string | RowCase, expected: string];

/** The clauses of one rule. */
export type Clauses = Readonly<Record<string, readonly ClauseRow[]>>;

export const ruleOf = (id: string): Rule => {
  const rule = rules.find((r) => r.id === id);
  if (!rule) throw new Error(`no rule ${id}`);
  return rule;
};

const fixesOf = (finding: Finding): string => [...new Set(finding.fixes().map((fix) => fix.kind))].join('+') || 'text';

/** What the rule says of a row, in the form of `ClauseRow`'s expectation. Findings that are alike are one with a count. */
export async function verdictOf(id: string, row: ClauseRow[1], base: Pick<LintCase, 'schema' | 'settings'>): Promise<string> {
  const given = typeof row === 'string' ? { code: row } : row;
  const settings = { ...base.settings, ...given.settings };
  const result = await lintCase([ruleOf(id)], { language: 'sql' as Language, ...base, ...given, settings });
  if (result.failures.length > 0 || result.errors > 0) throw new Error(`${given.code}\n${JSON.stringify(result.failures)} ${result.errors} syntax errors`);
  const found = result.findings.filter((finding) => finding.rule === id).map((finding) => `${finding.severity}/${finding.confidence}/${fixesOf(finding)}`);
  const [first = 'silent', ...more] = [...new Set(found)];
  return more.length > 0 ? found.join(' ') : found.length > 1 ? `${found.length} x ${first}` : first;
}
