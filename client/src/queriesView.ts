import * as vscode from 'vscode';
import { queriesChangedNotification, queryTablesRequest, siteAtRequest, tableQueriesRequest, type ListedQuery, type QueryFilter, type QueryTable, type QueryTablesResult, type SiteAtResult } from '../../protocol/requests';
import type { Explain } from './explain';
import type { Server } from './server';
import { count } from './words';

type Node = { readonly type: 'table'; readonly table: QueryTable } | { readonly type: 'query'; readonly query: ListedQuery };

const VIEW = 'sargable.queries';
/** Typing raises several changes; the list is asked for once. Milliseconds. */
const REFRESH_DELAY = 400;

/** The Queries view: every query of the workspace by the tables that it names, with the findings about it. */
export function createQueriesView(server: Server, explain: Explain, output: vscode.LogOutputChannel): vscode.Disposable {
  let filter: QueryFilter = {};
  let currentFile = false;
  let timer: NodeJS.Timeout | undefined;
  let result: QueryTablesResult | undefined;
  const changed = new vscode.EventEmitter<Node | undefined>();

  /** The filter with the document at hand, where the view follows it. */
  const asked = (): QueryFilter => (currentFile ? { ...filter, uri: vscode.window.activeTextEditor?.document.uri.toString() ?? 'none:' } : filter);
  const refresh = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => changed.fire(undefined), REFRESH_DELAY);
  };

  const view = vscode.window.createTreeView<Node>(VIEW, {
    showCollapseAll: true,
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getTreeItem: (node) => (node.type === 'table' ? tableItem(node.table) : queryItem(node.query)),
      async getChildren(node): Promise<Node[]> {
        if (node?.type === 'query') return [];
        if (node) return (await server.request<readonly ListedQuery[]>(tableQueriesRequest, { key: node.table.key, filter: asked() })).map((query) => ({ type: 'query', query }));
        try {
          result = await server.request<QueryTablesResult>(queryTablesRequest, { filter: asked() });
        } catch (error) {
          // While the server starts, or starts again: its status brings the view back.
          result = undefined;
          output.warn(`Queries view: ${error instanceof Error ? error.message : String(error)}`);
        }
        describe();
        return (result?.tables ?? []).map((table) => ({ type: 'table', table }));
      },
    },
  });

  const describe = (): void => {
    const parts = [filter.text ? `“${filter.text}”` : '', filter.onlyWithFindings ? 'with findings' : '', currentFile ? 'this file' : ''].filter((part) => part !== '');
    view.description = result ? [count(result.queries, 'query', 'queries'), ...parts].join(', ') : parts.join(', ');
    view.message = result && result.tables.length === 0 ? (parts.length > 0 ? 'No query fits the filter.' : 'No queries found in this workspace yet.') : undefined;
  };
  const apply = (next: QueryFilter, follow = currentFile): void => {
    filter = next;
    currentFile = follow;
    void vscode.commands.executeCommand('setContext', 'sargable.queries.onlyWithFindings', filter.onlyWithFindings === true);
    void vscode.commands.executeCommand('setContext', 'sargable.queries.currentFile', currentFile);
    void vscode.commands.executeCommand('setContext', 'sargable.queries.filtered', filter.text !== undefined);
    describe();
    changed.fire(undefined);
  };

  const commands: Record<string, (node?: Node) => unknown> = {
    'sargable.queries.filter': async () => {
      const text = await vscode.window.showInputBox({ title: 'Filter queries', prompt: 'Part of a table, of the SQL or of the path of a file; empty: all', value: filter.text ?? '' });
      if (text !== undefined) apply({ ...filter, text: text.trim() === '' ? undefined : text.trim() });
    },
    'sargable.queries.clearFilter': () => apply({ ...filter, text: undefined }),
    'sargable.queries.showOnlyFindings': () => apply({ ...filter, onlyWithFindings: true }),
    'sargable.queries.showAll': () => apply({ ...filter, onlyWithFindings: undefined }),
    'sargable.queries.followFile': () => apply(filter, true),
    'sargable.queries.allFiles': () => apply(filter, false),
    'sargable.queries.refresh': () => changed.fire(undefined),
    'sargable.queries.explain': (node) => node?.type === 'query' && explain(vscode.Uri.parse(node.query.uri, true), toPosition(node.query), { analyze: false }),
    'sargable.queries.copySql': (node) => node?.type === 'query' && copySql(server, node.query),
  };

  return vscode.Disposable.from(
    view, changed, new vscode.Disposable(() => clearTimeout(timer)),
    ...Object.entries(commands).map(([command, handler]) => vscode.commands.registerCommand(command, handler)),
    server.onNotification(queriesChangedNotification, refresh),
    server.onStatus(refresh),
    vscode.window.onDidChangeActiveTextEditor(() => currentFile && refresh()),
  );
}

const toPosition = ({ range }: ListedQuery): vscode.Position => new vscode.Position(range.start.line, range.start.character);

/** Copies the SQL as it is sent: of a builder chain what the library makes of it. */
async function copySql(server: Server, query: ListedQuery): Promise<void> {
  const uri = vscode.Uri.parse(query.uri, true);
  // The server answers for documents that are open.
  await vscode.workspace.openTextDocument(uri);
  const site = await server.request<SiteAtResult | null>(siteAtRequest, { uri: query.uri, position: query.range.start });
  if (!site) {
    void vscode.window.showWarningMessage('Sargable: the SQL of this query is not known.');
    return;
  }
  await vscode.env.clipboard.writeText(site.sql);
  vscode.window.setStatusBarMessage(site.incomplete ? `SQL copied; ${site.incomplete}` : 'SQL copied', 4_000);
}

const ICONS = { error: ['error', 'list.errorForeground'], warning: ['warning', 'list.warningForeground'], info: ['info', 'notificationsInfoIcon.foreground'], hint: ['lightbulb', 'editorHint.foreground'] } as const;
const severityIcon = (worst: keyof typeof ICONS): vscode.ThemeIcon => new vscode.ThemeIcon(ICONS[worst][0], new vscode.ThemeColor(ICONS[worst][1]));

function tableItem({ key, queries, findings, worst, known }: QueryTable): vscode.TreeItem {
  const item = new vscode.TreeItem(key === '' ? 'No table known' : key.replace(/^public\./, ''), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `table:${key}`;
  item.iconPath = worst ? severityIcon(worst) : new vscode.ThemeIcon(key === '' ? 'question' : 'table');
  const numbers = `${count(queries, 'query', 'queries')}${findings > 0 ? `, ${count(findings, 'finding')}` : ''}`;
  item.description = numbers;
  item.tooltip = key === '' ? 'Queries whose SQL is not known, or that name no table' : `${key}: ${numbers}${known ? '' : '; no source of the schema has this table'}`;
  item.contextValue = 'table';
  item.accessibilityInformation = { label: `${key === '' ? 'no table known' : key}, ${numbers}${worst ? `, worst: ${worst}` : ''}` };
  return item;
}

function queryItem(query: ListedQuery): vscode.TreeItem {
  const worst = (['error', 'warning', 'info', 'hint'] as const).find((severity) => query.findings.some((finding) => finding.severity === severity));
  const name = query.path.slice(query.path.lastIndexOf('/') + 1);
  const place = `${name}:${query.range.start.line + 1}`;
  const item = new vscode.TreeItem(query.verb === '?' ? place : `${query.verb} — ${place}`);
  item.description = query.sql;
  item.iconPath = worst ? severityIcon(worst) : new vscode.ThemeIcon('code');
  item.tooltip = new vscode.MarkdownString();
  if (query.sql !== '') item.tooltip.appendCodeblock(query.sql, 'sql');
  item.tooltip.appendText(`${query.path}:${query.range.start.line + 1}`);
  for (const finding of query.findings) item.tooltip.appendMarkdown('\n\n').appendText(`${finding.rule}: ${finding.message}`);
  item.contextValue = query.sql === '' ? 'unknownQuery' : 'query';
  const { start, end } = query.range;
  item.command = { command: 'vscode.open', title: 'Open', arguments: [vscode.Uri.parse(query.uri, true), { selection: new vscode.Range(start.line, start.character, end.line, end.character) }] };
  item.accessibilityInformation = { label: `${query.verb === '?' ? 'query' : query.verb} in ${place}${query.findings.length > 0 ? `, ${count(query.findings.length, 'finding')}` : ''}, ${query.sql}` };
  return item;
}
