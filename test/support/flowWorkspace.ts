import { indexModels } from '../../server/src/core/hosts/models';
import { buildCatalog } from '../../server/src/core/catalog/build';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { SqlAnalyser } from '../../server/src/core/sql/ports';
import { createFlowGraph, type MutableFlowGraph } from '../../server/src/core/calls/graph';
import { collectLoopQueries, type LoopQuery } from '../../server/src/core/calls/loopQueries';
import type { HostFile } from '../../server/src/core/hosts/ir';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { lintFile } from '../../server/src/core/lint/linter';
import type { Finding } from '../../server/src/core/lint/rule';
import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { writeInLoop } from '../../server/src/core/rules/write-in-loop';
import type { ResolveModule } from '../../server/src/core/calls/flow';
import { readPrismaSchema } from '../../server/src/core/hosts/prismaSchema';
import { readPython } from '../../server/src/core/hosts/python';
import { readTypeScript } from '../../server/src/core/hosts/typescript';
import { splitStatements } from '../../server/src/core/sql/split';
import { createSqlAnalyser } from '../../server/src/parser/sql/analyser';
import { createSyntaxParser } from '../../server/src/parser/treeSitter';

export interface FlowWorkspace {
  /** Findings of the loop rules, with the schema's catalog. */
  lint(path: string, schema?: string): Promise<readonly Finding[]>;
  readonly flow: MutableFlowGraph;
  file(path: string): HostFile;
  /** Replaces or adds a file. */
  write(path: string, text: string): void;
  remove(path: string): void;
  /** `path: anchor <form> [path of labels]`, in order, for every query in a loop of the file. */
  queries(path: string): readonly LoopQuery[];
  /** The anchors of those queries. */
  anchors(path: string): readonly string[];
  /** Summary of a function by its name. */
  summary(path: string, name: string): ReturnType<MutableFlowGraph['summary']>;
}

const uriOf = (path: string): string => `file:///workspace/${path}`;

/** A workspace in memory: parsed by the real readers, resolved by relative paths and Python packages from the root. */
export async function createFlowWorkspace(files: Readonly<Record<string, string>>): Promise<FlowWorkspace> {
  const syntax = await createSyntaxParser();
  const models = indexModels(Object.entries(files).filter(([path]) => path.endsWith('.prisma')).flatMap(([path, text]) => readPrismaSchema(uriOf(path), text).models));
  const read = (uri: string, text: string, language: 'typescript' | 'python'): HostFile => {
    if (uri.endsWith('.prisma')) return readPrismaSchema(uri, text);
    const tree = syntax.parse(language, text);
    try {
      return (language === 'python' ? readPython : readTypeScript)(uri, text, tree, { split: splitStatements, models });
    } finally {
      tree.dispose();
    }
  };
  const texts = new Map(Object.entries(files));
  const flow = createFlowGraph(resolver(texts));
  const write = (path: string, text: string): void => {
    texts.set(path, text);
    flow.set(read(uriOf(path), text, path.endsWith('.py') ? 'python' : 'typescript'));
  };
  for (const [path, text] of texts) write(path, text);
  const file = (path: string): HostFile => {
    const found = flow.file(uriOf(path));
    if (!found) throw new Error(`no file ${path}`);
    return found;
  };
  const queries = (path: string): readonly LoopQuery[] => collectLoopQueries(flow, file(path));
  return {
    flow,
    async lint(path, schema = '') {
      const sql = await createSqlAnalyser();
      const result = lintFile({ file: file(path), text: texts.get(path) ?? '', catalog: readCatalog(sql, schema), settings: defaultSettings, sql, flow, rules: [nPlusOne, writeInLoop] });
      if (result.failures.length > 0) throw new Error(JSON.stringify(result.failures));
      return result.findings;
    },
    file,
    write,
    remove(path) {
      texts.delete(path);
      flow.delete(uriOf(path));
    },
    queries,
    anchors: (path) => queries(path).map((q) => (texts.get(path) ?? '').slice(q.anchor.start, q.anchor.end).replace(/\s+/g, '')),
    summary(path, name) {
      const fn = file(path).functions.find((f) => f.name === name);
      return fn && flow.summary({ uri: uriOf(path), functionId: fn.id });
    },
  };
}

function readCatalog(sql: SqlAnalyser, schema: string): Catalog | undefined {
  const steps = splitStatements(schema, { psql: true }).map((span) => ({ changes: sql.schemaChanges(schema.slice(span.start, span.end)) }));
  return schema === '' ? undefined : buildCatalog({ source: 'schema', label: 'schema.sql', steps, assume: {} });
}

/** Relative paths and Python packages from the root, among these files. */
export function resolver(texts: ReadonlyMap<string, string>): ResolveModule {
  const find = (candidates: readonly string[]): string | undefined => {
    const found = candidates.find((c) => texts.has(c));
    return found === undefined ? undefined : uriOf(found);
  };
  return (from, module) => {
    const folder = from.slice('file:///workspace/'.length).split('/').slice(0, -1);
    if (from.endsWith('.py')) {
      const dots = /^\.*/.exec(module)?.[0].length ?? 0;
      const base = dots > 0 ? folder.slice(0, folder.length - (dots - 1)) : [];
      const stem = [...base, ...module.slice(dots).split('.').filter((p) => p !== '')].join('/');
      return find([`${stem}.py`, `${stem}/__init__.py`]);
    }
    if (!module.startsWith('.')) return undefined;
    const parts = [...folder];
    for (const part of module.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    const stem = parts.join('/').replace(/\.js$/, '');
    return find([`${stem}.ts`, `${stem}/index.ts`]);
  };
}
