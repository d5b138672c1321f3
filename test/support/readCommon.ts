import { readCommon } from '../../server/src/core/hosts/common';
import type { HostFile, QuerySite } from '../../server/src/core/hosts/ir';
import type { ModelIndex } from '../../server/src/core/hosts/models';
import { isCommonLanguage, type CommonLanguage } from '../../server/src/core/hosts/syntax';
import { createFlowGraph } from '../../server/src/core/calls/graph';
import { collectLoopQueries } from '../../server/src/core/calls/loopQueries';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { lintFile } from '../../server/src/core/lint/linter';
import type { Finding } from '../../server/src/core/lint/rule';
import { rules } from '../../server/src/core/rules/index.generated';
import { readCatalog } from './readers';
import { splitStatements } from '../../server/src/core/sql/split';
import { createSqlAnalyser } from '../../server/src/parser/sql/analyser';
import { createSyntaxParser } from '../../server/src/parser/treeSitter';
import { indexShared, sharedSql, type SharedIndex } from '../../server/src/core/hosts/common/shared';
import { indexModels } from '../../server/src/core/hosts/models';
import { languageOf } from '../../server/src/workspace/paths';
import { readSqlFile } from '../../server/src/core/hosts/sqlFile';

const parser = await createSyntaxParser({ languages: [] });

function languageOfPath(path: string): CommonLanguage {
  const language = languageOf(path);
  if (language === undefined || !isCommonLanguage(language)) throw new Error(`${path} is of no language of the common reader`);
  return language;
}

const uriOf = (path: string): string => `file:///workspace/${path}`;

/** Reads a source as the workspace does; the language is told by the path. */
export async function readCode(path: string, text: string, models: ModelIndex = new Map(), shared?: SharedIndex): Promise<HostFile> {
  const language = languageOfPath(path);
  await parser.load(language);
  const tree = parser.parse(language, text);
  try {
    return readCommon[language](uriOf(path), text, tree, { split: splitStatements, models, ...(shared ? { shared } : {}) });
  } finally {
    tree.dispose();
  }
}

/** The statements of a source on one line each; `(opaque)` where only the query is known. */
export async function statementsOf(path: string, text: string): Promise<string[]> {
  return (await readCode(path, text)).sites.map((site) => describe(site));
}

export const describe = (site: QuerySite): string => site.source?.text.replaceAll(/\s+/g, ' ').trim() ?? '(opaque)';

export interface CodeWorkspace {
  file(path: string): HostFile;
  /** Anchors of the queries in loops, with the form of the loop. */
  loops(path: string): readonly string[];
  /** Findings of all rules: rule, then the text it underlines. */
  lint(path: string, ...only: readonly string[]): readonly string[];
  findings(path: string): readonly Finding[];
}

/** A workspace in memory, read twice: files tell each other of models and texts. */
export async function codeWorkspace(files: Readonly<Record<string, string>>, schema?: string): Promise<CodeWorkspace> {
  const sql = await createSqlAnalyser();
  const read = async (models: ModelIndex, shared?: SharedIndex): Promise<HostFile[]> => Promise.all(Object.entries(files).map(([path, text]) => (path.endsWith('.sql') ? { ...readSqlFile(uriOf(path), text, { split: splitStatements }), shared: sharedSql(uriOf(path), text) } as HostFile : readCode(path, text, models, shared))));
  const first = await read(new Map());
  const models = indexModels(first.flatMap((file) => file.models));
  const flow = createFlowGraph(() => undefined);
  for (const file of await read(models, indexShared(first))) flow.set(file);
  const file = (path: string): HostFile => {
    const found = flow.file(uriOf(path));
    if (!found) throw new Error(`no file ${path}`);
    return found;
  };
  const findings = (path: string): readonly Finding[] => {
    const result = lintFile({ file: file(path), text: files[path] ?? '', catalog: schema === undefined ? undefined : readCatalog(sql, [schema]), settings: defaultSettings, sql, flow, rules, textOf: (uri) => files[uri.replace('file:///workspace/', '')] });
    if (result.failures.length > 0) throw new Error(JSON.stringify(result.failures));
    return result.findings;
  };
  const shown = (path: string, span: { readonly start: number; readonly end: number }): string => (files[path] ?? '').slice(span.start, span.end).replaceAll(/\s+/g, ' ');
  return {
    file,
    findings,
    loops: (path) => collectLoopQueries(flow, file(path)).map((query) => `${shown(path, query.anchor)}${query.dependent ? '' : ' (same in each turn)'}`),
    lint: (path, ...only) => findings(path).filter((finding) => only.length === 0 || only.includes(finding.rule)).map((finding) => `${finding.rule}: ${shown(path, finding.span)}`),
  };
}
