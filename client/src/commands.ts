import * as vscode from 'vscode';
import { clientCommands, lintWorkspaceRequest, refreshStatisticsRequest, type ExplainAtArguments, type LintWorkspaceParams, type LintWorkspaceResult, type ShowReferencesArguments } from '../../protocol/requests';
import { adviseWorkspace } from './advise';
import { calibrate } from './calibrate';
import type { Connections } from './connections';
import type { Explain } from './explain';
import type { OpenPlan } from './openPlan';
import type { Reports } from './reports';
import type { Server } from './server';
import { count } from './words';

/** What the commands work on. */
export interface CommandTargets {
  readonly output: vscode.LogOutputChannel;
  readonly server: Server;
  readonly connections: Connections;
  readonly explain: Explain;
  readonly reports: Reports;
  readonly openPlan: OpenPlan;
}

/** Registers every command of the manifest, and those that CodeLenses and code actions of the server name. */
export function registerCommands(context: vscode.ExtensionContext, targets: CommandTargets): void {
  const { output, server, connections, explain, reports, openPlan } = targets;
  const explainAtCursor = async (analyze: boolean, ask = false): Promise<void> => {
    const editor = vscode.window.activeTextEditor;
    if (editor) await explain(editor.document.uri, editor.selection.active, { analyze, ask });
  };
  const handlers: Record<string, (...args: never[]) => unknown> = {
    'sargable.connect': () => connections.pickAndConnect(),
    'sargable.pickDatabase': () => connections.pickAndConnect(),
    'sargable.disconnect': () => connections.disconnect(),
    'sargable.testConnection': () => connections.test(),
    'sargable.forgetPassword': () => connections.forgetPassword(),
    'sargable.lintWorkspace': () => lintWorkspace(server),
    'sargable.adviseWorkspace': () => adviseWorkspace(server, reports),
    'sargable.calibrate': () => calibrate(server, connections, reports),
    'sargable.explainAtCursor': () => explainAtCursor(false),
    'sargable.explainAnalyzeAtCursor': () => explainAtCursor(true),
    'sargable.explainWithValues': () => explainAtCursor(false, true),
    'sargable.openPlan': (uri?: unknown) => openPlan.file(uri instanceof vscode.Uri ? uri : undefined),
    'sargable.openSelectedPlan': () => openPlan.selection(),
    'sargable.pastePlan': () => openPlan.empty(),
    'sargable.showOutput': () => output.show(true),
    'sargable.restart': () => server.restart(),
    'sargable.openRuleDocumentation': (rule?: unknown) => openRuleDocumentation(context, rule),
    [clientCommands.explainAt]: ({ uri, position, analyze }: ExplainAtArguments) =>
      explain(vscode.Uri.parse(uri, true), new vscode.Position(position.line, position.character), { analyze: analyze ?? false }),
    [clientCommands.showReferences]: (...args: ShowReferencesArguments) => showReferences(...args),
    [clientCommands.refreshStatistics]: () => server.request(refreshStatisticsRequest, {}),
    [clientCommands.openSettings]: (setting?: unknown) => vscode.commands.executeCommand('workbench.action.openSettings', typeof setting === 'string' ? setting : 'sargable.'),
  };
  for (const [command, handler] of Object.entries(handlers)) {
    context.subscriptions.push(
      vscode.commands.registerCommand(command, async (...args: never[]) => {
        try {
          return await handler(...args);
        } catch (error) {
          output.error(`${command}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
          const show = 'Show Output';
          void vscode.window.showErrorMessage(`Sargable: ${error instanceof Error ? error.message : String(error)}`, show).then((answer) => answer === show && output.show(true));
        }
      }),
    );
  }
}

let lintRuns = 0;

async function lintWorkspace(server: Server): Promise<void> {
  const workDoneToken = `sargable-lint-${++lintRuns}`;
  const params: LintWorkspaceParams = { workDoneToken };
  const options = { location: vscode.ProgressLocation.Notification, title: 'Linting the workspace', cancellable: true };
  const result = await vscode.window.withProgress(options, async (progress, token) => {
    let done = 0;
    const listener = server.onProgress(workDoneToken, ({ message, percentage }) => {
      progress.report({ message, increment: percentage === undefined ? undefined : percentage - done });
      done = percentage ?? done;
    });
    try {
      return await server.request<LintWorkspaceResult>(lintWorkspaceRequest, params, token);
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    } finally {
      listener.dispose();
    }
  });
  if (!result) return;
  const show = 'Show Problems';
  const summary = `${count(result.findings, 'finding')} in ${count(result.files, 'file')} (${count(result.queries, 'query', 'queries')}, ${(result.durationMs / 1000).toFixed(1)} s).`;
  void vscode.window.showInformationMessage(summary, ...(result.findings > 0 ? [show] : [])).then((answer) => answer === show && vscode.commands.executeCommand('workbench.actions.view.problems'));
}

/** Opens the bundled page of a rule; without an id (or with one nobody knows) asks which. */
async function openRuleDocumentation(context: vscode.ExtensionContext, rule: unknown): Promise<void> {
  const folder = vscode.Uri.joinPath(context.extensionUri, 'docs', 'rules');
  const pages = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name).filter((name) => name.endsWith('.md'));
  const ids = pages.map((name) => name.slice(0, -'.md'.length)).filter((name) => name !== 'README').sort();
  const id = typeof rule === 'string' && ids.includes(rule) ? rule : await vscode.window.showQuickPick(ids, { title: 'Documentation of a rule' });
  if (id) await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(folder, `${id}.md`));
}

async function showReferences(...[uri, position, locations]: ShowReferencesArguments): Promise<void> {
  await vscode.commands.executeCommand(
    'editor.action.showReferences',
    vscode.Uri.parse(uri, true),
    new vscode.Position(position.line, position.character),
    locations.map(({ uri: target, range }) => new vscode.Location(vscode.Uri.parse(target, true), new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character))),
  );
}
