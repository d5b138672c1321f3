import { sqlSpan, type SqlSpan } from '../text/span';
import { nextToken, type Token } from './lexer';

/** A stretch of a migration file that runs in one direction. */
export interface MigrationSection {
  readonly direction: 'up' | 'down';
  /** Offsets in the text, without the marker itself. */
  readonly span: SqlSpan;
  /** Whether the tool runs it in a transaction, where the file says so. */
  readonly transaction?: boolean;
}

interface Marker {
  readonly start: number;
  readonly end: number;
  readonly direction: 'up' | 'down';
  readonly transaction?: boolean;
}

/** goose, sql-migrate, dbmate, node-pg-migrate, rambler and tern write both directions into one file. */
const markers: readonly { readonly direction: 'up' | 'down'; readonly form: RegExp }[] = [
  { direction: 'up', form: /^--\s*(?:\+goose\s+up|\+migrate\s+up|migrate:up|up\s+migration|rambler\s+up)\b/i },
  { direction: 'down', form: /^--\s*(?:\+goose\s+down|\+migrate\s+down|migrate:down|down\s+migration|rambler\s+down)\b|^-{4,}\s*create above\s*\/\s*drop below\s*-{4,}/i },
];
const transactional = /^--\s*(?:\+goose|\+migrate|migrate:)/i;
const withoutTransaction = /^--\s*(?:\+goose\s+no\s+transaction\b|\+migrate\s+\w+\s+notransaction\b|migrate:\w+\b.*\btransaction\s*:\s*false\b|no-transaction\s*$|disable-transaction\b)/i;
/** Files that undo another one: sqlx, golang-migrate, diesel, Flyway. */
const downFile = /(?:^|[./\\])down\.sql$|(?:^|[/\\])U\d[\w.]*__[^/\\]*\.sql$|[._-](?:down|rollback|revert|undo)\.sql$/i;

/**
 * The parts of a migration file in text order. A file without markers is one part: `up`, or `down` where its name says
 * so (`uri`). Text before the first marker belongs to no part if there are markers.
 * @param comments all comments of the text, where they are known already.
 */
export function migrationSections(text: string, uri = '', comments?: readonly Token[]): MigrationSection[] {
  const found: Marker[] = [];
  let plainTransaction = true;
  for (const { start, end } of comments ?? lineComments(text)) {
    if (!text.startsWith('--', start)) continue;
    const written = text.slice(start, end);
    const marker = markers.find(({ form }) => form.test(written));
    if (!marker && withoutTransaction.test(written)) plainTransaction = false;
    if (!marker) continue;
    found.push({ start, end, direction: marker.direction, ...(transactional.test(written) ? { transaction: !withoutTransaction.test(written) } : {}) });
  }
  if (found.length === 0) {
    return [{ direction: downFile.test(uri) ? 'down' : 'up', span: sqlSpan(0, text.length), ...(plainTransaction ? {} : { transaction: false }) }];
  }
  const sections = found.map((marker, i): MigrationSection => ({
    direction: marker.direction,
    span: sqlSpan(marker.end, found[i + 1]?.start ?? text.length),
    ...(marker.transaction === undefined ? {} : { transaction: marker.transaction && plainTransaction }),
  }));
  // tern: everything above the line is the way up.
  return found[0]?.direction === 'down' ? [{ direction: 'up', span: sqlSpan(0, found[0].start) }, ...sections] : sections;
}

/** Comments outside literals. */
function lineComments(text: string): { readonly start: number; readonly end: number }[] {
  const comments: { readonly start: number; readonly end: number }[] = [];
  if (!/--/.test(text)) return comments;
  for (let token = nextToken(text, 0, false); token; token = nextToken(text, token.end, false)) {
    if (token.kind === 'comment' && text.startsWith('--', token.start)) comments.push({ start: token.start, end: token.end });
  }
  return comments;
}

/** How many rows a named query gives to the application, by its annotation. */
export type NamedQueryResult = 'many' | 'one' | 'none';

/**
 * Reads the annotation of a query file in the comments above a statement: sqlc `-- name: X :many`, aiosql `-- name: x^`,
 * pgtyped `@name X`. Undefined: the query has no name.
 */
export function readQueryName(comments: string): { readonly name: string; readonly result?: NamedQueryResult } | undefined {
  const named = [...comments.matchAll(/^\s*--\s*name\s*:\s*([A-Za-z_][\w.-]*?)\s*(<!|\*!|[\^$!#])?\s*(?:\([^)]*\))?\s*(?::([a-z]+))?\s*$/gim)].at(-1);
  if (named) {
    const result = resultOf(named[2] ?? '', named[3]?.toLowerCase() ?? '');
    return { name: named[1] ?? '', ...(result ? { result } : {}) };
  }
  const typed = [...comments.matchAll(/@name\s+([A-Za-z_]\w*)/g)].at(-1);
  return typed ? { name: typed[1] ?? '' } : undefined;
}

function resultOf(mark: string, command: string): NamedQueryResult | undefined {
  if (/^(?:one|batchone)$/.test(command) || /^(?:\^|\$|<!)$/.test(mark)) return 'one';
  if (/^(?:many|batchmany)$/.test(command)) return 'many';
  if (/^(?:exec|execrows|execresult|execlastid|batchexec|copyfrom)$/.test(command) || /^(?:!|\*!|#)$/.test(mark)) return 'none';
  return undefined;
}
