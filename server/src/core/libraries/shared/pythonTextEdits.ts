import type { QuerySite } from '../../hosts/ir';
import { findPlaceholders } from '../../sql/placeholders';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import type { PredicateRequest } from '../adapter';
import { addConditionEdits, filterEnd, highestPlaceholder, readTextClauses } from './sqlTextEdits';

/**
 * Adds `column = value` to SQL text with its bound argument: `$n` behind the last argument, `%s` at its place in the
 * sequence, `%(column)s` in the dictionary. Undefined where the arguments are not written out at the call.
 */
export function addTextPredicate(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined {
  const { values, source } = site;
  if (!values || !source) return undefined;
  const placed = source.placeholders === 'dollar' ? numbered(site, request) : positional(site, request);
  const condition = placed && addConditionEdits(site, request, placed.placeholder);
  return condition && [...condition, placed.edit];
}

interface Placed {
  readonly placeholder: string;
  readonly edit: Edit;
}

const insertion = (uri: string, at: number, text: string): Edit => ({ uri, span: hostSpan(at, at), text });

function numbered(site: QuerySite, request: PredicateRequest): Placed | undefined {
  const highest = highestPlaceholder(site.source?.text ?? '');
  if (!site.values || site.values.count !== highest) return undefined;
  return { placeholder: `$${highest + 1}`, edit: insertion(request.uri, site.values.insertAt, `, ${request.value}`) };
}

function positional(site: QuerySite, request: PredicateRequest): Placed | undefined {
  const { values, source } = site;
  if (!values || !source) return undefined;
  const clauses = readTextClauses(site);
  const end = clauses && filterEnd(clauses);
  const placeholders = findPlaceholders(source.text, 'percent');
  if (end === undefined) return undefined;
  if (values.missing) return placeholders.length > 0 ? undefined : { placeholder: '%s', edit: insertion(request.uri, values.insertAt, `, (${request.value},)`) };
  if (placeholders.length > 0 && placeholders.every((placeholder) => !/^\d+$/.test(placeholder.key))) {
    if (placeholders.some((placeholder) => placeholder.key === request.column)) return undefined;
    return { placeholder: `%(${request.column})s`, edit: insertion(request.uri, values.insertAt, `, "${request.column}": ${request.value}`) };
  }
  if (placeholders.some((placeholder) => !/^\d+$/.test(placeholder.key)) || values.count !== placeholders.length || values.count === 0) return undefined;
  const before = placeholders.filter((placeholder) => placeholder.span.start < end).length;
  const bindAt = (key: number): { readonly start: number; readonly end: number } | undefined => site.binds.find((bind) => bind.interpolation === undefined && bind.key === String(key))?.span;
  const previous = bindAt(before);
  const first = bindAt(1);
  if (before > 0) return previous && { placeholder: '%s', edit: insertion(request.uri, previous.end, `, ${request.value}`) };
  return first && { placeholder: '%s', edit: insertion(request.uri, first.start, `${request.value}, `) };
}
