import { spanOf } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { PlaceholderStyle } from '../../sql/source';
import type { HostContext, SiteDraft } from '../adapter';
import { accessOf, returnsRows } from './sqlText';

/**
 * SQL text that an ORM sends as it is, with an array of values.
 * @param opaque the draft as it is where the text cannot be rebuilt.
 */
export function rawStatements([text, values]: readonly SyntaxNode[], opaque: SiteDraft, placeholders: PlaceholderStyle, context: HostContext): readonly SiteDraft[] {
  const written = text ? context.string(text) : undefined;
  if (!written) return [opaque];
  const list = values ? context.elements?.(values) : undefined;
  const positional = list?.nodes.map((node, index) => context.bind(node, String(index + 1))) ?? [];
  return context.statements(written, placeholders).map((statement): SiteDraft => ({
    ...opaque,
    source: statement.source, map: statement.map, access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? 'many' : 'none',
    binds: [...positional, ...statement.binds], conditional: statement.conditional, complete: written.complete,
    ...(list?.literal ? { values: { span: spanOf(list.literal), count: list.nodes.length, insertAt: list.nodes.at(-1)?.endIndex ?? list.literal.startIndex + 1 } } : {}),
  }));
}
