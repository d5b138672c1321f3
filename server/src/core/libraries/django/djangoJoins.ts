import { concat, identifier, sql, type SqlPart } from '../shared/sqlBuilder';
import type { HostSpan } from '../../text/span';
import { isToMany, isToOne, referenced, type DjangoWorld, type Field, type Model, type Reverse } from './djangoWorld';

/** One step of a look-up from table to table. */
export interface PathStep {
  readonly table: string;
  readonly schema?: string;
  readonly from: string;
  readonly to: string;
  readonly nullable: boolean;
  /** Several rows may answer: never shared between separate `filter` calls. */
  readonly many: boolean;
  /** A foreign key of the table it comes from: its last column can stand for the key it points to. */
  readonly direct: boolean;
}

/** What the names of a look-up lead to. */
export interface FieldPath {
  readonly steps: readonly PathStep[];
  readonly model: Model;
  readonly column: string;
  /** Undefined: the table's own key, reached by a relation back. */
  readonly field?: Field;
  readonly null: boolean;
  readonly relation: boolean;
  /** Names behind the field: transforms and the look-up. */
  readonly rest: readonly string[];
  /** Names of relations on the way. */
  readonly names: readonly string[];
}

/** Follows `customer__country__name__icontains` from a model. Undefined where the first name is no field of it. */
export function followPath(names: readonly string[], start: Model, world: DjangoWorld): FieldPath | undefined {
  const steps: PathStep[] = [];
  const passed: string[] = [];
  let model = start;
  let last: { readonly field?: Field; readonly column: string; readonly null: boolean; readonly relation: boolean } | undefined;
  let at = 0;
  for (; at < names.length; at++) {
    if (last && !last.relation) break;
    const name = names[at] === 'pk' ? world.pk(model).name : names[at] ?? '';
    const found = findField(name, model, world);
    if (found) {
      steps.push(...found.up);
      const { field } = found;
      if (isToOne(field) && name !== field.name) {
        last = { field, column: field.column, null: field.null, relation: false };
        continue;
      }
      if (!isToOne(field) && !isToMany(field)) {
        last = { field, column: field.column, null: field.null, relation: false };
        continue;
      }
      const target = world.target(field);
      if (!target) return undefined;
      passed.push(name);
      const key = isToMany(field) ? world.pk(target) : referenced(field, target, world);
      if (isToMany(field)) {
        const through = world.through(field);
        if (!through) return undefined;
        const { near, far, ...table } = through;
        steps.push({ ...table, from: world.pk(field.owner).column, to: near, nullable: true, many: true, direct: false }, { ...tableOf(target), from: far, to: key.column, nullable: false, many: false, direct: true });
      } else steps.push({ ...tableOf(target), from: field.column, to: key.column, nullable: field.null, many: false, direct: true });
      model = target;
      last = { field: key, column: key.column, null: isToOne(field) ? field.null : false, relation: true };
      continue;
    }
    const reverse = reverseOf(name, model, world);
    if (!reverse) {
      if (last) break;
      return undefined;
    }
    passed.push(name);
    steps.push(...reverseSteps(reverse, model, world));
    model = reverse.field.owner;
    last = { column: world.pk(model).column, field: world.pk(model), null: false, relation: true };
  }
  return last && { steps, model, column: last.column, ...(last.field ? { field: last.field } : {}), null: last.null, relation: last.relation, rest: names.slice(at), names: passed };
}

const tableOf = (model: Model): { readonly table: string; readonly schema?: string } => ({ table: model.table, ...(model.schema === undefined ? {} : { schema: model.schema }) });

/** A field by name or by its column's attribute (`customer_id`), in the model or in a parent of it. */
export function findField(name: string, model: Model, world: DjangoWorld): { readonly field: Field; readonly up: readonly PathStep[] } | undefined {
  const own = model.fields.find((field) => field.name === name) ?? model.fields.find((field) => isToOne(field) && `${field.name}_id` === name);
  if (own) return { field: own, up: [] };
  for (const { model: parent, link } of model.parents) {
    const found = findField(name, parent, world);
    if (found) return { field: found.field, up: [{ ...tableOf(parent), from: link.column, to: world.pk(parent).column, nullable: false, many: false, direct: true }, ...found.up] };
  }
  return undefined;
}

const reverseOf = (name: string, model: Model, world: DjangoWorld): Reverse | undefined => world.reverse(model).find((entry) => entry.queryName === name);

function reverseSteps({ field, many }: Reverse, model: Model, world: DjangoWorld): readonly PathStep[] {
  const source = field.owner;
  if (isToMany(field)) {
    const through = world.through(field);
    if (!through) return [];
    const { near, far, ...table } = through;
    return [{ ...table, from: world.pk(model).column, to: far, nullable: true, many: true, direct: false }, { ...tableOf(source), from: near, to: world.pk(source).column, nullable: false, many: false, direct: true }];
  }
  return [{ ...tableOf(source), from: referenced(field, model, world).column, to: field.column, nullable: true, many, direct: false }];
}

interface Join {
  readonly alias: string;
  readonly parent: string;
  readonly step: PathStep;
  outer: boolean;
  /** How often it is needed; trimmed joins are not. */
  uses: number;
}

/** The tables of one query. Aliases are Django's: the table's name, `t3` for a second one, `u0`, `u1` in a sub-query (Django writes them large and unquoted). */
export class Joins {
  private readonly joins = new Map<string, Join>();
  private count = 0;
  readonly base: string;

  /** @param first number of the base table's alias where there is a prefix. */
  constructor(private readonly root: { readonly table: string; readonly schema?: string }, private readonly prefix: string, first = 0) {
    this.count = first;
    this.base = this.newAlias(root.table);
  }

  private newAlias(table: string): string {
    const number = this.count++;
    if (this.prefix !== '') return `${this.prefix}${number}`;
    const taken = number > 0 && (table === this.base || this.joins.has(table));
    return taken ? `t${number + 1}` : table;
  }

  /** Joins the steps, sharing those that are there; `reusable` says which of several rows' joins may be shared (undefined: all). */
  add(steps: readonly PathStep[], reusable: ReadonlySet<string> | undefined): readonly string[] {
    const added: string[] = [];
    let parent = this.base;
    for (const step of steps) {
      const same = [...this.joins.values()].find((join) => join.parent === parent && join.step.table === step.table && join.step.from === step.from && join.step.to === step.to && (!step.many || !reusable || reusable.has(join.alias)));
      const join = same ?? { alias: this.newAlias(step.table), parent, step, outer: step.nullable || (this.joins.get(parent)?.outer ?? false), uses: 0 };
      this.joins.set(join.alias, join);
      join.uses++;
      added.push(join.alias);
      parent = join.alias;
    }
    return added;
  }

  /** Drops the last joins of a path where a foreign key says the same as the key it points to. */
  trim(aliases: readonly string[], column: string): { readonly alias: string; readonly column: string; readonly kept: readonly string[] } {
    const kept = [...aliases];
    let target = column;
    for (;;) {
      const join = this.joins.get(kept.at(-1) ?? '');
      if (!join?.step.direct || join.step.to !== target) break;
      target = join.step.from;
      join.uses--;
      kept.pop();
    }
    return { alias: kept.at(-1) ?? this.base, column: target, kept };
  }

  isOuter(alias: string): boolean {
    return this.joins.get(alias)?.outer ?? false;
  }

  get inner(): readonly string[] {
    return [...this.joins.values()].filter((join) => !join.outer).map((join) => join.alias);
  }

  promote(aliases: Iterable<string>): void {
    const waiting = [...aliases];
    for (let alias = waiting.shift(); alias !== undefined; alias = waiting.shift()) {
      const join = this.joins.get(alias);
      if (!join || join.outer || !(join.step.nullable || this.isOuter(join.parent))) continue;
      join.outer = true;
      waiting.push(...[...this.joins.values()].filter((other) => other.parent === join.alias).map((other) => other.alias));
    }
  }

  demote(aliases: Iterable<string>): void {
    const waiting = [...aliases];
    for (let alias = waiting.shift(); alias !== undefined; alias = waiting.shift()) {
      const join = this.joins.get(alias);
      if (!join?.outer) continue;
      join.outer = false;
      waiting.push(join.parent);
    }
  }

  /** `"orders"`, `"orders" u0`. */
  from(span?: HostSpan): SqlPart {
    return named(this.root, this.base, span);
  }

  /** `INNER JOIN "item" ON (…)` of those in use, in order. */
  render(): SqlPart[] {
    return [...this.joins.values()].filter((join) => join.uses > 0).map((join) => concat(
      sql(join.outer ? 'LEFT OUTER JOIN ' : 'INNER JOIN '), named(join.step, join.alias), sql(' ON '), identifier([join.parent, join.step.from]), sql(' = '), identifier([join.alias, join.step.to]),
    ));
  }

  get used(): boolean {
    return [...this.joins.values()].some((join) => join.uses > 0);
  }

  get usesMany(): boolean {
    return [...this.joins.values()].some((join) => join.uses > 0 && join.step.many);
  }
}

const named = ({ table, schema }: { readonly table: string; readonly schema?: string }, alias: string, span?: HostSpan): SqlPart =>
  concat(identifier(schema === undefined ? [table] : [schema, table], span), alias === table && schema === undefined ? [] : concat(sql(' '), identifier([alias])));
