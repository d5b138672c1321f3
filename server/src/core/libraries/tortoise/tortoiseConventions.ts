import type { Conventions } from '../django/djangoConventions';

/** Tortoise ORM names tables by their class, and the other side of a relation by its table. */
export const tortoiseConventions: Conventions = {
  library: 'tortoise', key: 'AutoField', bases: { Model: [] }, models: {}, linksParents: false, likeIndexes: false, pairKeys: false,
  table: (_, name) => name.toLowerCase(),
  reverse: (source) => ({ accessor: `${source.table}s`, queryName: `${source.table}s` }),
  pairs(source, target, field) {
    const far = field.pairColumns?.far ?? `${target.name.toLowerCase()}_id`;
    const near = field.pairColumns?.near ?? (`${source.table}_id` === far ? `${source.table}_rel_id` : `${source.table}_id`);
    return { table: field.table ?? `${source.table}_${target.table}`, near, far };
  },
};
