import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import createModule from 'libpg-query/wasm/libpg-query.js';
import type { ParseResult } from './pgTree';

export type { ParseResult } from './pgTree';

/** What a parse came to. `error.cursor` counts code points from 0; `dead`: the engine itself failed on this text. */
export type PgParse =
  | { readonly tree: ParseResult }
  | { readonly error: { readonly message: string; readonly cursor: number } }
  | { readonly dead: true };

type PgQueryModule = createModule.PgQueryModule;

/** The standard API as far as it is used; missing where JavaScript runs without a JIT. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
const webAssembly = (globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;

const wasmFile = 'libpg-query.wasm';
/** Failures an instance may have while no spare is ready: 29 of them killed it in measurements. */
const maxStrikes = 8;

/**
 * The instance in use and a spare one. A stack overflow inside WebAssembly leaks its shadow stack and after some
 * thirty of them the instance is dead or hangs, so an instance is discarded at the first error that is not the
 * parser's own, and the spare takes its place at once; the next spare is made in the background.
 */
let compiled: object | undefined;
let current: PgQueryModule | undefined;
let spare: PgQueryModule | undefined;
let strikes = 0;
let loading: Promise<boolean> | undefined;

/** Path of the WebAssembly file: beside the bundle if it was copied there, else the package's own. */
export function findPgQueryWasm(): string {
  const start = typeof __dirname === 'string' ? __dirname : process.cwd();
  const beside = join(start, wasmFile);
  if (existsSync(beside)) return beside;
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'libpg-query', 'wasm', wasmFile);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) throw new Error(`${wasmFile} not found beside ${start} nor in node_modules`);
  }
}

/**
 * Makes the grammar ready (about 30 ms once; later calls answer at once). Never rejects.
 * @returns false where WebAssembly or its file is missing; `parseTree` then finds nothing.
 */
export async function loadPgQuery(wasmPath?: string): Promise<boolean> {
  loading ??= (async () => {
    try {
      if (!webAssembly) return false;
      const module = new webAssembly.Module(await readFile(wasmPath ?? findPgQueryWasm()));
      current = await instantiate(webAssembly, module);
      compiled = module;
      void refill();
      return true;
    } catch {
      return false;
    }
  })();
  const loaded = await loading;
  if (!loaded) loading = undefined;
  return loaded;
}

const instantiate = (api: WebAssemblyApi, module: object): Promise<PgQueryModule> =>
  createModule({
    instantiateWasm: (imports, receive) => {
      const instance = new api.Instance(module, imports);
      receive(instance);
      return instance.exports;
    },
    print: () => undefined,
    printErr: () => undefined,
  });

async function refill(): Promise<void> {
  if (spare || !compiled || !webAssembly) return;
  const made = await instantiate(webAssembly, compiled).catch(() => undefined);
  if (current && strikes === 0) {
    spare = made;
  } else {
    current = made;
    strikes = 0;
    void refill();
  }
}

function discard(): void {
  if (spare) {
    current = spare;
    spare = undefined;
    strikes = 0;
  } else if (++strikes >= maxStrikes) {
    current = undefined;
  }
  void refill();
}

/** Parses with Postgres' own grammar: 0.1 ms a statement. Undefined before `loadPgQuery` or when no instance is ready. */
export function parseWithPgQuery(sql: string): PgParse | undefined {
  if (!current) return undefined;
  if (sql === '') return { tree: { version: 0, stmts: [] } };
  try {
    return runParse(current, sql);
  } catch {
    discard();
    return { dead: true };
  }
}

/**
 * The raw tree of one or more statements (locations in UTF-8 bytes).
 * @returns undefined on a syntax error, when the engine failed, or before `loadPgQuery`.
 */
export function parseTree(sql: string): ParseResult | undefined {
  const result = parseWithPgQuery(sql);
  return result && 'tree' in result ? result.tree : undefined;
}

/**
 * Postgres' fingerprint of one or more statements: equal whatever their constants, layout and parentheses are (0.05 ms).
 * @returns undefined on a syntax error, when the engine failed, or before `loadPgQuery`.
 */
export function fingerprintWithPgQuery(sql: string): string | undefined {
  const engine = current;
  if (!engine || sql === '') return undefined;
  try {
    return withText(engine, sql, (query) => {
      // Of a text that does not parse the function answers with the error's message.
      if (!parses(engine, query)) return undefined;
      const result = engine._wasm_fingerprint(query);
      try {
        const answer = result ? engine.UTF8ToString(result) : '';
        return /^[0-9a-f]{16}$/.test(answer) ? answer : undefined;
      } finally {
        if (result) engine._wasm_free_string(result);
      }
    });
  } catch {
    discard();
    return undefined;
  }
}

function parses(engine: PgQueryModule, query: number): boolean {
  const result = engine._wasm_parse_query_raw(query);
  if (!result) throw new Error('out of memory');
  const failed = engine.getValue(result + 8, 'i32') !== 0;
  engine._wasm_free_parse_result(result);
  return !failed;
}

/** Offsets of the C structs `PgQueryParseResult` and `PgQueryError`. */
function runParse(engine: PgQueryModule, sql: string): PgParse {
  return withText(engine, sql, (query) => {
    const result = engine._wasm_parse_query_raw(query);
    if (!result) throw new Error('out of memory');
    try {
      const error = engine.getValue(result + 8, 'i32');
      if (error) {
        const message = engine.getValue(error, 'i32');
        const cursor = engine.getValue(error + 16, 'i32');
        return { error: { message: message ? engine.UTF8ToString(message) : 'syntax error', cursor: Math.max(0, cursor - 1) } };
      }
      return { tree: JSON.parse(engine.UTF8ToString(engine.getValue(result, 'i32'))) as ParseResult };
    } finally {
      engine._wasm_free_parse_result(result);
    }
  });
}

function withText<T>(engine: PgQueryModule, sql: string, use: (pointer: number) => T): T {
  const size = engine.lengthBytesUTF8(sql) + 1;
  const pointer = engine._malloc(size);
  try {
    engine.stringToUTF8(sql, pointer, size);
    return use(pointer);
  } finally {
    engine._free(pointer);
  }
}
