import { afterEach, describe, expect, it } from 'vitest';
import { rules } from '../../../server/src/core/rules/index.generated';
import { defaultSettings } from '../../../server/src/core/lint/defaults';
import { ConfigurationError, findConfig, loadConfig } from '../../../server/src/workspace/configFile';
import { checkSettings, mergeSettings, nearest, toLintSettings } from '../../../server/src/workspace/settings';
import { makeWorkspace } from '../../support/workspaceFolder';

describe('checkSettings', () => {
  it('names a misspelt rule and the one that was meant', () => {
    expect(checkSettings({ rules: { 'offset-paginaton': 'off' } }, rules)).toEqual([{ path: ['rules', 'offset-paginaton'], message: "unknown rule 'offset-paginaton'; did you mean 'offset-pagination'?" }]);
  });
  it('names a misspelt setting', () => {
    expect(checkSettings({ smalTableRows: 5 }, rules).map((p) => p.message)).toEqual(["unknown setting 'smalTableRows'; did you mean 'smallTableRows'?"]);
  });
  it('says which severities there are', () => {
    expect(checkSettings({ rules: { 'select-star': 'warn' } }, rules)[0]?.message).toContain('must be one of error, warning, info, hint, off');
  });
  it('refuses negative and fractional rows', () => {
    expect(checkSettings({ largeTableRows: -1 }, rules)).toHaveLength(1);
    expect(checkSettings({ assume: { sessions: 1.5 } }, rules)).toHaveLength(1);
  });
  it('accepts everything that is documented', () => {
    expect(checkSettings({ rules: { 'select-star': 'off', 'offset-pagination': { severity: 'error' } }, tenant: { columns: ['tenant_id'] }, schema: ['db'], assume: { a: 1 }, include: ['test'], migrations: { format: 'goose' }, exclude: ['x'] }, rules)).toEqual([]);
  });
});

it('later settings win, rule by rule', () => {
  const merged = mergeSettings({ rules: { a: 'off', b: 'hint' }, smallTableRows: 5 }, { rules: { b: 'error' } });
  expect(merged.rules).toEqual({ a: 'off', b: 'error' });
  expect(merged.smallTableRows).toBe(5);
});

it('keeps defaults where a value is unusable', () => {
  const settings = toLintSettings({ largeTableRows: 'many' as never, rules: { x: 'loud' as never } }, defaultSettings, undefined);
  expect(settings.largeTableRows).toBe(defaultSettings.largeTableRows);
  expect(settings.rules).toEqual({});
});

it('finds no nearest name where none is near', () => {
  expect(nearest('zzzzzz', ['offset-pagination'])).toBeUndefined();
});

describe('configuration files', () => {
  let workspace: ReturnType<typeof makeWorkspace> | undefined;
  afterEach(() => workspace?.remove());

  it.each([
    ['sargable.config.json', '{ "rules": { "select-star": "off" }, }'],
    ['sargable.config.jsonc', '{ // why\n "rules": { "select-star": "off" } }'],
    ['sargable.config.yaml', 'rules:\n  select-star: off\n'.replace('off', '"off"')],
    ['sargable.config.ts', 'const severity: string = "off";\nexport default { rules: { "select-star": severity } };'],
    ['sargable.config.mjs', 'export default { rules: { "select-star": "off" } };'],
    ['package.json', '{ "name": "x", "sargable": { "rules": { "select-star": "off" } } }'],
  ])('%s is found from a folder below', async (name, content) => {
    workspace = makeWorkspace({ [name]: content, 'src/deep/a.sql': '' });
    const config = await findConfig(workspace.path('src/deep'), rules, { trusted: true });
    expect(config?.settings.rules).toEqual({ 'select-star': 'off' });
  });

  it('says file and line of a typo', async () => {
    workspace = makeWorkspace({ 'sargable.config.json': '{\n  "rules": {\n    "selct-star": "off"\n  }\n}' });
    await expect(findConfig(workspace.folder, rules, { trusted: true })).rejects.toThrow(/sargable\.config\.json:3: unknown rule 'selct-star'; did you mean 'select-star'\?/);
  });
  it('says where JSON breaks', async () => {
    workspace = makeWorkspace({ 'sargable.config.json': '{\n  "rules": ' });
    await expect(findConfig(workspace.folder, rules, { trusted: true })).rejects.toThrow(ConfigurationError);
  });
  it('does not run a program in an untrusted workspace', async () => {
    workspace = makeWorkspace({ 'sargable.config.mjs': 'globalThis.ran = true; export default {};' });
    await expect(findConfig(workspace.folder, rules, { trusted: false })).rejects.toThrow(/untrusted/);
    expect((globalThis as { ran?: boolean }).ran).toBeUndefined();
  });
  it('says that a named file does not exist', async () => {
    workspace = makeWorkspace({});
    await expect(loadConfig(workspace.path('nope.json'), rules, { trusted: true })).rejects.toThrow(/does not exist/);
  });
});
