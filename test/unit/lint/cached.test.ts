import { beforeAll, expect, it } from 'vitest';
import { generateSql } from '../../../scripts/bench/documents.mjs';
import { createFlowGraph } from '../../../server/src/core/calls/graph';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { createLintCache } from '../../../server/src/core/lint/cache';
import { defaultSettings } from '../../../server/src/core/lint/defaults';
import { lintFile, type LintResult } from '../../../server/src/core/lint/linter';
import { createMigrationCache } from '../../../server/src/core/lint/migrationCache';
import type { MigrationContext, Rule } from '../../../server/src/core/lint/rule';
import { rules } from '../../../server/src/core/rules/index.generated';
import { hostSpan } from '../../../server/src/core/text/span';
import { createEngine, type Engine } from '../../../server/src/workspace/engine';


let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});

const told = ({ findings }: LintResult) => findings.map((finding) => ({ rule: finding.rule, severity: finding.severity, span: finding.span, message: finding.message, because: finding.because, related: finding.related, fingerprint: finding.fingerprint, fixes: finding.fixes() }));

it('findings that are kept between two keystrokes are those of a first look', () => {
  const uri = 'file:///w/db/migrations/0001_init.sql';
  let text = `create table accounts (id int, name text);\ncreate index accounts_name on accounts (name);\n\n${generateSql(120)}\nalter table accounts add column state text not null;\nalter table accounts alter column id type bigint;\ncreate index accounts_state on accounts (state);\n`;
  let calls = 0;
  const watched = rules.map((rule): Rule => (rule.id === 'missing-primary-key' && rule.scope === 'migration' ? { ...rule, check: (context: MigrationContext) => { calls++; rule.check(context); } } : rule));
  const reader = engine.open(uri, text, 'sql');
  const settings = { ...defaultSettings, includeRoles: ['migration'] as const };
  const cache = createLintCache();
  const migrationCache = createMigrationCache();
  const lint = (file: HostFile, kept: boolean): LintResult => {
    const flow = createFlowGraph(() => undefined);
    flow.set(file);
    return lintFile({ file, text, catalog: undefined, settings, sql: engine.sql, flow, rules: watched, ...(kept ? { cache, migrationCache } : {}) });
  };
  const edits: [string, string][] = [['select * from', 'select a.* from'], ['-- statement', '-- a longer statement'], ['limit 10', 'limit 100'], ['name text', 'name varchar(20)'], ["'done'", "'well done'"], ['add column state text not null', "add column state text not null default 'x'"]];
  let migrations = 0;
  const asked: boolean[] = [];
  for (const [old, now] of edits) {
    const at = text.indexOf(old);
    expect(at, old).toBeGreaterThanOrEqual(0);
    text = text.slice(0, at) + now + text.slice(at + old.length);
    const file = reader.update(text, [{ span: hostSpan(at, at + old.length), text: now }]);
    const before = calls;
    const result = lint(file, true);
    asked.push(calls > before);
    const kept = told(result);
    expect(kept).toEqual(told(lint(engine.read(uri, text, 'sql'), false)));
    migrations += kept.filter(({ rule }) => rules.find(({ id }) => id === rule)?.scope === 'migration').length;
  }
  expect(migrations).toBeGreaterThan(6);
  // Queries and comments change no schema; a column does.
  expect(asked).toEqual([true, false, false, true, false, true]);
  reader.dispose();
});

it('a statement that joins or leaves a migration has its rules asked again', () => {
  const uri = 'file:///w/db/0002_index.up.sql';
  const settings = { ...defaultSettings, includeRoles: ['migration'] as const };
  const migrationCache = createMigrationCache();
  const lint = (text: string): readonly string[] => {
    const file = engine.read(uri, text, 'sql');
    const flow = createFlowGraph(() => undefined);
    flow.set(file);
    return lintFile({ file, text, catalog: undefined, settings, sql: engine.sql, flow, rules, migrationCache }).findings.map(({ rule }) => rule);
  };
  const alone = 'create index concurrently i on t (x);\n';
  expect(lint(alone)).not.toContain('index-not-concurrent');
  expect(lint(`${alone}insert into t values (1);\n`)).toContain('index-not-concurrent');
  expect(lint(alone)).not.toContain('index-not-concurrent');
});
