import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { inverseOf, relationPairs } from '../shared/entityModel';
import { concat, hole, identifier, joinConditions, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { findEntity } from './mikroNaming';

/** One table of a statement. */
export interface MikroSource {
  readonly alias: string;
  readonly model: ModelIr | undefined;
}

export interface MikroJoin extends MikroSource {
  readonly parent: string;
  readonly property: string;
  readonly inner: boolean;
  /** One row of the parent may meet several here. */
  readonly many: boolean;
  readonly part: SqlPart;
  /** Its columns are among the rows. */
  loaded: boolean;
}

/** What the parts of one statement share. */
export interface MikroScope {
  readonly host: HostContext;
  readonly main: MikroSource;
  readonly joins: MikroJoin[];
  /** False in UPDATE and DELETE, whose columns are not qualified. */
  readonly qualified: boolean;
}

export const createScope = (host: HostContext, model: ModelIr | undefined, alias?: string): MikroScope => ({ host, main: { alias: alias ?? `${letterOf(model?.name)}0`, model }, joins: [], qualified: true });

const letterOf = (name: string | undefined): string => (name ?? 'e').charAt(0).toLowerCase();

export const tablePart = (model: ModelIr | undefined, host?: HostSpan): SqlPart =>
  (model ? identifier([...(model.schema === undefined ? [] : [model.schema]), model.table], host) : hole('identifier', { text: 'table', names: [], origin: 'unknown' }));

/** Columns that a property stands for: a column, the foreign key of a relation, an embedded path. */
export function columnsOf(source: MikroSource, property: string): readonly string[] | undefined {
  const column = source.model?.columns.find((candidate) => candidate.property === property)?.column;
  if (column !== undefined) return [column];
  const relation = relationOf(source, property);
  if (relation && relation.columns.length > 0) return relation.columns;
  // A column may be named as the database names it.
  return source.model?.columns.some((candidate) => candidate.column === property) ? [property] : undefined;
}

export const relationOf = (source: MikroSource, property: string): RelationIr | undefined => source.model?.relations.find((candidate) => candidate.property === property);

export const columnPart = (scope: MikroScope, source: MikroSource, property: string, host?: HostSpan): SqlPart => {
  const column = columnsOf(source, property)?.[0] ?? property;
  return identifier(scope.qualified ? [source.alias, column] : [column], host);
};

export const primaryColumn = (source: MikroSource): string => source.model?.primary?.[0] ?? 'id';

export function entityColumns(source: MikroSource, only?: readonly string[]): readonly SqlPart[] {
  const columns = source.model?.columns.filter((column) => (only ? only.some((name) => column.property === name || column.property.startsWith(`${name}.`)) : column.hidden !== true)) ?? [];
  return columns.length === 0 ? [identifier([source.alias, '*'])] : columns.map(({ column }) => identifier([source.alias, column]));
}

/** `u0.deleted_at IS NULL`, where a filter that is on by default says so. */
export const notDeleted = (source: MikroSource, scope: MikroScope, host?: HostSpan): SqlPart =>
  (source.model?.softDelete === undefined ? nothing : concat(identifier(scope.qualified ? [source.alias, source.model.softDelete] : source.model.softDelete, host), sql(' IS NULL', host)));

export interface JoinOptions {
  readonly inner: boolean;
  readonly loaded: boolean;
  readonly alias?: string;
  readonly host?: HostSpan;
  readonly condition?: (joined: MikroSource) => SqlPart;
}

/**
 * Joins a relation, or finds it joined already.
 * @returns undefined where the columns that tie both are not known.
 */
export function joinRelation(scope: MikroScope, parent: MikroSource, relation: RelationIr, options: JoinOptions): MikroJoin | undefined {
  const known = options.alias === undefined ? scope.joins.find((join) => join.parent === parent.alias && join.property === relation.property) : undefined;
  if (known) {
    known.loaded ||= options.loaded;
    return known;
  }
  const model = findEntity(relation.model, scope.host);
  if (!parent.model || !model) return undefined;
  const alias = options.alias ?? `${letterOf(relation.property)}${scope.joins.length + 1}`;
  const source = { alias, model };
  const on = linkOf(scope, parent, parent.model, relation, source, options);
  if (!on) return undefined;
  const further = options.condition?.(source) ?? nothing;
  const joined: MikroJoin = { ...source, parent: parent.alias, property: relation.property, inner: options.inner, many: relation.many, loaded: options.loaded, part: concat(on, further.length > 0 ? concat(sql(' AND '), further) : nothing) };
  scope.joins.push(joined);
  return joined;
}

function linkOf(scope: MikroScope, parent: MikroSource, model: ModelIr, relation: RelationIr, source: { readonly alias: string; readonly model: ModelIr }, { inner, host }: JoinOptions): SqlPart | undefined {
  const kind = inner ? 'INNER JOIN ' : 'LEFT JOIN ';
  const lookup = { model: (name: string) => findEntity(name, scope.host) };
  const equal = (left: readonly [string, string], right: readonly [string, string]): SqlPart => concat(identifier(left, host), sql(' = ', host), identifier(right, host));
  const table = concat(sql(kind, host), tablePart(source.model, host), sql(' '), identifier(source.alias, host), sql(' ON ', host));
  const through = relation.through ?? inverseOf(relation, model, lookup)?.through;
  if (!through) {
    const pairs = relationPairs(relation, model, lookup);
    return pairs && concat(table, joinConditions(pairs.map(([own, other]) => equal([parent.alias, own], [source.alias, other])), 'AND'));
  }
  const junction = `${source.alias}_${parent.alias}`;
  const [own, other] = relation.through ? [through.columns, through.references] : [through.references, through.columns];
  if (own[0] === undefined || other[0] === undefined) return undefined;
  return concat(
    sql(kind, host), identifier(through.table, host), sql(' '), identifier(junction, host), sql(' ON ', host), equal([parent.alias, primaryColumn(parent)], [junction, own[0]]), sql(' '),
    table, equal([junction, other[0]], [source.alias, primaryColumn(source)]),
  );
}

/** How a condition joins a relation: what cannot be missing with INNER JOIN, below what is joined so itself. */
export function innerJoined(scope: MikroScope, parent: MikroSource, relation: RelationIr): boolean {
  const above = scope.joins.find((join) => join.alias === parent.alias);
  return !relation.many && relation.required === true && (above?.inner ?? true);
}
