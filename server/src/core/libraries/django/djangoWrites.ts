import type { DjangoArgumentIr, DjangoCallIr, DjangoQueryIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { bind, concat, group, hole, identifier, incomplete, join, nothing, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, renderWhere } from '../shared/sqlClauses';
import { sqlOf, type ExpressionScope } from './djangoExpressions';
import { Query, concreteColumns, methodName } from './djangoQuery';
import { keywordOf, positionalOf } from './djangoRead';
import { autoFields } from './djangoTypes';
import { isToMany, type DjangoWorld, type Field, type Model } from './djangoWorld';

export const tableOf = (model: Model, span?: HostSpan): SqlPart => identifier(model.schema === undefined ? [model.table] : [model.schema, model.table], span);
/** A value that the library supplies. */
const supplied = (text: string): SqlPart => bind({ text, names: [], origin: 'unknown' });

export interface Statement {
  readonly part: SqlPart;
  readonly access: 'read' | 'write';
  readonly fetches: 'many' | 'one' | 'none';
}

/** The statements of a method that writes; undefined for one that does not. */
export function writeStatements(ir: DjangoQueryIr, query: Query, world: DjangoWorld): readonly Statement[] | undefined {
  const call = query.terminal;
  if (!call) return undefined;
  const { model } = query;
  const keywords = call.args.filter((argument) => argument.name !== undefined);
  const values = positionalOf(call.args).map((argument) => argument.value);
  const span = ir.anchor;
  switch (methodName(call.name)) {
    case 'create':
      return [insert(model, world, assigned([...implied(ir), ...keywords]), query, span)];
    case 'get_or_create':
    case 'update_or_create': {
      const defaults = keywordOf(keywords, 'defaults');
      const look = keywords.filter((argument) => !/^(defaults|create_defaults|\*\*)$/.test(argument.name ?? ''));
      const found = Query.of({ ...ir, calls: [...ir.calls.filter((other) => other !== call), { ...call, name: 'get', args: look }] }, world);
      const update = methodName(call.name) === 'update_or_create';
      // The statement that is always sent: one call is one finding.
      if (!update && found) return [{ part: found.select(), access: 'read', fetches: 'one' }];
      return [defaults ? { part: concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), hole('assignment', defaults.bind), renderWhere([keyIs(model, world, supplied('pk'))])), access: 'write', fetches: 'none' } : insert(model, world, assigned(look), query, span)];
    }
    case 'bulk_create': {
      const columns = insertColumns(model, world, new Set());
      const conflict = conflictOf(call, model, world);
      return [{ part: concat(sql('INSERT INTO '), tableOf(model, span), sql(' ('), join(columns.map((field) => identifier(field.column)), ', '), sql(') '), hole('fragment', values[0]?.bind ?? { text: 'objs', names: [], origin: 'unknown' }), conflict), access: 'write', fetches: 'none' }];
    }
    case 'bulk_update': {
      const names = (values[1] ?? keywordOf(call.args, 'fields'))?.kind === 'list' ? (values[1] ?? keywordOf(call.args, 'fields')) as Extract<DjangoValue, { kind: 'list' }> : undefined;
      const columns = names?.items.flatMap((item) => (item.kind === 'literal' ? model.fields.filter((field) => field.name === item.value) : [])) ?? [];
      const sets = columns.length > 0 ? join(columns.map((field) => concat(identifier(field.column), sql(' = '), supplied(field.name))), ', ') : hole('assignment', values[0]?.bind ?? { text: 'objs', names: [], origin: 'unknown' });
      return [{ part: concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), sets, renderWhere([concat(identifier([model.table, world.pk(model).column]), sql(' = ANY('), bind(values[0]?.bind ?? { text: 'objs', names: [], origin: 'unknown' }), sql(')'))])), access: 'write', fetches: 'none' }];
    }
    case 'update': {
      const sets = keywords.map((argument) => {
        const field = model.fields.find((candidate) => candidate.name === argument.name || candidate.column === argument.name);
        return argument.name === '**' || !field ? hole('assignment', argument.value.bind) : concat(identifier(field.column, argument.span), sql(' = '), sqlOf(argument.value, query));
      });
      return [{ part: complete(query, concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), sets.length > 0 ? join(sets, ', ') : hole('assignment', { text: call.name, names: [], origin: 'unknown' }), filterOf(ir, call, query, world))), access: 'write', fetches: 'none' }];
    }
    case 'delete':
      return [{ part: complete(query, concat(sql('DELETE FROM '), tableOf(model, span), filterOf(ir, call, query, world))), access: 'write', fetches: 'none' }];
    default:
      return undefined;
  }
}

const complete = (query: Query, part: SqlPart): SqlPart => (query.complete ? part : concat(part, incomplete));

/** The filter of an update or delete; over joined tables by key. */
function filterOf(ir: DjangoQueryIr, call: DjangoCallIr, query: Query, world: DjangoWorld): SqlPart {
  const { where, joined } = query.filters;
  if (!joined) return renderWhere(where);
  const inner = Query.of({ ...ir, calls: ir.calls.filter((other) => other !== call) }, world, { prefix: 'u' });
  const key = identifier([query.model.table, world.pk(query.model).column]);
  return inner ? renderWhere([concat(key, sql(' IN '), group(inner.select(true)))]) : renderWhere(where);
}

/** `order.items.create(…)` sets the order. */
const implied = ({ root }: DjangoQueryIr): readonly DjangoArgumentIr[] => (root.kind === 'related' ? [{ name: root.key, value: root.value }] : []);
export const assigned = (args: readonly DjangoArgumentIr[]): ReadonlyMap<string, DjangoArgumentIr> => new Map(args.flatMap((argument) => (argument.name === undefined || /^(\*\*|defaults|using|force_insert)$/.test(argument.name) ? [] : [[argument.name, argument]])));

/** Columns of the model's own table; a key that the database makes is left to it. */
export const insertColumns = (model: Model, world: DjangoWorld, given: ReadonlySet<string>): readonly Field[] => {
  const parents = new Set(concreteColumns(model, world).filter((field) => field.owner !== model));
  return model.fields.filter((field) => !isToMany(field) && !parents.has(field) && !(autoFields.has(field.type) && field.primary && !given.has(field.name) && !given.has('pk')));
};

/** @param query renders the values; undefined: they are the row's. */
export function insert(model: Model, world: DjangoWorld, given: ReadonlyMap<string, DjangoArgumentIr>, query: ExpressionScope | undefined, span: HostSpan | undefined): Statement {
  const columns = insertColumns(model, world, new Set(given.keys()));
  const cells = columns.map((field) => {
    const argument = given.get(field.name) ?? given.get(field.column) ?? (field.primary ? given.get('pk') : undefined);
    return argument ? (query ? sqlOf(argument.value, query) : bind(argument.value.bind)) : supplied(field.name);
  });
  const key = world.pk(model);
  return {
    part: concat(sql('INSERT INTO '), tableOf(model, span), sql(' ('), join(columns.map((field) => identifier(field.column, given.get(field.name)?.span)), ', '), sql(') VALUES ('), join(cells, ', '), sql(')'), autoFields.has(key.type) ? concat(sql(' RETURNING '), identifier([model.table, key.column])) : nothing),
    access: 'write', fetches: 'none',
  };
}

export const keyIs = (model: Model, world: DjangoWorld, value: SqlPart): SqlPart => concat(identifier([model.table, world.pk(model).column]), sql(' = '), value);

function conflictOf(call: DjangoCallIr, model: Model, world: DjangoWorld): SqlPart {
  const on = (name: string): boolean => {
    const value = keywordOf(call.args, name);
    return value?.kind === 'literal' && value.value === true;
  };
  const fields = (name: string): readonly Field[] => {
    const value = keywordOf(call.args, name);
    return value?.kind === 'list' ? value.items.flatMap((item) => (item.kind === 'literal' ? (item.value === 'pk' ? [world.pk(model)] : model.fields.filter((field) => field.name === item.value)) : [])) : [];
  };
  if (on('ignore_conflicts')) return sql(' ON CONFLICT DO NOTHING', call.span);
  const [unique, updated] = [fields('unique_fields'), fields('update_fields')];
  if (!on('update_conflicts') || unique.length === 0 || updated.length === 0) return nothing;
  return concat(sql(' ON CONFLICT (', call.span), join(unique.map((field) => identifier(field.column)), ', '), sql(') DO UPDATE SET '), join(updated.map((field) => concat(identifier(field.column), sql(' = EXCLUDED.'), identifier(field.column))), ', '));
}

/**
 * The statement of `row.save()`, `row.delete()` or `row.refresh_from_db()`.
 * @param made the row was built here (`Order(…)`): it is inserted.
 */
export function instanceStatement(model: Model, method: string, args: readonly DjangoArgumentIr[], row: DjangoValue, made: boolean, world: DjangoWorld, span: HostSpan): Statement | undefined {
  const key = keyIs(model, world, bind({ ...row.bind, text: `${row.bind.text}.pk` }));
  switch (method) {
    case 'save': {
      const only = keywordOf(args, 'update_fields');
      if (only?.kind === 'bind') return { part: concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), hole('assignment', only.bind), renderWhere([key])), access: 'write', fetches: 'none' };
      const names = only?.kind === 'list' ? only.items.flatMap((item) => (item.kind === 'literal' ? [String(item.value)] : [])) : undefined;
      if (made && !names) return insert(model, world, new Map(), undefined, span);
      const columns = model.fields.filter((field) => !field.primary && !isToMany(field) && (!names || names.includes(field.name)));
      if (columns.length === 0) return undefined;
      return { part: concat(sql('UPDATE '), tableOf(model, span), sql(' SET '), join(columns.map((field) => concat(identifier(field.column), sql(' = '), bind({ ...row.bind, span: undefined, text: `${row.bind.text}.${field.name}` }))), ', '), renderWhere([key])), access: 'write', fetches: 'none' };
    }
    case 'delete':
      return { part: concat(sql('DELETE FROM '), tableOf(model, span), renderWhere([key])), access: 'write', fetches: 'none' };
    case 'refresh_from_db':
      return { part: renderSelect({ columns: concreteColumns(model, world).map((field) => identifier([field.owner.table, field.column])), from: tableOf(model, span), where: [key], limit: { count: sql('21') } }), access: 'read', fetches: 'one' };
    default:
      return undefined;
  }
}

/** `order.tags.add(a, b)`, `.remove(…)`, `.set(…)`, `.clear()` on the table of pairs or on the other side's key. */
export function relationStatement(query: Query, method: string, args: readonly DjangoArgumentIr[], value: DjangoValue, key: string, world: DjangoWorld, span: HostSpan): Statement | undefined {
  const field = query.model.fields.find((candidate) => candidate.name === key) ?? world.reverse(query.model).find((entry) => entry.queryName === key)?.field;
  const others = positionalOf(args)[0]?.value.bind ?? value.bind;
  if (!field) return undefined;
  if (!isToMany(field)) {
    const table = tableOf(query.model, span);
    const link = concat(identifier(field.column), sql(' = '), method === 'remove' || method === 'clear' ? sql('NULL') : bind(value.bind));
    const own = concat(identifier([query.model.table, field.column]), sql(' = '), bind(value.bind));
    const rows = concat(identifier([query.model.table, world.pk(query.model).column]), sql(' = ANY('), bind(others), sql(')'));
    return { part: concat(sql('UPDATE '), table, sql(' SET '), link, renderWhere(method === 'clear' ? [own] : method === 'remove' ? [own, rows] : [rows])), access: 'write', fetches: 'none' };
  }
  const through = world.through(field);
  if (!through) return undefined;
  const [near, far] = field.owner === query.model ? [through.far, through.near] : [through.near, through.far];
  const table = identifier(through.schema === undefined ? [through.table] : [through.schema, through.table], span);
  const own = concat(identifier([through.table, near]), sql(' = '), bind(value.bind));
  if (method === 'add' || method === 'set') return { part: concat(sql('INSERT INTO '), table, sql(' ('), identifier(near), sql(', '), identifier(far), sql(') VALUES ('), bind(value.bind), sql(', '), bind(others), sql(') ON CONFLICT DO NOTHING')), access: 'write', fetches: 'none' };
  return { part: concat(sql('DELETE FROM '), table, renderWhere(method === 'clear' ? [own] : [own, concat(identifier([through.table, far]), sql(' = ANY('), bind(others), sql(')'))])), access: 'write', fetches: 'none' };
}
