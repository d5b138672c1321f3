import type { DjangoMigration, DjangoOperation, MigrationStep } from '../hosts/migrationIr';
import { quoteIdentifier } from '../sql/names';
import { addDeclared, addFieldObjects, alterField, createManyTable, createModelTable, indexSql, marked, retypeReferences, type Output } from './djangoFields';
import type { FieldState, ModelState, ModelWorld } from './djangoModels';
import { columnName, columnSql, columnType, isMany, manyTable, modelKey, newName, tableName, tableSql, targetKey } from './djangoModels';

type OperationOf<T extends DjangoOperation['type']> = Extract<DjangoOperation, { readonly type: T }>;
type Steps = MigrationStep[];

/** The SQL that Django makes of migrations, file by file, in the order given. `settings`: see `ModelWorld`. */
export function djangoSteps<T extends { readonly migration: DjangoMigration }>(files: readonly T[], settings: Readonly<Record<string, string>>): readonly (T & { readonly steps: readonly MigrationStep[] })[] {
  const world: ModelWorld = { models: new Map(), names: new Set(), settings };
  return files.map((file) => {
    const steps: Steps = [];
    for (const operation of file.migration.operations) apply(world, file.migration.app, operation, steps, true);
    return { ...file, steps };
  });
}

/** `runs` is false for operations on the state alone. */
function apply(world: ModelWorld, app: string, operation: DjangoOperation, steps: Steps, runs: boolean): void {
  const { span } = operation;
  const put = (step: Omit<MigrationStep, 'span'>): void => { if (runs) steps.push({ span, ...step }); };
  if (operation.type === 'sql') return put({ sql: operation.sql });
  if (operation.type === 'extension') return put({ sql: `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(operation.extension)}` });
  if (operation.type === 'separate') {
    const beside: ModelWorld = { ...world, models: new Map(world.models) };
    for (const inner of operation.database) apply(beside, app, inner, steps, runs);
    for (const inner of operation.state) apply(world, app, inner, steps, false);
    return;
  }
  const known = operation.model === undefined ? undefined : world.models.get(modelKey(app, operation.model));
  const quiet = known?.managed === false || (operation.type === 'create-model' && (!operation.options.managed || operation.options.proxy));
  const out: Output = { sql: (sql) => { if (!quiet) put({ sql }); }, mark: (table) => { if (!quiet) put(marked(table)); } };
  if (operation.type === 'create-model') return createModel(world, app, operation, out);
  if (operation.type === 'unknown') return known === undefined ? put({ tables: 'any' }) : out.mark(known.table);
  if (known === undefined) return put({ tables: 'any' });
  changeModel(world, known, operation, out);
}

function createModel(world: ModelWorld, app: string, { model: name, fields, options }: OperationOf<'create-model'>, out: Output): void {
  const key = modelKey(app, name);
  let model: ModelState = {
    app, name, table: options.table ?? `${app}_${name}`, named: options.table !== undefined, managed: options.managed && !options.proxy,
    fields: new Map(fields.map((field) => [field.name, { field }])), uniqueTogether: new Map(), indexTogether: new Map(), declared: new Map(),
  };
  world.models.set(key, model);
  model = { ...model, fields: createModelTable(world, model, fields, out) };
  world.models.set(key, model);
  for (const field of fields) if (isMany(field)) createManyTable(world, model, field, out);
  model = together(world, model, 'uniqueTogether', options.uniqueTogether, out);
  model = together(world, model, 'indexTogether', options.indexTogether, out);
  const declared = new Map([...options.indexes, ...options.constraints].map((index) => [index.name, addDeclared(model, index, out)]));
  if (options.unknown) out.mark(model.table);
  world.models.set(key, { ...model, declared });
}

type ModelChange = Exclude<DjangoOperation, { readonly type: 'create-model' | 'unknown' | 'sql' | 'extension' | 'separate' }>;

function changeModel(world: ModelWorld, model: ModelState, operation: ModelChange, out: Output): void {
  const key = modelKey(model.app, model.name);
  const keep = (changed: ModelState): void => { world.models.set(key, changed); };
  const withField = (name: string, state: FieldState): ModelState => ({ ...model, fields: new Map([...model.fields, [name, state]]) });
  const table = tableSql(model.table);
  switch (operation.type) {
    case 'delete-model': {
      for (const { field } of model.fields.values()) dropManyTable(world, model, field.name, out);
      out.sql(`DROP TABLE ${table} CASCADE`);
      world.models.delete(key);
      return;
    }
    case 'rename-model': return renameModel(world, model, operation.to, out);
    case 'alter-table': {
      const to = operation.table ?? modelKey(model.app, model.name).replace('.', '_');
      return keep(moveTable(world, model, { ...model, table: to, named: operation.table !== undefined }, out));
    }
    case 'add-field': {
      const { field } = operation;
      if (isMany(field)) {
        createManyTable(world, model, field, out);
        return keep(withField(field.name, { field }));
      }
      out.sql(`ALTER TABLE ${table} ADD COLUMN ${columnSql(world, model, field)}`);
      return keep(withField(field.name, addFieldObjects(world, model, field, out)));
    }
    case 'alter-field': {
      const old = model.fields.get(operation.field.name);
      if (old === undefined) return out.mark(model.table);
      const before = isMany(old.field) ? '' : columnType(world, model, old.field);
      const changed = withField(operation.field.name, { ...old, field: operation.field });
      const state = alterField(world, model, old, operation.field, out);
      keep({ ...changed, fields: new Map([...changed.fields, [operation.field.name, state]]) });
      const after = isMany(operation.field) ? '' : columnType(world, model, operation.field);
      if (before !== after && (operation.field.primary || operation.field.unique)) retypeReferences(world, key, operation.field, after, out);
      return;
    }
    case 'remove-field': {
      const state = model.fields.get(operation.field);
      if (state === undefined) return out.mark(model.table);
      if (isMany(state.field)) dropManyTable(world, model, operation.field, out);
      else out.sql(`ALTER TABLE ${table} DROP COLUMN ${quoteIdentifier(columnName(state.field))} CASCADE`);
      return keep({ ...model, fields: new Map([...model.fields].filter(([name]) => name !== operation.field)) });
    }
    case 'rename-field': return keep(renameField(world, model, operation, out));
    case 'alter-together': return keep(together(world, model, operation.option, operation.groups, out));
    case 'add-index': return keep({ ...model, declared: new Map([...model.declared, [operation.index.name, addDeclared(model, operation.index, operation.concurrently ? concurrently(out) : out)]]) });
    case 'add-constraint': return keep({ ...model, declared: new Map([...model.declared, [operation.constraint.name, addDeclared(model, operation.constraint, out, operation.notValid)]]) });
    case 'remove-index':
    case 'remove-constraint': {
      const kind = model.declared.get(operation.name) ?? (operation.type === 'remove-index' ? 'index' : 'constraint');
      if (kind === 'index' || kind === 'unknown') (operation.type === 'remove-index' && operation.concurrently ? concurrently(out) : out).sql(`DROP INDEX ${indexSql(model.table, operation.name)}`);
      if (kind === 'constraint' || kind === 'check' || kind === 'unknown') out.sql(`ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(operation.name)}`);
      return keep({ ...model, declared: new Map([...model.declared].filter(([name]) => name !== operation.name)) });
    }
    case 'rename-index': {
      const group = operation.fields?.join();
      const from = operation.name ?? model.indexTogether.get(group ?? '');
      if (from === undefined) return out.mark(model.table);
      out.sql(`ALTER INDEX ${indexSql(model.table, from)} RENAME TO ${quoteIdentifier(operation.to)}`);
      const indexTogether = new Map([...model.indexTogether].filter(([name]) => name !== group));
      return keep({ ...model, indexTogether, declared: new Map([...model.declared].filter(([name]) => name !== from).concat([[operation.to, 'index']])) });
    }
  }
}

/** The same with CONCURRENTLY. */
const concurrently = (out: Output): Output => ({ ...out, sql: (text) => out.sql(text.replace(/^(CREATE (?:UNIQUE )?INDEX|DROP INDEX) /, '$1 CONCURRENTLY ')) });

function dropManyTable(world: ModelWorld, model: ModelState, name: string, out: Output): void {
  const field = model.fields.get(name)?.field;
  const many = field && manyTable(world, model, field);
  if (many) out.sql(`DROP TABLE ${tableSql(many.table)} CASCADE`);
}

/** Renames a model's table, and those of its ManyToManyFields that are named after it. */
function moveTable(world: ModelWorld, from: ModelState, to: ModelState, out: Output): ModelState {
  if (from.table !== to.table) out.sql(`ALTER TABLE ${tableSql(from.table)} RENAME TO ${quoteIdentifier(tableName(to.table).name)}`);
  for (const { field } of from.fields.values()) {
    const [before, after] = [manyTable(world, from, field), manyTable(world, to, field)];
    if (before && after && before.table !== after.table) out.sql(`ALTER TABLE ${tableSql(before.table)} RENAME TO ${quoteIdentifier(tableName(after.table).name)}`);
  }
  return to;
}

function renameModel(world: ModelWorld, model: ModelState, to: string, out: Output): void {
  const [oldKey, newKey] = [modelKey(model.app, model.name), modelKey(model.app, to)];
  const pairs = [...world.models.values()].flatMap((owner) => [...owner.fields.values()].flatMap(({ field }) => {
    const many = manyTable(world, owner, field);
    return many !== undefined && (owner === model || many.target === oldKey) ? [{ owner, field, many }] : [];
  }));
  const renamed = moveTable(world, model, { ...model, name: to, table: model.named ? model.table : newKey.replace('.', '_') }, out);
  world.models.delete(oldKey);
  world.models.set(newKey, renamed);
  for (const [key, other] of world.models) {
    const follows = (field: FieldState['field']): FieldState['field'] => ({
      ...field,
      ...(field.target !== undefined && field.target !== 'self' && targetKey(world, key === newKey ? model : other, field.target) === oldKey ? { target: newKey } : {}),
      ...(field.through !== undefined && targetKey(world, other, field.through) === oldKey ? { through: newKey } : {}),
    });
    world.models.set(key, { ...other, fields: new Map([...other.fields].map(([name, state]) => [name, { ...state, field: follows(state.field) }])) });
  }
  for (const { owner, field, many } of pairs) {
    const now = world.models.get(owner === model ? newKey : modelKey(owner.app, owner.name));
    const after = now && manyTable(world, now, now.fields.get(field.name)?.field ?? field);
    many.columns.forEach((column, side) => {
      if (after && after.columns[side] !== column) out.sql(`ALTER TABLE ${tableSql(after.table)} RENAME COLUMN ${quoteIdentifier(column)} TO ${quoteIdentifier(after.columns[side] ?? column)}`);
    });
  }
}

function renameField(world: ModelWorld, model: ModelState, { field: from, to }: OperationOf<'rename-field'>, out: Output): ModelState {
  const old = model.fields.get(from);
  if (old === undefined) {
    out.mark(model.table);
    return model;
  }
  const field = { ...old.field, name: to };
  const [before, after] = [manyTable(world, model, old.field), manyTable(world, model, field)];
  if (before && after && before.table !== after.table) out.sql(`ALTER TABLE ${tableSql(before.table)} RENAME TO ${quoteIdentifier(tableName(after.table).name)}`);
  if (!isMany(field) && columnName(old.field) !== columnName(field)) out.sql(`ALTER TABLE ${tableSql(model.table)} RENAME COLUMN ${quoteIdentifier(columnName(old.field))} TO ${quoteIdentifier(columnName(field))}`);
  const groups = (known: ReadonlyMap<string, string>): ReadonlyMap<string, string> => new Map([...known].map(([group, name]) => [group.split(',').map((item) => (item === from ? to : item)).join(), name]));
  return { ...model, fields: new Map([...model.fields].map(([name, state]) => (name === from ? [to, { ...old, field }] : [name, state]))), uniqueTogether: groups(model.uniqueTogether), indexTogether: groups(model.indexTogether) };
}

/** `unique_together` and `index_together` as they are to be: what is no longer there goes, what is new comes. */
function together(world: ModelWorld, model: ModelState, option: 'uniqueTogether' | 'indexTogether', groups: readonly (readonly string[])[], out: Output): ModelState {
  const known = new Map(model[option]);
  const wanted = new Set(groups.map((group) => group.join()));
  const table = tableSql(model.table);
  for (const [group, name] of [...known]) {
    if (wanted.has(group)) continue;
    out.sql(option === 'uniqueTogether' ? `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(name)}` : `DROP INDEX ${indexSql(model.table, name)}`);
    known.delete(group);
  }
  for (const group of groups) {
    if (known.has(group.join())) continue;
    const fields = group.map((name) => model.fields.get(name)?.field);
    if (!fields.every((field) => field !== undefined)) {
      out.mark(model.table);
      continue;
    }
    const columns = fields.map(columnName);
    const name = newName(world, model.table, columns, option === 'uniqueTogether' ? 'uniq' : 'idx');
    const listed = `(${columns.map(quoteIdentifier).join(', ')})`;
    out.sql(option === 'uniqueTogether' ? `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(name)} UNIQUE ${listed}` : `CREATE INDEX ${quoteIdentifier(name)} ON ${table} ${listed}`);
    known.set(group.join(), name);
  }
  return { ...model, [option]: known };
}
