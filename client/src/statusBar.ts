import * as vscode from 'vscode';
import type { StatusParams } from '../../protocol/requests';
import type { Connections } from './connections';
import type { Server } from './server';
import { count } from './words';

/** One item: what the findings rest on (a database, migrations, nothing), and the way to change it. */
export function createStatusBar(server: Server, connections: Connections): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('sargable.status', vscode.StatusBarAlignment.Right, 90);
  item.name = 'Sargable';
  item.command = 'sargable.pickDatabase';
  let status: StatusParams | undefined;
  let running = false;

  const render = (): void => {
    const connection = connections.current;
    const problem = status?.state === 'error' || !running;
    const text = connection?.label ?? status?.catalogLabel ?? (status?.state === 'ready' ? 'no schema' : 'Sargable');
    const icon = status?.state === 'error' ? 'warning' : !running || status?.state === 'starting' ? 'loading~spin' : connection ? 'database' : 'book';
    item.text = `$(${icon}) ${text}`;
    item.accessibilityInformation = { label: `Sargable: ${text}` };
    item.backgroundColor = status?.state === 'error' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.tooltip = problem ? (status?.message ?? 'The language server is starting.') : renderTooltip(status, connection?.label);
    item.show();
  };

  const subscriptions = [
    item,
    server.onRunning(() => {
      running = true;
      render();
    }),
    server.onStopped(() => {
      running = false;
      status = undefined;
      render();
    }),
    server.onStatus((params) => {
      status = params;
      render();
    }),
    connections.onChange(render),
    vscode.workspace.onDidGrantWorkspaceTrust(render),
  ];
  render();
  return vscode.Disposable.from(...subscriptions);
}

function renderTooltip(status: StatusParams | undefined, connection: string | undefined): vscode.MarkdownString {
  const lines = [
    '**Sargable**',
    `Schema: ${status?.catalogLabel ? `${status.catalogLabel}, ${count(status.tables, 'table')}` : 'none found'}`,
    status && `${count(status.files, 'file')}, ${count(status.queries, 'query', 'queries')}`,
    vscode.workspace.isTrusted ? `Database: ${connection ?? 'not connected'}` : 'Database: never connects in a workspace that is not trusted',
    status && `Grammar: ${status.engine}`,
    status?.planner && `Planner: ${status.planner}`,
  ];
  const text = new vscode.MarkdownString();
  for (const [index, line] of lines.filter((candidate): candidate is string => Boolean(candidate)).entries()) {
    if (index === 0) text.appendMarkdown(line);
    else text.appendText(line);
    text.appendMarkdown('\n\n');
  }
  return text;
}
