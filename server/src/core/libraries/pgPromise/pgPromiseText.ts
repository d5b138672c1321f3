import type { SyntaxNode } from '../../hosts/syntax';
import { toHostSpan } from '../../text/segmentMap';
import { sqlSpan } from '../../text/span';
import type { HostContext, HostString } from '../adapter';
import { bindOf, readArray, readObject } from '../shared/hostValues';
import { bind, concat, fragment, hole, identifier, type BindDraft, type SqlPart } from '../shared/sqlBuilder';

/** `$1`, `${name}`, `$(name)`, `$<name>`, `$[name]`, `$/name/`, each with a filter (`:csv`, `:name`, `~`, `^`, …). */
const variables = /\$(?:(\d+)|\{\s*([\w$.]+)\s*((?::\w+|[\^~#])?)\s*\}|\(\s*([\w$.]+)\s*((?::\w+|[\^~#])?)\s*\)|<\s*([\w$.]+)\s*((?::\w+|[\^~#])?)\s*>|\[\s*([\w$.]+)\s*((?::\w+|[\^~#])?)\s*\]|\/\s*([\w$.]+)\s*((?::\w+|[\^~#])?)\s*\/)((?::\w+|[\^~#])?)/g;

/** The text with pg-promise's variables: values become parameters, `:raw` fragments, `:name` names, `:csv` and `:list` lists. */
export function formattedText(text: HostString, values: SyntaxNode | undefined, context: HostContext): SqlPart {
  const named = values ? readObject(values) : undefined;
  const list = values && !named ? readArray(values) : undefined;
  const valueOf = (position: string | undefined, name: string | undefined): BindDraft => {
    const unknown: BindDraft = values ? bindOf(values, context) : { text: name ?? `$${position ?? ''}`, names: [], origin: 'unknown' };
    if (position !== undefined) {
      const item = list?.items[Number(position) - 1];
      return item ? bindOf(item.node, context) : values && !list && position === '1' ? bindOf(values, context) : unknown;
    }
    const entry = named?.entries.findLast((candidate) => candidate.key === name?.split('.')[0]);
    return entry && !name?.includes('.') ? bindOf(entry.value, context) : unknown;
  };
  // A finding stands where the text has the variable, not where its value is written.
  const placed = (draft: BindDraft, start: number, end: number): BindDraft => ({ ...draft, span: toHostSpan(text.map, sqlSpan(start, end)) ?? draft.span });
  const pieces: SqlPart[] = [];
  let at = 0;
  for (const match of text.text.matchAll(variables)) {
    const position = match[1];
    const name = match[2] ?? match[4] ?? match[6] ?? match[8] ?? match[10];
    // Behind `$1` the filter follows; `::` is a cast.
    const behind = match[12] ?? '';
    const cast = position !== undefined && behind.startsWith(':') && text.text[match.index + match[0].length - behind.length - 1] === ':';
    const inner = (match[3] ?? '') + (match[5] ?? '') + (match[7] ?? '') + (match[9] ?? '') + (match[11] ?? '');
    const filter = position === undefined ? inner : cast || !/^(:(csv|list|json|name|raw|value|alias)|[\^~#])$/.test(behind) ? '' : behind;
    const length = match[0].length - (position === undefined || filter === '' ? behind.length : 0);
    if (text.interpolations.some((slot) => slot.span.start < match.index + length && slot.span.end > match.index)) continue;
    pieces.push(fragment(text, at, match.index), variable(filter, name, placed(valueOf(position, name), match.index, match.index + length)));
    at = match.index + length;
  }
  return concat(...pieces, fragment(text, at));
}

function variable(filter: string, name: string | undefined, draft: BindDraft): SqlPart {
  switch (filter) {
    case ':raw':
    case '^':
      return hole('fragment', draft);
    case ':name':
    case '~':
    case ':alias': {
      const text = /^(['"`])([\w.]+)\1$/.exec(draft.text)?.[2];
      return text === undefined || name === '*' ? hole('identifier', draft) : identifier(text, draft.span);
    }
    case ':csv':
    case ':list':
      return hole('list', draft);
    default:
      return bind(draft);
  }
}
