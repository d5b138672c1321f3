import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { FromPanel, PanelContent, ToPanel } from '../../protocol/webview';

/** Where the shown query stands, and what the panel's buttons do. */
export interface PanelSource {
  readonly label: string;
  reveal(): Promise<void>;
  explainAgain(analyze: boolean): Promise<void>;
}

/** The panel beside the editor; there is one, and it is reused. */
export interface ExplainPanel extends vscode.Disposable {
  /** Opens the panel if needed and replaces what it shows. */
  show(content: PanelContent, source?: PanelSource): void;
}

/** Creates the panel's keeper; the webview itself is made when something is shown for the first time. */
export function createExplainPanel(context: vscode.ExtensionContext): ExplainPanel {
  const folder = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  let panel: vscode.WebviewPanel | undefined;
  let content: PanelContent = { kind: 'loading', title: '' };
  let source: PanelSource | undefined;

  const send = (): void => {
    const message: ToPanel = { type: 'show', content };
    void panel?.webview.postMessage(message);
  };

  const receive = async (message: FromPanel): Promise<void> => {
    switch (message.type) {
      case 'ready':
        send();
        break;
      case 'revealSource':
        await source?.reveal();
        break;
      case 'explainAgain':
        await source?.explainAgain(message.analyze);
        break;
      case 'copyPlan':
        if (content.kind !== 'plan') break;
        await vscode.env.clipboard.writeText(JSON.stringify([content.plan], undefined, 2));
        vscode.window.setStatusBarMessage('Plan copied as JSON', 3000);
        break;
    }
  };

  const open = (): vscode.WebviewPanel => {
    const created = vscode.window.createWebviewPanel('sargable.explain', 'Query Plan', { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, {
      enableScripts: true,
      enableCommandUris: false,
      localResourceRoots: [folder],
    });
    created.webview.html = renderPage(created.webview, folder);
    created.webview.onDidReceiveMessage((message: FromPanel) => void receive(message));
    created.onDidDispose(() => {
      panel = undefined;
    });
    return created;
  };

  return {
    show(next, nextSource) {
      content = next;
      source = nextSource;
      if (panel) {
        const coversSource = panel.viewColumn !== undefined && vscode.window.activeTextEditor?.viewColumn === panel.viewColumn;
        panel.reveal(coversSource ? vscode.ViewColumn.Beside : undefined, true);
        send();
      } else {
        panel = open(); // the page asks for its content when it is ready
      }
    },
    dispose: () => panel?.dispose(),
  };
}

/** The page: no inline code or style, nothing from the network. */
function renderPage(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const resource = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Query Plan</title>
  <link rel="stylesheet" href="${resource('explainStyle.css')}">
</head>
<body>
  <main id="app"></main>
  <script nonce="${nonce}" src="${resource('explain.js')}"></script>
</body>
</html>`;
}
