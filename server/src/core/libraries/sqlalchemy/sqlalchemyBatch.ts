import type { ChainCall, QuerySite } from '../../hosts/ir';
import { applyEdits } from '../../text/edit';
import { containsSpan, hostSpan, spanText, type HostSpan } from '../../text/span';
import type { BatchCall, BatchIdiom, BatchPlace, KeysRequest, RowsInsert } from '../batch';
import { inCondition } from './sqlalchemyEdits';

/**
 * SQLAlchemy: `in_` and lists of values. Reads have rules of their own (`core/advice/batching/sqlalchemyRead.ts`).
 * An empty list of values inserts a row of defaults.
 */
export const sqlalchemyBatch: BatchIdiom = { insertRows, writeByKeys };

/** `insert(M).values(a=x.a, b=1)`, whose attributes are called as their columns. */
function insertRows(site: QuerySite, { text }: BatchPlace): RowsInsert | undefined {
  const values = site.chain.find((call) => call.name === 'values');
  if (!values || values.args.length === 0 || !site.chain.every((call) => /^(insert|values|on_conflict_do_nothing)$/.test(call.name))) return undefined;
  if (!containsSpan(site.span, values.span) || values.args.some((argument) => argument.name === undefined || argument.name.startsWith('*')) || site.entities?.some((entity) => entity.renamed.length > 0)) return undefined;
  const plain = values.args.map((argument) => ({ name: argument.name ?? '', text: argument.text.replace(new RegExp(`^${argument.name ?? ''}\\s*=\\s*`), '').trim() }));
  return {
    row: `{${plain.map((argument) => `"${argument.name}": ${argument.text}`).join(', ')}}`,
    values: plain.map((argument) => argument.text),
    call(rows) {
      const open = text.indexOf('(', values.nameSpan.end);
      return { call: `${text.slice(site.span.start, open + 1)}${rows}${text.slice(values.span.end - 1, site.span.end)}`, emptyFails: true };
    },
  };
}

/** `update(M).where(M.id == x.id).values(seen=True)` and `delete(M).where(…)`. */
function writeByKeys(site: QuerySite, request: KeysRequest): BatchCall | undefined {
  const { text, key } = request;
  const [first] = site.chain;
  const own: ChainCall | undefined = key.span && site.chain.find((call) => call.name === 'where' && containsSpan(call.span, key.span as HostSpan));
  const argument = own?.args.find((candidate) => key.span && containsSpan(candidate.span, key.span));
  const entity = site.entities?.[0]?.host;
  const property = site.entities?.[0]?.renamed.find((pair) => pair.column === request.column)?.property ?? request.column;
  const condition = inCondition(site, request.column, request.list);
  if (!first || !argument || entity === undefined || condition === undefined || !site.chain.every((call) => /^(update|delete|where|values|execution_options)$/.test(call.name) && containsSpan(site.span, call.span))) return undefined;
  if (spanText(text, argument.span).replace(/\s+/g, ' ').trim() !== `${entity}.${property} == ${key.text.trim()}`) return undefined;
  const call = applyEdits(spanText(text, site.span), [{ uri: '', text: condition, span: hostSpan(argument.span.start - site.span.start, argument.span.end - site.span.start) }]);
  return call === undefined ? undefined : { call, nullMatches: true };
}
