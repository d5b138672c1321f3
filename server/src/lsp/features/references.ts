import { DocumentHighlightKind, type Connection, type DocumentHighlight, type Location } from 'vscode-languageserver/node';
import { mentionsIn } from '../../core/editing/place';
import { createPositionMapper } from '../convert';
import type { Session } from '../session';
import { clientUriOf, foundAt, openedAt, textOfDocument } from './target';

/** How many files are looked at between two looks at whether the client still wants the answer. */
const PORTION = 200;

/** Every mention of a table or column in the workspace, asked from SQL, code, migrations or models; and those of one document. */
export function registerReferences(connection: Connection, session: () => Session | undefined): void {
  connection.onReferences(async ({ textDocument, position, context }, token): Promise<Location[]> => {
    const active = session();
    const opened = openedAt(active, textDocument.uri);
    const target = opened && foundAt(opened, position)?.target;
    if (!active || !opened || !target) return [];
    const { project, file } = opened;
    const binding = project.bindingOf(file.uri);
    const result: Location[] = [];
    let looked = 0;
    for (const candidate of project.files.values()) {
      if (++looked % PORTION === 0) await new Promise((resolve) => setImmediate(resolve));
      if (token.isCancellationRequested) return result;
      if (candidate.foreign || project.bindingOf(candidate.uri) !== binding || mentionsIn(candidate, undefined, target, binding.state.catalog).length === 0) continue;
      const text = await textOfDocument(active, candidate.uri);
      if (text === undefined) continue;
      const positions = active.documents.get(candidate.uri)?.positions ?? createPositionMapper(text, active.encoding);
      for (const { span, declares } of mentionsIn(candidate, text, target, binding.state.catalog)) {
        if (!declares || context.includeDeclaration) result.push({ uri: clientUriOf(active, candidate.uri), range: positions.toRange(span) });
      }
    }
    return result;
  });

  connection.onDocumentHighlight(({ textDocument, position }): DocumentHighlight[] => {
    const opened = openedAt(session(), textDocument.uri);
    const found = opened && foundAt(opened, position);
    if (!opened || !found) return [];
    return mentionsIn(opened.file, opened.document.text, found.target, opened.catalog)
      .map(({ span, write, declares }) => ({ range: opened.document.positions.toRange(span), kind: write || declares ? DocumentHighlightKind.Write : DocumentHighlightKind.Read }));
  });
}
