import * as vscode from 'vscode';
import {
  explainRequest, parameterValuesRequest, planFindingsRequest, siteAtRequest, whatIfOptionsRequest, whatIfRequest,
  type ExplainParams, type ExplainResult, type ParameterValuesParams, type ParameterValuesResult, type PlanFindingsParams, type PlanFindingsResult, type SiteAtParams, type SiteAtResult, type WhatIfOptionsParams, type WhatIfParams, type WhatIfResult,
} from '../../protocol/requests';
import type { AdviceVerdict, PanelOrigin, PlanValues, ShownPlan, WhatIf, WhatIfOptions } from '../../protocol/webview';
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

type Plan = Extract<ExplainResult, { kind: 'plan' }>;
type Target = ExplainParams['target'];

/**
 * The dialogue around `sargable/explain`. Without a connection the twin plans, and nothing is asked. A plan without ANALYZE
 * needs no question: the user's click asked for it; production asks each time. ANALYZE always asks; what reaches beyond a
 * read-only transaction asks again with the reasons the server gives.
 */
export function createExplain(server: Server, connections: Connections, panel: ExplainPanel): Explain {
  /** Values used last, by SQL text. In memory only: they may be personal data. */
  const rememberedParameters = new Map<string, readonly (string | null)[]>();

  const run = (target: Target, connection: Connection | undefined, attempt: Attempt): Promise<ExplainResult | undefined> => {
    const params: ExplainParams = { target, ...(connection ? { connection: connection.database.name } : {}), ...attempt };
    const where = connection ? `on ${connection.database.name}` : 'in the twin';
    const title = attempt.analyze ? `Running EXPLAIN ANALYZE ${where}` : `Explaining ${where}`;
    const location = attempt.analyze ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;
    return Promise.resolve(vscode.window.withProgress({ location, title, cancellable: true }, (progress, token) => panel.working(title, async (ownToken) => {
      const started = Date.now();
      const timer = setInterval(() => progress.report({ message: `${Math.round((Date.now() - started) / 1000)} s` }), 1000);
      const cancel = new vscode.CancellationTokenSource();
      const listeners = [token, ownToken].map((source) => source.onCancellationRequested(() => cancel.cancel()));
      try {
        const result = await server.request<ExplainResult>(explainRequest, params, cancel.token);
        // Postgres' words for what the user has done are no news.
        return cancel.token.isCancellationRequested && result.kind === 'error' ? undefined : result;
      } catch (error) {
        if (cancel.token.isCancellationRequested) return undefined;
        return { kind: 'error', message: error instanceof Error ? error.message : String(error) } satisfies ExplainResult;
      } finally {
        clearInterval(timer);
        for (const listener of listeners) listener.dispose();
        cancel.dispose();
      }
    })));
  };

  /** Repeats the request with what the server asks for, until it gives a plan, an error, or the user gives up. */
  const converse = async (first: Target, connection: Connection | undefined, begin: Attempt): Promise<Outcome | undefined> => {
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

  const siteAt = (uri: string, position: { readonly line: number; readonly character: number }): Promise<SiteAtResult | null> => {
    const params: SiteAtParams = { uri, position: { line: position.line, character: position.character } };
    return server.request<SiteAtResult | null>(siteAtRequest, params);
  };

  /** Shows the outcome; undefined: it is no plan. */
  const showOutcome = (outcome: Outcome, source: PanelSource, values?: PlanValues): ShownPlan | undefined => {
    if (outcome.result.kind !== 'plan') {
      showNoPlan(panel, outcome.result, source);
      return undefined;
    }
    const shown = toShown(outcome.result, outcome.attempt, values);
    panel.showPlan(shown, source);
    return shown;
  };

  const connectedWith = async (): Promise<Connection | undefined> => connections.current ?? connections.currentOrPick();

  /** Plans for several kinds of values, one after the other; the panel shows them side by side. */
  const explainFor = async (target: Target, source: PanelSource, sql: string, kinds: readonly PlanValues[]): Promise<void> => {
    const connection = kinds.every((kind) => kind === 'generic') ? connections.current : await connectedWith();
    if (!connection && kinds.some((kind) => kind !== 'generic')) return;
    for (const kind of kinds) {
      const attempt = await attemptFor(kind, target, connection, sql);
      const outcome = attempt && (await converse(target, connection, attempt));
      if (!outcome) return;
      if (!showOutcome(outcome, source, kind)) return;
    }
  };

  const attemptFor = async (kind: PlanValues, target: Target, connection: Connection | undefined, sql: string): Promise<Attempt | undefined> => {
    if (kind === 'generic') return { analyze: false };
    if (kind !== 'chosen') return { analyze: false, values: kind };
    if (!connection) return undefined;
    const params: ParameterValuesParams = { target, connection: connection.database.name };
    const needed = await server.request<ParameterValuesResult>(parameterValuesRequest, params);
    if ('error' in needed) throw new Error(needed.error);
    const parameters = await askForParameters(needed.parameters, rememberedParameters.get(sql), { server, params: { ...params, sample: true } });
    if (parameters) rememberedParameters.set(sql, parameters);
    return parameters && { analyze: false, parameters };
  };

  /** The plans of the twin without and with a change, laid over each other. */
  const whatIf = async (target: Target, source: PanelSource, change: WhatIf): Promise<void> => {
    const params: WhatIfParams = { target, ...change };
    const result = await panel.working('Planning in the twin', (token) => server.request<WhatIfResult>(whatIfRequest, params, token).catch((error: unknown) => {
      if (token.isCancellationRequested) return undefined;
      throw error;
    }));
    if (!result) return;
    if (result.kind !== 'compared') throw new Error('message' in result ? result.message : 'The planner gave no plan.');
    panel.showPlan({ ...toShown(result.after, { analyze: false }), title: result.title }, source, { ...toShown(result.before, { analyze: false }), title: 'in the twin, as it is' });
  };

  const verifyAdvice = async (target: Target, change: WhatIf): Promise<AdviceVerdict> => {
    const result = await server.request<WhatIfResult>(whatIfRequest, { target, ...change } satisfies WhatIfParams);
    if (result.kind !== 'compared') return { reason: 'message' in result ? result.message : 'the planner gave no plan' };
    const [before, after] = [costOf(result.before), costOf(result.after)];
    if (before === undefined || after === undefined) return { reason: 'the planner gave no cost' };
    return { before, after, used: !result.after.notes.some((note) => note.startsWith('The planner does not take ')), where: result.after.connectionLabel };
  };

  /** What the panel's buttons do for a query whose place, or whose text, is known. */
  const sourceOf = (target: Target, label: string, sql: string | undefined, place?: { readonly uri: string; readonly range: SiteAtResult['range'] }): PanelSource => {
    const origin: PanelOrigin | undefined = place && { uri: place.uri, line: place.range.start.line, character: place.range.start.character };
    const source: PanelSource = {
      label,
      ...(origin ? { origin } : {}),
      isConnected: () => connections.current !== undefined,
      ...(place ? {
        reveal: () => revealQuery(vscode.Uri.parse(place.uri, true), place.range),
        explainAgain: (analyze: boolean) => explain(vscode.Uri.parse(place.uri, true), new vscode.Position(place.range.start.line, place.range.start.character), { analyze }),
        explainFor: (values: readonly PlanValues[]) => explainFor(target, source, sql ?? '', values),
      } : {}),
      askWhatIf: () => server.request<WhatIfOptions>(whatIfOptionsRequest, { target } satisfies WhatIfOptionsParams),
      whatIf: (change) => whatIf(target, source, change),
      verifyAdvice: (change) => verifyAdvice(target, change),
    };
    return source;
  };

  let asked = 0;
  const explain: Explain = async (uri, position, { analyze, ask = false }) => {
    const site = await siteAt(uri.toString(), position);
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

    const target: Target = { uri: uri.toString(), position };
    const source = sourceOf(target, labelOf(uri, site.range), site.sql, { uri: uri.toString(), range: site.range });
    const mine = ++asked;
    panel.show({ kind: 'loading', title: connection ? `Explaining on ${connection.label}` : 'Planning in the twin', sql: site.sql }, source);
    let confirmed = false;
    let estimated: ShownPlan | undefined;
    if (analyze && connection) {
      const estimate = await converse(target, connection, { analyze: false });
      if (estimate) estimated = showOutcome(estimate, source);
      if (!estimate || estimate.result.kind === 'error') return;
      confirmed = (await askAbout(estimate.result, connection, estimate.attempt, 'analyze')) !== undefined;
      if (!confirmed) return;
    }
    const outcome = await converse(target, connection, { ...assumptions, analyze, ...(confirmed ? { confirmed } : {}) });
    // Another query has been asked about since, which ended this one.
    if (mine !== asked) return;
    if (outcome) showOutcome(outcome, source);
    else if (estimated) panel.complain('Cancelled: the query was not run to its end. What is shown is its estimate.');
    else panel.show({ kind: 'message', severity: 'info', title: 'Cancelled', message: 'The query was not explained.', details: [], sql: site.sql }, source);
  };

  panel.handlers.sourceAt = (origin) => {
    const uri = vscode.Uri.parse(origin.uri, true);
    const at = { line: origin.line, character: origin.character };
    return sourceOf({ uri: origin.uri, position: at }, labelOf(uri, { start: at }), undefined, { uri: origin.uri, range: { start: at, end: at } });
  };
  panel.handlers.sourceOfText = (sql) => sourceOf({ sql }, '', sql);
  panel.handlers.findInPlan = async ({ plan, planned, sql }, origin) => {
    const target: Target = origin ? { uri: origin.uri, position: { line: origin.line, character: origin.character } } : { sql: sql ?? '' };
    const params: PlanFindingsParams = { target, plan, planned, ...(sql === undefined ? {} : { sql }) };
    // What the plan alone shows is there already: a server that is away takes nothing from it.
    const result = await server.request<PlanFindingsResult>(planFindingsRequest, params).catch(() => undefined);
    return result?.findings;
  };
  return explain;
}

function costOf({ plan }: Plan): number | undefined {
  const root = plan['Plan'];
  const cost = typeof root === 'object' && root !== null ? (root as Record<string, unknown>)['Total Cost'] : undefined;
  return typeof cost === 'number' ? cost : undefined;
}

const labelOf = (uri: vscode.Uri, { start }: Pick<SiteAtResult['range'], 'start'>): string => `${vscode.workspace.asRelativePath(uri)}:${start.line + 1}`;

let plans = 0;

function toShown(plan: Plan, attempt: Attempt, values?: PlanValues): ShownPlan {
  const parameters = plan.parameters ?? attempt.parameters;
  const kind = values ?? attempt.values ?? (parameters ? 'chosen' : 'generic');
  const assumed = plan.parameterTypes.length > 0 || parameters ? `, ${{ generic: 'any values', common: 'common values', rare: 'rare values', chosen: 'chosen values' }[kind]}` : '';
  return {
    id: `${Date.now().toString(36)}-${++plans}`, at: Date.now(), title: `${plan.analyzed ? 'measured' : 'estimated'}${assumed}`, source: { kind: 'json', plan: plan.plan }, sql: plan.sql, analyzed: plan.analyzed,
    parameterTypes: plan.parameterTypes, ...(parameters ? { parameters } : {}), values: kind, notes: plan.notes, connectionLabel: plan.connectionLabel,
  };
}

function showNoPlan(panel: ExplainPanel, result: Exclude<ExplainResult, { kind: 'plan' }>, source: PanelSource): void {
  switch (result.kind) {
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

async function revealQuery(uri: vscode.Uri, { start, end }: SiteAtResult['range']): Promise<void> {
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.window.showTextDocument(uri, { selection, viewColumn: vscode.ViewColumn.One });
}
