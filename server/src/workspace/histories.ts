import path from 'node:path';
import type { SchemaStep } from '../core/catalog/build';
import type { SchemaParser } from '../core/catalog/migrations';
import type { ProgramHistory } from '../core/catalog/programMigrations';
import { compareMigrations, detectMigrationFormat, findSchemaSources, type SchemaSource } from '../core/catalog/schemaSources';
import type { HostFile } from '../core/hosts/ir';
import { createHistories, type FindHistory, type MigrationFolder } from '../core/migrations/history';
import { toUri } from './paths';

export interface HistoriesRequest {
  readonly folder: string;
  /** Relative to the folder, those of other databases left out. */
  readonly paths: readonly string[];
  readonly files: Iterable<HostFile>;
  /** What the catalog was built from, with its steps. */
  readonly parts: readonly { readonly source: SchemaSource | ProgramHistory; readonly steps: readonly SchemaStep[] }[];
  /** Programs' histories beyond those. */
  readonly programs: readonly ProgramHistory[];
  readonly parser: SchemaParser;
  /** Text of a file of the folder; undefined: cannot be read. */
  read(path: string): string | undefined;
}

/** Every history of migrations in the workspace: that of the catalog first, then those of other folders, read when one of their files is linted. */
export function collectHistories(request: HistoriesRequest): FindHistory {
  const { folder, paths, parts, programs, parser, read } = request;
  const files = new Map([...request.files].map((file) => [file.uri, file]));
  const absolute = (file: string): string => toUri(path.resolve(folder, file));
  const toolOf = (at: string): Pick<MigrationFolder, 'format' | 'dates'> => {
    const format = detectMigrationFormat(at, paths, read);
    return { format, ...(format === 'drizzle' ? { dates: journalDates(read(`${at}/meta/_journal.json`), (name) => absolute(`${at}/${name}`)) } : {}) };
  };
  const main = parts.map(({ source, steps }): MigrationFolder => ('tool' in source
    ? { kind: 'migrations', format: undefined, uris: source.uris, stepsOf: grouped(steps) }
    : { kind: source.kind, ...toolOf(source.path), uris: source.files.map(absolute), stepsOf: grouped(steps) }));
  const known = new Set(main.flatMap(({ uris }) => uris));
  const others = findSchemaSources(paths).filter((source) => source.kind === 'migrations' && !source.files.some((file) => known.has(absolute(file)))).map((source): MigrationFolder => ({
    kind: 'migrations', ...toolOf(source.path), uris: source.files.map(absolute), stepsOf: remembered((uri) => stepsIn(files.get(uri), parser)),
  }));
  const written = programs.filter(({ uris }) => !uris.some((uri) => known.has(uri))).map((history): MigrationFolder => ({ kind: 'migrations', format: undefined, uris: history.uris, stepsOf: grouped(history.steps) }));
  return createHistories([...main, ...others, ...written], laterSiblings(files.values()), laterVersions(files.values()));
}

/** When drizzle wrote its migrations: its journal keeps the time of each. */
function journalDates(journal: string | undefined, uriOf: (name: string) => string): ReadonlyMap<string, number> {
  const entries = [...(journal ?? '').matchAll(/\{[^{}]*\}/g)].map(([entry]) => [/"tag"\s*:\s*"([^"]+)"/.exec(entry)?.[1], Number(/"when"\s*:\s*(\d{13})\b/.exec(entry)?.[1])] as const);
  return new Map(entries.flatMap(([tag, when]) => (tag === undefined || Number.isNaN(when) ? [] : [[uriOf(`${tag}.sql`), when] as const])));
}

function grouped(steps: readonly SchemaStep[]): MigrationFolder['stepsOf'] {
  const byUri = new Map<string, SchemaStep[]>();
  for (const step of steps) {
    const uri = step.site?.uri ?? '';
    byUri.set(uri, [...(byUri.get(uri) ?? []), step]);
  }
  return (uri) => byUri.get(uri) ?? [];
}

function remembered(compute: MigrationFolder['stepsOf']): MigrationFolder['stepsOf'] {
  const known = new Map<string, readonly SchemaStep[]>();
  return (uri) => {
    const steps = known.get(uri) ?? compute(uri);
    known.set(uri, steps);
    return steps;
  };
}

/** What a file's statements do, from their reading: the parts that undo it are no sites. */
const stepsIn = (file: HostFile | undefined, parser: SchemaParser): readonly SchemaStep[] =>
  (file?.sites ?? []).flatMap((site): readonly SchemaStep[] => {
    const changes = site.source === undefined || site.functionId !== undefined ? [] : parser.schemaChanges(site.source.text);
    return changes.length === 0 ? [] : [{ changes, site: { uri: file?.uri ?? '', span: site.span } }];
  });

/** Migrations as programs that are not read as a history (knex, TypeORM): how many of their folder run later is told by their names. */
function laterSiblings(files: Iterable<HostFile>): (uri: string) => number | undefined {
  const folders = new Map<string, string[]>();
  for (const { uri, role, language } of files) {
    if (role !== 'migration' || language === 'sql' || !/\/(?:V?\d{3,}|[\w.]{1,20}-\d{9,})[^/]*$/.test(uri)) continue;
    const folder = uri.slice(0, uri.lastIndexOf('/'));
    folders.set(folder, [...(folders.get(folder) ?? []), uri]);
  }
  const sorted = new Map<string, readonly string[]>();
  return (uri) => {
    const folder = uri.slice(0, uri.lastIndexOf('/'));
    const all = sorted.get(folder) ?? [...(folders.get(folder) ?? [])].sort((a, b) => (stampOf(a) ?? 0) - (stampOf(b) ?? 0) || compareMigrations(a, b));
    sorted.set(folder, all);
    const at = all.indexOf(uri);
    return at < 0 ? undefined : all.length - 1 - at;
  };
}

/** When `1.0.0-1677208902-name.ts` or `next-1785393731-name.ts` was written. Seconds or milliseconds, as the project does it. */
const stampOf = (uri: string): number | undefined => {
  const stamp = /\/[\w.]{1,20}-(\d{9,})[^/]*$/.exec(uri)?.[1];
  return stamp === undefined ? undefined : Number(stamp);
};

/** Migrations in one folder per version (`delta/57/…`): how many stand in the folders of later ones. */
function laterVersions(files: Iterable<HostFile>): (uri: string) => number {
  const place = (uri: string): readonly [string, number] | undefined => {
    const [, above, version] = /^(.*)\/(\d+)\/[^/]+$/.exec(uri) ?? [];
    return above === undefined ? undefined : [above, Number(version)];
  };
  const counts = new Map<string, Map<number, number>>();
  for (const { uri, role, language } of files) {
    const [above, version] = place(uri) ?? [];
    if (above === undefined || version === undefined || (role !== 'migration' && language !== 'sql')) continue;
    const versions = counts.get(above) ?? new Map<number, number>();
    counts.set(above, versions.set(version, (versions.get(version) ?? 0) + 1));
  }
  return (uri) => {
    const [above, version = 0] = place(uri) ?? [];
    return [...counts.get(above ?? '') ?? []].reduce((sum, [other, count]) => (other > version ? sum + count : sum), 0);
  };
}
