import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** A Postgres that is installed on this machine. */
export interface Installation {
  readonly major: number;
  /** `15.18`. */
  readonly version: string;
  /** Folder with `postgres` and `initdb`. */
  readonly folder: string;
}

/** What discovery reads of the machine; a test gives another one. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** `PATH`. */
  readonly searchPath: string;
  /** Names in a folder; none where it cannot be read. */
  list(folder: string): readonly string[];
  /** May this file be run? */
  isProgram(file: string): boolean;
  /** What `postgres --version` prints; empty where it does not run. */
  versionOf(program: string): Promise<string>;
}

const thisMachine: Machine = {
  platform: process.platform,
  searchPath: process.env['PATH'] ?? '',
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  isProgram: (file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
  versionOf: (program) => promisify(execFile)(program, ['--version'], { timeout: 10_000, env: {} }).then(({ stdout }) => stdout, () => ''),
};

/** Versions whose catalogs and file formats the local planner knows. */
const supported = (major: number): boolean => major >= 12 && major <= 18;

/**
 * The Postgres of a major version that is installed here, as its package or installer places it, or on the PATH. Undefined:
 * none. `outside`: folders whose programs are nobody's choice (workspaces); PATH entries in them and in `node_modules` do not count.
 */
export async function findInstallation(major: number, outside: readonly string[] = [], machine: Machine = thisMachine): Promise<Installation | undefined> {
  if (!supported(major)) return undefined;
  for (const folder of new Set([...usualFolders(major, machine), ...pathFolders(outside, machine)])) {
    if (!machine.isProgram(path.join(folder, 'initdb')) || !machine.isProgram(path.join(folder, 'postgres'))) continue;
    const version = /\(PostgreSQL\) ((\d+)[\w.]*)/.exec(await machine.versionOf(path.join(folder, 'postgres')));
    if (version?.[1] !== undefined && Number(version[2]) === major) return { major, version: version[1], folder };
  }
  return undefined;
}

/** Debian and Ubuntu; Red Hat and Fedora; Alpine; Homebrew on both kinds of Mac; Postgres.app; the installer of EDB. */
function usualFolders(major: number, { platform, list }: Machine): readonly string[] {
  if (platform === 'darwin') {
    return [
      `/opt/homebrew/opt/postgresql@${major}/bin`, `/usr/local/opt/postgresql@${major}/bin`, `/Applications/Postgres.app/Contents/Versions/${major}/bin`, `/Library/PostgreSQL/${major}/bin`,
      // MacPorts.
      `/opt/local/lib/postgresql${major}/bin`,
    ];
  }
  return [
    `/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`, `/usr/libexec/postgresql${major}`, `/opt/PostgreSQL/${major}/bin`,
    // Built from sources, side by side.
    ...list('/usr/local').filter((name) => name.startsWith('pgsql')).map((name) => `/usr/local/${name}/bin`),
  ];
}

const isWithin = (folder: string, parent: string): boolean => parent !== '' && !path.relative(parent, folder).startsWith('..') && !path.isAbsolute(path.relative(parent, folder));

const pathFolders = (outside: readonly string[], { searchPath }: Machine): readonly string[] =>
  searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder) && !folder.split(path.sep).includes('node_modules') && !outside.some((parent) => isWithin(folder, parent)));
