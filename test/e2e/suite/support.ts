import assert from 'node:assert/strict';
import * as vscode from 'vscode';

/** Opens a file of the workspace by its relative path. */
export async function open(path: string): Promise<vscode.TextDocument> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'a workspace folder is open');
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, path));
  await vscode.window.showTextDocument(document);
  return document;
}

/** Repeats until a value comes; fails with what it waited for. */
export async function until<Value>(what: string, attempt: () => Value | undefined | Promise<Value | undefined>, timeout = 30_000): Promise<Value> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await attempt();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeout} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Our diagnostics of a rule in a document. */
export function diagnosticsOf(document: vscode.TextDocument, rule: string): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(document.uri).filter((diagnostic) => diagnostic.source === 'sargable' && codeOf(diagnostic) === rule);
}

export function codeOf(diagnostic: vscode.Diagnostic): string {
  const { code } = diagnostic;
  return String(typeof code === 'object' ? code.value : code);
}

/** Waits for at least one diagnostic of a rule, and gives the first. */
export function diagnostic(document: vscode.TextDocument, rule: string): Promise<vscode.Diagnostic> {
  return until(`a finding of ${rule} in ${document.fileName}`, () => diagnosticsOf(document, rule)[0]);
}

/** Waits until a rule has no diagnostics in the document. */
export async function noDiagnostic(document: vscode.TextDocument, rule: string): Promise<void> {
  await until(`no finding of ${rule}`, () => (diagnosticsOf(document, rule).length === 0 ? true : undefined));
}

export async function setRules(rules: Record<string, unknown> | undefined): Promise<void> {
  await vscode.workspace.getConfiguration('sargable').update('rules', rules, vscode.ConfigurationTarget.Workspace);
}

/** Waits for a hover that matches, at the first place of a text in the document. */
export function hover(document: vscode.TextDocument, text: string, expected: RegExp): Promise<string> {
  const at = document.positionAt(document.getText().indexOf(text) + 1);
  return until(`a hover on ${text}`, async () => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, at);
    const all = hovers.flatMap(({ contents }) => contents.map((content) => (typeof content === 'string' ? content : content.value))).join('\n');
    return expected.test(all) ? all : undefined;
  });
}
