import type { CodeLens, Connection } from 'vscode-languageserver/node';
import { clientCommands, type ExplainAtArguments } from '../../../../protocol/requests';
import { canonicalUri } from '../../workspace/paths';
import { lintDocument, projectOf, type Session } from '../session';
import { describeUsage } from '../usageText';

const EXPLAINABLE = new Set(['select', 'insert', 'update', 'delete', 'merge']);

/**
 * Above every query that is sent from here and whose SQL is known: `Explain`, and what the server has counted for it.
 * @param onActivity called at each request: someone looks at queries, so the counters may be worth another look
 */
export function registerCodeLens(connection: Connection, session: () => Session | undefined, onActivity: () => void): void {
  connection.onCodeLens(({ textDocument }): CodeLens[] => {
    const active = session();
    const result = active && active.settings.codeLens?.enable !== false ? lintDocument(active, textDocument.uri) : undefined;
    if (!active || !result) return [];
    const { document, linted } = result;
    const project = projectOf(active, canonicalUri(textDocument.uri));
    onActivity();
    return linted.file.sites.flatMap((site) => {
      if (!site.source || site.executes === 'no' || !EXPLAINABLE.has(active.engine.sql.analyse(site.source).kind)) return [];
      const range = document.positions.toRange(site.anchor);
      const argument: ExplainAtArguments = { uri: document.clientUri, position: range.start };
      const usage = project?.usageOf(linted.file.uri, site);
      return [
        { range, command: { title: 'Explain', command: clientCommands.explainAt, arguments: [argument] } },
        ...(usage ? [{ range, command: { title: describeUsage(usage), command: clientCommands.refreshStatistics } }] : []),
      ];
    });
  });
}
