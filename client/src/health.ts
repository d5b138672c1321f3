import * as vscode from 'vscode';
import { healthRequest, type HealthCheck, type HealthFinding, type HealthParams, type HealthReport, type HealthResult, type HealthSeverity } from '../../protocol/health';
import type { ConnectionSample } from '../../protocol/webview';
import type { Connections } from './connections';
import type { HealthServers } from './healthServers';
import type { Server } from './server';

/** What was seen of a database at one time. */
export interface HealthLook {
  readonly connection: string;
  readonly connectionLabel: string;
  readonly report: HealthReport;
  readonly markdown: string;
  readonly at: Date;
}

/** What is known of the connected database's health. Nothing is looked at before a person asks. */
export interface Health extends vscode.Disposable {
  readonly onChange: vscode.Event<void>;
  readonly look: HealthLook | undefined;
  readonly looking: boolean;
  /** Why the last look failed. */
  readonly error: string | undefined;
  readonly watching: boolean;
  readonly series: readonly ConnectionSample[];
  /** Looks at the connected database; asks for one if there is none. Resolves to false where the user gave up or it failed. */
  refresh(): Promise<boolean>;
  /** Looks at sessions and locks every few seconds until it is switched off or `isSeen` has gone. */
  watch(on: boolean): void;
}

/** Between two looks while watching. Milliseconds. */
const WATCH_INTERVAL = 5_000;
/** What is cheap to look at again and again. */
const WATCHED_CHECKS = ['connections', 'locks'];
const MOST_SAMPLES = 720;
const SEVERITIES: readonly HealthSeverity[] = ['critical', 'warning', 'info'];

/** All findings, the worst first, in the order of the checks. */
export const findingsOf = (report: HealthReport): readonly HealthFinding[] => SEVERITIES.flatMap((severity) => report.checks.flatMap(({ findings }) => findings.filter((finding) => finding.severity === severity)));

/** @param servers looked at with the database @param isSeen whether somebody sees what watching brings; nothing is asked for while not */
export function createHealth(server: Server, connections: Connections, servers: Pick<HealthServers, 'of'>, isSeen: () => boolean): Health {
  const changed = new vscode.EventEmitter<void>();
  let look: HealthLook | undefined;
  let error: string | undefined;
  let running: vscode.CancellationTokenSource | undefined;
  let watching = false;
  let timer: NodeJS.Timeout | undefined;
  let series: ConnectionSample[] = [];

  // What is asked with is got in here too: the secret storage may fail.
  const ask = async (params: () => HealthParams | Promise<HealthParams>, token?: vscode.CancellationToken): Promise<HealthResult> => {
    try {
      return await server.request<HealthResult>(healthRequest, await params(), token);
    } catch (raised) {
      return { kind: 'error', message: raised instanceof Error ? raised.message : String(raised) };
    }
  };

  const stopWatching = (): void => {
    clearTimeout(timer);
    watching = false;
  };
  const forget = (): void => {
    running?.cancel();
    running = undefined;
    stopWatching();
    [look, error, series] = [undefined, undefined, []];
    changed.fire();
  };

  const step = async (): Promise<void> => {
    const connection = connections.current;
    const before = look;
    if (!watching || !connection || !before) return;
    if (isSeen() && !running) {
      const result = await ask(() => ({ connection: connection.database.name, checks: WATCHED_CHECKS }));
      // Somebody switched it off, looked or connected elsewhere meanwhile.
      if (!watching || look !== before) return next();
      if (result.kind === 'error') {
        error = result.message;
        stopWatching();
      } else {
        error = undefined;
        look = { ...before, report: withChecks(before.report, result.report.checks), at: new Date() };
        series = [...series, ...toSample(result.report)].slice(-MOST_SAMPLES);
      }
      changed.fire();
    }
    next();
  };
  const next = (): void => {
    clearTimeout(timer);
    if (watching) timer = setTimeout(() => void step(), WATCH_INTERVAL);
  };

  let connected = connections.current?.database.name;
  const subscription = connections.onChange(() => {
    if (connections.current?.database.name === connected) return;
    connected = connections.current?.database.name;
    forget();
  });

  return {
    onChange: changed.event,
    get look() { return look; },
    get looking() { return running !== undefined; },
    get error() { return error; },
    get watching() { return watching; },
    get series() { return series; },
    async refresh() {
      const connection = await connections.currentOrPick();
      if (!connection) return false;
      running?.cancel();
      const mine = (running = new vscode.CancellationTokenSource());
      changed.fire();
      const result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: `Looking at the health of ${connection.database.name}` }, () => ask(async () => ({ connection: connection.database.name, servers: await servers.of(connection.database.name) }), mine.token));
      mine.dispose();
      if (running !== mine) return false;
      running = undefined;
      if (result.kind === 'report') {
        [look, error] = [{ connection: connection.database.name, connectionLabel: connection.label, report: result.report, markdown: result.markdown, at: new Date() }, undefined];
        series = [...series, ...toSample(result.report)].slice(-MOST_SAMPLES);
      } else {
        error = result.message;
      }
      changed.fire();
      return result.kind === 'report';
    },
    watch(on) {
      if (on === watching) return;
      stopWatching();
      watching = on && look !== undefined;
      if (watching) {
        series = [];
        void step();
      }
      changed.fire();
    },
    dispose() {
      forget();
      subscription.dispose();
      changed.dispose();
    },
  };
}

/** A report with some of its checks as they are now. */
function withChecks(report: HealthReport, fresh: readonly HealthCheck[]): HealthReport {
  return { ...report, checks: report.checks.map((check) => fresh.find(({ name }) => name === check.name) ?? check) };
}

/** The sessions of a report; none where it was not allowed to count them. */
function toSample({ checks }: HealthReport): ConnectionSample[] {
  const numberIn = (check: string, figure: string): number | undefined => {
    const value = checks.find(({ name }) => name === check)?.figures.find(({ name }) => name === figure)?.value;
    return typeof value === 'number' ? value : undefined;
  };
  const active = numberIn('connections', 'active');
  if (active === undefined) return [];
  return [{ at: Date.now(), active, idle: numberIn('connections', 'idle') ?? 0, idleInTransaction: numberIn('connections', 'idleInTransaction') ?? 0, waiting: numberIn('locks', 'waiting') ?? 0, max: numberIn('connections', 'maxConnections') ?? 0 }];
}
