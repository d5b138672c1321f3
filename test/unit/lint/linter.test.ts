import { describe, expect, it } from 'vitest';
import { createFlowGraph } from '../../../server/src/core/calls/graph';
import { createLintCache } from '../../../server/src/core/lint/cache';
import { defaultSettings } from '../../../server/src/core/lint/defaults';
import { lintFile, UNUSED_SUPPRESSION, type LintRequest, type LintResult } from '../../../server/src/core/lint/linter';
import type { LintSettings, Question, Rule, StatementContext, StatementRule } from '../../../server/src/core/lint/rule';
import { selectStar } from '../../../server/src/core/rules/select-star';
import { offsetPagination } from '../../../server/src/core/rules/offset-pagination';
import { lintCase, loadReaders, type LintCase } from '../../support/readers';

const run = (rules: readonly Rule[], code: string, more: Partial<LintCase> = {}): Promise<LintResult> => lintCase(rules, { language: 'sql', code, ...more });

/** A rule of the tests that reports each block of a statement, and counts how often it was asked. */
function countingRule(look: (context: StatementContext) => unknown = () => undefined): StatementRule & { calls: number } {
  const rule = {
    ...selectStar, id: 'counting-rule', calls: 0,
    check(context: StatementContext): void {
      rule.calls++;
      look(context);
      for (const block of context.model.blocks) context.report({ at: { sql: block.span }, message: 'a block', confidence: 'text' });
    },
  };
  return rule;
}

const failing: StatementRule = { ...selectStar, id: 'failing-rule', check: () => { throw new Error('broken'); } };

describe('lintFile', () => {
  it('orders findings by position, then by rule', async () => {
    const { findings } = await run([selectStar, offsetPagination], 'SELECT * FROM b LIMIT 20 OFFSET $1;\nSELECT * FROM a;');
    expect(findings.map((f) => f.rule)).toEqual(['select-star', 'offset-pagination', 'select-star']);
  });

  it('reports a text that two statements take in once', async () => {
    const code = "import { Pool } from 'pg';\nconst pool = new Pool();\nconst rest = 'FROM orders WHERE open LIMIT 10 OFFSET $1';\nawait pool.query(`SELECT id ${rest}`, [a]);\nawait pool.query(`SELECT total ${rest}`, [a]);";
    const { findings } = await run([offsetPagination], code, { language: 'typescript' });
    expect(findings.map((f) => [f.rule, code.slice(f.span.start, f.span.end)])).toEqual([['offset-pagination', 'OFFSET $1']]);
  });

  it('turns a rule that throws into one failure and keeps the others', async () => {
    const result = await run([failing, selectStar], 'SELECT * FROM a; SELECT * FROM b;');
    expect(result.failures).toMatchObject([{ rule: 'failing-rule', message: 'broken' }]);
    expect(result.findings).toHaveLength(2);
  });

  it('shows nothing where the SQL has no place in the document', async () => {
    const { sql } = await loadReaders();
    const file = (await lintCase([], { language: 'sql', code: 'SELECT * FROM a' })).file;
    const moved = { ...file, sites: file.sites.map((site) => ({ ...site, map: { segments: [] } })) };
    const { findings } = lintFile({ file: moved, text: 'SELECT * FROM a', catalog: undefined, settings: defaultSettings, sql, flow: createFlowGraph(() => undefined), rules: [selectStar] });
    expect(findings).toEqual([]);
  });

  it('never throws on text that is not SQL', async () => {
    const garbage = ['', ';;;', 'SELECT', "SELECT '", 'SELECT ((((', '\u0000\uD800', 'SELECT * FROM', '$$', '/*', 'WITH x AS (SELECT', `SELECT ${'('.repeat(20_000)}`, `SELECT * FROM a WHERE id IN (${Array.from({ length: 20_000 }, (_, i) => i).join(',')})`];
    const { rules } = await import('../../../server/src/core/rules/index.generated');
    for (const text of garbage) expect((await run(rules, text)).failures, text.slice(0, 40)).toEqual([]);
  });
});

describe('severity', () => {
  const severities = async (settings: Partial<LintSettings>, more: Partial<LintCase> = {}): Promise<string[]> =>
    (await run([offsetPagination], 'SELECT id FROM a LIMIT 5 OFFSET $1', { settings, ...more })).findings.map((f) => f.severity);

  it('takes the finding’s own, and configuration over both', async () => {
    expect(await severities({})).toEqual(['info']);
    expect(await severities({ rules: { 'offset-pagination': { severity: 'error' } } })).toEqual(['error']);
    expect(await severities({ rules: { 'offset-pagination': { severity: 'off' } } })).toEqual([]);
  });

  it('leaves tests, seeds and generated code out unless they are included', async () => {
    expect(await severities({}, { role: 'test' })).toEqual([]);
    expect(await severities({}, { role: 'generated' })).toEqual([]);
    expect(await severities({}, { role: 'migration' })).toEqual([]);
    expect(await severities({ includeRoles: ['test'] }, { role: 'test' })).toEqual(['info']);
  });

  it('reports at most info in scripts', async () => {
    const schema = 'CREATE TABLE a (id bigint PRIMARY KEY);';
    expect(await severities({ assume: { a: 1_000_000 } }, { schema })).toEqual(['warning']);
    expect(await severities({ assume: { a: 1_000_000 } }, { schema, role: 'script' })).toEqual(['info']);
  });
});

describe('suppressions', () => {
  const rulesOf = async (code: string, rules: readonly Rule[] = [selectStar]): Promise<string[]> => (await run(rules, code)).findings.map((f) => f.rule);

  it('silences the next statement, a line and a file', async () => {
    expect(await rulesOf('-- sargable-disable-next-line select-star: wanted\nSELECT * FROM a;')).toEqual([]);
    expect(await rulesOf('-- sargable-disable-next-line select-star: wanted\n\nSELECT\n  *\nFROM a;')).toEqual([]);
    expect(await rulesOf('SELECT * FROM a; -- sargable-disable-line select-star: wanted')).toEqual([]);
    expect(await rulesOf('-- sargable-disable select-star: generated by hand\nSELECT * FROM a;\nSELECT * FROM b;')).toEqual([]);
    expect(await rulesOf('-- sargable-disable-next-line select-star: wanted\nSELECT * FROM a;\nSELECT * FROM b;')).toEqual(['select-star']);
  });

  it('reports a comment that silences nothing, with a fix that removes it', async () => {
    const code = '-- sargable-disable-next-line select-star: wanted\nSELECT id FROM a;\n';
    const { findings, unusedSuppressions } = await run([selectStar], code);
    expect(findings.map((f) => f.rule)).toEqual([UNUSED_SUPPRESSION]);
    expect(unusedSuppressions).toHaveLength(1);
    const edit = findings[0]?.fixes()[0]?.edits[0];
    expect(edit && code.slice(0, edit.span.start) + edit.text + code.slice(edit.span.end)).toBe('SELECT id FROM a;\n');
  });

  it('says nothing about comments for rules that did not run or failed', async () => {
    expect(await rulesOf('-- sargable-disable-next-line offset-pagination: later\nSELECT id FROM a;')).toEqual([]);
    expect(await rulesOf('-- sargable-disable-next-line failing-rule: later\nSELECT id FROM a;', [failing])).toEqual([]);
  });
});

describe('fingerprints', () => {
  const prints = async (code: string): Promise<string[]> => (await run([selectStar], code)).findings.map((f) => f.fingerprint);

  it('stay when lines move and blanks change, and differ between equal statements', async () => {
    const [one, two] = await prints('SELECT * FROM a;\nSELECT * FROM a;');
    expect(one).not.toBe(two);
    expect(await prints('\n\n-- more\nSELECT *\n   FROM a;\nSELECT id FROM b;\n  SELECT * FROM a;')).toEqual([one, two]);
    expect(await prints('SELECT * FROM b;')).not.toContain(one);
  });
});

describe('the cache', () => {
  const request = async (code: string, rule: Rule, more: Partial<LintRequest> = {}): Promise<LintRequest> => {
    const { sql, read } = await loadReaders();
    const file = read('file:///workspace/src/a.sql', code, 'sql');
    return { file, text: code, catalog: undefined, settings: defaultSettings, sql, flow: createFlowGraph(() => undefined), rules: [rule], ...more };
  };

  it('does not run rules again on unchanged statements, and places them where they stand now', async () => {
    const rule = countingRule();
    const cache = createLintCache();
    const rules = [rule];
    lintFile(await request('SELECT 1;\nSELECT 2;', rule, { cache, rules }));
    expect(rule.calls).toBe(2);
    const text = 'SELECT 3;\n\nSELECT 2;';
    const { findings } = lintFile(await request(text, rule, { cache, rules }));
    expect(rule.calls).toBe(3);
    expect(findings.map((f) => text.slice(f.span.start, f.span.end))).toEqual(['SELECT 3', 'SELECT 2']);
  });

  it('forgets when settings or rules change', async () => {
    const rule = countingRule();
    const cache = createLintCache();
    const rules = [rule];
    lintFile(await request('SELECT 1;', rule, { cache, rules }));
    lintFile(await request('SELECT 1;', rule, { cache, rules, settings: { ...defaultSettings } }));
    lintFile(await request('SELECT 1;', rule, { cache, rules: [rule] }));
    expect(rule.calls).toBe(3);
  });

  it('computes fixes of a remembered finding in the text of today', async () => {
    const cache = createLintCache();
    const rules = [offsetPagination];
    const schema = 'CREATE TABLE a (id bigint PRIMARY KEY);';
    const { sql } = await loadReaders();
    const { readCatalog } = await import('../../support/readers');
    const catalog = readCatalog(sql, [schema]);
    const statement = 'SELECT id FROM a ORDER BY id LIMIT 5 OFFSET $1';
    lintFile(await request(statement, offsetPagination, { cache, rules, catalog }));
    const text = `-- moved\n${statement}`;
    const { findings } = lintFile(await request(text, offsetPagination, { cache, rules, catalog }));
    const edits = findings[0]?.fixes()[0]?.edits ?? [];
    expect(edits.every((edit) => edit.span.start > '-- moved\n'.length)).toBe(true);
    expect(edits.length).toBeGreaterThan(0);
  });

  it('holds for queries in code while nothing but their place changes', async () => {
    const { sql, read } = await loadReaders();
    const rule = countingRule();
    const cache = createLintCache();
    const rules = [rule];
    const lint = (code: string): number => {
      const before = rule.calls;
      lintFile({ file: read('file:///workspace/src/a.ts', code, 'typescript'), text: code, catalog: undefined, settings: defaultSettings, sql, flow: createFlowGraph(() => undefined), rules, cache });
      return rule.calls - before;
    };
    const code = (value: string, head = ''): string => `import { Pool } from 'pg';\nconst pool = new Pool();\n${head}export const f = (id: number, other: number) => pool.query('SELECT a FROM b WHERE c = $1', [${value}]);\n`;
    expect(lint(code('id'))).toBe(1);
    expect(lint(code('id'))).toBe(0);
    expect(lint(code('id', '// moved\nexport const g = (x: number) => x;\n'))).toBe(0);
    expect(lint(code('other'))).toBe(1);
  });

  it('runs a rule again that looks at the document, that failed, or whose question has another answer', async () => {
    const looking = countingRule((context) => context.file.functions.length);
    const asking = countingRule((context) => context.ask(hasTwo));
    const broken = countingRule(() => { throw new Error('broken'); });
    for (const [rule, calls] of [[looking, [1, 2, 3]], [asking, [1, 1, 2]], [broken, [1, 2, 3]]] as const) {
      const cache = createLintCache();
      const rules = [rule];
      const counts = [];
      for (const code of ['SELECT 1;', 'SELECT 1; ', 'SELECT 1;\n-- two']) {
        const { failures } = lintFile(await request(code, rule, { cache, rules }));
        expect(failures.length).toBe(rule === broken ? 1 : 0);
        counts.push(rule.calls);
      }
      expect(counts).toEqual(calls);
    }
  });
});

const hasTwo: Question = ({ text }) => text.includes('two');
