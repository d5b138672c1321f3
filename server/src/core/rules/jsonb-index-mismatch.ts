import { coverHoles } from '../advice/holes';
import { collectDemand, type Condition, type RelationDemand } from '../advice/indexDemand';
import { btree, type IndexProposal } from '../advice/indexAdvice';
import { indexFixes } from '../advice/indexFix';
import { unique, words } from '../advice/indexKeys';
import { GAIN_ON_A_GUESS, judgeIndex } from '../advice/indexVerdict';
import { asksForKeys, findContainmentIndex, ginWithout, isJsonbPredicate, isStringOnly, jsonbPlaceOf, renderContained, type JsonPlace } from '../advice/jsonb';
import { callToOperator, findJsonbCall, type JsonbCall } from '../advice/jsonbCalls';
import { chiefCondition, collectReadRelations, isBehind, isParameterEquality, isPlainlyServed, type ReadRelation } from '../advice/relationDemand';
import { collectPins } from '../advice/pins';
import { judgeRewrite } from '../advice/rewriteVerdict';
import { describeRows } from '../advice/size';
import { toHostEdits } from '../advice/sqlEdits';
import { sqlFix } from '../advice/sqlFix';
import { isPinnedToOneRow } from '../advice/uniqueness';
import { hasServingIndex, indexKeyText, matchIndex } from '../catalog/indexMatch';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct } from '../sql/model';
import { quoteIdentifier } from '../sql/names';
import { spanText, sqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE events (id bigint PRIMARY KEY, data jsonb NOT NULL);';

/** Searches inside jsonb values that no index of theirs can answer. */
export const jsonbIndexMismatch: StatementRule = {
  id: 'jsonb-index-mismatch',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review', 'new'],
  summary: 'No index answers this search inside a jsonb value',
  docs: {
    why: 'Each operator of jsonb needs an index of its own kind. A GIN index of the default class answers `@>`, `?`, `?|`, `?&`, `@?` and `@@`; of the class `jsonb_path_ops`, which is smaller and faster, only `@>`, `@?` and `@@`. Comparing `data ->> \'key\'` with a value is answered by neither: it takes an index on that expression, or containment (`@>`) instead. Without the right one every value is read and taken apart.',
    bad: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM events WHERE data @> $1;' },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX events_data ON events USING gin (data jsonb_path_ops);`, code: "SELECT id FROM events WHERE data ? 'error';" },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX events_data ON events USING gin (data);`, code: "SELECT id FROM events WHERE data ->> 'kind' = $1;" },
    ],
    good: [
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX events_data ON events USING gin (data jsonb_path_ops);`, code: 'SELECT id FROM events WHERE data @> $1;' },
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX events_kind ON events ((data ->> 'kind'));`, code: "SELECT id FROM events WHERE data ->> 'kind' = $1;" },
    ],
    whenNot: 'Small tables, and searches that another, selective condition narrows first.',
    fixSafety: 'A new migration with the index changes no result, but an index on a text converted to a number or a UUID refuses rows whose text is none; `jsonb_path_ops` is chosen where no known statement of the workspace asks the column for keys (`?`, `?|`, `?&`). The rewrite to `@>` is offered for review: it compares strings only, so numbers and booleans of the same text no longer match, and a NULL parameter finds JSON nulls; where the constant can be nothing but a string the rows are the same, and the title says so.',
  },
  options: {},
  check(context) {
    for (const read of collectReadRelations(context)) {
      if (read.conjuncts.some((c) => isSearch(read, c))) checkRelation(context, read);
      for (const conjunct of read.conjuncts) {
        const call = findJsonbCall(read, conjunct);
        if (call && !isBehind(read) && !isPlainlyServed(read) && !isPinnedToOneRow(read.scope, read.block, read.index, collectPins(read.scope, read.block))) checkCall(context, read, call);
      }
    }
  },
};

/** The function behind an operator that an index answers. */
function checkCall(context: StatementContext, read: ReadRelation, call: JsonbCall): void {
  const { model, site } = context;
  const edits = callToOperator(model, call, site.source?.placeholders ?? 'none');
  const verdict = judgeRewrite(context, `with ${call.operator}`, ({ model: copy }) => {
    const conjunct = copy.blocks[read.block.index]?.conjuncts[read.block.conjuncts.indexOf(call.conjunct)];
    return conjunct && callToOperator(copy, { ...call, conjunct }, 'dollar');
  }, read);
  if (verdict.state === 'silent') return;
  const rows = describeRows(read.table, context.settings);
  context.report({
    at: { sql: call.conjunct.span },
    severity: read.size === 'large' ? undefined : 'hint',
    message: `${call.index.name} answers ${call.operator}, not the call of ${call.name}: every ${read.table.name}.${call.column.column} is read.`,
    because: verdict.state === 'proved' ? verdict.because : rows && `${rows}.`,
    confidence: verdict.state === 'proved' ? 'planner' : read.size === 'large' ? 'statistics' : 'schema',
    evidence: { table: read.table.name, column: call.column.column, operator: call.operator, present: call.index.name, ...(verdict.state === 'proved' ? verdict.evidence : {}) },
    fixes: () => sqlFix(context, `Use ${call.operator}, which ${call.index.name} answers (the same rows)`, 'review', edits),
  });
}

const isSearch = ({ table, owns }: ReadRelation, conjunct: Conjunct): boolean => {
  const place = conjunct.negated || conjunct.clause === 'having' ? undefined : jsonbPlaceOf(table, conjunct);
  return place !== undefined && owns(place.column);
};

/** A condition inside jsonb that no index serves. */
interface Search {
  readonly condition: Condition;
  readonly conjunct: Conjunct;
  readonly place: JsonPlace;
}

function checkRelation(context: StatementContext, read: ReadRelation): void {
  const { table, size, scope, block, index } = read;
  if (isPinnedToOneRow(scope, block, index, collectPins(scope, block))) return;
  const demand = collectDemand(scope, block, index);
  const searches = collectSearches(read, demand);
  const first = searches[0];
  if (!first || isBehind(read)) return;
  const chief = chiefCondition(read, demand.predicates);
  const served = isPlainlyServed(read) || hasServingIndex(table, demand) !== 'no';
  // A plain column that no index serves is the business of unindexed-predicate.
  if (chief && !served && (size === 'large' || isParameterEquality(chief))) return;
  const wrong = isTaken(first) ? [] : ginWithout(table, first.place.column.column, first.condition);
  if (size === 'unknown' && wrong.length === 0 && first.condition.values !== undefined) return;
  const proposal = propose(context, read, searches);
  if (!proposal) return;
  const verdict = judgeIndex(context, read, [proposal], GAIN_ON_A_GUESS);
  // Without the planner nobody knows whether the rows that another index leaves are few.
  if (verdict.state === 'silent' || (verdict.state === 'schema' && served)) return;
  const type = searches.map((s) => castTo(s.place)).find((t) => t !== undefined);
  context.report({
    at: { sql: first.condition.span },
    severity: size === 'large' ? undefined : 'hint',
    message: describe(read, first, wrong[0]),
    because: `${verdict.state === 'proved' ? verdict.because : `${prefix(context, read)}an index ${proposal.method === 'gin' ? 'using gin ' : ''}on (${proposal.keys.map((k) => k.sql).join(', ')}) would serve it.`}${type === undefined ? '' : ` A text that is no ${type} can then no longer be stored there.`}`,
    confidence: verdict.state === 'proved' ? 'planner' : size === 'large' ? 'statistics' : 'schema',
    evidence: { table: table.name, column: first.place.column.column, operator: first.place.text ? '->>' : first.condition.operator, present: wrong[0]?.index.name, ...(verdict.state === 'proved' ? verdict.evidence : {}) },
    fixes: () => [...(context.catalog ? indexFixes(proposal, context.catalog, context.settings) : []), ...rewrites(context, read, first)],
  });
}

/** Is a value taken out and compared, which a b-tree on the expression answers? */
const isTaken = ({ place, condition }: Search): boolean => place.text || condition.column === undefined && /^(?:=|in|any)$/.test(condition.operator);

const prefix = ({ settings }: StatementContext, { table }: ReadRelation): string => {
  const rows = describeRows(table, settings);
  return rows ? `${rows}; ` : '';
};

/** The searches that no index of the table answers, in the statement's order. */
function collectSearches(read: ReadRelation, demand: RelationDemand): readonly Search[] {
  return demand.predicates.flatMap((condition): readonly Search[] => {
    if (condition.negated || condition.joins || !isJsonbPredicate(read.table, condition) || isServed(read, demand, condition)) return [];
    const conjunct = read.conjuncts.find((c) => c.span.start === condition.span.start && c.span.end === condition.span.end);
    const place = conjunct && jsonbPlaceOf(read.table, conjunct);
    return place ? [{ condition, conjunct, place }] : [];
  });
}

/** Does an index find rows by this condition, or may one whose class or predicate is not understood? */
const isServed = ({ table }: ReadRelation, demand: RelationDemand, condition: Condition): boolean =>
  table.indexes.some((index) => {
    const match = matchIndex(index, demand, table);
    if (match.usable === 'no') return false;
    const uses = [...match.equality, ...match.range, ...match.filters].includes(condition);
    return uses || (match.usable === 'unknown' && index.keys.some((key) => indexKeyText(key) === condition.key));
  });

function describe({ table }: ReadRelation, { condition, place, conjunct }: Search, wrong: ReturnType<typeof ginWithout>[number] | undefined): string {
  const column = `${table.name}.${place.column.column}`;
  if (wrong) return `${wrong.index.name} is of the class ${wrong.opclass}, which does not answer ${condition.operator}: every ${column} is read.`;
  const type = castTo(place);
  if (type !== undefined) return `No index is on this value of ${column} as ${type}: every value is read, taken apart and converted.`;
  const taken = isTaken({ condition, place, conjunct });
  const what = place.text ? 'text' : 'value';
  const gin = taken ? findContainmentIndex(table, place.column.column) : undefined;
  if (gin) return `${gin.name} answers containment (@>), not the comparison of a ${what} taken out: every ${column} is read.`;
  return taken ? `No index is on this ${what} of ${column}: every value is read and taken apart.` : `No index answers ${condition.operator} on ${column}: every value is read.`;
}

/** What a text taken out is converted to; undefined where it stays text. */
const castTo = ({ expression }: JsonPlace): string | undefined => (expression.kind === 'cast' && !/^(?:text|varchar|character varying)$/.test(expression.type ?? '') ? expression.type : undefined);

/** The index for the first search; texts of one value that are compared together share it. */
function propose(context: StatementContext, { table }: ReadRelation, searches: readonly Search[]): IndexProposal | undefined {
  const first = searches[0];
  if (!first) return undefined;
  const { condition, place } = first;
  if (isTaken(first)) {
    const texts = unique(searches.filter(isTaken).map((s) => s.condition)).slice(0, 2);
    return btree(table, texts.map((c) => ({ sql: `(${c.key.replace(/^\((.*)\)$/, '$1')})`, name: words(c.key) })));
  }
  const column = place.column.column;
  const opclass = asksForKeys(context, column) ? undefined : 'jsonb_path_ops';
  const whole = condition.column !== undefined;
  return { table, method: 'gin', keys: [{ sql: whole ? quoteIdentifier(column) : `(${condition.key})`, name: whole ? column : words(condition.key), opclass }], include: [] };
}

/** A JSON text of a string, number, boolean or null: contained in nothing but itself. */
const isJsonScalar = (text: string): boolean => /^\s*(?:"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null)\s*$/.test(text);

/** Containment instead of the comparison of a text, where an index answers containment. */
function rewrites(context: StatementContext, { table, scope }: ReadRelation, { conjunct, place }: Search): readonly Fix[] {
  const { site, file } = context;
  const { left, right } = conjunct;
  if (!place.path || place.path.length === 0 || conjunct.operator !== '=' || !left || !right || site.chain.length > 0) return [];
  const value = place.expression === left || left.columns.length > 0 ? right : left;
  const constant = value.kind === 'constant' && typeof value.value === 'string' ? value.value : undefined;
  const gin = findContainmentIndex(table, place.column.column);
  if (!gin || (value.kind === 'constant' && constant === undefined)) return [];
  const [before = '', after = ''] = renderContained(place.path, '\0').split('\0');
  const cast = place.text ? (constant === undefined ? ['CAST(', ' AS text)'] as const : ['', ''] as const) : ['CAST(', ' AS jsonb)'] as const;
  const span = coverHoles(scope.model, value.span);
  const opening = `${spanText(scope.model.text, place.column.span)} @> ${before}${cast[0]}`;
  // Text is put round the value, which stays: it may stand in the host.
  const edits = toHostEdits(site, file.uri, [{ span: sqlSpan(conjunct.span.start, span.start), text: opening }, { span: sqlSpan(span.end, Math.max(span.end, conjunct.span.end)), text: `${cast[1]}${after}` }]);
  const changes = !place.text ? (constant !== undefined && isJsonScalar(constant) ? 'the same rows' : 'objects and arrays that hold more than the value match too') : constant === undefined ? 'numbers and booleans no longer match, NULL finds JSON nulls' : isStringOnly(constant) ? 'the same rows' : 'only the string matches, not a number or boolean of the same text';
  return edits ? [{ title: `Compare by containment (@>), which ${gin.name} answers (${changes})`, kind: 'review', edits }] : [];
}
