import * as vscode from 'vscode';
import { healthMigrationRequest, type HealthFinding, type HealthMigrationParams, type HealthMigrationResult, type HealthSeverity } from '../../protocol/health';
import { tableQueriesRequest, type ListedQuery, type TableQueriesParams } from '../../protocol/requests';
import type { Connections } from './connections';
import { createHealth, findingsOf, type Health } from './health';
import { createHealthPanel, type HealthActions } from './healthPanel';
import { createHealthServers } from './healthServers';
import type { Server } from './server';
import { count } from './words';

type Node =
  | { readonly type: 'severity'; readonly severity: HealthSeverity; readonly findings: readonly HealthFinding[] }
  | { readonly type: 'finding'; readonly finding: HealthFinding }
  | { readonly type: 'blind'; readonly notes: readonly Blind[] }
  | { readonly type: 'note'; readonly note: Blind };
interface Blind {
  readonly check: string;
  readonly reason: string;
  readonly grant?: string;
}

const VIEW = 'sargable.health';
const GROUPS = { critical: { title: 'Critical', icon: 'error', colour: 'list.errorForeground' }, warning: { title: 'Warnings', icon: 'warning', colour: 'list.warningForeground' }, info: { title: 'Notes', icon: 'info', colour: 'notificationsInfoIcon.foreground' } } as const;

/** The Database Health view, the report behind it, and the mark in the status bar. */
export function createHealthView(context: vscode.ExtensionContext, server: Server, connections: Connections): vscode.Disposable {
  const panel = createHealthPanel(context);
  const servers = createHealthServers(context);
  const health = createHealth(server, connections, servers, () => panel.visible);
  const changed = new vscode.EventEmitter<Node | undefined>();
  const view = vscode.window.createTreeView<Node>(VIEW, {
    showCollapseAll: true,
    treeDataProvider: { onDidChangeTreeData: changed.event, getTreeItem: toItem, getChildren: (node) => childrenOf(node, health) },
  });
  const actions: HealthActions = { showQueries: (table) => showQueries(server, table), createMigration: (finding) => createMigration(server, health, finding) };

  const describe = (): void => {
    const { look } = health;
    const critical = look ? findingsOf(look.report).filter(({ severity }) => severity === 'critical').length : 0;
    view.description = look ? `${look.connection}, checked ${look.at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}${health.watching ? ', watching' : ''}` : undefined;
    view.message = health.error ?? (health.looking && !look ? 'Looking…' : look && findingsOf(look.report).length === 0 ? 'Nothing found.' : undefined);
    view.badge = critical > 0 ? { value: critical, tooltip: `${count(critical, 'critical finding')} on ${look?.connection ?? ''}` } : undefined;
    void vscode.commands.executeCommand('setContext', 'sargable.health.known', look !== undefined || health.looking || health.error !== undefined);
    changed.fire(undefined);
  };

  const commands: Record<string, (node?: Node) => unknown> = {
    'sargable.health.refresh': () => health.refresh(),
    'sargable.health.addServer': async () => {
      if ((await servers.add(connections.current?.database.name)) && health.look) await health.refresh();
    },
    'sargable.health.open': async (node) => {
      if (!health.look && !(await health.refresh())) {
        if (health.error !== undefined) void vscode.window.showErrorMessage(`Sargable: ${health.error}`);
        return;
      }
      panel.show(health, actions, node?.type === 'finding' ? node.finding : undefined);
    },
    'sargable.health.showQueries': (node) => node?.type === 'finding' && node.finding.table !== undefined && actions.showQueries(node.finding.table),
    'sargable.health.createMigration': (node) => node?.type === 'finding' && actions.createMigration(node.finding),
    'sargable.health.copyStatement': async (node) => {
      const text = node?.type === 'finding' ? node.finding.statement : node?.type === 'note' ? node.note.grant : undefined;
      if (text === undefined) return;
      await vscode.env.clipboard.writeText(text);
      vscode.window.setStatusBarMessage('Statement copied', 3000);
    },
  };

  return vscode.Disposable.from(
    view, changed, panel, health, createMark(health), health.onChange(describe),
    ...Object.entries(commands).map(([command, handler]) => vscode.commands.registerCommand(command, handler)),
  );
}

/** Beside our item in the status bar, as long as something critical is known. */
function createMark(health: Health): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('sargable.health', vscode.StatusBarAlignment.Right, 89);
  item.name = 'Sargable Database Health';
  item.command = 'sargable.health.open';
  item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
  const render = (): void => {
    const critical = health.look ? findingsOf(health.look.report).filter(({ severity }) => severity === 'critical') : [];
    if (critical.length === 0) {
      item.hide();
      return;
    }
    const words = `${count(critical.length, 'critical finding')} on ${health.look?.connection ?? ''}`;
    item.text = `$(error) ${critical.length}`;
    item.accessibilityInformation = { label: `Sargable: ${words}` };
    item.tooltip = new vscode.MarkdownString().appendText([words, ...critical.slice(0, 5).map(({ message }) => message)].join('\n'));
    item.show();
  };
  return vscode.Disposable.from(item, health.onChange(render));
}

function childrenOf(node: Node | undefined, { look }: Health): Node[] {
  if (!look) return [];
  if (node?.type === 'severity') return node.findings.map((finding) => ({ type: 'finding', finding }));
  if (node?.type === 'blind') return node.notes.map((note) => ({ type: 'note', note }));
  if (node) return [];
  const findings = findingsOf(look.report);
  const notes = look.report.checks.flatMap(({ title, cannotSee }) => cannotSee.map((note) => ({ check: title, ...note })));
  return [
    ...(['critical', 'warning', 'info'] as const).map((severity): Node => ({ type: 'severity', severity, findings: findings.filter((finding) => finding.severity === severity) })).filter((group) => group.type !== 'severity' || group.findings.length > 0),
    ...(notes.length > 0 ? [{ type: 'blind' as const, notes }] : []),
  ];
}

function toItem(node: Node): vscode.TreeItem {
  switch (node.type) {
    case 'severity': {
      const { title, icon, colour } = GROUPS[node.severity];
      const item = new vscode.TreeItem(title, node.severity === 'info' ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.Expanded);
      item.id = `severity:${node.severity}`;
      item.description = String(node.findings.length);
      item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
      item.accessibilityInformation = { label: `${title}, ${count(node.findings.length, 'finding')}` };
      return item;
    }
    case 'finding': return toFindingItem(node);
    case 'blind': {
      const item = new vscode.TreeItem('Not seen', vscode.TreeItemCollapsibleState.Collapsed);
      item.id = 'blind';
      item.description = String(node.notes.length);
      item.iconPath = new vscode.ThemeIcon('eye-closed');
      item.tooltip = 'What the checks could not see: silence about it means nothing';
      return item;
    }
    case 'note': {
      const { check, reason, grant } = node.note;
      const item = new vscode.TreeItem(check);
      item.description = reason;
      item.tooltip = new vscode.MarkdownString().appendText(reason);
      if (grant !== undefined) item.tooltip.appendCodeblock(grant, 'sql');
      item.contextValue = grant === undefined ? 'note' : 'note statement';
      item.accessibilityInformation = { label: `${check}: ${reason}` };
      return item;
    }
  }
}

function toFindingItem(node: Extract<Node, { type: 'finding' }>): vscode.TreeItem {
  const { id, severity, message, recommendation, statement, table, migration } = node.finding;
  const { icon, colour, title } = GROUPS[severity];
  const item = new vscode.TreeItem(message);
  item.description = id;
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
  item.tooltip = new vscode.MarkdownString().appendText(message);
  if (recommendation !== undefined) item.tooltip.appendMarkdown('\n\n').appendText(recommendation);
  if (statement !== undefined) item.tooltip.appendCodeblock(statement, 'sql');
  item.contextValue = ['finding', ...(statement === undefined ? [] : ['statement']), ...(table === undefined ? [] : ['table']), ...(migration ? ['migration'] : [])].join(' ');
  item.command = { command: 'sargable.health.open', title: 'Open', arguments: [node] };
  item.accessibilityInformation = { label: `${title}, ${id.replaceAll('-', ' ')}, ${message}` };
  return item;
}

/** The queries of the workspace that name a table, to choose from and open. */
async function showQueries(server: Server, table: string): Promise<void> {
  const params: TableQueriesParams = { key: table, filter: {} };
  const queries = await server.request<readonly ListedQuery[]>(tableQueriesRequest, params);
  const name = table.replace(/^public\./, '');
  if (queries.length === 0) {
    void vscode.window.showInformationMessage(`No query of this workspace names ${name}.`);
    return;
  }
  const picked = await vscode.window.showQuickPick(
    queries.map((query) => ({ label: query.verb === '?' ? 'query' : query.verb, description: `${query.path}:${query.range.start.line + 1}`, detail: query.sql, query })),
    { title: `Queries of ${name}`, placeHolder: 'Open a query', matchOnDescription: true, matchOnDetail: true },
  );
  if (!picked) return;
  const { start, end } = picked.query.range;
  await vscode.window.showTextDocument(vscode.Uri.parse(picked.query.uri, true), { selection: new vscode.Range(start.line, start.character, end.line, end.character) });
}

/** Writes the finding's statement as the next migration, in the workspace's own format, and opens it. Nothing runs it. */
async function createMigration(server: Server, { look }: Health, { id, subject, statement }: HealthFinding): Promise<void> {
  if (!look) return;
  const params: HealthMigrationParams = { connection: look.connection, finding: { id, subject, ...(statement === undefined ? {} : { statement }) } };
  const result = await server.request<HealthMigrationResult>(healthMigrationRequest, params);
  if (result.kind === 'unavailable') {
    void vscode.window.showWarningMessage(`No migration was written: ${result.reason}.`);
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  const uris = result.files.map(({ uri, text }) => {
    const target = vscode.Uri.parse(uri, true);
    edit.createFile(target, { contents: Buffer.from(text), ignoreIfExists: false });
    return target;
  });
  if (!(await vscode.workspace.applyEdit(edit))) void vscode.window.showErrorMessage('No migration was written: there is a file of that name already.');
  else if (uris[0]) await vscode.window.showTextDocument(uris[0]);
}
