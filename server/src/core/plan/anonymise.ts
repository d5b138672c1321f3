import { tokenize } from '../sql/lexer';
import { nameOf } from '../sql/names';
import { isRecord, type RawNode } from './planJson';

/** Keys whose values are names, and what such a name is called. */
const NAMES: Readonly<Record<string, string>> = {
  'Relation Name': 't', Relation: 't', Alias: 'a', Schema: 's', 'Index Name': 'i', 'CTE Name': 'q', 'Function Name': 'f', 'Table Function Name': 'f', 'Tuplestore Name': 'q', 'Trigger Name': 'trigger_', 'Constraint Name': 'constraint_', 'Conflict Arbiter Indexes': 'i',
};
/** Keys whose values are EXPLAIN's own words. What is behind any other key may tell of its owner: extensions add keys of theirs. */
const OWN = /^(?:Node Type|Join Type|Strategy|Partial Mode|Parent Relationship|Scan Direction|Operation|Command|Sort Methods? Used|Sort Method|Sort Space Type|Cache Mode|Storage|Conflict Resolution|Sampling Method|Query Identifier|Format|Timing)$/;
/** Words of expressions that are the language's, not the user's. */
const WORDS = new Set(('and or not is null distinct from any all array row case when then else end in between like ilike similar escape at time zone asc desc nulls first last true false cast collate over partition by order range rows groups unbounded preceding following current filter where within group partial returns using '
  + 'select insert into update delete merge values set on conflict do nothing join left right full inner outer cross lateral natural union intersect except having limit offset fetch next only with recursive as materialized for share of returning exists matched default table prepare execute analyze explain '
  + 'integer int bigint smallint text character varying varchar numeric decimal real double precision boolean date timestamp timestamptz interval uuid json jsonb bytea oid tid regclass name bpchar without inet xml '
  + 'count sum min max avg lower upper coalesce length now extract date_trunc row_number rank lag lead string_agg array_agg jsonb_agg json_agg unnest generate_series initplan subplan hashed col1 ctid excluded epoch current_date current_timestamp').split(' '));

/**
 * A plan without what it tells of its owner: names of tables, columns, indexes and the like become t1, c1, i1, literals '?'. The
 * same name becomes the same, everywhere in the plan. Types, functions of PostgreSQL and figures stay.
 */
export function anonymisePlan(document: RawNode): RawNode {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const rename = (name: string, prefix: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const number = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, number);
    names.set(name, `${prefix}${number}`);
    return `${prefix}${number}`;
  };
  collectNames(document, rename, 0);
  const anonymise = (value: unknown, key: string, depth: number): unknown => {
    if (depth > 2000) return undefined;
    if (Array.isArray(value)) return value.map((item) => anonymise(item, key, depth + 1));
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, key === 'Settings' ? (/^[\d.]+\s*\w*$|^(?:on|off)$/.test(String(item)) ? item : '?') : anonymise(item, name, depth + 1)]));
    if (typeof value !== 'string') return value;
    const prefix = NAMES[key];
    if (prefix !== undefined) return rename(value, prefix);
    if (key === 'Subplan Name') return value.replace(/^CTE (.+)$/s, (_, name: string) => `CTE ${rename(name, 'q')}`);
    return OWN.test(key) ? value : anonymiseText(value, rename);
  };
  return anonymise(document, '', 0) as RawNode;
}

/** Names of relations first: in an expression a column and a table look alike. */
function collectNames(value: unknown, rename: (name: string, prefix: string) => string, depth: number): void {
  if (depth > 2000) return;
  if (Array.isArray(value)) for (const item of value) collectNames(item, rename, depth + 1);
  else if (isRecord(value)) for (const [key, item] of Object.entries(value)) {
    const prefix = NAMES[key];
    if (typeof item === 'string' && prefix !== undefined) rename(item, prefix);
    else if (typeof item === 'object') collectNames(item, rename, depth + 1);
  }
}

/** An expression or a statement, its names and literals replaced; comments go. */
function anonymiseText(text: string, rename: (name: string, prefix: string) => string): string {
  let result = '';
  let at = 0;
  let word = '';
  for (const token of tokenize(text, { comments: true })) {
    const between = text.slice(at, token.start);
    const written = text.slice(token.start, token.end);
    at = token.end;
    result += between;
    if (token.kind === 'comment') result += ' ';
    else if (token.kind === 'string') result += "'?'";
    // InitPlan 1 stands for a node.
    else if (token.kind === 'number') result += word === 'initplan' || word === 'subplan' ? written : '0';
    else if (token.kind === 'quoted') result += rename(nameOf(text, token), 'c');
    else if (token.kind === 'word' && !WORDS.has(token.word.toLowerCase()) && !/^col\d+$/.test(token.word)) result += rename(nameOf(text, token), 'c');
    else result += written;
    if (token.kind === 'word') word = token.word;
  }
  return result + text.slice(at);
}
