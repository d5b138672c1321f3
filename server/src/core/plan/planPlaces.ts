import { tokenize, type Token } from '../sql/lexer';
import type { Conjunct, Expression, QueryBlock, Relation, StatementModel } from '../sql/model';
import type { SqlSpan } from '../text/span';
import { collectNodes, type PlanNode } from './planTree';

/** What in the statement a node of its plan stands for. */
export interface PlanPlace {
  /** `PlanNode.id`. */
  readonly node: number;
  readonly kind: 'relation' | 'condition' | 'order' | 'group' | 'limit';
  /** Index in the node's `conditions`, where the place is one of them. */
  readonly condition?: number;
  readonly span: SqlSpan;
}

/** Conditions that stand in WHERE, ON or HAVING. */
const PREDICATES = new Set(['Index Cond', 'Recheck Cond', 'TID Cond', 'Hash Cond', 'Merge Cond', 'Join Filter', 'Filter', 'One-Time Filter']);

/**
 * Places of a plan's nodes in its statement: the relation that a node reads, the conjuncts that it checks, ORDER BY, GROUP BY
 * and LIMIT. Postgres prints conditions its own way (casts, parentheses, `= ANY`), so they are compared by columns,
 * operators and constants; what fits two places alike has none.
 */
export function placePlan(root: PlanNode, model: StatementModel): readonly PlanPlace[] {
  const predicates = model.blocks.flatMap((block) => block.conjuncts.flatMap((conjunct) => collectPredicates(conjunct, block, model)));
  return collectNodes(root).flatMap((node): readonly PlanPlace[] => {
    const conditions = node.conditions.flatMap(({ label, text }, condition) =>
      PREDICATES.has(label) ? splitTop(text, 'and').flatMap((part): readonly PredicatePlace[] => {
        const found = findPredicate(readSignature(part), node, predicates);
        return found ? [{ place: { node: node.id, kind: 'condition', condition, span: found.span }, block: found.block }] : [];
      }) : []);
    const relation = findRelation(node, model, new Set(conditions.map(({ block }) => block)));
    return [
      ...(relation ? [{ node: node.id, kind: 'relation' as const, span: relation.span }] : []),
      ...conditions.map(({ place }) => place),
      ...findClauses(node, model),
    ];
  });
}

interface PredicatePlace {
  readonly place: PlanPlace;
  readonly block: QueryBlock;
}

/** Postgres numbers a name that it meets again: `orders_1`. */
const plainAlias = (alias: string): string => alias.replace(/_\d+$/, '');

function findRelation(node: PlanNode, model: StatementModel, near: ReadonlySet<QueryBlock>): Relation | undefined {
  if (node.relation === undefined) return undefined;
  const alias = node.alias ?? node.relation;
  const all = model.blocks.flatMap((block) => block.relations.map((relation) => ({ block, relation })));
  const exact = all.filter(({ relation }) => relation.alias === alias || relation.name === alias);
  const found = exact.length > 0 ? exact : all.filter(({ relation }) => relation.alias === plainAlias(alias));
  const closer = found.filter(({ block }) => near.has(block));
  const chosen = found.length > 1 ? closer : found;
  return chosen.length === 1 ? chosen[0]?.relation : undefined;
}

function findClauses(node: PlanNode, model: StatementModel): readonly PlanPlace[] {
  const keysOf = (label: string): ReadonlySet<string> | undefined => {
    const condition = node.conditions.find((c) => c.label === label);
    return condition && new Set(splitTop(condition.text, ',').flatMap((part) => [...readSignature(part).columns]));
  };
  const place = (kind: PlanPlace['kind'], label: string, clause: 'order' | 'group', itemsOf: (block: QueryBlock) => readonly Expression[]): readonly PlanPlace[] => {
    const keys = keysOf(label);
    if (!keys || keys.size === 0) return [];
    const blocks = model.blocks.filter((block) => block.clauses[clause] && sameSet(keys, new Set(itemsOf(block).flatMap((item) => namesOf(item, block)))));
    const span = blocks.length === 1 ? blocks[0]?.clauses[clause]?.span : undefined;
    const condition = node.conditions.findIndex((c) => c.label === label);
    return span ? [{ node: node.id, kind, condition, span }] : [];
  };
  const limits = node.nodeType === 'Limit' ? model.blocks.filter((block) => block.limit ?? block.offset) : [];
  const [limited] = limits;
  const limit = limits.length === 1 ? limited?.limit?.clause ?? limited?.offset?.clause : undefined;
  return [
    ...place('order', 'Sort Key', 'order', (block) => block.orderBy.map((item) => item.expression)),
    ...place('group', 'Group Key', 'group', (block) => block.groupBy),
    ...(limit ? [{ node: node.id, kind: 'limit' as const, span: limit }] : []),
  ];
}

/** Columns of an ORDER BY item; an output's number or alias stands for that output. */
function namesOf(item: Expression, block: QueryBlock): readonly string[] {
  const output = typeof item.value === 'number' ? block.outputs[item.value - 1] : block.outputs.find((o) => o.alias !== undefined && item.kind === 'column' && o.alias === item.column?.column);
  return (output?.expression ?? item).columns.map((column) => column.column);
}

// ---------------------------------------------------------------- predicates

/** What is left of a condition when the way of writing it is taken off. */
interface Signature {
  /** Column names without their tables. */
  readonly columns: ReadonlySet<string>;
  /** Columns with the table's name, where one is written. */
  readonly qualified: ReadonlySet<string>;
  readonly operators: ReadonlySet<string>;
  readonly constants: ReadonlySet<string>;
}

interface Predicate extends Signature {
  readonly span: SqlSpan;
  readonly block: QueryBlock;
}

/** A conjunct and, of OR and NOT, what they are made of: a bitmap of two indexes answers each branch alone. */
function collectPredicates(conjunct: Conjunct, block: QueryBlock, model: StatementModel): readonly Predicate[] {
  const inner = conjunct.right?.kind === 'subquery' ? model.blocks[conjunct.right.block ?? -1] : undefined;
  const text = (span: SqlSpan): string => model.text.slice(span.start, span.end);
  const signature = inner ? withOutput(readSignature(conjunct.left ? text(conjunct.left.span) : ''), inner) : readSignature(text(conjunct.span));
  return [
    { ...signature, span: conjunct.span, block },
    ...(conjunct.branches ?? []).flatMap((branch) => branch.flatMap((part) => collectPredicates(part, block, model))),
  ];
}

/** `a IN (SELECT b …)` is planned as the join `a = b`. */
function withOutput(left: Signature, inner: QueryBlock): Signature {
  const output = inner.outputs[0]?.column;
  return output ? { ...left, columns: new Set([...left.columns, output.column]), operators: new Set(['=']) } : left;
}

function findPredicate(wanted: Signature, node: PlanNode, predicates: readonly Predicate[]): Predicate | undefined {
  if (wanted.columns.size === 0) return undefined;
  const fitting = predicates.filter((predicate) => sameSet(predicate.columns, wanted.columns) && !contradicts(wanted, predicate, node));
  const ranked = fitting.map((predicate) => ({ predicate, score: scoreOf(wanted, predicate, node) })).sort((a, b) => b.score - a.score);
  const [first, second] = ranked;
  return first && (second === undefined || second.score < first.score) ? first.predicate : undefined;
}

/** Both say of which table a column is, and they do not agree. */
function contradicts(wanted: Signature, { qualified, block }: Predicate, node: PlanNode): boolean {
  const alias = node.alias === undefined ? undefined : plainAlias(node.alias);
  const tables = (names: ReadonlySet<string>): ReadonlySet<string> => new Set([...names].map((name) => plainAlias(name.split('.')[0] ?? '')));
  const [theirs, ours] = [tables(wanted.qualified), tables(qualified)];
  const own = theirs.size === 0 && alias !== undefined && !/Join|Loop/.test(node.nodeType) ? new Set([alias]) : theirs;
  if (own.size > 0 && ours.size > 0) return ![...ours].some((name) => own.has(name));
  // An unqualified column belongs to a relation of its block, or of one around it; a node of another relation does not check it.
  return alias !== undefined && ours.size === 0 && block.relations.length === 1 && ![block.relations[0]?.alias, block.relations[0]?.name].includes(alias);
}

function scoreOf(wanted: Signature, predicate: Predicate, { alias }: PlanNode): number {
  const shared = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => [...a].filter((item) => b.has(item)).length;
  return (
    4 * shared(wanted.operators, predicate.operators) - Math.abs(wanted.operators.size - predicate.operators.size)
    + 2 * shared(wanted.constants, predicate.constants) + shared(wanted.qualified, predicate.qualified)
    + (predicate.block.relations.some((relation) => relation.alias === alias) ? 1 : 0)
  );
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => a.size === b.size && [...a].every((item) => b.has(item));

/** Words of expressions that name neither a column nor a function. */
const KEYWORDS = new Set(['and', 'or', 'not', 'is', 'null', 'in', 'any', 'all', 'some', 'between', 'symmetric', 'like', 'ilike', 'similar', 'to', 'true', 'false', 'array', 'row', 'as', 'cast', 'interval', 'date', 'time', 'timestamp', 'timestamptz', 'exists', 'distinct', 'from', 'escape', 'collate', 'at', 'zone', 'case', 'when', 'then', 'else', 'end', 'unknown', 'subplan', 'hashed', 'initplan', 'returns', 'col', 'current_date', 'current_timestamp', 'localtimestamp', 'desc', 'asc', 'nulls', 'first', 'last', 'using']);
/** What a type's name may go on with. */
const TYPE_WORDS = new Set(['varying', 'precision', 'with', 'without', 'time', 'zone', 'unsigned']);
const OPERATORS: Readonly<Record<string, string>> = { like: '~~', ilike: '~~*', '!=': '<>', in: '=', any: '=' };

function readSignature(text: string): Signature {
  const tokens = tokenize(text);
  const [columns, qualified, operators, constants] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) continue;
    const next = tokens[i + 1];
    if (token.word === '::') i = skipType(tokens, i + 1) - 1;
    else if (token.word === 'between') for (const operator of ['>=', '<=']) operators.add(operator);
    else if (OPERATORS[token.word] !== undefined) operators.add(OPERATORS[token.word] ?? '');
    else if (token.word === 'is') operators.add(next?.word === 'not' ? 'is not' : 'is');
    else if (token.kind === 'operator') operators.add(token.word);
    else if (token.kind === 'number' || token.kind === 'string') constants.add(text.slice(token.start, token.end).replaceAll("'", ''));
    else if (token.kind === 'quoted' || (token.kind === 'word' && !KEYWORDS.has(token.word))) i = readName(text, tokens, i, columns, qualified);
  }
  return { columns, qualified, operators, constants };
}

/** Reads `a`, `t.a` or `s.t.a`; a function's name is none. Returns the last token read. */
function readName(text: string, tokens: readonly Token[], start: number, columns: Set<string>, qualified: Set<string>): number {
  const parts: string[] = [];
  let at = start;
  for (;;) {
    const token = tokens[at];
    if (!token || (token.kind !== 'word' && token.kind !== 'quoted')) break;
    parts.push(nameIn(text, token));
    if (tokens[at + 1]?.word !== '.') break;
    at += 2;
  }
  const after = tokens[at + 1];
  const isCall = after?.word === '(' || after?.kind === 'string';
  const [column, table] = [parts.at(-1), parts.at(-2)];
  if (!isCall && column !== undefined) {
    columns.add(column);
    if (table !== undefined) qualified.add(`${table}.${column}`);
  }
  return at;
}

const nameIn = (text: string, token: Token): string => (token.kind === 'quoted' ? text.slice(token.start + 1, token.end - 1).replaceAll('""', '"') : token.word);

/** Where it goes on behind the type that starts here. */
function skipType(tokens: readonly Token[], start: number): number {
  let at = start + 1;
  while (tokens[at]?.word === '.') at += 2;
  while (TYPE_WORDS.has(tokens[at]?.word ?? '')) at++;
  if (tokens[at]?.word === '(' && tokens[at + 1]?.kind === 'number') while (tokens[at - 1]?.word !== ')' && at < tokens.length) at++;
  while (TYPE_WORDS.has(tokens[at]?.word ?? '')) at++;
  while (tokens[at]?.word === '[' && tokens[at + 1]?.word === ']') at += 2;
  return at;
}

/** Parts of a text between its outermost `and` or commas; parentheses around the whole are taken off first. */
function splitTop(text: string, separator: 'and' | ','): readonly string[] {
  const tokens = tokenize(text);
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (const [index, token] of tokens.entries()) {
    if (token.word === '(' || token.word === '[') depth++;
    else if (token.word === ')' || token.word === ']') depth--;
    // `(a + b) = (c + d)`: the last parenthesis does not close the first.
    if (depth === 0 && token.word === ')' && start === 0 && index < tokens.length - 1 && tokens[0]?.word === '(' && tokens[index + 1]?.word !== separator) return [text];
    if (depth !== 0 || token.word !== separator) continue;
    parts.push(text.slice(start, token.start));
    start = token.end;
  }
  if (parts.length > 0) return [...parts, text.slice(start)];
  const [first, last] = [tokens[0], tokens.at(-1)];
  return first?.word === '(' && last?.word === ')' && tokens.length > 2 ? splitTop(text.slice(first.end, last.start), separator) : [text];
}
