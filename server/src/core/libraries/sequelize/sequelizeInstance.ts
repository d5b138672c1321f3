import type { ModelIr, RelationIr } from '../../hosts/ir';
import type { LazyLoad } from '../../hosts/relationLoads';
import { spanOf } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { relationPairs } from '../shared/entityModel';
import { constantText, readObject } from '../shared/hostValues';
import { bind, concat, identifier, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderFind } from './sequelizeFind';
import { tablePart, type SequelizeScope } from './sequelizeScope';
import { assignments } from './sequelizeWrite';

export interface InstanceQuery {
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'none';
  readonly sql?: SqlPart;
  readonly model: ModelIr;
  /** The relation of the row alone, without options. */
  readonly lazy?: LazyLoad;
}

const writers = /^(save|update|destroy|restore|increment|decrement)$/;

/** What a method of a row sends; undefined for methods that send nothing. */
export function instanceQuery(method: string, object: SyntaxNode, args: readonly SyntaxNode[], model: ModelIr, context: HostContext, host: HostSpan): InstanceQuery | undefined {
  const key = model.primary?.[0] ?? 'id';
  const property = model.columns.find((column) => column.column === key)?.property ?? key;
  const row = (name: string): SqlPart => bind({ text: `${object.text}.${name}`, span: spanOf(object), names: [object.text], origin: 'local' });
  const where = concat(sql(' WHERE '), identifier(key, host), sql(' = '), row(property));
  if (writers.test(method)) {
    const base = { access: 'write', fetches: 'none', model } as const;
    if (method === 'update' && args[0]) return { ...base, sql: concat(sql('UPDATE '), tablePart(model, host), sql(' SET '), assignments(args[0], { host: context, main: { alias: model.name, model }, qualified: false }, true), where) };
    if (method === 'destroy') return { ...base, sql: model.softDelete === undefined ? concat(sql('DELETE FROM '), tablePart(model, host), where) : concat(sql('UPDATE '), tablePart(model, host), sql(' SET '), identifier(model.softDelete), sql(' = CURRENT_TIMESTAMP'), where) };
    return base;
  }
  const scope: SequelizeScope = { host: context, main: { alias: model.name, model }, qualified: true };
  if (method === 'reload') return { access: 'read', fetches: 'one', model, sql: renderFind('findByPk', { entries: [], open: false }, scope, host, { condition: concat(identifier([model.name, key]), sql(' = '), row(property)) }).part };
  return associationQuery(method, object, args, model, context, host, row);
}

const accessor = /^(get|count|has|add|set|create|remove)([A-Z]\w*)$|^\$(get|count|has|add|set|create|remove)$/;

/** `user.getPosts()`, `user.$get('posts')`, `user.createPost({…})`. */
function associationQuery(method: string, object: SyntaxNode, args: readonly SyntaxNode[], model: ModelIr, context: HostContext, host: HostSpan, row: (name: string) => SqlPart): InstanceQuery | undefined {
  const match = accessor.exec(method);
  const verb = match?.[1] ?? match?.[3];
  const named = match?.[2] ?? (args[0] ? constantText(args[0], context) : undefined);
  if (verb === undefined || named === undefined) return undefined;
  const relation = model.relations.find((candidate) => sameName(candidate, named));
  const target = relation && context.model(relation.model, 'sequelize');
  if (!relation || !target) return undefined;
  const read = /^(get|count|has)$/.test(verb);
  const load: LazyLoad = { owner: model.name, row: object.text, property: relation.property, many: relation.many, loaded: `${object.text}.${relation.property}` };
  const lazy = verb === 'get' && object.type === 'identifier' && args.length === (method.startsWith('$') ? 1 : 0) ? { lazy: load } : {};
  const base = { access: read ? 'read' : 'write', fetches: verb === 'get' ? (relation.many ? 'many' : 'one') : read ? 'one' : 'none', model: target, ...lazy } as const;
  const pair = relationPairs(relation, model, context)?.[0];
  if (verb !== 'get' && verb !== 'count') return base;
  if (!pair || relation.through) return base;
  const options = args[method.startsWith('$') ? 1 : 0];
  const alias = target.name;
  const scope: SequelizeScope = { host: context, main: { alias, model: target }, qualified: true };
  const [own, other] = pair;
  const property = model.columns.find((column) => column.column === own)?.property ?? own;
  const condition = concat(identifier([alias, other], host), sql(' = ', host), row(property));
  return { ...base, sql: renderFind(verb === 'count' ? 'count' : 'findAll', (options && readObject(options)) ?? { entries: [], open: options !== undefined }, scope, host, { condition }).part };
}

const sameName = (relation: RelationIr, name: string): boolean => {
  const bare = (text: string): string => text.toLowerCase().replace(/(ies|y|s)$/, '');
  return bare(relation.property) === bare(name) || relation.property.toLowerCase() === name.toLowerCase();
};
