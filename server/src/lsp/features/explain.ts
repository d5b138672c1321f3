import { ResponseError, type CancellationToken, type Connection, type Position } from 'vscode-languageserver/node';
import {
  connectRequest, disconnectRequest, explainRequest, parameterValuesRequest, siteAtRequest, testConnectionRequest,
  type ConnectParams, type ConnectResult, type DisconnectParams, type ExplainParams, type ExplainResult, type ParameterValuesParams, type ParameterValuesResult, type SiteAtParams, type SiteAtResult,
  type TestConnectionParams, type TestConnectionResult,
} from '../../../../protocol/requests';
import { explainInTwin } from '../../workspace/explainTwin';
import { canonicalUri } from '../../workspace/paths';
import type { Project } from '../../workspace/project';
import { queryAt, queryFromSql, type ExplainableQuery } from '../../workspace/queryAt';
import type { PositionMapper } from '../convert';
import { lintDocument, projectOf, type Session } from '../session';
import { refreshDiagnostics } from './diagnostics';

const NOT_TRUSTED = 'This workspace is not trusted: nothing connects to a database. Trust the workspace first.';
const NOT_READY = 'The server is not ready yet.';
const NO_QUERY = 'No query stands here whose SQL is known.';

/** Connections and EXPLAIN: everything that a person asks for. Nothing here runs by itself. */
export function registerExplain(connection: Connection, session: () => Session | undefined, onConnections: () => void): void {
  connection.onRequest<ConnectResult, void>(connectRequest, async (params: ConnectParams): Promise<ConnectResult> => {
    const active = session();
    if (!active) return { ok: false, error: NOT_READY };
    if (!active.trusted) return { ok: false, error: NOT_TRUSTED };
    const outcome = await active.connections.connect(params);
    // Also where it failed: the connection of this name before is closed.
    await useCatalogs(active);
    onConnections();
    return outcome;
  });

  connection.onRequest(disconnectRequest, async ({ name }: DisconnectParams): Promise<null> => {
    const active = session();
    await active?.connections.disconnect(name);
    if (active) await useCatalogs(active);
    onConnections();
    return null;
  });

  connection.onRequest<TestConnectionResult, void>(testConnectionRequest, async (params: TestConnectionParams): Promise<TestConnectionResult> => {
    const active = session();
    if (!active?.trusted) return { ok: false, error: active ? NOT_TRUSTED : NOT_READY };
    return active.connections.test(params);
  });

  connection.onRequest(siteAtRequest, ({ uri, position }: SiteAtParams): SiteAtResult | null => {
    const active = session();
    const found = active && findQuery(active, uri, position);
    if (!found?.query.site) return null;
    const { query, toRange } = found;
    return {
      sql: query.sql, range: toRange(found.query.site.span), library: found.query.site.library,
      parameters: query.names.map((name) => ({ ...(name === undefined ? {} : { name }) })),
      ...(query.incomplete ? { incomplete: query.incomplete } : {}),
    };
  });

  connection.onRequest<ParameterValuesResult, void>(parameterValuesRequest, async ({ target, connection: name, sample }: ParameterValuesParams): Promise<ParameterValuesResult> => {
    const active = session();
    if (!active?.trusted) return { error: active ? NOT_TRUSTED : NOT_READY };
    const query = queryOf(active, target);
    return query ? active.connections.proposeParameters({ connection: name, query, ...(sample === undefined ? {} : { sample }) }) : { error: NO_QUERY };
  });

  connection.onRequest<ExplainResult, void>(explainRequest, async (params: ExplainParams, token: CancellationToken): Promise<ExplainResult> => {
    const active = session();
    if (!active) throw new ResponseError(-32002, NOT_READY);
    const { target, connection: name, ...request } = params;
    const query = queryOf(active, target);
    if (name === undefined) return query ? explainInTwin(active.twin, bindingOf(active, target)?.state.catalog, query) : { kind: 'error', message: NO_QUERY };
    if (!active.trusted) return { kind: 'error', message: NOT_TRUSTED };
    if (!query) return { kind: 'error', message: NO_QUERY };
    if (query.incomplete) return { kind: 'refused', sql: query.sql, message: `This query cannot be explained as it stands: ${query.incomplete}.`, reasons: [], canOverride: false };
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const timeoutMs = active.settings.explain?.timeoutMs;
    const result = await active.connections.explain({ ...request, connection: name, query, signal: abort.signal, ...(timeoutMs ? { timeoutMs } : {}) });
    onConnections();
    return result;
  });
}

/** Gives each project the catalogs of the open connections; statistics make findings certain. */
export async function useCatalogs(session: Session): Promise<void> {
  for (const project of session.projects.values()) await project.setLive(session.connections.catalogs());
  await refreshDiagnostics(session);
}

export const queryOf = (session: Session, target: ExplainParams['target']): ExplainableQuery | undefined =>
  'sql' in target ? queryFromSql(session.engine, target.sql) : findQuery(session, target.uri, target.position)?.query;

/** The database that the document's statements speak to; of a bare text that of the first folder whose schema is known. */
export function bindingOf(session: Session, target: ExplainParams['target']): ReturnType<Project['bindingOf']> | undefined {
  if ('uri' in target) return projectOf(session, canonicalUri(target.uri))?.bindingOf(canonicalUri(target.uri));
  const bindings = [...session.projects.values()].map((project) => project.bindingOf('untitled:sargable.sql'));
  return bindings.find((binding) => binding.state.catalog) ?? bindings[0];
}

export function findQuery(session: Session, uri: string, position: Position): { readonly query: ExplainableQuery; readonly toRange: PositionMapper['toRange'] } | undefined {
  const result = lintDocument(session, uri);
  const project = projectOf(session, canonicalUri(uri));
  if (!result || !project) return undefined;
  const query = queryAt(session.engine, result.linted.file, result.document.positions.toOffset(position));
  return query && { query, toRange: result.document.positions.toRange };
}
