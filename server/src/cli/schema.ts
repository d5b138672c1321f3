import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { compareCatalogs, type CatalogComparison, type CatalogDifference } from '../core/catalog/compare';
import type { Catalog } from '../core/catalog/model';
import { toSnapshotFiles } from '../core/catalog/snapshot';
import { hideValues, type SnapshotValues } from '../core/catalog/snapshotValues';
import { rules } from '../core/rules/index.generated';
import { findConfig } from '../workspace/configFile';
import { createConnections, databaseUrl } from '../workspace/connections';
import { createEngine } from '../workspace/engine';
import { createProject } from '../workspace/project';
import type { UserSettings } from '../workspace/settings';
import { readSnapshot, SNAPSHOT_FOLDER, writeSnapshot, type LoadedSnapshot } from '../workspace/snapshotFiles';
import { createTokens, readSalt } from '../workspace/snapshotSalt';
import { reasonOf } from '../workspace/textFile';
import { UsageError } from './usage';

export interface SchemaPullOptions {
  readonly database?: string;
  readonly values?: SnapshotValues;
  readonly output?: string;
}

export interface SchemaCheckOptions {
  readonly database?: string;
  readonly schema?: readonly string[];
  readonly snapshot?: string;
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** `sargable schema pull`: writes the snapshot of a database. @returns the exit status */
export async function runSchemaPull(options: SchemaPullOptions): Promise<number> {
  const folder = process.cwd();
  const settings = await readSettings(folder);
  const values = options.values ?? settings.snapshot?.values ?? 'token';
  const catalog = await readLive(options.database);
  const target = path.resolve(folder, options.output ?? SNAPSHOT_FOLDER);
  const project = (await readSnapshot(target, folder))?.meta?.project ?? randomUUID();
  const secret = values === 'token' ? await readSalt(project) : undefined;
  const statistics = hideValues(catalog, values, createTokens(secret?.salt ?? ''));
  const files = toSnapshotFiles({ ...catalog, ...(statistics === undefined ? {} : { statistics }) }, { values, project });
  if (files === undefined) throw new UsageError('the database says nothing of its server: no snapshot can be made of it');
  const { written, unchanged, removed } = await writeSnapshot(target, files).catch((error: unknown) => {
    throw new UsageError(`${shown(folder, target)}: the snapshot cannot be written: ${reasonOf(error)}`);
  });
  const said = { token: 'values as tokens', none: 'without values', all: 'values as they are' }[values];
  process.stdout.write(`${shown(folder, target)}: ${count(catalog.tables.size, 'relation')} of ${catalog.label}, ${said}; ${count(written, 'file')} written, ${unchanged} unchanged, ${removed} removed\n`);
  if (secret?.created) process.stdout.write(`The secret of the tokens is new and kept in ${secret.file}, outside the repository. Who else pulls this snapshot sets SARGABLE_SNAPSHOT_SALT to it, or every token changes.\n`);
  return 0;
}

/**
 * `sargable schema check`: does the snapshot have what the migrations (with `--database`: the server) have?
 * @returns the exit status: 1 when it does not
 */
export async function runSchemaCheck(options: SchemaCheckOptions): Promise<number> {
  const folder = process.cwd();
  const target = path.resolve(folder, options.snapshot ?? SNAPSHOT_FOLDER);
  const snapshot = await readUsable(folder, target);
  const other = options.database === undefined ? await readWritten(folder, options) : await readLive(options.database);
  const comparison = compareCatalogs(snapshot, other);
  const name = shown(folder, target);
  // What programs among the migrations do is not known: what only the snapshot has may be theirs.
  const surplus = other.incomplete ? [] : comparison.surplus;
  if (comparison.missing.length + comparison.changed.length + surplus.length === 0) {
    process.stdout.write(`${name} agrees with ${other.label}: ${count(comparison.agreeing, 'relation')}\n`);
    return 0;
  }
  process.stdout.write(`${name} ${options.database === undefined ? 'is older than' : 'differs from'} ${other.label}:\n${renderDifferences({ ...comparison, surplus }, other.source === 'live' ? 'database' : other.source)}`);
  process.stdout.write(`${count(comparison.agreeing, 'relation agrees', 'relations agree')}. ${options.database === undefined ? 'Apply the migrations and write the snapshot anew' : 'Write it anew'} with \`sargable schema pull\`.\n`);
  return 1;
}

const renderDifference = ({ kind, name, change }: CatalogDifference, other: string): string =>
  `${kind} ${name}${change === undefined ? '' : `: ${change[0]} in the snapshot, ${change[1]} in the ${other}`}`;

const renderDifferences = ({ missing, surplus, changed }: CatalogComparison, other: string): string =>
  [...missing.map((item) => `only in the ${other}: ${renderDifference(item, other)}`), ...surplus.map((item) => `only in the snapshot: ${renderDifference(item, other)}`), ...changed.map((item) => `not the same: ${renderDifference(item, other)}`)]
    .map((line) => `  ${line}\n`).join('');

async function readUsable(folder: string, target: string): Promise<Catalog> {
  const name = shown(folder, target);
  const read: LoadedSnapshot | undefined = await readSnapshot(target, folder);
  if (read === undefined) throw new UsageError(`${name}: no snapshot is there; write one with \`sargable schema pull\``);
  if (read.problems.length > 0 || read.catalog === undefined) throw new UsageError(`the snapshot cannot be used\n  ${read.problems.join('\n  ')}`);
  return read.catalog;
}

/** The catalog of the migrations or schema files alone. */
async function readWritten(folder: string, options: SchemaCheckOptions): Promise<Catalog> {
  const settings = await readSettings(folder);
  const project = await createProject({ folder, engine: await createEngine(), settings: options.schema ? { ...settings, schema: options.schema } : settings, threads: 0 });
  await project.scan();
  const state = project.databases[0]?.state;
  for (const problem of state?.problems ?? []) process.stderr.write(`sargable: ${problem}\n`);
  const written = state?.written?.();
  if (written === undefined) throw new UsageError('no migrations and no schema file were found to compare the snapshot with; name them with --schema PATH, or compare it with a server by --database URL');
  return written;
}

async function readLive(flag: string | undefined): Promise<Catalog> {
  const url = databaseUrl(flag);
  if (url === undefined) throw new UsageError('name the database: --database URL, SARGABLE_DATABASE_URL or PG* variables');
  const connections = createConnections();
  try {
    const outcome = await connections.connect({ name: 'cli', url });
    if (!outcome.ok) throw new UsageError(`the database cannot be used: ${outcome.error}`);
    const catalog = connections.catalogs()[0]?.catalog;
    if (catalog === undefined) throw new UsageError('the database cannot be used: its catalog was not read');
    return catalog;
  } finally {
    await connections.close();
  }
}

async function readSettings(folder: string): Promise<UserSettings> {
  const file = await findConfig(folder, rules, { trusted: true });
  if (file === undefined) return {};
  const schema = file.settings.schema?.map((entry) => path.resolve(path.dirname(file.path), entry));
  return { ...file.settings, ...(schema === undefined ? {} : { schema }) };
}

const shown = (folder: string, target: string): string => path.relative(folder, target).split(path.sep).join('/') || '.';
