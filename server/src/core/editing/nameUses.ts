import { findTable } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import { endsOperand } from '../sql/holeForms';
import { maskSource } from '../sql/mask';
import { isReserved, nameOf } from '../sql/names';
import type { SqlSource } from '../sql/source';
import { TokenRanges } from '../sql/tokenRanges';
import { sqlSpan, type SqlSpan } from '../text/span';
import { collectDdlUses } from './ddlUses';
import { typedTokens } from './typedTokens';
import { blockAround, clauseAround, readScope, visibleBlocks, type ScopeBlock, type ScopeColumn, type ScopeRelation, type TokenScope } from './scope';

/** A name in an SQL text that stands for a relation or a column. */
export interface NameUse {
  readonly kind: 'table' | 'column';
  /** The name itself, without what qualifies it. */
  readonly span: SqlSpan;
  /** Normalised. */
  readonly name: string;
  /** The relation: of a column the one it belongs to. */
  readonly relation: { readonly schema?: string; readonly name: string };
  /** The relation in the catalog, where it is there. */
  readonly table?: Table;
  /** The statement makes it here: CREATE TABLE, ADD COLUMN, the new name of a RENAME. */
  readonly declares?: true;
}

/** Names that only the statement itself knows. */
export interface LocalUse {
  readonly kind: 'alias' | 'cte' | 'function';
  readonly span: SqlSpan;
}

export interface StatementNames {
  readonly uses: readonly NameUse[];
  readonly locals: readonly LocalUse[];
}

/** Key of a relation in the catalog; of one that is not there the key that it would have. */
export const keyOfUse = ({ table, relation }: Pick<NameUse, 'table' | 'relation'>): string =>
  table ? relationKey(table.schema, table.name) : relationKey(relation.schema ?? 'public', relation.name);

const memo = new WeakMap<SqlSource, { readonly catalog: Catalog | undefined; readonly names: StatementNames }>();

/** What the names of a statement stand for. Kept for as long as the source and the catalog are the same objects. */
export function namesOf(source: SqlSource, catalog: Catalog | undefined): StatementNames {
  const known = memo.get(source);
  if (known && known.catalog === catalog) return known.names;
  const names = readNames(maskSource(source).text, catalog);
  memo.set(source, { catalog, names });
  return names;
}

/** What the names of an SQL text without holes stand for. A name is never guessed: what is ambiguous is left out. */
export function readNames(text: string, catalog: Catalog | undefined): StatementNames {
  const ranges = new TokenRanges(text, typedTokens(text));
  const ddl = collectDdlUses(ranges, catalog);
  const scope = readScope(ranges, catalog);
  const uses: NameUse[] = [...ddl.uses];
  const locals: LocalUse[] = [];
  const taken = new Set<number>(ddl.taken);
  const spanOf = (i: number): SqlSpan => ranges.span({ from: i, to: i + 1 });
  for (const block of scope.blocks) {
    for (const relation of block.relations) {
      const last = relation.at.to - 1;
      if (relation.at.to > relation.at.from && !taken.has(last)) {
        for (let i = relation.at.from; i <= last; i++) taken.add(i);
        if (relation.kind === 'table') uses.push({ kind: 'table', span: spanOf(last), name: relation.name, ...whose(relation) });
        else locals.push({ kind: relation.kind === 'function' ? 'function' : 'cte', span: spanOf(last) });
      }
      if (relation.aliasAt !== undefined && !taken.has(relation.aliasAt)) {
        taken.add(relation.aliasAt);
        locals.push({ kind: 'alias', span: spanOf(relation.aliasAt) });
      }
    }
  }
  for (let i = 0; i < ranges.tokens.length; i++) {
    if (taken.has(i) || !isName(ranges, i) || ranges.word(i - 1) === '.') continue;
    i = readPath(scope, i, taken, uses, locals);
  }
  uses.sort((a, b) => a.span.start - b.span.start);
  return { uses, locals };
}

const whose = (relation: ScopeRelation): Pick<NameUse, 'relation' | 'table'> => ({
  relation: { name: relation.name, ...(relation.schema === undefined ? {} : { schema: relation.schema }) }, ...(relation.table ? { table: relation.table } : {}),
});

const isName = (ranges: TokenRanges, i: number): boolean => ranges.tokens[i]?.kind === 'word' || ranges.tokens[i]?.kind === 'quoted';
/** Words after which no column stands, though an operand does. */
const noColumnAfter = /^(?:as|::|at|time|interval|collate|nulls|language|extract|cast)$/;

/** Reads `a`, `t.a`, `s.t.a`, `f(`; returns the last token that belongs to it. */
function readPath(scope: TokenScope, from: number, taken: ReadonlySet<number>, uses: NameUse[], locals: LocalUse[]): number {
  const { ranges } = scope;
  let last = from;
  while (ranges.word(last + 1) === '.' && isName(ranges, last + 2)) last += 2;
  const token = ranges.tokens[from];
  const before = ranges.tokens[from - 1];
  if (!token || (last === from && token.kind === 'word' && isReserved(token.word) && token.word !== 'user')) return last;
  if (ranges.word(last + 1) === '(' && !isColumnList(scope, last)) {
    if (token.kind === 'quoted' || !isReserved(token.word)) locals.push({ kind: 'function', span: ranges.span({ from: last, to: last + 1 }) });
    return last;
  }
  if (noColumnAfter.test(before?.word ?? '') || ranges.tokens[last + 1]?.kind === 'string') return last;
  const block = blockAround(scope, token.start);
  const starred = ranges.word(last + 1) === '.' && ranges.word(last + 2) === '*';
  if (last > from || starred) {
    const qualifierAt = starred ? last : last - 2;
    const relation = relationNamed(scope, block, nameAt(ranges, qualifierAt));
    if (!relation) return last;
    const span = ranges.span({ from: qualifierAt, to: qualifierAt + 1 });
    if (relation.kind === 'table' && relation.alias === relation.name) uses.push({ kind: 'table', span, name: relation.name, ...whose(relation) });
    else locals.push({ kind: 'alias', span });
    if (!starred) addColumn(uses, ranges.span({ from: last, to: last + 1 }), nameAt(ranges, last), relation);
    return last;
  }
  if (endsOperand(before) && !(before?.word === ')' && closesDistinctOn(ranges, from - 1))) return last;
  if (taken.has(from) || !block) return last;
  const name = nameAt(ranges, from);
  const span = ranges.span({ from, to: from + 1 });
  for (const owner of ownersOf(scope, block, name, token.start, from)) addColumn(uses, span, name, owner);
  return last;
}

const nameAt = (ranges: TokenRanges, i: number): string => {
  const token = ranges.tokens[i];
  return token ? nameOf(ranges.text, token) : '';
};

/** `ON CONFLICT (…)` and the like are no calls; a column before IN, AND … is none either because a keyword stands between. */
const isColumnList = ({ ranges }: TokenScope, at: number): boolean => /^(?:conflict|using)$/.test(ranges.word(at));

function closesDistinctOn(ranges: TokenRanges, close: number): boolean {
  const open = ranges.partnerOf(close);
  return open !== undefined && ranges.word(open - 1) === 'on' && ranges.word(open - 2) === 'distinct';
}

function relationNamed(scope: TokenScope, block: ScopeBlock | undefined, qualifier: string): ScopeRelation | undefined {
  for (const visible of visibleBlocks(scope, block)) {
    const found = visible.relations.find((relation) => relation.alias === qualifier) ?? visible.relations.find((relation) => relation.kind === 'table' && relation.name === qualifier && relation.aliasAt === undefined);
    if (found) return found;
  }
  return undefined;
}

/** The relations that an unqualified name belongs to: one, or both sides of USING; none where it is ambiguous. */
function ownersOf(scope: TokenScope, block: ScopeBlock, name: string, offset: number, at: number): readonly ScopeRelation[] {
  const { ranges } = scope;
  const clause = clauseAround(block, offset)?.name;
  const target = block.relations.find((relation) => relation.target);
  const listed = enclosingList(ranges, at);
  if (target && (clause === 'insert' || (clause === 'conflict' && listed !== undefined))) return [target];
  if (target && clause === 'set' && isAssigned(ranges, at)) return [target];
  if (target && clause === 'values') return [];
  if (block.range.kind === 'insert' && target && (clause === 'set' || clause === 'where' || clause === 'conflict' || clause === 'returning')) return [target];
  if (listed !== undefined && ranges.word(listed - 1) === 'using' && (clause === 'from' || clause === 'using')) return block.relations.filter((relation) => has(relation, name) === true);
  for (const visible of visibleBlocks(scope, block)) {
    const relations = visible.relations.filter(({ alias }) => alias !== 'excluded');
    const owners = relations.filter((relation) => has(relation, name) === true);
    if (owners.length > 0) return owners.length === 1 ? owners : [];
    const unknown = relations.filter((relation) => has(relation, name) === undefined);
    if (unknown.length > 0) return unknown.length === 1 && relations.length === 1 && visible.outer === undefined ? unknown : [];
  }
  return [];
}

const has = (relation: ScopeRelation, name: string): boolean | undefined => relation.columns()?.some((column) => column.name === name);

/** The parenthesis around a token that stands in a plain list: `(a, b)`. */
function enclosingList(ranges: TokenRanges, at: number): number | undefined {
  let i = at - 1;
  while (i >= 0 && (ranges.word(i) === ',' || isName(ranges, i))) i--;
  return ranges.word(i) === '(' ? i : undefined;
}

/** Left of `=` in SET: `SET a = …, (b, c) = …`. */
function isAssigned(ranges: TokenRanges, at: number): boolean {
  if (ranges.word(at + 1) === '=' && /^(?:set|,)$/.test(ranges.word(at - 1))) return true;
  const open = enclosingList(ranges, at);
  const close = open === undefined ? undefined : ranges.partnerOf(open);
  return open !== undefined && close !== undefined && /^(?:set|,)$/.test(ranges.word(open - 1)) && ranges.word(close + 1) === '=';
}

/** A column of a relation, traced to the table that it comes from. */
function addColumn(uses: NameUse[], span: SqlSpan, name: string, relation: ScopeRelation): void {
  const columns = relation.columns();
  const found: ScopeColumn | undefined = columns?.find((column) => column.name === name);
  if (found?.table && found.column !== undefined) {
    const { table, column } = found;
    uses.push({ kind: 'column', span: sqlSpan(span.start, span.end), name: column, relation: { schema: table.schema, name: table.name }, table });
  } else if (relation.kind === 'table' && (columns === undefined || relation.table?.incomplete === true)) uses.push({ kind: 'column', span, name, ...whose(relation) });
}

/** The catalog's relation of a name as written; by `relation` alone where it is not there. */
export const tableOfName = (catalog: Catalog | undefined, relation: NameUse['relation']): Table | undefined => findTable(catalog, relation);
