import type { DjangoArgumentIr, DjangoClassIr, DjangoMethodIr, DjangoModelField } from '../../hosts/djangoIr';
import type { ModelIr } from '../../hosts/ir';
import type { ModelIndex } from '../../hosts/models';
import { djangoConventions, type Conventions } from './djangoConventions';
import { autoFields, fieldType } from './djangoTypes';

/** A field as queries see it. */
export interface Field {
  readonly name: string;
  readonly column: string;
  /** Class: `CharField`, `ForeignKey`. */
  readonly type: string;
  readonly null: boolean;
  readonly unique: boolean;
  readonly primary: boolean;
  readonly source: DjangoModelField;
  /** The model whose table has the column. */
  readonly owner: Model;
}

export interface Model {
  readonly name: string;
  readonly app: string;
  readonly table: string;
  readonly schema?: string;
  readonly ir: ModelIr;
  /** Of its own table, in Django's order. */
  readonly fields: readonly Field[];
  /** Models whose rows are part of this one's (multi-table inheritance), with the field that leads there. */
  readonly parents: readonly { readonly model: Model; readonly link: Field }[];
  readonly managed: boolean;
  readonly ordering: readonly DjangoArgumentIr[];
  readonly latestBy?: readonly string[];
  readonly managers: readonly { readonly name: string; readonly classes: readonly string[] }[];
  /** False: a base class is not known, so there may be more columns. */
  readonly complete: boolean;
}

/** The other side of a relation: `items` of an order. */
export interface Reverse {
  readonly accessor: string;
  readonly queryName: string;
  readonly field: Field;
  readonly many: boolean;
}

/** How a ManyToManyField keeps its pairs. */
export interface Through {
  readonly table: string;
  readonly schema?: string;
  /** Column that points to the field's own model, and the one that points to its target. */
  readonly near: string;
  readonly far: string;
}

/** Every model known, with what ties them together. */
export interface DjangoWorld {
  readonly conventions: Conventions;
  /** @param module where the name was imported from, or the app's label. Undefined where several fit. */
  model(name: string, module?: string): Model | undefined;
  models(): readonly Model[];
  reverse(model: Model): readonly Reverse[];
  target(field: Field): Model | undefined;
  through(field: Field): Through | undefined;
  /** Methods of a manager or queryset class, those of its bases too; `undefined` names are classes that are not known. */
  method(classes: readonly string[], name: string): DjangoMethodIr | 'unknown' | undefined;
  pk(model: Model): Field;
  /** The name by which the index of models knows it: with its app where several apps have one. */
  label(model: Model): string;
  setting(name: string): string | undefined;
  userModel(): Model | undefined;
}

const isMany = (field: Pick<Field, 'type'>): boolean => field.type === 'ManyToManyField';
export const isToOne = (field: Pick<Field, 'type'>): boolean => field.type === 'ForeignKey' || field.type === 'OneToOneField';
export const isToMany = isMany;
/** The table's name where `db_table` names a schema too. */
const split = (table: string): { readonly table: string; readonly schema?: string } => {
  const [schema, name] = table.replaceAll(/^"|"$/g, '').split('"."');
  return name === undefined ? { table: schema ?? table } : { table: name, schema };
};

export function createWorld(irs: Iterable<ModelIr>, conventions: Conventions = djangoConventions): DjangoWorld {
  const { library, bases: builtinBases, models: builtinModels } = conventions;
  const classes = new Map<string, ModelIr[]>();
  const settings: Record<string, string> = {};
  const labels = new Map<string, string>();
  const autos = new Map<string, string>();
  for (const ir of new Set(irs)) {
    const { django } = ir;
    if (!django || ir.library !== library) continue;
    if (django.kind === 'settings') {
      for (const [name, value] of Object.entries(django.settings ?? {})) {
        if (name === 'label') labels.set(django.app, value);
        else if (name === 'app_auto_field') autos.set(django.app, value);
        else settings[name] ??= value;
      }
    } else {
      const same = classes.get(ir.name) ?? [];
      const at = same.findIndex((other) => other.django?.app === django.app);
      if (at >= 0) same[at] = ir;
      else same.push(ir);
      classes.set(ir.name, same);
    }
  }
  for (const [name, django] of Object.entries(builtinModels)) {
    if (!classes.has(name)) classes.set(name, [{ library, name, table: '', span: django.fields[0]!.span, columns: [], relations: [], changes: [], django }]);
  }

  const find = (name: string, near?: string): ModelIr | undefined => {
    const [app, bare] = name.includes('.') ? [name.split('.')[0], name.split('.').at(-1) ?? ''] : [undefined, name];
    const found = classes.get(bare) ?? [];
    const labelOf = (ir: ModelIr): string => labels.get(ir.django?.app ?? '') ?? ir.django?.app ?? '';
    if (app !== undefined) return found.find((ir) => labelOf(ir) === app || ir.django?.app === app) ?? (found.length === 1 ? found[0] : undefined);
    if (found.length < 2) return found[0];
    const steps = near?.split(/[./]/) ?? [];
    const fitting = found.filter((ir) => steps.includes(ir.django?.app ?? ''));
    return fitting.length === 1 ? fitting[0] : undefined;
  };

  interface Inherited { fields: { field: DjangoModelField; from: DjangoClassIr }[]; parents: ModelIr[]; meta?: DjangoClassIr['options']; managers: DjangoClassIr['managers'][number][]; isModel: boolean; complete: boolean }
  const inherit = (django: DjangoClassIr, depth: number): Inherited => {
    const own: Inherited = { fields: [], parents: [], managers: [...django.managers], isModel: false, complete: true };
    for (const base of depth > 10 ? [] : django.bases) {
      const ir = find(base, django.app);
      const known = ir?.django?.kind === 'model' && ir.django !== django && (Object.hasOwn(builtinModels, base) ? base !== 'User' : true) ? ir.django : undefined;
      if (known && !known.abstract && conventions.linksParents && inherit(known, depth + 1).isModel) {
        own.parents.push(ir!);
        own.isModel = true;
        const from = inherit(known, depth + 1);
        own.meta ??= known.options && { ...known.options, table: undefined } as DjangoClassIr['options'];
        own.managers.push(...(from.managers.length > 0 && django.options?.proxy ? from.managers : []));
      } else if (known) {
        const from = inherit(known, depth + 1);
        own.fields.push(...from.fields);
        own.parents.push(...from.parents);
        own.managers.push(...from.managers.filter((manager) => own.managers.every((other) => other.name !== manager.name)));
        own.isModel ||= from.isModel;
        own.complete &&= from.complete;
        own.meta ??= known.options ?? from.meta;
      } else if (Object.hasOwn(builtinBases, base)) {
        own.isModel = true;
        own.fields.push(...(builtinBases[base] ?? []).map((field) => ({ field, from: django })));
      } else if (/Model$/.test(base) || (/Mixin$|^Abstract|^Base/.test(base) && django.fields.length > 0)) {
        own.isModel ||= /Model$|^Abstract/.test(base);
        own.complete = false;
      }
    }
    const names = new Set(django.fields.map((field) => field.name));
    own.fields = [...own.fields.filter(({ field }) => !names.has(field.name)), ...django.fields.map((field) => ({ field, from: django }))];
    return own;
  };

  const built = new Map<ModelIr, Model | undefined>();
  const build = (ir: ModelIr): Model | undefined => {
    if (built.has(ir)) return built.get(ir);
    built.set(ir, undefined);
    const django = ir.django;
    if (django?.kind !== 'model' || django.abstract) return undefined;
    const from = inherit(django, 0);
    if (!from.isModel) return undefined;
    const { options } = django;
    const app = labels.get(django.app) ?? django.app;
    const parents = from.parents.flatMap((parent) => build(parent) ?? []);
    const proxied = options?.proxy ? parents[0] : undefined;
    const meta = options?.ordering ?? (options && !options.inherits && parents.length === 0 ? undefined : from.meta?.ordering);
    const named = split(options?.table ?? conventions.table(app, ir.name));
    const fields: Field[] = [];
    const model: Model = {
      name: ir.name, app, ...(proxied ? { table: proxied.table, ...(proxied.schema === undefined ? {} : { schema: proxied.schema }) } : named), ir, fields: proxied ? proxied.fields : fields, parents: [],
      managed: (options?.managed ?? true) && !options?.proxy, ordering: meta ?? [], ...(options?.latestBy ?? from.meta?.latestBy ? { latestBy: options?.latestBy ?? from.meta?.latestBy } : {}),
      managers: from.managers, complete: from.complete && parents.every((parent) => parent.complete) && !options?.unknown,
    };
    built.set(ir, model);
    if (proxied) return model;
    const links = model.parents as { model: Model; link: Field }[];
    const add = (source: DjangoModelField): Field => {
      const field: Field = { name: source.name, column: source.column ?? (isToOne(source) ? `${source.name}_id` : source.name), type: source.type, null: source.null, unique: source.unique || source.primary || source.type === 'OneToOneField', primary: source.primary, source, owner: model };
      fields.push(field);
      return field;
    };
    for (const parent of parents) {
      const given = from.fields.find(({ field }) => field.type === 'OneToOneField' && field.to?.split('.').at(-1) === parent.name)?.field;
      const link = given ?? { name: `${parent.name.toLowerCase()}_ptr`, type: 'OneToOneField', to: `${parent.app}.${parent.name}`, null: false, unique: false, primary: true, span: ir.span };
      links.push({ model: parent, link: add({ ...link, primary: true }) });
    }
    const own = from.fields.filter(({ field }) => !fields.some((other) => other.name === field.name));
    const auto = autos.get(django.app) ?? settings['DEFAULT_AUTO_FIELD'];
    if (parents.length === 0 && own.every(({ field }) => !field.primary)) add({ name: 'id', type: auto?.split('.').at(-1) ?? conventions.key, null: false, unique: false, primary: true, span: ir.span });
    for (const { field } of own) add(field);
    return model;
  };

  let all: readonly Model[] | undefined;
  const models = (): readonly Model[] => (all ??= [...classes.values()].flat().flatMap((ir) => build(ir) ?? []));
  let backwards: Map<Model, Reverse[]> | undefined;
  const world: DjangoWorld = {
    conventions,
    model(name, module) {
      const ir = name === 'settings.AUTH_USER_MODEL' ? undefined : find(name, module);
      return name === 'settings.AUTH_USER_MODEL' ? world.userModel() : ir && build(ir);
    },
    models,
    reverse(model) {
      if (!backwards) {
        backwards = new Map();
        for (const source of models()) {
          if (source.ir.django?.options?.proxy) continue;
          for (const field of source.fields) {
            const target = isToOne(field) || isMany(field) ? world.target(field) : undefined;
            const { relatedName: raw, relatedQueryName } = field.source;
            const written = raw?.replaceAll('%(class)s', source.name.toLowerCase()).replaceAll('%(app_label)s', source.app);
            if (!target || (written?.endsWith('+') ?? false)) continue;
            const many = field.type !== 'OneToOneField';
            const named = written === undefined ? conventions.reverse(source, target, field.type) : { accessor: written, queryName: written };
            if (!named) continue;
            const entry: Reverse = { accessor: named.accessor, queryName: relatedQueryName ?? named.queryName, field, many };
            backwards.set(target, [...(backwards.get(target) ?? []), entry]);
          }
        }
      }
      return [...(backwards.get(model) ?? []), ...model.parents.flatMap((parent) => world.reverse(parent.model).filter((entry) => entry.field.owner !== model))];
    },
    target(field) {
      const to = field.source.to;
      if (to === undefined) return undefined;
      if (to === 'self') return field.owner;
      return to === 'settings.AUTH_USER_MODEL' ? world.userModel() : world.model(to, field.owner.app);
    },
    through(field) {
      const target = world.target(field);
      if (!target || !isMany(field)) return undefined;
      if (field.source.throughModel !== undefined) {
        const through = world.model(field.source.throughModel, field.owner.app);
        const keys = through?.fields.filter((key) => isToOne(key)) ?? [];
        const near = keys.find((key) => world.target(key) === field.owner);
        const far = keys.find((key) => world.target(key) === target && key !== near);
        return through && near && far ? { table: through.table, ...(through.schema === undefined ? {} : { schema: through.schema }), near: near.column, far: far.column } : undefined;
      }
      const { table, near, far } = conventions.pairs(field.owner, target, field.source);
      return { ...split(table), near, far };
    },
    method(names, name) {
      let unknown = false;
      const seen = new Set<string>();
      const look = (className: string): DjangoMethodIr | undefined => {
        if (seen.has(className) || /^(Manager|QuerySet|BaseManager)$/.test(className)) return undefined;
        seen.add(className);
        const django = classes.get(className)?.find((ir) => ir.django?.kind === 'manager')?.django;
        if (!django) {
          unknown = true;
          return undefined;
        }
        const own = django.methods.find((method) => method.name === name);
        if (own) return own;
        for (const base of django.bases) {
          const found = look(base);
          if (found) return found;
        }
        return undefined;
      };
      for (const className of names) {
        const found = look(className);
        if (found) return found;
      }
      return unknown ? 'unknown' : undefined;
    },
    pk: (model) => model.fields.find((field) => field.primary) ?? model.fields[0]!,
    label: (model) => ((classes.get(model.name)?.length ?? 0) > 1 ? `${model.ir.django?.app ?? ''}.${model.name}` : model.name),
    setting: (name) => settings[name],
    userModel() {
      const named = settings['AUTH_USER_MODEL'];
      if (named !== undefined) return world.model(named);
      const own = [...classes.values()].flat().filter((ir) => ir.django?.bases.some((base) => /^Abstract(?:Base)?User$/.test(base)) && !ir.django.abstract);
      return own.length === 1 && own[0] ? build(own[0]) : own.length === 0 ? world.model('auth.User') : undefined;
    },
  };
  return world;
}

type Worlds = WeakMap<ModelIndex, WeakMap<ModelIndex, DjangoWorld>>;
const worlds = new WeakMap<Conventions, Worlds>();

/** The world of a file: its own declarations before the workspace's. Made once per pair and library. */
export function worldOf(own: ModelIndex, known: ModelIndex, conventions: Conventions = djangoConventions): DjangoWorld {
  const key = [...own.values()].flat().some((ir) => ir.django && ir.library === conventions.library) ? own : none;
  const byKnown: Worlds = worlds.get(conventions) ?? new WeakMap();
  worlds.set(conventions, byKnown);
  const byOwn = byKnown.get(known) ?? new WeakMap<ModelIndex, DjangoWorld>();
  byKnown.set(known, byOwn);
  const world = byOwn.get(key) ?? createWorld([...known.values(), ...key.values()].flat(), conventions);
  byOwn.set(key, world);
  return world;
}

const none: ModelIndex = new Map();

/** Type of a field's column; a key's is that of what it points to. */
export function typeOf(field: Field, world: DjangoWorld, depth = 0): string {
  if (field.source.databaseType !== undefined) return field.source.databaseType;
  if (autoFields.has(field.type)) return field.type === 'BigAutoField' ? 'bigint' : field.type === 'SmallAutoField' ? 'smallint' : 'integer';
  if (!isToOne(field)) return fieldType(field.source);
  const target = world.target(field);
  return !target || depth > 6 ? 'unknown' : typeOf(referenced(field, target, world), world, depth + 1);
}

/** The field that a foreign key points to. */
export const referenced = (field: Field, target: Model, world: DjangoWorld): Field => target.fields.find((other) => other.name === field.source.targetField) ?? world.pk(target);
