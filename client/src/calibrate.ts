import * as vscode from 'vscode';
import { calibrateRequest, type CalibrateParams, type CalibrateResult } from '../../protocol/requests';
import type { Connection, Connections } from './connections';
import { ask, nameOf } from './explainQuestions';
import type { Reports } from './reports';
import type { Server } from './server';

/** Compares the planner twin with the connected server: the outcome in one line, the plans that differ as a document. */
export async function calibrate(server: Server, connections: Connections, reports: Reports): Promise<void> {
  const connection = await connections.currentOrPick();
  if (!connection) return;
  let result = await request(server, connection, false);
  if (result?.kind === 'refused') {
    const detail = ['Statements made from its schema are planned there, none of yours, and nothing is executed.', 'The setting allowEstimatedExplain of this database leaves the question out.'];
    if (!(await ask(`Compare the planner twin with ${nameOf(connection)}?`, detail, 'Compare'))) return;
    result = await request(server, connection, true);
  }
  if (!result) return;
  if (result.kind !== 'calibrated') {
    void vscode.window.showErrorMessage(`Not compared: ${result.message}`);
    return;
  }
  const { summary, markdown } = result;
  const show = 'Show Details';
  void vscode.window.showInformationMessage(summary, show).then(async (answer) => {
    if (answer === show) await reports.show(`Planner Twin and ${connection.database.name}`, markdown);
  });
}

async function request(server: Server, { database: { name } }: Connection, confirmed: boolean): Promise<CalibrateResult | undefined> {
  const params: CalibrateParams = { connection: name, ...(confirmed ? { confirmed } : {}) };
  const options = { location: vscode.ProgressLocation.Notification, title: `Comparing the planner twin with ${name}`, cancellable: true };
  return vscode.window.withProgress(options, async (_progress, token) => {
    try {
      return await server.request<CalibrateResult>(calibrateRequest, params, token);
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    }
  });
}
