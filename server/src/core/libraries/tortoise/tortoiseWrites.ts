import type { DjangoArgumentIr, DjangoQueryIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { bind, concat, hole, identifier, join, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere } from '../shared/sqlClauses';
import { sqlOf } from '../django/djangoExpressions';
import { keywordOf, positionalOf } from '../django/djangoRead';
import { assigned, insert, insertColumns, instanceStatement, tableOf, type Statement } from '../django/djangoWrites';
import { isToMany, isToOne, type DjangoWorld, type Model } from '../django/djangoWorld';
import { TortoiseQuery } from './tortoiseQuery';

export type { Statement };

const control = /^(using_db|defaults|batch_size|on_conflict|update_fields|ignore_conflicts|fields|\*\*)$/;
const written = { access: 'write', fetches: 'none' } as const;
const unseen = { text: 'objects', names: [], origin: 'unknown' } as const;

/** The statement of a method that writes, and of those that read first; undefined for one that only reads. */
export function writeStatement(ir: DjangoQueryIr, query: TortoiseQuery, world: DjangoWorld): Statement | undefined {
  const call = query.terminal;
  const { model } = query;
  const keywords = call?.args.filter((argument) => argument.name !== undefined) ?? [];
  const [first, second] = positionalOf(call?.args ?? []).map((argument) => argument.value);
  const implied = ir.root.kind === 'related' ? [{ name: ir.root.key, value: ir.root.value }] : [];
  const span = ir.anchor;
  switch (call?.name) {
    case 'create':
      return insert(model, world, assigned([...implied, ...keywords]), query, span);
    case 'get_or_create':
    case 'update_or_create': {
      const found = TortoiseQuery.of({ ...ir, calls: [...ir.calls.filter((other) => other !== call), { ...call, name: 'get', args: keywords.filter((argument) => !control.test(argument.name ?? '')) }] }, world);
      // The statement that is always sent: one call is one finding.
      return found && { part: found.select(), access: call.name === 'update_or_create' ? 'write' : 'read', fetches: 'one' };
    }
    case 'bulk_create': {
      const columns = insertColumns(model, world, new Set());
      const ignored = keywordOf(keywords, 'ignore_conflicts');
      return { part: concat(sql('INSERT INTO '), tableOf(model, span), sql(' ('), join(columns.map((field) => identifier(field.column)), ', '), sql(') '), hole('fragment', (first ?? keywordOf(keywords, 'objects'))?.bind ?? unseen), ignored?.kind === 'literal' && ignored.value === true ? sql(' ON CONFLICT DO NOTHING') : []), ...written };
    }
    case 'bulk_update': {
      const fields = second ?? keywordOf(keywords, 'fields');
      const columns = fields?.kind === 'list' ? fields.items.flatMap((item) => (item.kind === 'literal' ? model.fields.filter((field) => field.name === item.value) : [])) : [];
      const rows = (first ?? keywordOf(keywords, 'objects'))?.bind ?? unseen;
      const sets = columns.length > 0 ? join(columns.map((field) => concat(identifier(field.column), sql(' = '), bind({ ...unseen, text: field.name }))), ', ') : hole('assignment', rows);
      return { part: concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), sets, renderWhere([concat(identifier([model.table, world.pk(model).column]), sql(' = ANY('), bind(rows), sql(')'))])), ...written };
    }
    case 'update': {
      const sets = keywords.map((argument): SqlPart => {
        const field = model.fields.find((candidate) => candidate.name === argument.name || (isToOne(candidate) && `${candidate.name}_id` === argument.name));
        return field ? concat(identifier(field.column, argument.span), sql(' = '), sqlOf(argument.value, query)) : hole('assignment', argument.value.bind);
      });
      return { part: query.finish(concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), sets.length > 0 ? join(sets, ', ') : hole('assignment', unseen), filterOf(ir, query, world))), ...written };
    }
    case 'delete':
      return { part: query.finish(concat(sql('DELETE FROM '), tableOf(model, span), filterOf(ir, query, world))), ...written };
    default:
      return undefined;
  }
}

/** Over joined tables Tortoise writes a JOIN that PostgreSQL has not; told by key, which means the same. */
function filterOf(ir: DjangoQueryIr, query: TortoiseQuery, world: DjangoWorld): SqlPart {
  if (!query.joins.used) return renderWhere(query.where);
  const key = world.pk(query.model);
  const inner = TortoiseQuery.of({ ...ir, calls: [...ir.calls.filter((call) => call !== query.terminal), { name: 'values', args: [{ value: { kind: 'literal', value: key.name, bind: { ...unseen, text: key.name } } }] }] }, world);
  return inner ? renderWhere([concat(identifier([query.model.table, key.column]), sql(' IN ('), inner.select(), sql(')'))]) : renderWhere(query.where);
}

/** Rows that `fetch_related` loads: of the first relation it names. */
export function fetchRelated(model: Model, args: readonly DjangoArgumentIr[], row: DjangoValue, world: DjangoWorld, span: HostSpan): Statement | undefined {
  const first = positionalOf(args)[0]?.value;
  const name = first?.kind === 'literal' && typeof first.value === 'string' ? first.value.split('__')[0] ?? '' : undefined;
  const field = model.fields.find((candidate) => candidate.name === name);
  const reverse = world.reverse(model).find((entry) => entry.accessor === name);
  const target = field ? world.target(field) : reverse?.field.owner;
  if (name === undefined || !target) return undefined;
  const key = field && isToOne(field) ? world.pk(target).name : field ? world.reverse(target).find((entry) => entry.field === field)?.queryName : reverse?.field.name;
  const query = key === undefined ? undefined : TortoiseQuery.of({ root: { kind: 'related', model: `${target.app}.${target.name}`, key, value: row }, calls: [], complete: true, anchor: span }, world);
  return query && { part: query.select(), access: 'read', fetches: 'many' };
}

/**
 * The statement of `row.save()`, `row.delete()`, `row.refresh_from_db()`, or of `row.tags.add(…)` and the like.
 * @param made the row was built here: it is inserted.
 */
export function rowStatement(model: Model, method: string, relation: string | undefined, args: readonly DjangoArgumentIr[], row: DjangoValue, made: boolean, world: DjangoWorld, span: HostSpan): Statement | undefined {
  if (relation === undefined) {
    const statement = method === 'refresh_from_db' ? undefined : instanceStatement(model, method, args, row, made, world, span);
    if (statement || method !== 'refresh_from_db') return statement;
    const key = concat(identifier([model.table, world.pk(model).column]), sql(' = '), bind({ ...row.bind, text: `${row.bind.text}.pk` }));
    return { part: renderSelect({ columns: model.fields.filter((field) => !isToMany(field)).map((field) => identifier([model.table, field.column])), from: tableOf(model, span), where: [key], limit: { count: sql('2') } }), access: 'read', fetches: 'one' };
  }
  const own = model.fields.find((field) => field.name === relation && isToMany(field));
  const many = own ?? world.reverse(model).find((entry) => entry.accessor === relation && isToMany(entry.field))?.field;
  const through = many && world.through(many);
  if (!through) return undefined;
  const [near, far] = own ? [through.near, through.far] : [through.far, through.near];
  const table = identifier(through.schema === undefined ? [through.table] : [through.schema, through.table], span);
  const others = positionalOf(args)[0]?.value.bind ?? row.bind;
  const mine = concat(identifier([through.table, near]), sql(' = '), bind(row.bind));
  if (method === 'add') return { part: concat(sql('INSERT INTO '), table, sql(' ('), identifier(near), sql(', '), identifier(far), sql(') VALUES ('), bind(row.bind), sql(', '), bind(others), sql(') ON CONFLICT DO NOTHING')), ...written };
  return { part: concat(sql('DELETE FROM '), table, renderWhere(method === 'clear' ? [mine] : [mine, concat(identifier([through.table, far]), sql(' = '), bind(others))])), ...written };
}
