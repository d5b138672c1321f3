import { CompletionItemKind, MarkupKind, type CompletionItem, type CompletionList, type Connection } from 'vscode-languageserver/node';
import { propose, type Proposal } from '../../core/editing/completion';
import { hostStringAt, writeInHost, type HostQuotes } from '../../core/editing/hostQuotes';
import { sqlPlaceAt } from '../../core/editing/place';
import type { HostOffset } from '../../core/text/span';
import { canonicalUri } from '../../workspace/paths';
import { projectOf, type Session } from '../session';
import { renderColumn, renderTable } from './catalogText';
import { openedAt } from './target';

/** What `completionItem/resolve` needs to write the documentation. */
interface ItemData {
  readonly uri: string;
  readonly table: string;
  readonly column?: string;
}

const KINDS: Readonly<Record<Proposal['kind'], CompletionItemKind>> = { table: CompletionItemKind.Struct, view: CompletionItemKind.Interface, cte: CompletionItemKind.Variable, column: CompletionItemKind.Field, join: CompletionItemKind.Snippet };

/** Typed, each of these may open the list; outside SQL nothing comes. */
export const COMPLETION_TRIGGERS = ['.', ' ', '"'];

/** Tables and columns of the catalog, in SQL files and in SQL text of host code. */
export function registerCompletion(connection: Connection, session: () => Session | undefined): void {
  connection.onCompletion(({ textDocument, position }): CompletionList | undefined => {
    const active = session();
    const opened = active?.settings.completion?.enable === false ? undefined : openedAt(active, textDocument.uri);
    if (!opened?.catalog) return undefined;
    const { document, file, catalog } = opened;
    const offset = document.positions.toOffset(position) as HostOffset;
    const place = sqlPlaceAt(file, document.text, offset);
    const found = place && propose(place.text, place.offset, catalog);
    const span = found && place.hostSpan(found.start, found.end);
    if (!place || !found || !span || found.items.length === 0) return undefined;
    const quotes: HostQuotes = file.language === 'sql' ? 'none' : hostStringAt(document.text, place.site.map, span);
    const range = document.positions.toRange(span);
    const typed = document.text.slice(span.start, offset);
    const items = found.items.flatMap((item): CompletionItem[] => {
      const written = writeInHost(item.insert, quotes);
      if (written === undefined) return [];
      const data: ItemData | undefined = item.table && { uri: document.clientUri, table: `${item.table.schema}.${item.table.name}`, ...(item.column === undefined ? {} : { column: item.column }) };
      // An editor filters by the text in the range: quotes that were typed are part of it.
      const filterText = typed.startsWith('"') || typed.startsWith('\\"') ? `${typed.startsWith('\\') ? '\\' : ''}"${item.label}` : item.label;
      return [{ label: item.label, kind: KINDS[item.kind], labelDetails: { description: item.detail }, sortText: sortKey(item), filterText, textEdit: { range, newText: written }, ...(data ? { data } : {}) }];
    });
    return { isIncomplete: false, items };
  });

  connection.onCompletionResolve((item): CompletionItem => {
    const active = session();
    const data = item.data as ItemData | undefined;
    const catalog = active && data && projectOf(active, canonicalUri(data.uri))?.catalogOf(canonicalUri(data.uri));
    const table = data && catalog?.tables.get(data.table);
    const column = table?.columns.find(({ name }) => name === data?.column);
    const value = catalog && table && (data.column === undefined ? renderTable(table, catalog) : column && renderColumn(table, column, catalog));
    return value ? { ...item, documentation: { kind: MarkupKind.Markdown, value } } : item;
  });
}

/** Ranks from -1 with fractions, as text that sorts alike; then by name. */
const sortKey = ({ rank, label }: Proposal): string => `${String(Math.round((rank + 1) * 10_000)).padStart(8, '0')}${label}`;
