import { SymbolKind, type Connection, type DocumentSymbol, type WorkspaceSymbol } from 'vscode-languageserver/node';
import { namesOf } from '../../core/editing/nameUses';
import { statementTitle } from '../../core/editing/statementTitle';
import { createPositionMapper, type PositionMapper } from '../convert';
import type { Session } from '../session';
import { clientUriOf, openedAt, textOfDocument } from './target';

/** Enough for a list that people read. */
const MOST_SYMBOLS = 200;

/** The statements of an SQL file as its outline; tables and views of the workspace's databases by name. */
export function registerSymbols(connection: Connection, session: () => Session | undefined): void {
  connection.onDocumentSymbol(({ textDocument }): DocumentSymbol[] => {
    const opened = openedAt(session(), textDocument.uri);
    if (!opened || opened.file.language !== 'sql') return [];
    const { document, file, catalog } = opened;
    return file.sites.flatMap((site): DocumentSymbol[] => {
      if (!site.source || site.functionId !== undefined) return [];
      const { title, kind } = statementTitle(site.source.text, namesOf(site.source, catalog).uses);
      return [{ name: title, kind: SYMBOL_KINDS[kind], range: document.positions.toRange(site.span), selectionRange: document.positions.toRange(site.anchor) }];
    });
  });

  connection.onWorkspaceSymbol(async ({ query }): Promise<WorkspaceSymbol[]> => {
    const active = session();
    if (!active || active.settings.enable === false || query.length < 2) return [];
    const wanted = query.toLowerCase();
    const result: WorkspaceSymbol[] = [];
    const mappers = new Map<string, PositionMapper | undefined>();
    for (const project of active.projects.values()) {
      for (const { state: { catalog } } of project.databases) {
        for (const [key, table] of catalog?.tables ?? []) {
          if (!table.definedAt || !table.name.toLowerCase().includes(wanted) || result.length >= MOST_SYMBOLS) continue;
          const { uri, span } = table.definedAt;
          if (!mappers.has(uri)) {
            const text = await textOfDocument(active, uri);
            mappers.set(uri, active.documents.get(uri)?.positions ?? (text === undefined ? undefined : createPositionMapper(text, active.encoding)));
          }
          const positions = mappers.get(uri);
          if (positions) result.push({ name: table.name, kind: SymbolKind.Struct, containerName: key.slice(0, key.length - table.name.length - 1), location: { uri: clientUriOf(active, uri), range: positions.toRange(span) } });
        }
      }
    }
    return result;
  });
}

const SYMBOL_KINDS = { table: SymbolKind.Struct, index: SymbolKind.Key, routine: SymbolKind.Function, query: SymbolKind.Event, other: SymbolKind.Object } as const;
