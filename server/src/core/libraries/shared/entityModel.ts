import type { ColumnDefinition } from '../../catalog/changes';
import type { Constraint, ForeignKey, IndexKey } from '../../catalog/model';
import { makeObjectName } from '../../catalog/names';
import type { LibraryId, ModelIr, RelationIr } from '../../hosts/ir';
import { spanOf } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';

/** A column of a model declaration of JavaScript. */
export interface EntityColumn {
  readonly property: string;
  readonly definition: ColumnDefinition;
  readonly node: SyntaxNode;
  readonly primary: boolean;
  readonly unique: boolean;
  readonly hidden?: boolean;
}

/** A key or index, by columns of the table; an expression key stands as its SQL. */
export interface EntityKey {
  readonly columns: readonly (string | IndexKey)[];
  readonly unique: boolean;
  readonly name?: string;
  readonly predicate?: string;
  readonly method?: string;
}

/** What the readers of TypeORM, Sequelize, MikroORM and Objection find, before it becomes schema changes. */
export interface EntityDraft {
  readonly library: LibraryId;
  readonly name: string;
  readonly table: string;
  readonly schema?: string;
  readonly node: SyntaxNode;
  readonly columns: readonly EntityColumn[];
  readonly relations: readonly RelationIr[];
  readonly keys: readonly EntityKey[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Tables between models. */
  readonly junctions?: readonly { readonly schema?: string; readonly table: string; readonly columns: readonly ColumnDefinition[]; readonly foreignKeys: readonly ForeignKey[]; /** Each foreign key has an index of its own. */ readonly indexed?: boolean }[];
  readonly softDelete?: string;
  /** Columns or keys may be added by code that was not seen. */
  readonly open: boolean;
}

/** The declaration with the DDL that the ORM would make of it. */
export function entityModel(draft: EntityDraft): ModelIr {
  const table = { ...(draft.schema === undefined ? {} : { schema: draft.schema }), name: draft.table };
  const primary = draft.columns.filter((column) => column.primary).map((column) => column.definition.name);
  const constraints: Constraint[] = [
    ...(primary.length > 0 ? [{ type: 'primary' as const, columns: primary }] : []),
    ...draft.columns.flatMap(({ definition, unique, primary: own }) => (unique && !own ? [{ name: makeObjectName(draft.table, definition.name, 'key'), type: 'unique' as const, columns: [definition.name] }] : [])),
    ...draft.keys.flatMap((key): Constraint[] => (isConstraint(key) ? [{ name: key.name ?? makeObjectName(draft.table, key.columns.join('_'), 'key'), type: 'unique', columns: key.columns as readonly string[] }] : [])),
  ];
  const uniques = [...(primary.length > 0 ? [primary] : []), ...constraints.filter((constraint) => constraint.type === 'unique').map((constraint) => constraint.columns)];
  const properties = (columns: readonly string[]): readonly string[] => columns.map((name) => draft.columns.find((column) => column.definition.name === name)?.property ?? name);
  return {
    library: draft.library, name: draft.name, table: draft.table, ...(draft.schema === undefined ? {} : { schema: draft.schema }), span: spanOf(draft.node), relations: draft.relations,
    columns: draft.columns.map((column) => ({ property: column.property, column: column.definition.name, span: spanOf(column.node), ...(column.hidden ? { hidden: true } : {}) })),
    uniques: uniques.map((columns) => ({ name: properties(columns).join('_'), properties: properties(columns) })),
    primary,
    ...(draft.softDelete === undefined ? {} : { softDelete: draft.softDelete }),
    changes: [
      { type: 'create-table', table, ifNotExists: false, temporary: false, columns: draft.columns.map((column) => column.definition), constraints, foreignKeys: draft.foreignKeys, like: [], inherits: [] },
      ...draft.keys.flatMap((key) => (isConstraint(key) ? [] : [{ type: 'create-index' as const, table, index: indexOf(key, draft.table), ifNotExists: false, concurrently: false }])),
      ...(draft.junctions ?? []).flatMap((junction) => {
        const name = { ...(junction.schema === undefined ? {} : { schema: junction.schema }), name: junction.table };
        return [
          {
            type: 'create-table' as const, table: name, ifNotExists: true, temporary: false, columns: junction.columns,
            constraints: [{ type: 'primary' as const, columns: junction.columns.map((column) => column.name) }], foreignKeys: junction.foreignKeys, like: [], inherits: [],
          },
          ...(junction.indexed ? junction.foreignKeys : []).map((key) => ({ type: 'create-index' as const, table: name, index: indexOf({ columns: key.columns, unique: false }, junction.table), ifNotExists: true, concurrently: false })),
        ];
      }),
      ...(draft.open ? [{ type: 'uncertain' as const, table }] : []),
    ],
  };
}

const isConstraint = (key: EntityKey): boolean => key.unique && key.predicate === undefined && key.method === undefined && key.columns.every((column) => typeof column === 'string');

function indexOf(key: EntityKey, table: string) {
  const keys = key.columns.map((column): IndexKey => (typeof column === 'string' ? { column, descending: false, nullsFirst: false } : column));
  return {
    name: key.name ?? makeObjectName(table, keys.map((item) => item.column ?? 'expr').join('_'), 'idx'), method: key.method ?? 'btree', unique: key.unique, valid: true, keys, include: [],
    ...(key.predicate === undefined ? {} : { predicate: key.predicate }),
  };
}

const aliases: Readonly<Record<string, string>> = {
  int: 'integer', int2: 'smallint', int4: 'integer', int8: 'bigint', varchar: 'character varying', char: 'character', bool: 'boolean', float: 'double precision', float4: 'real', float8: 'double precision', decimal: 'numeric', double: 'double precision',
  timestamp: 'timestamp without time zone', timestamptz: 'timestamp with time zone', time: 'time without time zone', timetz: 'time with time zone', serial: 'integer', bigserial: 'bigint', datetime: 'timestamp without time zone',
};
const known = new Set(['integer', 'smallint', 'bigint', 'real', 'numeric', 'text', 'uuid', 'json', 'jsonb', 'date', 'boolean', 'bytea', 'interval', 'inet', 'cidr', 'macaddr', 'hstore', 'tsvector', 'citext', 'point', 'double precision', 'character varying', 'character', 'timestamp with time zone', 'timestamp without time zone', 'time with time zone', 'time without time zone', 'money', 'xml', 'int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange', 'vector']);

/** A type as `format_type` prints it, of the spellings that ORMs take (`varchar(20)`, `timestamptz`, `int[]`); `unknown` for others. */
export function canonicalType(written: string, length?: string): string {
  const [, base = '', size, array] = /^\s*([a-z_0-9 ]+?)\s*(\(\s*\d+(?:\s*,\s*\d+)?\s*\))?\s*(\[\])?\s*$/i.exec(written) ?? [];
  const name = base.toLowerCase();
  const type = aliases[name] ?? (known.has(name) ? name : undefined);
  if (type === undefined) return 'unknown';
  const sized = size?.replaceAll(/\s/g, '') ?? (length !== undefined && /^\d+$/.test(length) ? `(${length})` : '');
  const full = /^(timestamp|time) /.test(type) && sized !== '' ? type.replace(' ', `${sized} `) : /^(character|numeric|vector|character varying)/.test(type) ? `${type}${sized}` : type;
  return `${full}${array ?? ''}`;
}

/** Column pairs that tie a relation (own column, other column), from whichever side declares them; undefined where neither tells. */
export function relationPairs(relation: RelationIr, model: ModelIr, context: Pick<HostContext, 'model'>): readonly (readonly [string, string])[] | undefined {
  const pairs = (own: readonly string[], other: readonly string[]): readonly (readonly [string, string])[] | undefined => (own.length > 0 && own.length === other.length ? own.map((column, index) => [column, other[index] ?? ''] as const) : undefined);
  const direct = pairs(relation.columns, relation.references);
  if (direct) return direct;
  const back = inverseOf(relation, model, context);
  return back && pairs(back.references, back.columns);
}

/** The other side's relation. */
export function inverseOf(relation: RelationIr, model: ModelIr, context: Pick<HostContext, 'model'>): RelationIr | undefined {
  // A schema may be named by the variable that holds it.
  const isOwn = (name: string): boolean => name === model.name || context.model(name, model.library)?.name === model.name;
  const candidates = context.model(relation.model, model.library)?.relations.filter((candidate) => isOwn(candidate.model)) ?? [];
  const named = candidates.find((candidate) => candidate.property === relation.inverse) ?? candidates.find((candidate) => candidate.inverse === relation.property && (candidate.columns.length > 0 || candidate.through));
  if (named || model.library !== 'sequelize' || relation.through) return named;
  // `@HasMany(() => Post)` names no other side: the one foreign key that leads back, or that of the name it gives.
  const key = context.model(relation.model, model.library)?.columns.find((column) => column.property === relation.name || column.column === relation.name)?.column;
  const keyed = candidates.filter((candidate) => !candidate.many && candidate.columns.length === 1 && (relation.name === undefined || candidate.columns[0] === key));
  return keyed.length === 1 ? keyed[0] : undefined;
}
