import { describe, expect, it } from 'vitest';
import { formatMarkdown } from '../../../server/src/cli/formats/markdown';
import { compareTwo, renderCompareMarkdown } from '../../../server/src/cli/planCompare';
import { renderPlanMarkdown } from '../../../server/src/cli/planText';
import { renderAdviceMarkdown } from '../../../server/src/core/advice/adviceReport';
import { renderChecklistMarkdown } from '../../../server/src/core/health/checklist';
import { renderHealthMarkdown } from '../../../server/src/core/health/markdown';
import type { HealthReport } from '../../../server/src/core/health/model';
import { findInPlan } from '../../../server/src/core/plan/findings';
import { parsePlan } from '../../../server/src/core/plan/planTree';
import { renderColumn, renderTable } from '../../../server/src/lsp/features/catalogText';
import { readDdl } from '../../support/ddl';

/** A name that tries to be a picture, an element, a link, the end of a cell, of code and of a block, and a heading. */
const EVIL = 'x|y ![p](http://evil/p.png) <img src=x onerror=1> [l](javascript:1) ` `` ``` \n```\n# h\n| a | b |';

/** What a reader of Markdown takes for markup: blocks and spans of code and escaped characters are taken out. */
function markupOf(markdown: string): string {
  const lines: string[] = [];
  let open: string | undefined;
  for (const line of markdown.split('\n')) {
    const marks = /^\s*(`{3,})(.*)$/.exec(line);
    if (open !== undefined) { if (marks && marks[1]!.length >= open.length && marks[2]!.trim() === '') open = undefined; continue; }
    if (marks && !marks[2]!.includes('`')) { open = marks[1]; continue; }
    lines.push(line);
  }
  if (open !== undefined) throw new Error(`a block is not closed:\n${markdown}`);
  return lines.map((line) => line.replaceAll(/\\[!-/:-@[-`{-~]/g, '').replaceAll(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '')).join('\n');
}

function expectInert(markdown: string): void {
  const markup = markupOf(markdown);
  expect(markup).not.toMatch(/!\[|\]\(|<img|^\s*#+ h$/m);
  // Rows of a table have the cells of its head.
  const rows = markup.split('\n').map((line) => (line.startsWith('|') ? line.split('|').length : 0));
  rows.forEach((cells, at) => { if (cells > 0 && (rows[at - 1] ?? 0) > 0) expect(cells).toBe(rows[at - 1]); });
}

describe('documents in Markdown let no foreign name be markup', () => {
  const plan = { Plan: { 'Node Type': 'Seq Scan', 'Relation Name': EVIL, Alias: EVIL, 'Total Cost': 90_000, 'Plan Rows': 1, Filter: `(a = '${EVIL}'::text)` } };
  it('of plans and of their comparison', () => {
    const findings = findInPlan(parsePlan(plan));
    expect(findings.map(({ kind }) => kind)).toEqual(['wasted-reads']);
    const explained = { plan, sql: `select '${EVIL}'`, analyzed: false, notes: [EVIL], connectionLabel: EVIL, findings, verified: [], notUsed: [{ index: EVIL, node: 0, text: EVIL }] };
    expectInert(renderPlanMarkdown(explained));
    expectInert(renderCompareMarkdown(compareTwo({ plan, label: EVIL }, { plan: { Plan: { 'Node Type': 'Result', 'Total Cost': 1 } }, label: EVIL, sql: `select '${EVIL}'` }, () => undefined)));
  });
  it('of findings, reports and advice', () => {
    const at = { line: 1, column: 1 };
    expectInert(formatMarkdown({
      findings: [{ finding: { rule: 'select-star', severity: 'warning', message: EVIL, because: EVIL }, path: EVIL, range: { start: at, end: at }, sourceLine: '', related: [], fixes: [] }] as never,
      skipped: [{ path: EVIL, reason: EVIL }], summary: { files: 1, queries: 1, unanalysed: 0, bySeverity: { error: 0, warning: 1, info: 0, hint: 0 }, byRule: {}, durationMs: 1 },
    }));
    const check = { name: 'tables', title: 'Tables', findings: [{ id: 'dead-tuples', check: 'tables', severity: 'warning', message: EVIL, recommendation: EVIL, statement: `VACUUM "${EVIL}";` }], cannotSee: [{ check: 'tables', reason: EVIL, grant: EVIL }], figures: [{ name: 'f', label: EVIL, value: EVIL, unit: 'text' }], tables: [{ name: 't', title: EVIL, columns: [{ name: 'a', label: EVIL, unit: 'text' }, { name: 'b', label: 'b', unit: 'count' }], rows: [{ a: EVIL, b: 3 }] }] };
    expectInert(renderHealthMarkdown({ label: EVIL, takenAt: '2026-01-01T00:00:00.000Z', checks: [check] } as unknown as HealthReport));
    expectInert(renderChecklistMarkdown('daily', [{ item: 'Look', state: 'open', evidence: EVIL }]));
    expectInert(renderAdviceMarkdown([{ database: EVIL, planned: 1, refused: [{ places: [{ path: EVIL, line: 1 }], reason: EVIL }], indexes: [{ name: EVIL, table: EVIL, method: 'btree', columns: `(${EVIL})`, statements: [`CREATE INDEX "${EVIL}" ON t (a);`], bytes: 8192, queries: [{ sql: EVIL, places: [{ path: EVIL, line: 2 }], costBefore: 9, costAfter: 1 }], confidence: EVIL, caveats: [EVIL], assumed: { [EVIL]: 3 }, writes: EVIL, drops: [{ name: 'i', statement: `DROP INDEX "${EVIL}";` }], server: EVIL }] }]));
  });
  it('of tables and columns under the mouse', async () => {
    // A name has at most 63 bytes.
    const name = 'x|![p](u)<img src=x>[l](v) ` ``` \n```\n# h';
    const catalog = await readDdl(`create table "${name}" ("${name}" text default '${name}' primary key, b text); create index "i ${name}" on "${name}" (b) where b <> '${name}'; create table other (a text references "${name}");`);
    const table = [...catalog.tables.values()].find((item) => item.name === name)!;
    expectInert(renderTable(table, catalog));
    for (const column of table.columns) expectInert(renderColumn(table, column, catalog));
  });
});
