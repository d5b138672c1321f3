import { CodeActionKind, type CodeAction, type CodeActionParams, type Connection, type TextDocumentEdit, type WorkspaceEdit } from 'vscode-languageserver/node';
import type { Finding, Fix } from '../../core/lint/rule';
import { collectCompatibleEdits } from '../../core/lint/fixAll';
import { collectLineStarts } from '../../core/text/lineIndex';
import { overlaps } from '../../core/text/span';
import { canonicalUri, toUri } from '../../workspace/paths';
import { suppressionEdit } from '../../workspace/suppress';
import path from 'node:path';
import { createPositionMapper } from '../convert';
import type { OpenDocument } from '../documents';
import { lintDocument, projectOf, type Session } from '../session';
import { toDiagnostics } from './diagnostics';

export const FIX_ALL = `${CodeActionKind.SourceFixAll}.sargable`;

/** Quick-fixes of the findings in the range, a suppression for each, and `source.fixAll.sargable` for the safe ones. */
export function registerCodeActions(connection: Connection, session: () => Session | undefined): void {
  connection.onCodeAction(async (params, token): Promise<CodeAction[]> => {
    const active = session();
    const result = active && lintDocument(active, params.textDocument.uri, true);
    const edits = active?.edits;
    if (!active || !result) return [];
    const { document, linted } = result;
    const actions: CodeAction[] = [];
    // Only where it is asked for by name: every safe fix of the file is computed and checked for it.
    if (params.context.only && wants(params, FIX_ALL)) {
      const safe = collectCompatibleEdits(linted.findings.flatMap((f) => f.fixes().filter((fix) => fix.kind === 'safe').slice(0, 1)));
      const edit = safe.length > 0 ? toWorkspaceEdit(active, document, { title: '', kind: 'safe', edits: safe }) : undefined;
      if (edit) actions.push({ title: 'Fix all safe Sargable findings', kind: FIX_ALL, edit });
    }
    if (!wants(params, CodeActionKind.QuickFix)) return actions;
    const range = document.positions.toSpan(params.range);
    for (const finding of linted.findings) {
      // Typed meanwhile: places in the documents are no longer those that were looked at, and the editor asks again.
      if (token.isCancellationRequested || active.edits !== edits) return actions;
      const touches = overlaps(finding.span, range) || (finding.span.start <= range.start && range.end <= finding.span.end);
      if (touches) actions.push(...(await actionsFor(active, document, finding)));
    }
    return actions;
  });
}

const wants = (params: CodeActionParams, kind: string): boolean =>
  !params.context.only || params.context.only.some((only) => kind === only || kind.startsWith(`${only}.`));

async function actionsFor(session: Session, document: OpenDocument, finding: Finding): Promise<CodeAction[]> {
  // Before anything is waited for: edits and versions are of the texts that were looked at.
  const fixes = finding.fixes().flatMap((fix): CodeAction[] => {
    const edit = toWorkspaceEdit(session, document, fix);
    return edit ? [{ title: fix.title, kind: CodeActionKind.QuickFix, isPreferred: fix.kind === 'safe', edit }] : [];
  });
  const language = projectOf(session, finding.uri)?.files.get(finding.uri)?.language;
  const disable = suppressionEdit(document.text, finding, language ?? 'sql');
  const actions: CodeAction[] = [...fixes, { title: `Disable ${finding.rule} for this line`, kind: CodeActionKind.QuickFix, edit: toWorkspaceEdit(session, document, { title: '', kind: 'safe', edits: [disable] }) }];
  const diagnostics = await toDiagnostics(session, [finding], document.positions);
  return actions.map((action) => ({ ...action, diagnostics }));
}

const sameLines = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((start, line) => start === b[line]);

/** Undefined: another document that the fix changes cannot be read any more, or is no longer as it was read. */
function toWorkspaceEdit(session: Session, document: OpenDocument, fix: Fix): WorkspaceEdit | undefined {
  const edits = fix.edits.filter((e) => e.uri === canonicalUri(document.clientUri)).map((e) => ({ range: document.positions.toRange(e.span), newText: e.text }));
  const own: TextDocumentEdit[] = edits.length > 0 ? [{ textDocument: { uri: document.clientUri, version: document.version }, edits }] : [];
  const folder = projectOf(session, canonicalUri(document.clientUri))?.folder ?? '';
  const created = (session.abilities.createFiles ? fix.creates ?? [] : []).flatMap((file) => {
    const uri = toUri(path.join(folder, file.path));
    return [
      { kind: 'create' as const, uri, options: { ignoreIfExists: false } },
      { textDocument: { uri, version: null }, edits: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, newText: file.text }] },
    ];
  });
  const others: TextDocumentEdit[] = [];
  for (const uri of new Set(fix.edits.map((edit) => edit.uri).filter((one) => one !== canonicalUri(document.clientUri)))) {
    const open = session.documents.get(uri);
    const project = projectOf(session, uri);
    const text = open?.text ?? project?.textOf(uri);
    const read = project?.files.get(uri)?.lines;
    // A file that has changed on disk since it was read: the places are those of its old text.
    if (text === undefined || (read !== undefined && !sameLines(read, collectLineStarts(text)))) return undefined;
    const positions = open?.positions ?? createPositionMapper(text, session.encoding);
    others.push({ textDocument: { uri: open?.clientUri ?? uri, version: open?.version ?? null }, edits: fix.edits.filter((edit) => edit.uri === uri).map((edit) => ({ range: positions.toRange(edit.span), newText: edit.text })) });
  }
  return { documentChanges: [...own, ...others, ...created] };
}
