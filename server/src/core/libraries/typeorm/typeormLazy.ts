import type { ModelIr } from '../../hosts/ir';
import { callParts, spanOf } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, SiteDraft } from '../adapter';
import { inverseOf } from '../shared/entityModel';
import { rowSource } from '../shared/rowSource';
import { bind, buildSql, concat, identifier, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect } from '../shared/sqlClauses';
import { findEntity } from './typeormNaming';
import { activeRecord, typeormReceiver } from './typeormReceiver';
import { createScope, entityColumns, entityNamed, notDeleted, tablePart } from './typeormScope';

/** `order.customer` where `customer` is declared as a promise: reading it sends the query, once per row. */
export function lazyRead(member: SyntaxNode, context: HostContext): SiteDraft | undefined {
  const row = member.childForFieldName('object');
  const property = member.childForFieldName('property')?.text;
  if (!row || property === undefined || row.type !== 'identifier') return undefined;
  const found = rowEntity(row, context);
  const relation = found?.model.relations.find((candidate) => candidate.property === property);
  if (!found || !relation?.lazy || relation.eager) return undefined;
  const { model } = found;
  const target = findEntity(relation.model, context);
  const draft: SiteDraft = {
    library: 'typeorm', confidence: 'typed', span: context.span(member), anchor: context.span(member), map: { segments: [] }, access: 'read', fetches: relation.many ? 'many' : 'one',
    // The relation may have come with a row that was handed in.
    executes: found.sent ? 'yes' : 'unknown', binds: [], conditional: [], complete: false, chain: [], eager: [], ...(target ? { model: target.name } : {}),
    lazy: { owner: model.name, row: row.text, property, many: relation.many, once: true },
  };
  const part = target && !target.relations.some((other) => other.eager) ? render(row, property, model, target, context, draft) : undefined;
  if (!part) return draft;
  const built = buildSql(part);
  return { ...draft, source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete };
}

/** As TypeORM's `RelationLoader` writes it: one row through a join with its own, many by their foreign key. */
function render(row: SyntaxNode, property: string, model: ModelIr, target: ModelIr, context: HostContext, { anchor }: SiteDraft): SqlPart | undefined {
  const relation = model.relations.find((candidate) => candidate.property === property);
  const key = model.columns.find((column) => column.column === model.primary?.[0]);
  if (!relation || relation.through || !key || model.primary?.length !== 1) return undefined;
  const value = bind({ text: `${row.text}.${key.property}`, span: spanOf(row), names: [row.text], origin: 'local' });
  const source = { alias: property, name: target.name, model: target };
  const scope = createScope(context, source);
  const columns = entityColumns(source);
  const from = concat(tablePart(target, target.name, anchor), sql(' '), identifier(property));
  const alive = notDeleted(scope, source);
  const within = (name: SqlPart): SqlPart => concat(name, sql(' IN (', anchor), value, sql(')', anchor));
  if (relation.columns.length === 0) {
    const back = inverseOf(relation, model, { model: (name) => findEntity(name, context) });
    const [column] = back?.columns ?? [];
    if (back?.columns.length !== 1 || column === undefined || back.references[0] !== model.primary[0]) return undefined;
    return renderSelect({ columns, from, where: [within(identifier([property, column], anchor)), alive] });
  }
  const [own, other] = [relation.columns[0], relation.references[0]];
  if (relation.columns.length !== 1 || own === undefined || other === undefined) return undefined;
  const on = concat(sql('INNER JOIN '), tablePart(model, model.name, anchor), sql(' '), identifier(model.name), sql(' ON '), identifier([model.name, own]), sql(' = '), identifier([property, other]));
  return renderSelect({ columns, from, joins: [on], where: [within(identifier([model.name, key.column], anchor)), alive] });
}

/** Entity of a row. `sent`: the query that gave it stands in this file. */
function rowEntity(row: SyntaxNode, context: HostContext): { readonly model: ModelIr; readonly sent: boolean } | undefined {
  const source = rowSource(row, context);
  if (!source) return undefined;
  const name = source.kind === 'type' ? /^\w+$/.exec(source.type.trim())?.[0] : resultEntity(source.call, source.many, source.path, context);
  const model = name === undefined ? undefined : findEntity(name, context);
  return model && { model, sent: source.kind === 'call' };
}

function resultEntity(call: SyntaxNode, many: boolean, path: readonly string[], context: HostContext): string | undefined {
  const parts = callParts(call);
  const method = parts?.callee.childForFieldName('property')?.text ?? '';
  const object = parts?.callee.childForFieldName('object');
  if (!parts || !object) return undefined;
  const counted = /^(findAndCount(By)?|getManyAndCount)$/.test(method);
  if (path.join() !== (counted ? '0' : '')) return undefined;
  if (method === (many ? 'getMany' : 'getOne') || method === 'getOneOrFail' || method === 'getManyAndCount') return builderEntity(call, context);
  if (!(many ? /^find(By|ByIds|AndCount|AndCountBy)?$/ : /^findOne(By|OrFail|ByOrFail|ById)?$/).test(method)) return undefined;
  const receiver = typeormReceiver(object, context);
  if (receiver?.kind === 'manager') return entityNamed(parts.args[0], context)?.name;
  return receiver ? receiver.entity : activeRecord(object, context);
}

function builderEntity(call: SyntaxNode, context: HostContext): string | undefined {
  const start = context.chain(call)?.calls.find((link) => link.name === 'createQueryBuilder');
  const object = start && callParts(start.node)?.callee.childForFieldName('object');
  const receiver = object ? typeormReceiver(object, context) : undefined;
  return receiver?.kind === 'repository' ? receiver.entity : receiver && start?.argNodes[0] ? entityNamed(start.argNodes[0], context)?.name : undefined;
}
