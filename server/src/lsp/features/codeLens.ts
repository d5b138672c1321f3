import type { CodeLens, Connection } from 'vscode-languageserver/node';
import { clientCommands, type ExplainAtArguments } from '../../../../protocol/requests';
import { lintDocument, type Session } from '../session';

const EXPLAINABLE = new Set(['select', 'insert', 'update', 'delete', 'merge']);

/** `Explain` above every query that is sent from here and whose SQL is known. */
export function registerCodeLens(connection: Connection, session: () => Session | undefined): void {
  connection.onCodeLens(({ textDocument }): CodeLens[] => {
    const active = session();
    const result = active && active.settings.codeLens?.enable !== false ? lintDocument(active, textDocument.uri) : undefined;
    if (!active || !result) return [];
    const { document, linted } = result;
    return linted.file.sites.flatMap((site) => {
      if (!site.source || site.executes === 'no' || !EXPLAINABLE.has(active.engine.sql.analyse(site.source).kind)) return [];
      const range = document.positions.toRange(site.anchor);
      const argument: ExplainAtArguments = { uri: document.clientUri, position: range.start };
      return [{ range, command: { title: 'Explain', command: clientCommands.explainAt, arguments: [argument] } }];
    });
  });
}
