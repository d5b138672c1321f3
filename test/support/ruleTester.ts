import { describe, expect, it } from 'vitest';
import type { Fix, LintSettings, Rule } from '../../server/src/core/lint/rule';
import type { HostFile } from '../../server/src/core/hosts/ir';
import { applyEdits } from '../../server/src/core/text/edit';
import { collectMarks, stripMarks, type Mark } from './marks';
import { lintCase, type CaseResult, type Language, type LintCase } from './readers';

/** One case. A bare string is SQL with the suite's schema and settings. */
export interface RuleCase {
  readonly code: string;
  readonly language?: Language;
  readonly schema?: string;
  readonly settings?: Partial<LintSettings>;
  readonly path?: string;
  readonly role?: HostFile['role'];
  /** See `LintCase`. */
  readonly format?: LintCase['format'];
  readonly later?: number;
  /** False: not repeated inside host languages, for rules whose verdict depends on the host. */
  readonly embed?: boolean;
  /** Text after the first fix of the first finding. */
  readonly fixed?: string;
  /** Text of the first file that the first fix creates. */
  readonly creates?: string;
  /** Number of fixes that must be offered for the first finding. */
  readonly fixes?: number;
  readonly severity?: string;
  /** Checked by the real planner twin, with the volumes of `settings.assume`. */
  readonly planner?: boolean;
  /** See `LintCase`. */
  readonly after?: LintCase['after'];
  readonly catalog?: LintCase['catalog'];
}

export interface RuleSuite {
  /** DDL of every case that has none of its own. */
  readonly schema?: string;
  readonly settings?: Partial<LintSettings>;
  readonly embed?: boolean;
  readonly path?: string;
  readonly planner?: boolean;
  readonly flagged: readonly (string | RuleCase)[];
  readonly clean: readonly (string | RuleCase)[];
}

const MAX_ROUNDS = 10;

/**
 * Runs the cases of one rule. Marks under a line give the exact text of a finding and a part of its message; the number
 * of marks is the number of findings. SQL cases run again behind a wide character, with CRLF, in TypeScript and Python.
 */
export function testRule(rule: Rule, suite: RuleSuite): void {
  const toCase = (c: string | RuleCase): RuleCase => ({ schema: suite.schema, settings: suite.settings, embed: suite.embed, path: suite.path, planner: suite.planner, ...(typeof c === 'string' ? { code: c } : c) });
  describe(rule.id, () => {
    for (const c of suite.flagged.map(toCase)) it(`flags ${title(c.code)}`, () => checkCase(rule, c, collectMarks(c.code)));
    for (const c of suite.clean.map(toCase)) it(`is silent on ${title(c.code)}`, () => checkCase(rule, c, []));
  });
}

const title = (code: string): string => stripMarks(code).replace(/\s+/g, ' ').trim().slice(0, 110);

async function checkCase(rule: Rule, c: RuleCase, marks: readonly Mark[]): Promise<void> {
  const code = stripMarks(c.code);
  const base: LintCase = { language: c.language ?? 'sql', code, schema: c.schema, settings: c.settings, path: c.path, role: c.role, format: c.format, later: c.later, after: c.after, planner: c.planner, catalog: c.catalog };
  const result = await lintCase([rule], base);
  expectMarks(result, rule, code, marks);
  if (c.severity !== undefined) expect(result.findings[0]?.severity).toBe(c.severity);
  if (c.fixes !== undefined) expect(result.findings[0]?.fixes().map((f) => f.title)).toHaveLength(c.fixes);
  const first = result.findings[0]?.fixes()[0];
  if (c.fixed !== undefined) expect(first && applyEdits(code, first.edits)).toBe(c.fixed);
  if (c.creates !== undefined) expect(first?.creates?.[0]?.text).toBe(c.creates);
  await checkFixes(rule, base, result);
  for (const variant of variants(base, c.embed !== false)) {
    expectMarks(await lintCase([rule], variant), rule, variant.code, marks);
  }
}

function expectMarks(result: CaseResult, rule: Rule, code: string, marks: readonly Mark[]): void {
  expect(result.failures).toEqual([]);
  const own = result.findings.filter((f) => f.rule === rule.id);
  expect(own.map((f) => firstLine(code.slice(f.span.start, f.span.end))), code).toEqual(marks.map((m) => m.text));
  own.forEach((finding, i) => {
    expect(`${finding.message} ${finding.because ?? ''}`).toContain(marks[i]?.message ?? '');
  });
}

const firstLine = (text: string): string => text.split(/\r?\n/)[0] ?? '';

/** Every fix of every finding: the finding goes, nothing breaks, and applying on comes to an end. */
async function checkFixes(rule: Rule, base: LintCase, result: CaseResult): Promise<void> {
  for (const finding of result.findings) {
    for (const fix of finding.fixes()) {
      const after = await lintCase([rule], applyFix(base, fix));
      const text = `${fix.title}\n${base.code}`;
      expect(after.errors, text).toBeLessThanOrEqual(result.errors);
      expect(after.findings.length, text).toBeLessThan(result.findings.length);
    }
  }
  let current: LintCase = base;
  let rest = result;
  for (let round = 0; rest.findings.some((f) => f.fixes().length > 0); round++) {
    expect(round, 'the fixes do not settle').toBeLessThan(MAX_ROUNDS);
    const fix = rest.findings.flatMap((f) => f.fixes())[0];
    if (!fix) return;
    current = applyFix(current, fix);
    rest = await lintCase([rule], current);
  }
}

/** The case as it is with the fix: a file among migrations is followed by the new ones, elsewhere they are part of the schema. */
function applyFix(base: LintCase, fix: Fix): LintCase {
  const text = applyEdits(base.code, fix.edits);
  expect(text, `${fix.title}: edits overlap`).toBeDefined();
  const creates = fix.creates ?? [];
  const code = text ?? '';
  if (/(?:^|\/)migrations\//.test(base.path ?? '')) return { ...base, code, after: [...(base.after ?? []), ...creates] };
  return { ...base, code, schema: [base.schema ?? '', ...creates.map((c) => c.sql ?? c.text)].join('\n') };
}

/** The same statement where offsets, line ends and the host differ. */
function variants(base: LintCase, embed: boolean): readonly LintCase[] {
  if (base.language !== 'sql') return [{ ...base, code: base.code.replaceAll('\n', '\r\n') }];
  const result: LintCase[] = [
    { ...base, code: `/* 日本語 🐘 ünïcödé */ ${base.code}` },
    { ...base, code: base.code.replaceAll('\n', '\r\n') },
  ];
  const single = base.code.trim().replace(/;$/, '');
  if (!embed || single.includes(';') || /[`\\]|\$\{|"""|^\s*--/m.test(single)) return result;
  result.push({ ...base, language: 'typescript', path: undefined, code: `import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function run(args: string[]) {\n  /* 🐘 */ const { rows } = await pool.query(\`${single}\`, args);\n  return rows;\n}\n` });
  result.push({ ...base, language: 'python', path: undefined, code: `import asyncpg\n\n\nasync def run(conn: asyncpg.Connection, args: list[str]):\n    """🐘"""\n    return await conn.fetch("""${single}""", *args)\n` });
  return result;
}
