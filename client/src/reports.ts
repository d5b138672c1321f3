import * as vscode from 'vscode';

const scheme = 'sargable-report';

/** Shows what the server wrote as a document to read and copy from: it cannot be edited, and closing it asks nothing. */
export interface Reports extends vscode.Disposable {
  /** `title`: of the tab; a report of the same title takes the place of the last one. */
  show(title: string, markdown: string): Promise<void>;
}

export function createReports(): Reports {
  const contents = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => contents.get(uri.toString()) ?? '',
  });
  return {
    async show(title, markdown) {
      const uri = vscode.Uri.from({ scheme, path: `/${title.replaceAll('/', '-')}.md` });
      contents.set(uri.toString(), markdown);
      changed.fire(uri);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
    },
    dispose() {
      provider.dispose();
      changed.dispose();
    },
  };
}
