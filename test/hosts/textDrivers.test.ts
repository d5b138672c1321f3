import { describe, expect, it } from 'vitest';
import { compared, innocent } from '../support/adapterCases';
import { readCode } from '../support/readCommon';
import { markedTexts } from '../support/recordedChains';
import { statements, textDrivers, type Statement, type TextDriver } from '../support/textDrivers';

/** A statement in the driver's own parameters, and the call that sends it. */
function written(driver: TextDriver, statement: Statement): { readonly code: string; readonly sql: string; readonly args: readonly string[] } {
  const sql = statement.sql.replaceAll(/\$(\d)/g, (_, n: string) => driver.placeholder(Number(n), statement.values[Number(n) - 1] ?? ''));
  const args = statement.values.map((name) => driver.value?.(name) ?? name);
  return { sql, args, code: driver.call(driver.literal(sql), args, statement, statement.values) };
}

const compact = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

describe.each(textDrivers)('$id', (driver) => {
  const common = statements.map((statement) => [statement.sql.split('\n')[0] ?? '', statement] as const);
  it('has enough cases', () => {
    expect(compared(driver.id, [...common, ...driver.own])).toHaveLength(common.length + driver.own.length);
  });

  it.each(common)('%s', async (_, statement) => {
    const { code, sql, args } = written(driver, statement);
    const text = driver.file(code);
    const sites = (await readCode(driver.path, text)).sites;
    const [site, run] = sites;
    expect(site, code).toMatchObject({ library: driver.library, confidence: expect.stringMatching(/^(?:proved|typed)$/), executes: driver.prepared ? 'no' : 'yes', complete: true, access: statement.fetches === 'none' ? 'write' : 'read' });
    expect(sites).toHaveLength(driver.prepared ? 2 : 1);
    if (driver.prepared) expect(run?.executes).toBe('yes');
    expect(compact(site?.source?.text ?? '')).toBe(compact(sql));
    // A driver that prepares gives the values to what runs.
    const binds = (driver.prepared ? run : site)?.binds.map((bind) => bind.text.replace(/^&/, '')) ?? [];
    if (driver.library === 'pdo' && driver.prepared) for (const arg of args) expect(binds.join(' ')).toContain(arg);
    else expect(binds).toEqual(args);
    const marks = site ? markedTexts(site, text) : [];
    expect(marks.map(([word]) => word)).toEqual([...(site?.source?.text ?? '').matchAll(/\w+/g)].map(([word]) => word));
    for (const [word, host] of marks) expect(host).toBe(word);
  });

  it.each(driver.own)('%s', async (code, ...sql) => {
    expect((await readCode(driver.path, driver.file(code))).sites.map((site) => compact(site.source?.text ?? '(opaque)'))).toEqual(sql.map(compact));
  });

  it.each(innocent(driver.id, driver.other))('nothing is sent by %s', async (code) => {
    expect((await readCode(driver.path, driver.file(code))).sites).toEqual([]);
  });
});
