import * as vscode from 'vscode';
import { explainRequest, siteAtRequest, type ExplainParams, type ExplainResult, type SiteAtParams, type SiteAtResult } from '../../protocol/requests';
import type { Connection, Connections } from './connections';
import type { ExplainPanel } from './explainPanel';
import { askForParameters } from './parameterPrompt';
import type { Server } from './server';
import { count } from './words';

/** A query to explain: where it stands, and its SQL where the server found it there. */
interface Query {
  readonly uri: vscode.Uri;
  readonly position: vscode.Position;
}

/** What one explanation has gathered so far. */
interface Attempt {
  readonly analyze: boolean;
  readonly allowWrites?: boolean;
  readonly parameters?: readonly (string | null)[];
}

/** Shows the plan of the query at a position. Resolves when the panel shows the outcome or the user gave up. */
export type Explain = (uri: vscode.Uri, position: vscode.Position, analyze: boolean) => Promise<void>;

/**
 * The dialogue around `sargable/explain`. A plan without ANALYZE needs no question: the user's click asked for it.
 * ANALYZE always asks; a statement that writes asks again with the reasons the server gives.
 */
export function createExplain(server: Server, connections: Connections, panel: ExplainPanel): Explain {
  /** Values used last, by SQL text. In memory only: they may be personal data. */
  const rememberedParameters = new Map<string, readonly (string | null)[]>();

  const run = async (query: Query, connection: Connection, attempt: Attempt): Promise<ExplainResult | undefined> => {
    const params: ExplainParams = { target: { uri: query.uri.toString(), position: query.position }, connection: connection.database.name, ...attempt };
    const title = attempt.analyze ? `Running EXPLAIN ANALYZE on ${connection.database.name}` : `Explaining on ${connection.database.name}`;
    return vscode.window.withProgress({ location: attempt.analyze ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window, title, cancellable: true }, async (progress, token) => {
      const started = Date.now();
      const timer = setInterval(() => progress.report({ message: `${Math.round((Date.now() - started) / 1000)} s` }), 1000);
      try {
        return await server.request<ExplainResult>(explainRequest, params, token);
      } catch (error) {
        if (token.isCancellationRequested) return undefined;
        return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
      } finally {
        clearInterval(timer);
      }
    });
  };

  /** Repeats the request with what the server asks for, until it gives a plan, an error, or the user gives up. */
  const converse = async (query: Query, connection: Connection, first: Attempt): Promise<{ result: ExplainResult; attempt: Attempt } | undefined> => {
    let attempt = first;
    for (;;) {
      const result = await run(query, connection, attempt);
      if (!result) return undefined;
      if (result.kind === 'parametersNeeded' && !attempt.parameters) {
        const parameters = await askForParameters(result.parameters, rememberedParameters.get(result.sql));
        if (!parameters) return undefined;
        rememberedParameters.set(result.sql, parameters);
        attempt = { ...attempt, parameters };
      } else if (result.kind === 'refused' && result.canOverride && !attempt.allowWrites) {
        if (!(await confirmEffects(connection, result))) return { result, attempt };
        attempt = { ...attempt, allowWrites: true };
      } else {
        return { result, attempt };
      }
    }
  };

  const explain: Explain = async (uri, position, analyze) => {
    const siteParams: SiteAtParams = { uri: uri.toString(), position };
    const site = await server.request<SiteAtResult | null>(siteAtRequest, siteParams);
    if (!site) {
      void vscode.window.showInformationMessage('There is no query at this place.');
      return;
    }
    if (site.incomplete) {
      panel.show({ kind: 'message', severity: 'info', title: 'This query cannot be explained', message: site.incomplete, details: [], sql: site.sql });
      return;
    }
    const connection = await connections.currentOrPick();
    if (!connection) return;

    const query: Query = { uri, position };
    const source = {
      label: `${vscode.workspace.asRelativePath(uri)}:${site.range.start.line + 1}`,
      reveal: () => revealQuery(uri, site),
      explainAgain: (again: boolean) => explain(uri, new vscode.Position(site.range.start.line, site.range.start.character), again),
    };
    panel.show({ kind: 'loading', title: `Explaining on ${connection.label}`, sql: site.sql }, source);
    if (analyze) {
      const estimate = await converse(query, connection, { analyze: false });
      if (estimate) showResult(panel, estimate.result, estimate.attempt, source);
      if (!estimate || estimate.result.kind === 'error') return;
      if (!(await confirmAnalyze(connection, estimate.result))) return;
    }
    const outcome = await converse(query, connection, { analyze });
    if (outcome) showResult(panel, outcome.result, outcome.attempt, source);
    else panel.show({ kind: 'message', severity: 'info', title: 'Cancelled', message: 'The query was not explained.', details: [], sql: site.sql }, source);
  };
  return explain;
}

function showResult(panel: ExplainPanel, result: ExplainResult, attempt: Attempt, source: Parameters<ExplainPanel['show']>[1]): void {
  switch (result.kind) {
    case 'plan':
      panel.show({ ...result, parameters: attempt.parameters, sourceLabel: source?.label }, source);
      break;
    case 'refused':
      panel.show({ kind: 'message', severity: 'info', title: 'Not run', message: result.message, details: result.reasons, sql: result.sql }, source);
      break;
    case 'parametersNeeded':
      panel.show({ kind: 'message', severity: 'info', title: 'Values are needed', message: 'The query has parameters that got no value.', details: [], sql: result.sql }, source);
      break;
    case 'error':
      panel.show({ kind: 'message', severity: 'error', title: 'No plan', message: result.message, details: result.code ? [`SQLSTATE ${result.code}`] : [], sql: result.sql }, source);
      break;
  }
}

/** ANALYZE executes the statement, so it is always asked for, with what the planner expects it to cost. */
async function confirmAnalyze(connection: Connection, estimate: ExplainResult): Promise<boolean> {
  const run = 'Run the Query';
  const where = `${connection.database.production ? 'PRODUCTION database ' : ''}${connection.database.name}`;
  const detail = [
    'EXPLAIN ANALYZE executes the statement and measures it. It runs in a read-only transaction that is rolled back, and stops at the configured timeout.',
    estimate.kind === 'plan' ? describeEstimate(estimate.plan) : undefined,
  ];
  return (await vscode.window.showWarningMessage(`Run this query on ${where}?`, { modal: true, detail: detail.filter(Boolean).join('\n\n') }, run)) === run;
}

/** The second question, for a statement whose effects reach beyond a read-only transaction; the server says how. */
async function confirmEffects(connection: Connection, { message, reasons }: Extract<ExplainResult, { kind: 'refused' }>): Promise<boolean> {
  const run = 'Run and Roll Back';
  const where = `${connection.database.production ? 'PRODUCTION database ' : ''}${connection.database.name}`;
  const detail = [message, ...reasons.map((reason) => `• ${reason}`)].join('\n');
  return (await vscode.window.showWarningMessage(`Run it on ${where} all the same?`, { modal: true, detail }, run)) === run;
}

function describeEstimate(plan: Readonly<Record<string, unknown>>): string | undefined {
  const root = plan['Plan'];
  if (typeof root !== 'object' || root === null) return undefined;
  const { 'Total Cost': cost, 'Plan Rows': rows } = root as Record<string, unknown>;
  if (typeof cost !== 'number' || typeof rows !== 'number') return undefined;
  return `The planner estimates a cost of ${Math.round(cost).toLocaleString('en')} and ${count(Math.round(rows), 'row')}.`;
}

async function revealQuery(uri: vscode.Uri, site: SiteAtResult): Promise<void> {
  const { start, end } = site.range;
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.window.showTextDocument(uri, { selection, viewColumn: vscode.ViewColumn.One });
}
