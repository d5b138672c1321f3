import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Signatures of the libraries, for compilers: the packages themselves need not be there. */
const signatures = join(import.meta.dirname, '../fixtures/compile');

/** None of these tools is needed to run the tests: where one is missing, what the fixes write is read again by our own reader, not compiled. */
const hasTool = (tool: string, ...args: readonly string[]): boolean => {
  const found = spawnSync(tool, args).status === 0;
  if (!found) console.warn(`SKIPPED: no ${tool} here: fixes of its language are not compiled`);
  return found;
};

export interface Compiler {
  readonly language: string;
  readonly extension: string;
  available(): boolean;
  /** What the compiler says of the texts, all at once; empty where all compile. */
  compile(texts: readonly string[]): string;
}

function inFolder(work: (folder: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sargable-compile-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const goPackages: Readonly<Record<string, string>> = { context: 'context', time: 'time', fmt: 'fmt', sql: 'database/sql', pgx: 'github.com/jackc/pgx/v5', pgxpool: 'github.com/jackc/pgx/v5/pgxpool', pq: 'github.com/lib/pq', gorm: 'gorm.io/gorm' };

/** The packages that a file uses are imported: its tests name only those by which the driver is told. */
const withImports = (text: string): string =>
  text.replace(/import \([^)]*\)/, `import (\n${Object.entries(goPackages).filter(([name]) => new RegExp(`(?<![\\w."/])${name}\\.[A-Z]`).test(text)).map(([name, path]) => `\t${name} "${path}"\n`).join('')})`);

export const compilers: readonly Compiler[] = [
  {
    language: 'Go', extension: 'go', available: () => hasTool('go', 'version'),
    compile: (texts) => inFolder((folder) => {
      cpSync(join(signatures, 'go'), join(folder, 'src'), { recursive: true });
      texts.forEach((text, at) => write(join(folder, 'src', `case${at}`, 'a.go'), `${withImports(text)}\ntype Logger struct{}\n`));
      const ran = spawnSync('go', ['vet', '-tests=false', ...texts.map((_, at) => `case${at}`)], { encoding: 'utf8', cwd: folder, env: { ...process.env, GOPATH: folder, GO111MODULE: 'off', GOFLAGS: '' } });
      return ran.status === 0 ? '' : ran.stderr;
    }),
  },
  {
    language: 'Java', extension: 'java', available: () => hasTool('javac', '-version'),
    compile: (texts) => inFolder((folder) => {
      const own = (at: number, text: string): string => text.replace(/^package a;/m, `package case${at};`);
      const repository = readFileSync(join(signatures, 'java/a/OrderRepository.java'), 'utf8');
      const files = texts.flatMap((text, at) => {
        const [code, orders] = [join(folder, `case${at}`, 'A.java'), join(folder, `case${at}`, 'OrderRepository.java')];
        write(code, own(at, text));
        write(orders, own(at, repository));
        return [code, orders];
      });
      const ran = spawnSync('javac', ['-proc:none', '-d', join(folder, 'out'), '-sourcepath', join(signatures, 'java'), ...files], { encoding: 'utf8' });
      return ran.status === 0 ? '' : ran.stderr;
    }),
  },
  {
    language: 'C#', extension: 'cs', // The compiler alone is not enough: LINQ stands in a package of its own.
    available: () => inFolder((folder) => (hasTool('mcs', '-target:library', '-r:System.Core.dll', `-out:${join(folder, 'out.dll')}`, join(signatures, 'csharp/Libraries.cs')) ? 'yes' : '')) !== '',
    compile: (texts) => inFolder((folder) => {
      const files = texts.map((text, at) => {
        const file = join(folder, `Case${at}.cs`);
        write(file, `${text.replace('namespace X;', `namespace Case${at} {`)}}\n`);
        return file;
      });
      const ran = spawnSync('mcs', ['-target:library', `-out:${join(folder, 'out.dll')}`, '-nowarn:0649,0169,1998,4014', '-r:System.Core.dll', join(signatures, 'csharp/Libraries.cs'), ...files], { encoding: 'utf8' });
      return ran.status === 0 ? '' : ran.stdout + ran.stderr;
    }),
  },
  {
    language: 'Rust', extension: 'rs', available: () => hasTool('rustc', '--version'),
    compile: (texts) => inFolder((folder) => {
      const modules = texts.map((text, at) => `mod case${at} {\n    use crate::{diesel, sqlx, tokio_postgres, users, AsyncPgConnection, NewUser, Result};\n    use crate::sqlx::PgPool;\n    use crate::tokio_postgres::Client;\n${text.replaceAll(/^use .*\n/gm, '').replace('async fn run', 'pub async fn run')}}\n`);
      const file = join(folder, 'lib.rs');
      write(file, `${readFileSync(join(signatures, 'rust/libraries.rs'), 'utf8').replace('pub(crate) use query_macro;', 'pub(crate) use query_macro as query;').replace(/^#!\[.*\n/m, '').replace(/^\/\/!.*\n/, '#![allow(warnings)]\n')}\n${modules.join('\n')}`);
      const ran = spawnSync('rustc', ['--edition', '2021', '--crate-type', 'lib', '--emit', 'metadata', '-o', join(folder, 'out.rmeta'), file], { encoding: 'utf8' });
      return ran.status === 0 ? '' : ran.stderr;
    }),
  },
];

/** What a run of a file gave, and how many statements it sent. */
export interface CommonRun {
  readonly output: string;
  readonly error: string | null;
  readonly sent: number;
  readonly state?: unknown;
}

export interface Runner {
  readonly language: string;
  readonly extension: string;
  available(): boolean;
  /** @param walk how each file's `page` is asked for all its pages: by `offset`, by `page` or `after` the last row. */
  run(codes: readonly string[], url: string, walk?: readonly string[]): readonly CommonRun[];
}

const runner = (language: string, extension: string, tool: string, script: string, library: string): Runner => ({
  language,
  extension,
  available: () => {
    const found = spawnSync(tool, [join(import.meta.dirname, script)], { input: '' }).status === 0;
    if (!found) console.warn(`SKIPPED: no ${tool} with ${library} here: fixes of ${language} code are not executed`);
    return found;
  },
  run: (codes, url, walk) => {
    const ran = spawnSync(tool, [join(import.meta.dirname, script)], { input: JSON.stringify({ codes, url, ...(walk ? { walk } : {}) }), encoding: 'utf8' });
    if (ran.status !== 0 || !ran.stdout.startsWith('[')) throw new Error(ran.stdout + ran.stderr);
    return JSON.parse(ran.stdout) as readonly CommonRun[];
  },
});

export const runners: readonly Runner[] = [runner('PHP', 'php', 'php', 'runEloquent.php', 'Illuminate and pdo_pgsql'), runner('Ruby', 'rb', 'ruby', 'runActiveRecord.rb', 'ActiveRecord')];
