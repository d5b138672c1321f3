import * as vscode from 'vscode';
import { adviseWorkspaceRequest, type AdviseWorkspaceParams, type AdviseWorkspaceResult } from '../../protocol/requests';
import type { Reports } from './reports';
import type { Server } from './server';

let runs = 0;

/** Asks the server for the indexes that the workspace's queries need, and opens them as a Markdown document to copy from. */
export async function adviseWorkspace(server: Server, reports: Reports): Promise<void> {
  const workDoneToken = `sargable-advise-${++runs}`;
  const params: AdviseWorkspaceParams = { workDoneToken };
  const options = { location: vscode.ProgressLocation.Notification, title: 'Looking for indexes', cancellable: true };
  const result = await vscode.window.withProgress(options, async (progress, token) => {
    const listener = server.onProgress(workDoneToken, ({ message }) => progress.report({ message }));
    try {
      return await server.request<AdviseWorkspaceResult>(adviseWorkspaceRequest, params, token);
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    } finally {
      listener.dispose();
    }
  });
  if (!result) return;
  if (result.kind === 'unavailable') {
    void vscode.window.showInformationMessage(`No index advice: ${result.reason}.`);
    return;
  }
  await reports.show('Index Advice', result.markdown);
}
