import { SemanticTokensBuilder, type Connection, type SemanticTokens, type SemanticTokensLegend } from 'vscode-languageserver/node';
import { namesOf } from '../../core/editing/nameUses';
import type { HostFile } from '../../core/hosts/ir';
import { toHostSpan } from '../../core/text/segmentMap';
import type { HostSpan } from '../../core/text/span';
import type { Session } from '../session';
import { openedAt, type Opened } from './target';

const TYPES = ['struct', 'property', 'variable', 'function', 'parameter'] as const;
type TokenType = (typeof TYPES)[number];

export const SEMANTIC_LEGEND: SemanticTokensLegend = { tokenTypes: [...TYPES], tokenModifiers: ['declaration'] };

/** Larger files keep the colours of their grammar: the whole document is coloured again at every key. Characters. */
const LARGEST = 200_000;

/**
 * Colours of what only the server can tell: which word of an SQL file is a table, a column, an alias, a function or a
 * variable. For SQL files alone: of two sources of such colours an editor takes one, and other languages have theirs.
 */
export function registerSemanticTokens(connection: Connection, session: () => Session | undefined): void {
  connection.languages.semanticTokens.on(({ textDocument }): SemanticTokens => {
    const active = session();
    const opened = active?.settings.semanticColors?.enable === false ? undefined : openedAt(active, textDocument.uri);
    return opened?.file.language === 'sql' && opened.document.text.length <= LARGEST ? tokensOf(opened) : { data: [] };
  });
}

function tokensOf({ file, document, catalog }: Opened): SemanticTokens {
  const found: { readonly span: HostSpan; readonly type: TokenType; readonly declares: boolean }[] = [];
  for (const site of file.sites) {
    if (!site.source) continue;
    const { uses, locals } = namesOf(site.source, catalog);
    const add = (span: HostSpan | undefined, type: TokenType, declares = false): void => void (span && found.push({ span, type, declares }));
    for (const use of uses) add(toHostSpan(site.map, use.span), use.kind === 'table' ? 'struct' : 'property', use.declares === true);
    for (const local of locals) add(toHostSpan(site.map, local.span), local.kind === 'function' ? 'function' : 'variable');
    if (site.functionId !== undefined) for (const bind of variablesOf(file, site.id)) add(bind, 'parameter');
  }
  found.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  const builder = new SemanticTokensBuilder();
  let end = 0;
  for (const { span, type, declares } of found) {
    const range = document.positions.toRange(span);
    // Tokens may neither overlap nor go over a line.
    if (span.start < end || range.start.line !== range.end.line) continue;
    end = span.end;
    builder.push(range.start.line, range.start.character, range.end.character - range.start.character, TYPES.indexOf(type), declares ? 1 : 0);
  }
  return builder.build();
}

/** Variables and parameters of a routine that a query mentions. */
const variablesOf = (file: HostFile, site: number): readonly HostSpan[] => (file.sites[site]?.binds ?? []).flatMap((bind) => (bind.interpolation !== undefined && bind.span ? [bind.span] : []));
