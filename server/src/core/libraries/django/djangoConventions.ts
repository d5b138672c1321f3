import type { DjangoClassIr, DjangoModelField } from '../../hosts/djangoIr';
import { builtinBases, builtinModels } from './djangoBuiltins';

/** A model as far as names are made of it. */
interface Named {
  readonly name: string;
  readonly app: string;
  readonly table: string;
}

/** What a library of Django's kind means by what its models leave unsaid. */
export interface Conventions {
  readonly library: 'django' | 'tortoise';
  /** Class of the key that a model does not declare. */
  readonly key: string;
  readonly bases: Readonly<Record<string, readonly DjangoModelField[]>>;
  readonly models: Readonly<Record<string, DjangoClassIr>>;
  /** A subclass of a model with a table keeps its own columns only, in a table that points to the parent's; else it has them all. */
  readonly linksParents: boolean;
  /** Indexed text columns have a second index, for LIKE. */
  readonly likeIndexes: boolean;
  /** A table of pairs has a key of its own. */
  readonly pairKeys: boolean;
  table(app: string, name: string): string;
  /** Names of the other side of a relation that declares none. Undefined: there is no other side. */
  reverse(source: Named, target: Named, type: string): { readonly accessor: string; readonly queryName: string } | undefined;
  /** Table of a ManyToManyField without a model, its column for the field's own model and the one for the target. */
  pairs(source: Named, target: Named, field: DjangoModelField): { readonly table: string; readonly near: string; readonly far: string };
}

export const djangoConventions: Conventions = {
  library: 'django', key: 'BigAutoField', bases: builtinBases, models: builtinModels, linksParents: true, likeIndexes: true, pairKeys: true,
  table: (app, name) => `${app}_${name.toLowerCase()}`,
  reverse(source, target, type) {
    if (type === 'ManyToManyField' && target === source) return undefined;
    const queryName = source.name.toLowerCase();
    return { accessor: type === 'OneToOneField' ? queryName : `${queryName}_set`, queryName };
  },
  pairs(source, target, field) {
    const [near, far] = [source.name.toLowerCase(), target.name.toLowerCase()];
    return { table: field.table ?? `${source.table}_${field.name}`, ...(target === source ? { near: `from_${near}_id`, far: `to_${near}_id` } : { near: `${near}_id`, far: `${far}_id` }) };
  },
};
