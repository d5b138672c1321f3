import { describe, expect, it } from 'vitest';
import { findInstallation, type Machine } from '../../server/src/db/planner/installations';
import { settingsSchema, checkSettings } from '../../server/src/workspace/settings';
import { rules } from '../../server/src/core/rules/index.generated';
import manifest from '../../package.json';

/** A machine with these programs: folder → what `postgres --version` prints there. */
const machine = (programs: Readonly<Record<string, string>>, more: Partial<Machine> = {}): Machine => ({
  platform: 'linux', searchPath: '', list: () => [], isProgram: (file) => Object.keys(programs).some((folder) => file === `${folder}/initdb` || file === `${folder}/postgres`),
  versionOf: (program) => Promise.resolve(programs[program.replace(/\/postgres$/, '')] ?? ''), ...more,
});
const folderOf = async (major: number, on: Machine, outside: readonly string[] = []): Promise<string | undefined> => (await findInstallation(major, outside, on))?.folder;

describe('installations of Postgres', () => {
  it('where packages place them, of the wanted version', async () => {
    const debian = machine({ '/usr/lib/postgresql/15/bin': 'postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', '/usr/pgsql-16/bin': 'postgres (PostgreSQL) 16.4' });
    expect(await findInstallation(15, [], debian)).toEqual({ major: 15, version: '15.18', folder: '/usr/lib/postgresql/15/bin' });
    expect([await folderOf(16, debian), await folderOf(14, debian)]).toEqual(['/usr/pgsql-16/bin', undefined]);
    const mac = machine({ '/opt/homebrew/opt/postgresql@17/bin': 'postgres (PostgreSQL) 17.2 (Homebrew)', '/Applications/Postgres.app/Contents/Versions/18/bin': 'postgres (PostgreSQL) 18beta1 (Postgres.app)' }, { platform: 'darwin' });
    expect([await folderOf(17, mac), await folderOf(18, mac)]).toEqual(['/opt/homebrew/opt/postgresql@17/bin', '/Applications/Postgres.app/Contents/Versions/18/bin']);
    expect(await folderOf(15, machine({ '/usr/local/pgsql-15/bin': 'postgres (PostgreSQL) 15.1' }, { list: (folder) => (folder === '/usr/local' ? ['bin', 'pgsql-15'] : []) }))).toBe('/usr/local/pgsql-15/bin');
  });

  it('on the PATH, but never one that a workspace brings', async () => {
    const version = 'postgres (PostgreSQL) 14.9';
    const at = (folder: string, outside: readonly string[] = []): Promise<string | undefined> => folderOf(14, machine({ [folder]: version }, { searchPath: `/usr/bin:${folder}` }), outside);
    expect(await at('/opt/pg/bin')).toBe('/opt/pg/bin');
    expect([await at('/work/app/bin', ['/work/app']), await at('/work/app/node_modules/.bin'), await at('bin'), await at('./bin')]).toEqual([undefined, undefined, undefined, undefined]);
    expect(await at('/work/application/bin', ['/work/app'])).toBe('/work/application/bin');
  });

  it('of another version than its folder says, and of versions that are not known, are none', async () => {
    expect(await folderOf(15, machine({ '/usr/lib/postgresql/15/bin': 'postgres (PostgreSQL) 16.4' }))).toBeUndefined();
    expect(await folderOf(15, machine({ '/usr/lib/postgresql/15/bin': '' }))).toBeUndefined();
    expect([await folderOf(11, machine({ '/usr/lib/postgresql/11/bin': 'postgres (PostgreSQL) 11.22' })), await folderOf(19, machine({ '/usr/lib/postgresql/19/bin': 'postgres (PostgreSQL) 19.0' }))]).toEqual([undefined, undefined]);
  });
});

describe('who may choose a Postgres of the machine', () => {
  it('the machine\'s settings, no configuration file of a workspace', () => {
    const setting = manifest.contributes.configuration.flatMap((section) => Object.entries(section.properties)).find(([name]) => name === 'sargable.plannerServer')?.[1] as { readonly scope: string; readonly default: string } | undefined;
    expect([setting?.scope, setting?.default]).toEqual(['machine', 'embedded']);
    expect(Object.keys(settingsSchema(rules)['properties'] as object)).not.toContain('plannerServer');
    expect(checkSettings({ plannerServer: 'local' }, rules)).toHaveLength(1);
    expect(checkSettings({ planner: 'local' }, rules)).toHaveLength(1);
  });
});
