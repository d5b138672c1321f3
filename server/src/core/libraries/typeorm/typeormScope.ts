import type { ModelIr, RelationIr } from '../../hosts/ir';
import { unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext, HostString } from '../adapter';
import { inverseOf, relationPairs } from '../shared/entityModel';
import { bindOf, patternPart, valuePart } from '../shared/hostValues';
import { bind, concat, fragment, hole, identifier, incomplete, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { findEntity } from './typeormNaming';

/** One table of a statement. */
export interface EntitySource {
  readonly alias: string;
  readonly name: string | undefined;
  readonly model: ModelIr | undefined;
}

export interface JoinedSource extends EntitySource {
  readonly parent?: string;
  readonly inner: boolean;
  /** Its columns are among the rows. */
  selected: boolean;
  readonly part: SqlPart;
}

/** What the parts of one TypeORM statement share. */
export interface TypeormScope {
  readonly host: HostContext;
  readonly main: EntitySource;
  readonly joins: JoinedSource[];
  /** Named parameters of the statement. `open`: more of them are set by code that was not seen. */
  readonly parameters: Map<string, SyntaxNode>;
  open: boolean;
  withDeleted: boolean;
  /** False in UPDATE and DELETE, whose columns are not qualified. */
  readonly qualified: boolean;
}

export const createScope = (host: HostContext, main: EntitySource, qualified = true): TypeormScope => ({ host, main, joins: [], parameters: new Map(), open: false, withDeleted: false, qualified });

export const sourceOf = (scope: TypeormScope, alias: string): EntitySource | undefined => (scope.main.alias === alias ? scope.main : scope.joins.find((join) => join.alias === alias));

export const tablePart = (model: ModelIr | undefined, name: string | undefined, host?: HostSpan): SqlPart =>
  (model ? identifier([...(model.schema === undefined ? [] : [model.schema]), model.table], host) : name === undefined ? hole('identifier', { text: 'table', names: [], origin: 'unknown' }) : identifier(name, host));

/** Columns that a property stands for: a column, the foreign key of a relation, an embedded path. */
export function columnsOf(source: EntitySource, property: string): readonly string[] | undefined {
  const column = source.model?.columns.find((candidate) => candidate.property === property)?.column;
  if (column !== undefined) return [column];
  const relation = source.model?.relations.find((candidate) => candidate.property === property);
  return relation && relation.columns.length > 0 ? relation.columns : undefined;
}

export function columnPart(scope: TypeormScope, source: EntitySource, property: string, host?: HostSpan): SqlPart {
  const column = columnsOf(source, property)?.[0] ?? property;
  return identifier(scope.qualified ? [source.alias, column] : [column], host);
}

/** Columns of an entity as TypeORM names them in the rows: `"u"."id" AS "u_id"`. */
export function entityColumns(source: EntitySource, only?: readonly string[]): readonly SqlPart[] {
  const columns = source.model?.columns.filter((column) => (only ? only.includes(column.property) : column.hidden !== true)) ?? [];
  if (columns.length === 0) return [hole('identifier', { text: `${source.name ?? source.alias}'s columns`, names: [], origin: 'unknown' })];
  return columns.map(({ column }) => concat(identifier([source.alias, column]), sql(' AS '), identifier(`${source.alias}_${column}`)));
}

/** `"u"."deletedAt" IS NULL` of an entity whose rows are deleted softly. */
export const notDeleted = (scope: TypeormScope, source: EntitySource, host?: HostSpan): SqlPart =>
  (source.model?.softDelete === undefined || scope.withDeleted ? nothing : concat(identifier([source.alias, source.model.softDelete], host), sql(' IS NULL', host)));

/**
 * Joins a relation of a table that is in the statement already.
 * @returns undefined where the columns that tie both are not known.
 */
export function joinRelation(scope: TypeormScope, parent: EntitySource, relation: RelationIr, alias: string, options: { readonly inner: boolean; readonly selected: boolean; readonly host?: HostSpan; readonly condition?: SqlPart }): JoinedSource | undefined {
  const { host } = options;
  const model = findEntity(relation.model, scope.host);
  const source: EntitySource = { alias, name: relation.model, model };
  const on = linkOf(scope, parent, relation, source, options.inner, host);
  if (!on) return undefined;
  const further = joinConditions([options.condition ?? nothing, notDeleted(scope, source, host)], 'AND');
  const joined: JoinedSource = { ...source, parent: parent.alias, inner: options.inner, selected: options.selected, part: concat(on, further.length > 0 ? concat(sql(' AND '), further) : nothing) };
  scope.joins.push(joined);
  return joined;
}

function linkOf(scope: TypeormScope, parent: EntitySource, relation: RelationIr, source: EntitySource, inner: boolean, host: HostSpan | undefined): SqlPart | undefined {
  if (!parent.model) return undefined;
  const kind = inner ? 'INNER JOIN ' : 'LEFT JOIN ';
  const equal = (left: readonly [string, string], right: readonly [string, string]): SqlPart => concat(identifier(left, host), sql(' = ', host), identifier(right, host));
  const table = concat(sql(kind, host), tablePart(source.model, source.name, host), sql(' '), identifier(source.alias, host), sql(' ON ', host));
  const inverse = inverseOf(relation, parent.model, { model: (name) => findEntity(name, scope.host) });
  const through = relation.through ?? inverse?.through;
  if (through) {
    const owning = relation.through !== undefined;
    const junction = owning ? `${parent.alias}_${source.alias}` : `${source.alias}_${parent.alias}`;
    const [own, other] = owning ? [through.columns, through.references] : [through.references, through.columns];
    const keyOf = (model: ModelIr | undefined): string => model?.primary?.[0] ?? 'id';
    if (own[0] === undefined || other[0] === undefined) return undefined;
    return concat(
      sql(kind, host), identifier([...(through.schema === undefined ? [] : [through.schema]), through.table], host), sql(' '), identifier(junction, host), sql(' ON ', host), equal([junction, own[0]], [parent.alias, keyOf(parent.model)]), sql(' '),
      table, equal([source.alias, keyOf(source.model)], [junction, other[0]]),
    );
  }
  const pairs = relationPairs(relation, parent.model, { model: (name) => findEntity(name, scope.host) });
  return pairs && concat(table, joinConditions(pairs.map(([own, other]) => equal([source.alias, other], [parent.alias, own])), 'AND'));
}

/** SQL text with `alias.property` and `:name`, `:...names` of TypeORM. Aliases of the statement become columns, parameters that are set become bound values. */
export function textPart(text: HostString, scope: TypeormScope): SqlPart {
  const parts: SqlPart[] = [];
  let at = 0;
  const put = (index: number, length: number, part: SqlPart): void => {
    parts.push(fragment(text, at, index), part);
    at = index + length;
  };
  for (const match of text.text.matchAll(/(?<![:\w"'.]):(\.\.\.)?([A-Za-z_]\w*)|(?<![\w".:'])([A-Za-z_]\w*)\.([A-Za-z_][\w.]*)(?![\w"(])|(?<![\w".:'$])([A-Za-z_]\w*)(?![\w".(:'])/g)) {
    const [whole, spread, parameter, alias, path, bare] = match;
    if (match.index < at || inHole(text, match.index)) continue;
    if (parameter !== undefined) {
      const value = scope.parameters.get(parameter);
      if (!value && !scope.open) continue;
      put(match.index, whole.length, value ? parameterPart(value, spread !== undefined, /\bi?like\s+$/i.test(text.text.slice(0, match.index)), scope) : spread === undefined ? bind({ text: parameter, names: [], origin: 'unknown' }) : hole('list', { text: parameter, names: [], origin: 'unknown' }));
      continue;
    }
    if (bare !== undefined) {
      // UPDATE and DELETE name the properties without an alias.
      const own = scope.qualified ? undefined : scope.main.model?.columns.find((column) => column.property === bare);
      if (own) put(match.index, whole.length, identifier(own.column, spanIn(text, match.index, whole.length)));
      continue;
    }
    const source = alias === undefined ? undefined : sourceOf(scope, alias);
    const columns = source && path !== undefined ? columnsOf(source, path) : undefined;
    if (source && columns?.length === 1 && columns[0] !== undefined) put(match.index, whole.length, identifier(scope.qualified ? [source.alias, columns[0]] : columns, spanIn(text, match.index, whole.length)));
    else if (source && /[A-Z]/.test(source.alias) && path !== undefined) put(match.index, whole.length, identifier([source.alias, path], spanIn(text, match.index, whole.length)));
  }
  return concat(...parts, fragment(text, at));
}

const inHole = (text: HostString, index: number): boolean => text.interpolations.some((interpolation) => interpolation.span.start <= index && index < interpolation.span.end);

/** Place of a piece of the text where it stands in one piece of the source. */
function spanIn(text: HostString, index: number, length: number): HostSpan | undefined {
  const segment = text.map.segments.find((candidate) => candidate.sql.start <= index && index + length <= candidate.sql.end);
  if (!segment || segment.uri !== undefined || segment.host.end - segment.host.start !== segment.sql.end - segment.sql.start) return segment?.host;
  const start = segment.host.start + (index - segment.sql.start);
  return { ...segment.host, start, end: start + length } as HostSpan;
}

function parameterPart(written: SyntaxNode, list: boolean, pattern: boolean, scope: TypeormScope): SqlPart {
  const node = unwrap(written);
  if (pattern) return patternPart(node, scope.host);
  if (!list) return valuePart(node, scope.host);
  if (node.type === 'array' && node.namedChildren.length > 0 && node.namedChildren.every((child) => child.type !== 'spread_element')) return node.namedChildren.filter((child) => child.type !== 'comment').map((child) => valuePart(child, scope.host)).reduce((all, part) => concat(all, sql(', '), part));
  return hole('list', bindOf(node, scope.host));
}

/** Text written in the code, or a hole for what builds it. */
export function sqlText(node: SyntaxNode, scope: TypeormScope): SqlPart {
  const text = scope.host.string(node);
  // What code puts into the text is SQL: a condition, a sub-query.
  return text ? concat(textPart(text, scope), text.interpolations.length > 0 ? incomplete : nothing) : hole('fragment', bindOf(node, scope.host));
}

/** The entity that an expression names: a class, an `EntitySchema`, `'users'`. */
export function entityNamed(node: SyntaxNode | undefined, context: HostContext): { readonly name: string; readonly model: ModelIr | undefined } | undefined {
  const inner = node && unwrap(node);
  const name = inner?.type === 'string' ? inner.text.slice(1, -1) : inner?.type === 'identifier' ? inner.text : inner?.type === 'member_expression' ? inner.childForFieldName('property')?.text : undefined;
  return name === undefined ? undefined : { name, model: findEntity(name, context) };
}

