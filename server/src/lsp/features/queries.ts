import type { CancellationToken, Connection } from 'vscode-languageserver/node';
import { queriesChangedNotification, queryTablesRequest, tableQueriesRequest, type ListedQuery as SentQuery, type QueryFilter, type QueryTable, type QueryTablesParams, type QueryTablesResult, type TableQueriesParams } from '../../../../protocol/requests';
import type { Catalog } from '../../core/catalog/model';
import { findingsBySite, queriesIn, worse, type ListedQuery } from '../../core/editing/queryList';
import type { HostFile } from '../../core/hosts/ir';
import type { Finding, Severity } from '../../core/lint/rule';
import { canonicalUri, relativePath, toPath } from '../../workspace/paths';
import type { Binding } from '../../workspace/bindings';
import type { Project } from '../../workspace/project';
import { createPositionMapper, type PositionMapper } from '../convert';
import { inBackground, lintDocument, type Session } from '../session';
import { clientUriOf, textOfDocument } from './target';

/** Changes that come together are told together. Milliseconds. */
const CHANGES_SETTLE = 500;
/** How long the look at closed files may keep the server from answering. Milliseconds. */
const PORTION = 15;
/** Key of the queries whose tables are not known. */
const NONE = '';

export interface QueriesFeature {
  /** A document, the schema or the settings changed. */
  onChange(): void;
  /** The server ends: nothing is looked at or told any more. */
  stop(): void;
}

/** Findings of a closed file. What another file changed about them is seen when its own file, schema or settings change. */
interface FileFindings {
  readonly binding: Pick<Binding, 'settings'> & { readonly catalog: Catalog | undefined };
  readonly bySite: ReadonlyMap<number, readonly Finding[]>;
}

/**
 * What the Queries view shows: tables with their queries. Queries are known from the scan; findings of closed files are
 * worked out in the background, once the view has asked, and the view is told when there are more.
 */
export function registerQueries(connection: Connection, session: () => Session | undefined): QueriesFeature {
  let asked = false;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> | undefined;
  const findings = new WeakMap<HostFile, FileFindings>();

  const tell = (): void => {
    if (!asked || ended || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      inBackground(connection, (async () => connection.sendNotification(queriesChangedNotification))());
    }, CHANGES_SETTLE);
  };

  /** Findings of a file as far as they are known: of an open document always. */
  const knownOf = (project: Project, file: HostFile): FileFindings | undefined => {
    const known = findings.get(file);
    const { settings, state } = project.bindingOf(file.uri);
    return known?.binding.settings === settings && known.binding.catalog === state.catalog ? known : undefined;
  };
  const findingsOf = (active: Session, project: Project, file: HostFile): ReadonlyMap<number, readonly Finding[]> | undefined => {
    const open = active.documents.get(file.uri);
    if (open) {
      const result = lintDocument(active, open.clientUri);
      return result && findingsBySite(result.linted.file, result.linted.findings);
    }
    return knownOf(project, file)?.bySite;
  };

  const isUnread = (active: Session, project: Project, file: HostFile): boolean =>
    toPath(file.uri) !== undefined && file.sites.length > 0 && !active.documents.has(file.uri) && knownOf(project, file) === undefined;
  const sweep = async (active: Session): Promise<void> => {
    let until = performance.now() + PORTION;
    for (const project of active.projects.values()) {
      for (const file of [...project.files.values()]) {
        if (ended) return;
        const path = toPath(file.uri);
        if (path === undefined || !isUnread(active, project, file)) continue;
        const { settings, state: { catalog } } = project.bindingOf(file.uri);
        const first = await project.lint(path);
        const linted = 'reason' in first ? first : await project.settled(first);
        const read = project.files.get(file.uri) ?? file;
        findings.set(read, { binding: { settings, catalog }, bySite: 'reason' in linted ? new Map() : findingsBySite(linted.file, linted.findings) });
        if (read !== file) findings.set(file, findings.get(read)!);
        if (performance.now() < until) continue;
        tell();
        await new Promise((resolve) => setTimeout(resolve, 1));
        until = performance.now() + PORTION;
      }
    }
    tell();
  };
  const hasUnread = (active: Session): boolean => [...active.projects.values()].some((project) => [...project.files.values()].some((file) => isUnread(active, project, file)));
  const startSweep = (active: Session): void => {
    if (sweeping || !hasUnread(active)) return;
    sweeping = sweep(active).finally(() => (sweeping = undefined));
    inBackground(connection, sweeping);
  };

  /** Queries that a filter leaves, with what is known of their findings. */
  async function* matching(active: Session, filter: QueryFilter, token: CancellationToken): AsyncGenerator<{ readonly project: Project; readonly file: HostFile; readonly path: string; readonly query: ListedQuery; readonly found: readonly Finding[] }> {
    const uri = filter.uri === undefined ? undefined : canonicalUri(filter.uri);
    const wanted = filter.text?.trim().toLowerCase() ?? '';
    let until = performance.now() + PORTION;
    for (const project of active.projects.values()) {
      for (const file of [...project.files.values()]) {
        if (performance.now() > until) {
          await new Promise((resolve) => setImmediate(resolve));
          until = performance.now() + PORTION;
        }
        if (token.isCancellationRequested) return;
        if (uri !== undefined && file.uri !== uri) continue;
        const queries = queriesIn(file, project.catalogOf(file.uri));
        if (queries.length === 0) continue;
        const known = findingsOf(active, project, file);
        const path = relativePath(project.folder, toPath(file.uri) ?? file.uri);
        for (const query of queries) {
          const found = known?.get(query.site.id) ?? [];
          if (filter.onlyWithFindings === true && found.length === 0) continue;
          if (wanted !== '' && ![path, query.short, ...query.tables].some((text) => text.toLowerCase().includes(wanted))) continue;
          yield { project, file, path, query, found };
        }
      }
    }
  }

  connection.onRequest(queryTablesRequest, async ({ filter }: QueryTablesParams, token): Promise<QueryTablesResult> => {
    const active = session();
    if (!active) return { tables: [], queries: 0, settled: true };
    asked = true;
    const tables = new Map<string, { queries: number; findings: number; worst: Severity | undefined; known: boolean }>();
    let queries = 0;
    for await (const { project, file, query, found } of matching(active, filter, token)) {
      queries++;
      for (const key of query.tables.length === 0 ? [NONE] : query.tables) {
        const table = tables.get(key) ?? { queries: 0, findings: 0, worst: undefined, known: project.catalogOf(file.uri)?.tables.has(key) === true };
        table.queries++;
        table.findings += found.length;
        table.worst = found.reduce((worst, { severity }) => worse(worst, severity), table.worst);
        table.known ||= project.catalogOf(file.uri)?.tables.has(key) === true;
        tables.set(key, table);
      }
    }
    startSweep(active);
    const sorted = [...tables].map(([key, { worst, ...table }]): QueryTable => ({ key, ...table, ...(worst ? { worst } : {}) }))
      .sort((a, b) => Number(a.key === NONE) - Number(b.key === NONE) || (a.key < b.key ? -1 : 1));
    return { tables: sorted, queries, settled: sweeping === undefined };
  });

  connection.onRequest(tableQueriesRequest, async ({ key, filter }: TableQueriesParams, token): Promise<readonly SentQuery[]> => {
    const active = session();
    if (!active) return [];
    const result: SentQuery[] = [];
    let last: { readonly uri: string; readonly positions: PositionMapper | undefined } | undefined;
    for await (const { file, path, query, found } of matching(active, filter, token)) {
      if (key === NONE ? query.tables.length > 0 : !query.tables.includes(key)) continue;
      if (last?.uri !== file.uri) {
        const text = await textOfDocument(active, file.uri);
        last = { uri: file.uri, positions: active.documents.get(file.uri)?.positions ?? (text === undefined ? undefined : createPositionMapper(text, active.encoding)) };
      }
      if (!last.positions) continue;
      result.push({
        uri: clientUriOf(active, file.uri), path, range: last.positions.toRange(query.site.anchor), verb: query.verb, sql: query.short,
        findings: found.map(({ rule, message, severity }) => ({ rule, message, severity })),
      });
    }
    return result.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.range.start.line - b.range.start.line));
  });

  return {
    onChange: tell,
    stop() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
