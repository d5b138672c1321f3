import { CodeLensRefreshRequest, type Connection } from 'vscode-languageserver/node';
import { refreshStatisticsRequest } from '../../../../protocol/requests';
import type { Project } from '../../workspace/project';
import { createStatementReader, STATEMENTS_MAX_AGE_MS, type StatementReader, type StatementReading } from '../../workspace/statementReader';
import { inBackground, type Session } from '../session';
import { refreshDiagnostics } from './diagnostics';

export interface StatementsFeature {
  /** A connection was opened, closed or used. */
  onConnections(): void;
  /** Someone works with queries: counters older than a minute are read again. */
  onActivity(): void;
  /** A folder was added: what is known counts for its queries too, before anything is read anew. */
  onProject(project: Project): Promise<void>;
}

/** What the servers have counted, for lenses, hovers and the order of findings. Read on connecting, on request and while someone works, never by a timer. */
export function createStatementsFeature(connection: Connection, session: () => Session | undefined): StatementsFeature {
  let reader: StatementReader | undefined;
  let latest: ReadonlyMap<string, StatementReading> | undefined;
  const told = new Set<string>();

  const refresh = async (maxAgeMs: number): Promise<void> => {
    const active = session();
    if (!active) return;
    reader ??= createStatementReader(active.connections);
    const readings = await reader.read(maxAgeMs);
    if (!readings) return;
    latest = readings;
    for (const project of active.projects.values()) await project.setStatements(readings);
    for (const [name, { notes }] of readings) for (const note of notes.map((text) => `${name}: ${text}`)) {
      if (!told.has(note)) connection.console.info(note);
      told.add(note);
    }
    await refreshDiagnostics(active);
    if (active.abilities.refreshCodeLens) await connection.sendRequest(CodeLensRefreshRequest.type);
  };

  connection.onRequest(refreshStatisticsRequest, async (): Promise<null> => {
    await refresh(0);
    return null;
  });
  const start = (): void => inBackground(connection, refresh(STATEMENTS_MAX_AGE_MS));
  return { onConnections: start, onActivity: start, onProject: async (project) => { if (latest) await project.setStatements(latest); } };
}
