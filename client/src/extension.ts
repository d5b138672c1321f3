import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { createConnections } from './connections';
import { createExplain } from './explain';
import { createExplainPanel } from './explainPanel';
import { createHealthView } from './healthView';
import { createOpenPlan } from './openPlan';
import { createQueriesView } from './queriesView';
import { createReports } from './reports';
import { createServer, type Server } from './server';
import { createStatusBar } from './statusBar';

let server: Server | undefined;

/** Called by VS Code when one of the activation events happens. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Sargable', { log: true });
  server = createServer(context, output);
  const reports = createReports();
  const connections = createConnections(context, server, output, reports);
  const panel = createExplainPanel(context, server);
  const explain = createExplain(server, connections, panel);
  context.subscriptions.push(output, server, reports, connections, panel, createStatusBar(server, connections), createQueriesView(server, explain, output), createHealthView(context, server, connections));
  registerCommands(context, { output, server, connections, explain, reports, openPlan: createOpenPlan(panel) });
  await server.start();
}

/** Called by VS Code before the extension host ends; waits until the server has stopped. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}
