import type { Connection } from 'vscode-languageserver/node';
import { adviseWorkspaceRequest, type AdviseWorkspaceParams, type AdviseWorkspaceResult } from '../../../../protocol/requests';
import { renderAdviceMarkdown } from '../../core/advice/adviceReport';
import { adviseWorkspace } from '../../workspace/advise';
import type { Session } from '../session';

/** The index set for the whole workspace, when a person asks for it. Nothing is written and nothing is sent to a database. */
export function registerAdvise(connection: Connection, session: () => Session | undefined): void {
  connection.onRequest<AdviseWorkspaceResult, void>(adviseWorkspaceRequest, async (params: AdviseWorkspaceParams, token): Promise<AdviseWorkspaceResult> => {
    const active = session();
    if (!active) return { kind: 'unavailable', reason: 'the server is not ready yet' };
    const progress = params.workDoneToken === undefined ? undefined : connection.window.attachWorkDoneProgress(params.workDoneToken);
    progress?.begin('Sargable: planning the queries of the workspace', undefined, '', true);
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    try {
      const parts: string[] = [];
      const reasons: string[] = [];
      for (const [folder, project] of active.projects) {
        // Of documents without a folder.
        if (folder === '') continue;
        const outcome = await adviseWorkspace({ project, engine: active.engine, signal: abort.signal, onProgress: (answered, asked) => progress?.report(`${answered} of ${asked} plans`) });
        if (outcome.state === 'advised') parts.push(renderAdviceMarkdown(outcome.reports.map(({ report }) => report)));
        else reasons.push(outcome.reason);
      }
      return parts.length > 0 ? { kind: 'advice', markdown: parts.join('\n') } : { kind: 'unavailable', reason: reasons[0] ?? 'no folder is open' };
    } finally {
      progress?.done();
    }
  });
}
