import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createConnections, databaseUrl } from '../workspace/connections';
import { createEngine } from '../workspace/engine';
import { renderPlanText } from './planText';
import { createProject } from '../workspace/project';
import { queryAtLine, queryFromSql, type ExplainableQuery } from '../workspace/queryAt';
import { UsageError } from './usage';

export interface ExplainOptions {
  readonly sql?: string;
  readonly database?: string;
  readonly analyze?: boolean;
  readonly param?: readonly string[];
  readonly format: 'text' | 'json';
}

/** `sargable explain`. @returns the exit status */
export async function runExplain(target: string | undefined, options: ExplainOptions): Promise<number> {
  const query = await findQuery(target, options);
  if (query.incomplete) throw new UsageError(`this query cannot be explained as it stands: ${query.incomplete}`);
  const url = databaseUrl(options.database);
  if (url === undefined) throw new UsageError('no database: pass --database URL, or set SARGABLE_DATABASE_URL or the PG* variables');
  const connections = createConnections();
  try {
    const opened = await connections.connect({ name: 'cli', url });
    if (!opened.ok) throw new UsageError(opened.error);
    const result = await connections.explain({ connection: 'cli', query, analyze: options.analyze ?? false, parameters: options.param });
    if (result.kind === 'plan') {
      process.stdout.write(options.format === 'json' ? `${JSON.stringify(result.plan, undefined, 2)}\n` : renderPlanText(result));
      return 0;
    }
    if (result.kind === 'parametersNeeded') throw new UsageError(`the statement has parameters; pass a --param for each: ${result.parameters.map((p, i) => `$${i + 1}${p.type ? ` ${p.type}` : ''}`).join(', ')}`);
    throw new UsageError([result.message, ...(result.kind === 'refused' ? result.reasons : [])].join('\n  '));
  } finally {
    await connections.close();
  }
}

async function findQuery(target: string | undefined, options: ExplainOptions): Promise<ExplainableQuery> {
  const engine = await createEngine();
  if (options.sql !== undefined) return queryFromSql(engine, options.sql);
  if (target === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return queryFromSql(engine, Buffer.concat(chunks).toString('utf8'));
  }
  const match = /^(.+):(\d+)$/.exec(target ?? '');
  if (!match?.[1]) throw new UsageError('name a query: FILE:LINE, --sql TEXT, or - for standard input');
  const file = path.resolve(match[1]);
  if (!(await stat(file).then((s) => s.isFile(), () => false))) throw new UsageError(`${match[1]}: no such file`);
  const project = await createProject({ folder: path.dirname(file), engine, settings: {}, threads: 0 });
  const linted = await project.lint(file);
  if ('reason' in linted) throw new UsageError(`${match[1]}: ${linted.reason}`);
  const query = queryAtLine(engine, linted.file, linted.text, Number(match[2]) - 1);
  if (!query) throw new UsageError(`${match[1]}:${match[2]}: no query stands there whose SQL is known`);
  return query;
}
