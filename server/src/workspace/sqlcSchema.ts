import path from 'node:path';
import { glob } from 'tinyglobby';
import { parse } from 'yaml';
import { findSchemaSources, type SchemaSource } from '../core/catalog/schemaSources';
import { listFiles } from './fileList';
import { relativePath } from './paths';
import { readTextFile } from './textFile';

/**
 * The schema that sqlc's configuration of a workspace names for PostgreSQL, the files in its order; that of the
 * configuration with most of them, where there are several. undefined: no configuration, or it names no file that is there.
 */
export async function findSqlcSchema(folder: string): Promise<SchemaSource | undefined> {
  const found = await glob(['**/sqlc.{json,yaml,yml}'], { cwd: folder, ignore: ['**/node_modules/**', '**/.git/**'], absolute: true, onlyFiles: true, expandDirectories: false, followSymbolicLinks: false });
  const sources = await Promise.all(found.map(async (file): Promise<SchemaSource> => {
    const text = await readTextFile(file);
    const entries = 'text' in text ? readSchemaPaths(text.text) : [];
    const files = (await Promise.all(entries.map((entry) => sqlFiles(folder, path.resolve(path.dirname(file), entry))))).flat();
    return { kind: 'schema', path: relativePath(folder, file), files: [...new Set(files)] };
  }));
  return sources.filter((source) => source.files.length > 0).sort((a, b) => b.files.length - a.files.length || (a.path < b.path ? -1 : 1))[0];
}

/** `schema` of both versions' entries whose engine is PostgreSQL; JSON is YAML. */
function readSchemaPaths(text: string): readonly string[] {
  const config = parseQuietly(text);
  const entries = [config?.['sql'], config?.['packages']].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  return entries.filter(isRecord).filter((entry) => entry['engine'] === 'postgresql').flatMap((entry) => [entry['schema']].flat()).filter((item) => typeof item === 'string');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

function parseQuietly(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A file, or the SQL files of a folder in the order in which they run. */
async function sqlFiles(folder: string, target: string): Promise<readonly string[]> {
  if (target.endsWith('.sql')) return 'text' in (await readTextFile(target)) ? [relativePath(folder, target)] : [];
  const files = (await listFiles(target).catch((): string[] => [])).filter((file) => file.endsWith('.sql')).map((file) => relativePath(folder, file));
  return findSchemaSources(files)[0]?.files ?? [...files].sort();
}
