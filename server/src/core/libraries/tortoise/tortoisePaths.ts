import { concat, identifier, sql, type SqlPart } from '../shared/sqlBuilder';
import { isToMany, isToOne, referenced, type DjangoWorld, type Field, type Model } from '../django/djangoWorld';

interface Table {
  readonly table: string;
  readonly schema?: string;
}

/** What the names of a look-up lead to. */
export interface TortoisePath {
  readonly alias: string;
  readonly column: string;
  readonly field?: Field;
  /** The model of a relation that ends the path. */
  readonly target?: Model;
  /** Names behind it: a look-up. */
  readonly rest: readonly string[];
}

/** The joined tables of one query: all of them outer joins, one for each relation, none left out. */
export class TortoiseJoins {
  private readonly joins = new Map<string, SqlPart>();

  constructor(private readonly model: Model, private readonly world: DjangoWorld) {}

  get used(): boolean {
    return this.joins.size > 0;
  }

  render(): readonly SqlPart[] {
    return [...this.joins.values()];
  }

  private join(to: Table, alias: string, from: string, left: string, right: string, flipped = false): string {
    if (this.joins.has(alias)) return alias;
    const name = identifier(to.schema === undefined ? [to.table] : [to.schema, to.table]);
    this.joins.set(alias, concat(sql('LEFT OUTER JOIN '), name, alias === to.table ? [] : concat(sql(' '), identifier(alias)), sql(' ON '), ...(flipped ? [identifier([alias, right]), sql(' = '), identifier([from, left])] : [identifier([from, left]), sql(' = '), identifier([alias, right])])));
    return alias;
  }

  /** Follows `team__name__icontains`, joining what it passes. Undefined where a name is none of the model's. */
  follow(names: readonly string[], whole = false): TortoisePath | undefined {
    const { world } = this;
    let model = this.model;
    let alias = model.table;
    for (let at = 0; ; at++) {
      const name = names[at] === 'pk' ? world.pk(model).name : names[at] ?? '';
      const rest = names.slice(at + 1);
      const field = model.fields.find((candidate) => candidate.name === name) ?? model.fields.find((candidate) => isToOne(candidate) && `${candidate.name}_id` === name);
      if (field && !isToMany(field) && (!isToOne(field) || name !== field.name)) return { alias, column: field.column, field, rest };
      const reverse = field ? undefined : world.reverse(model).find((entry) => entry.queryName === name);
      const many = field && isToMany(field) ? field : reverse && isToMany(reverse.field) ? reverse.field : undefined;
      const target = field ? world.target(field) : reverse?.field.owner;
      if (!target) return undefined;
      const more = rest.length > 0 && (isName(rest[0] ?? '', target, world) || whole);
      if (many) {
        const through = world.through(many);
        if (!through) return undefined;
        const [near, far] = field ? [through.near, through.far] : [through.far, through.near];
        alias = this.join(through, through.table, alias, world.pk(model).column, near);
        if (!more && !whole) return { alias, column: far, field: world.pk(target), target, rest };
        alias = this.join(target, target.table, alias, far, world.pk(target).column);
      } else if (reverse) {
        const own = target.table === alias ? `${alias}__${name}` : target.table;
        alias = this.join(target, own, alias, referenced(reverse.field, model, world).column, reverse.field.column);
      } else if (field) {
        if (!more && !whole) return { alias, column: field.column, field, target, rest };
        alias = this.join(target, `${alias}__${name}`, alias, field.column, referenced(field, target, world).column, true);
      }
      if (!more) return { alias, column: world.pk(target).column, field: world.pk(target), target, rest };
      model = target;
    }
  }
}

const isName = (name: string, model: Model, world: DjangoWorld): boolean =>
  name === 'pk' || model.fields.some((field) => field.name === name || (isToOne(field) && `${field.name}_id` === name)) || world.reverse(model).some((entry) => entry.queryName === name);
