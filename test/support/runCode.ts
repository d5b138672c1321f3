import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { transformSync } from 'esbuild';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import postgres from 'postgres';
import { serverFolder } from './postgres';
import { prismaOver } from './prismaStandIn';

/** What a piece of code gave, and what the server saw of it. */
export interface RunResult {
  readonly value: unknown;
  /** Statements that the server executed for it, from its own log. */
  readonly statements: readonly string[];
}

let runs = 0;

/** Numbers as every driver but node-postgres gives them. */
const types: pg.CustomTypesConfig = { getTypeParser: ((oid: number, format?: 'text' | 'binary') => (oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text'))) as pg.CustomTypesConfig['getTypeParser'] };

/**
 * Runs the exported `run(...args)` of a TypeScript module against the database, with the real drivers.
 * A library that makes its own connections takes what they need from the module `connection`.
 * @param versions module name → the one that is loaded for it.
 */
export async function runTypeScript(code: string, url: string, args: readonly unknown[], versions: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const name = `run_${process.pid}_${runs++}`;
  const start = logLength();
  const closing: (() => Promise<void>)[] = [];
  class Pool extends pg.Pool {
    constructor() {
      super({ connectionString: url, application_name: name, max: 4 });
      closing.push(() => this.end());
    }
  }
  class Client extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super({ ...(typeof config === 'object' && config.types ? { types: config.types } : {}), connectionString: url, application_name: name });
      closing.push(() => this.end());
    }
  }
  const exports: { run?: (...args: readonly unknown[]) => Promise<unknown> } = {};
  const connect = (): Knex => {
    const made = knex({ client: 'pg', version: '16', connection: { connectionString: url, application_name: name } });
    closing.push(() => made.destroy());
    return made;
  };
  const connectTag = (): postgres.Sql => {
    const made = postgres(url, { max: 4, connection: { application_name: name }, types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } } });
    closing.push(() => made.end());
    return made;
  };
  function prismaClient(): unknown {
    return prismaOver(new Pool(), {
      guest: { table: 'guests' },
      reservation: { table: 'reservations', relations: { guest: { model: 'guest', field: 'guestId', references: 'id' }, host: { model: 'guest', field: 'hostId', references: 'id' } } },
    });
  }
  const modules: Readonly<Record<string, unknown>> = { pg: { ...pg, Pool, Client }, knex: { __esModule: true, default: connect }, postgres: { __esModule: true, default: connectTag }, '@prisma/client': { PrismaClient: prismaClient }, connection: { url, application_name: name } };
  const load = createRequire(import.meta.url);
  // Other libraries stand on the drivers above, or on none.
  const require = (module: string): unknown => modules[module] ?? load(versions[module] ?? module);
  const js = transformSync(code, { loader: 'ts', format: 'cjs', target: 'node20' }).code;
  new Function('require', 'exports', 'module', js)(require, exports, { set exports(value: object) { Object.assign(exports, Object.fromEntries(Object.entries(Object.getOwnPropertyDescriptors(value)).map(([k, d]) => [k, d.get ? d.get() : d.value]))); }, get exports() { return exports; } });
  try {
    const value = await exports.run?.(...args);
    return { value: JSON.parse(JSON.stringify(value ?? null)), statements: statementsOf(name, start) };
  } finally {
    await Promise.all(closing.map((close) => close()));
  }
}

/** Python is not needed to run the tests: where it is missing, what the fixes write for it is compared, not run. */
export const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('SKIPPED: no python3 here: fixes of Python code are not executed');

/** Runs `run(conn, *args)` of a Python module; its connection sends the statements to the database through this process. */
export async function runPython(code: string, url: string, args: readonly unknown[]): Promise<RunResult> {
  const name = `run_${process.pid}_${runs++}`;
  const start = logLength();
  const client = new pg.Client({ connectionString: url, application_name: name, types });
  await client.connect();
  const child = spawn('python3', [join(import.meta.dirname, 'runPython.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const send = (message: unknown): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  try {
    const ended = new Promise<unknown>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (status) => (status === 0 ? undefined : reject(new Error(`python ended with ${status}`))));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const message = JSON.parse(line) as { readonly sql?: string; readonly values?: unknown[]; readonly value?: unknown };
        if (message.sql === undefined) return resolve(message.value);
        client.query({ text: message.sql, values: message.values, rowMode: 'array' }).then((r) => send({ columns: r.fields.map((f) => f.name), rows: r.rows }), reject);
      });
    });
    send({ code, args });
    return { value: await ended, statements: statementsOf(name, start) };
  } finally {
    child.stdin.end();
    await client.end();
  }
}

const logFile = (): string => join(serverFolder(), 'data.log');
const logLength = (): number => statSync(logFile()).size;

/**
 * Statements that this application sent, from the server's log.
 * @param start length of the log before, in bytes: the log of a whole run is long.
 */
function statementsOf(name: string, start: number): readonly string[] {
  const file = openSync(logFile(), 'r');
  const bytes = Buffer.alloc(logLength() - start);
  const length = readSync(file, bytes, 0, bytes.length, start);
  closeSync(file);
  const log = bytes.toString('utf8', 0, length);
  return log.split('\n').flatMap((line, k, lines) => {
    // postgres.js asks once for the types of arrays.
    if (lines[k + 1]?.trim() === 'select b.oid, b.typarray') return [];
    const match = line.startsWith(`${name}|`) ? /LOG: {2}(?:execute [^:]*|statement): (.*)$/.exec(line) : null;
    return match?.[1] === undefined ? [] : [match[1]];
  });
}
