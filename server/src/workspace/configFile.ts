import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createJiti } from 'jiti';
import { findNodeAtLocation, parse as parseJsonc, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { lilconfig } from 'lilconfig';
import { LineCounter, parseDocument } from 'yaml';
import type { Rule } from '../core/lint/rule';
import { reasonOf } from './textFile';
import { checkSettings, type UserSettings } from './settings';

export interface ConfigFile {
  readonly path: string;
  readonly settings: UserSettings;
}

/** A configuration that cannot be used, with what is wrong, where, and what to do. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const NAMES = ['sargable.config.json', 'sargable.config.jsonc', 'sargable.config.yaml', 'sargable.config.yml', 'sargable.config.ts', 'sargable.config.mts', 'sargable.config.js', 'sargable.config.mjs', 'sargable.config.cjs', 'package.json'];

export interface ConfigOptions {
  /** `.ts` and `.js` configurations are programs: they run only where the workspace is trusted. */
  readonly trusted: boolean;
}

/**
 * Finds and reads the configuration that governs a folder, looking upwards.
 * @returns undefined when there is none
 * @throws ConfigurationError when one is there and cannot be used
 */
export async function findConfig(folder: string, rules: readonly Rule[], options: ConfigOptions): Promise<ConfigFile | undefined> {
  const raw = async (file: string, content: string): Promise<unknown> => loadText(file, content, options);
  const loaders = Object.fromEntries(['.json', '.jsonc', '.yaml', '.yml', '.ts', '.mts', '.js', '.mjs', '.cjs', 'noExt'].map((e) => [e, raw]));
  const found = await lilconfig('sargable', { searchPlaces: NAMES, loaders, packageProp: 'sargable', stopDir: path.parse(folder).root }).search(folder);
  if (!found || found.isEmpty) return undefined;
  return check(found.filepath, found.config, rules);
}

/** Reads one named configuration file. @throws ConfigurationError */
export async function loadConfig(file: string, rules: readonly Rule[], options: ConfigOptions): Promise<ConfigFile> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError(`${file}: the configuration cannot be read: ${reasonOf(error)}`);
  });
  const value = await loadText(file, content, options);
  const config = path.basename(file) === 'package.json' ? (value as { sargable?: unknown } | undefined)?.sargable : value;
  return check(file, config, rules);
}

async function loadText(file: string, content: string, options: ConfigOptions): Promise<unknown> {
  const extension = path.extname(file);
  if (extension === '.json' || extension === '.jsonc') return parseJson(file, content);
  if (extension === '.yaml' || extension === '.yml') {
    const lines = new LineCounter();
    const document = parseDocument(content, { lineCounter: lines });
    const error = document.errors[0];
    if (error) throw new ConfigurationError(`${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`);
    return document.toJS() as unknown;
  }
  if (!options.trusted) throw new ConfigurationError(`${file}: a configuration written as a program is not run in an untrusted workspace; trust the workspace or write it as sargable.config.json`);
  try {
    const loaded: unknown = await createJiti(file, { interopDefault: true }).import(file, { default: true });
    return loaded;
  } catch (error) {
    throw new ConfigurationError(`${file}: the configuration failed to load: ${reasonOf(error)}`);
  }
}

function parseJson(file: string, content: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(content, errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first && path.basename(file) !== 'package.json') throw new ConfigurationError(`${file}:${lineAt(content, first.offset)}: not valid JSON: ${printParseErrorCode(first.error)}`);
  return value;
}

async function check(file: string, value: unknown, rules: readonly Rule[]): Promise<ConfigFile> {
  const problems = checkSettings(value ?? {}, rules);
  if (problems.length === 0) return { path: file, settings: (value ?? {}) as UserSettings };
  const content = await readFile(file, 'utf8').catch(() => '');
  const lines = problems.map((p) => {
    const line = lineOf(file, content, p.path);
    return `${file}${line === undefined ? '' : `:${line}`}: ${p.message}`;
  });
  throw new ConfigurationError(lines.join('\n'));
}

function lineOf(file: string, content: string, at: readonly string[]): number | undefined {
  const place = path.basename(file) === 'package.json' ? ['sargable', ...at] : [...at];
  if (/\.jsonc?$/.test(file)) {
    const tree = parseTree(content);
    const node = tree && findNodeAtLocation(tree, place);
    return node && lineAt(content, node.parent?.offset ?? node.offset);
  }
  if (/\.ya?ml$/.test(file)) {
    const node = parseDocument(content).getIn(place, true) as { range?: [number, number, number] } | undefined;
    return node?.range && lineAt(content, node.range[0]);
  }
  return undefined;
}

const lineAt = (content: string, offset: number): number => content.slice(0, offset).split('\n').length;
