import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { HealthFinding } from '../../protocol/health';
import type { FromHealthPanel, HealthContent, ToHealthPanel } from '../../protocol/webview';
import type { Health } from './health';
import { renderPage } from './panelPage';

/** What the panel's buttons do beside looking. */
export interface HealthActions {
  showQueries(table: string): Promise<void>;
  createMigration(finding: HealthFinding): Promise<void>;
}

/** The report as a panel; there is one, and closing it ends watching. */
export interface HealthPanel extends vscode.Disposable {
  readonly visible: boolean;
  /** Opens the panel; with a finding, at it. */
  show(health: Health, actions: HealthActions, finding?: HealthFinding): void;
}

/** Creates the panel's keeper; the webview itself is made when it is shown for the first time. */
export function createHealthPanel(context: vscode.ExtensionContext): HealthPanel {
  const folder = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  let panel: vscode.WebviewPanel | undefined;
  let ready = false;
  let wanted: HealthFinding | undefined;

  const send = (message: ToHealthPanel): void => void panel?.webview.postMessage(message);
  const focus = (): void => {
    if (!ready || !wanted) return;
    send({ type: 'focus', id: wanted.id, subject: wanted.subject });
    wanted = undefined;
  };

  const open = (health: Health, actions: HealthActions): vscode.WebviewPanel => {
    const created = vscode.window.createWebviewPanel('sargable.health', 'Database Health', vscode.ViewColumn.Active, { enableScripts: true, enableCommandUris: false, localResourceRoots: [folder] });
    const resource = (name: string): string => created.webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    created.webview.html = renderPage({ title: 'Database Health', root: 'main', nonce: randomBytes(16).toString('base64'), cspSource: created.webview.cspSource, script: resource('health.js'), style: resource('healthStyle.css') });
    const show = (): void => send({ type: 'show', content: toContent(health) });
    const receive = async (message: FromHealthPanel): Promise<void> => {
      switch (message.type) {
        case 'ready':
          ready = true;
          show();
          focus();
          break;
        case 'look':
          await health.refresh();
          break;
        case 'watch':
          health.watch(message.on);
          break;
        case 'copy':
          await vscode.env.clipboard.writeText(message.what === 'report' ? (health.look?.markdown ?? '') : message.statement);
          vscode.window.setStatusBarMessage(message.what === 'report' ? 'Report copied as Markdown' : 'Statement copied', 3000);
          break;
        case 'queries':
          await actions.showQueries(message.table);
          break;
        case 'migration': {
          const finding = health.look?.report.checks.flatMap(({ findings }) => findings).find(({ id, subject }) => id === message.id && subject === message.subject);
          if (finding) await actions.createMigration(finding);
          break;
        }
      }
    };
    const changes = health.onChange(show);
    created.webview.onDidReceiveMessage((message: FromHealthPanel) => void receive(message));
    created.onDidDispose(() => {
      changes.dispose();
      [panel, ready] = [undefined, false];
      health.watch(false);
    });
    // A hidden page is thrown away; it asks again when it comes back.
    created.onDidChangeViewState(() => {
      if (!created.visible) ready = false;
    });
    return created;
  };

  return {
    get visible() {
      return panel?.visible === true;
    },
    show(health, actions, finding) {
      wanted = finding;
      if (panel) {
        panel.reveal();
        focus();
      } else {
        panel = open(health, actions);
      }
    },
    dispose: () => panel?.dispose(),
  };
}

const toContent = ({ look, looking, error, watching, series }: Health): HealthContent => ({
  state: looking ? 'looking' : error === undefined ? 'report' : 'error', watching, series,
  ...(error === undefined ? {} : { message: error }), ...(look ? { report: look.report, connectionLabel: look.connectionLabel, checkedAt: look.at.getTime() } : {}),
});
