import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Example, FixKind } from '../../server/src/core/lint/rule';
import { rules } from '../../server/src/core/rules/index.generated';
import { lintCase } from '../support/readers';
import { onServer } from '../support/serverCatalog';

const folder = join(import.meta.dirname, '../../server/src/core/rules');
const tests = join(import.meta.dirname, '..');
/** `nPlusOne.test.ts` and `n-plus-one.test.ts` test the same rule. */
const toKebab = (name: string): string => name.replace(/\.test\.ts$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** In a workspace that has a place for migrations; what changes the schema is the newest of them. */
function lintExample(rule: (typeof rules)[number], { language, code, schema, assume, server }: Example): ReturnType<typeof lintCase> {
  const path = rule.scope === 'migration' && rule.fixKinds && language === 'sql' ? 'db/migrations/0002_example.sql' : undefined;
  const migrations = { folder: 'db/migrations', format: 'plain' as const, existing: ['0001_init.sql', '0002_example.sql'] };
  const base = { language, code, schema, path, settings: { migrations, ...(assume ? { assume } : {}) }, planner: assume !== undefined };
  // What was run on a server is changed by later migrations.
  return lintCase([rule], server ? { ...onServer(base, server), later: 1 } : base);
}

describe('every rule', () => {
  it('is a file of its name, in the list, sorted, with a test', () => {
    // `page.ts` renders the documentation; rule files are the ones with a dash in their name.
    const files = readdirSync(folder).flatMap((name) => (/^[a-z]+(-[a-z]+)+\.ts$/.test(name) ? [name.slice(0, -3)] : [])).sort();
    expect(rules.map((r) => r.id)).toEqual(files);
    const tested = readdirSync(tests, { recursive: true, encoding: 'utf8' }).map((path) => toKebab(path.split('/').at(-1) ?? ''));
    expect(files.filter((id) => !tested.includes(id))).toEqual([]);
  });

  for (const rule of rules) {
    const seen = new Set<FixKind>();
    it(`${rule.id}: has complete documentation`, () => {
      expect(rule.id).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect(rule.summary).not.toMatch(/\.$/);
      expect(rule.docs.bad.length).toBeGreaterThan(0);
      expect(rule.docs.good.length).toBeGreaterThan(0);
      expect(rule.docs.why.length).toBeGreaterThan(80);
      if (rule.fixKinds) expect(rule.docs.fixSafety, 'fixSafety').toBeTruthy();
      for (const option of Object.values(rule.options)) expect(option.description).toMatch(/\.$/);
    });
    rule.docs.bad.forEach((example, i) => it(`${rule.id}: bad example ${i + 1} fires exactly once`, async () => {
      const { findings, failures } = await lintExample(rule, example);
      expect(failures).toEqual([]);
      expect(findings.map((f) => f.rule)).toEqual([rule.id]);
      for (const { kind } of findings.flatMap((f) => f.fixes())) seen.add(kind);
    }));
    // Others are refused wherever a rule is tested.
    it(`${rule.id}: the bad examples show each kind of fix that it declares`, () => expect([...seen].sort()).toEqual([...(rule.fixKinds ?? [])].sort()));
    rule.docs.good.forEach((example, i) => it(`${rule.id}: good example ${i + 1} is silent`, async () => {
      const { findings, failures, errors } = await lintExample(rule, example);
      expect(failures).toEqual([]);
      expect(errors).toBe(0);
      expect(findings.map((f) => f.message)).toEqual([]);
    }));
  }
});
