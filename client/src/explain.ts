import * as vscode from 'vscode';
import { explainRequest, siteAtRequest, type ExplainParams, type ExplainResult, type SiteAtParams, type SiteAtResult } from '../../protocol/requests';
import type { Connection, Connections } from './connections';
import { askAbout } from './explainQuestions';
import { askForAssumptions } from './explainAssumptions';
import type { ExplainPanel, PanelSource } from './explainPanel';
import { askForParameters } from './parameterPrompt';
import type { Server } from './server';

/** What one explanation has gathered so far: what is sent beside the place. */
export type Attempt = Omit<ExplainParams, 'target' | 'connection'>;

export interface ExplainWay {
  readonly analyze: boolean;
  /** Asks first for which values and as which role. */
  readonly ask?: boolean;
}

/** Shows the plan of the query at a position. Resolves when the panel shows the outcome or the user gave up. */
export type Explain = (uri: vscode.Uri, position: vscode.Position, way: ExplainWay) => Promise<void>;

interface Outcome {
  readonly result: ExplainResult;
  readonly attempt: Attempt;
}

/**
 * The dialogue around `sargable/explain`. Without a connection the twin plans, and nothing is asked. A plan without ANALYZE
 * needs no question: the user's click asked for it; production asks each time. ANALYZE always asks; what reaches beyond a
 * read-only transaction asks again with the reasons the server gives.
 */
export function createExplain(server: Server, connections: Connections, panel: ExplainPanel): Explain {
  /** Values used last, by SQL text. In memory only: they may be personal data. */
  const rememberedParameters = new Map<string, readonly (string | null)[]>();

  const run = async (target: ExplainParams['target'], connection: Connection | undefined, attempt: Attempt): Promise<ExplainResult | undefined> => {
    const params: ExplainParams = { target, ...(connection ? { connection: connection.database.name } : {}), ...attempt };
    const where = connection ? `on ${connection.database.name}` : 'in the twin';
    const title = attempt.analyze ? `Running EXPLAIN ANALYZE ${where}` : `Explaining ${where}`;
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
  const converse = async (first: ExplainParams['target'], connection: Connection | undefined, begin: Attempt): Promise<Outcome | undefined> => {
    let [target, attempt] = [first, begin];
    for (;;) {
      const result = await run(target, connection, attempt);
      if (!result) return undefined;
      if (result.kind === 'parametersNeeded' && connection && !attempt.parameters) {
        const sample = { server, params: { target, connection: connection.database.name, sample: true } };
        const parameters = await askForParameters(result.parameters, rememberedParameters.get(result.sql), sample);
        if (!parameters) return undefined;
        rememberedParameters.set(result.sql, parameters);
        attempt = { ...attempt, parameters };
      } else if (result.kind === 'refused' && result.canOverride && connection) {
        const answer = await askAbout(result, connection, attempt);
        if (!answer) return { result, attempt };
        if (answer.always) await connections.allowFunctions(connection, result.functions ?? []);
        if (answer.target) target = answer.target;
        attempt = answer.attempt;
      } else {
        return { result, attempt };
      }
    }
  };

  const explain: Explain = async (uri, position, { analyze, ask = false }) => {
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
    const connection = analyze || ask ? await connections.currentOrPick() : connections.current;
    if ((analyze || ask) && !connection) return;
    const assumptions = ask ? await askForAssumptions(site.parameters.length > 0, connection?.database) : {};
    if (!assumptions) return;

    const target: ExplainParams['target'] = { uri: uri.toString(), position };
    const source: PanelSource = {
      label: `${vscode.workspace.asRelativePath(uri)}:${site.range.start.line + 1}`,
      reveal: () => revealQuery(uri, site),
      explainAgain: (again: boolean) => explain(uri, new vscode.Position(site.range.start.line, site.range.start.character), { analyze: again }),
    };
    panel.show({ kind: 'loading', title: connection ? `Explaining on ${connection.label}` : 'Planning in the twin', sql: site.sql }, source);
    let confirmed = false;
    if (analyze && connection) {
      const estimate = await converse(target, connection, { analyze: false });
      if (estimate) showResult(panel, estimate, source);
      if (!estimate || estimate.result.kind === 'error') return;
      confirmed = (await askAbout(estimate.result, connection, estimate.attempt, 'analyze')) !== undefined;
      if (!confirmed) return;
    }
    const outcome = await converse(target, connection, { ...assumptions, analyze, ...(confirmed ? { confirmed } : {}) });
    if (outcome) showResult(panel, outcome, source);
    else panel.show({ kind: 'message', severity: 'info', title: 'Cancelled', message: 'The query was not explained.', details: [], sql: site.sql }, source);
  };
  return explain;
}

function showResult(panel: ExplainPanel, { result, attempt }: Outcome, source: PanelSource): void {
  switch (result.kind) {
    case 'plan':
      panel.show({ ...result, parameters: result.parameters ?? attempt.parameters, sourceLabel: source.label }, source);
      break;
    case 'refused':
      panel.show({ kind: 'message', severity: 'info', title: 'Not run', message: result.message, details: [...result.reasons, ...(result.alternative ? [`The reading part alone: ${result.alternative}`] : [])], sql: result.sql }, source);
      break;
    case 'parametersNeeded':
      panel.show({ kind: 'message', severity: 'info', title: 'Values are needed', message: 'The query has parameters that got no value.', details: [], sql: result.sql }, source);
      break;
    case 'error':
      panel.show({ kind: 'message', severity: 'error', title: 'No plan', message: result.message, details: result.code ? [`SQLSTATE ${result.code}`] : [], sql: result.sql }, source);
      break;
  }
}

async function revealQuery(uri: vscode.Uri, site: SiteAtResult): Promise<void> {
  const { start, end } = site.range;
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.window.showTextDocument(uri, { selection, viewColumn: vscode.ViewColumn.One });
}
