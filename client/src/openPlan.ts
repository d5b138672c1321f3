import * as vscode from 'vscode';
import type { ShownPlan } from '../../protocol/webview';
import { decodeText } from './decodeText';
import type { ExplainPanel } from './explainPanel';

/** Larger files are logs of days: a part of them is to be selected in the editor. Bytes. */
const MAX_FILE = 20_000_000;

/** Shows plans that come from elsewhere: files, selections, what is pasted. */
export interface OpenPlan {
  /** A file of the explorer; without one the user picks. */
  file(uri: vscode.Uri | undefined): Promise<void>;
  /** The selection of the active editor, or all of it. */
  selection(): void;
  /** An empty panel to paste into. */
  empty(): void;
}

export function createOpenPlan(panel: ExplainPanel): OpenPlan {
  const show = (title: string, text: string): void => {
    const shown: ShownPlan = { id: `text-${Date.now().toString(36)}`, title, at: Date.now(), source: { kind: 'text', text }, analyzed: false, parameterTypes: [], notes: [] };
    panel.showPlan(shown);
  };
  panel.handlers.paste = (text) => show('pasted plan', text);

  return {
    async file(uri) {
      const [picked] = uri ? [uri] : (await vscode.window.showOpenDialog({ title: 'Open a Query Plan', filters: { Plans: ['plan', 'json', 'txt', 'log', 'yaml', 'yml', 'xml'], 'All files': ['*'] } })) ?? [];
      if (!picked) return;
      const { size } = await vscode.workspace.fs.stat(picked);
      if (size > MAX_FILE) throw new Error('This file is larger than 20 MB. Open it, select the plan, and use “Show Selection as Query Plan”.');
      show(vscode.workspace.asRelativePath(picked), decodeText(await vscode.workspace.fs.readFile(picked)));
    },
    selection() {
      const editor = vscode.window.activeTextEditor;
      if (!editor) return;
      const { document, selection } = editor;
      show(`${vscode.workspace.asRelativePath(document.uri)}${selection.isEmpty ? '' : `:${selection.start.line + 1}`}`, document.getText(selection.isEmpty ? undefined : selection));
    },
    empty: () => panel.show({ kind: 'empty' }),
  };
}
