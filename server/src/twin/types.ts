import { isTypeText } from '../core/catalog/renderDdl';
import type { Catalog } from '../core/catalog/model';
import type { UserType } from '../core/catalog/statistics';
import { collectTokens, identifierName } from '../core/catalog/expressionTokens';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../core/sql/names';
import { toTwinCollation } from './collations';
import { extensionsFor } from './extensions';
import type { PlanningServer } from './planningServer';

/** How the types of a catalog are written in the twin, as they are met. */
export interface TypeMap {
  /** Makes what these types (as columns have them) need. */
  resolve(catalog: Catalog, types: Iterable<string>): Promise<void>;
  /** Makes the catalog's own types of these names. */
  resolveNamed(catalog: Catalog, names: ReadonlySet<string>): Promise<void>;
  /** The type to write for a column's. */
  render(type: string): string;
  /** Types that have a stand-in: nothing is known about their operators. */
  readonly standIns: ReadonlySet<string>;
}

export function createTypeMap(server: PlanningServer, addExtension: (name: string) => Promise<boolean>): TypeMap {
  const written = new Map<string, string>();
  const made = new Set<UserType>();
  const standIns = new Set<string>();

  const unknownTypes = async (types: readonly string[]): Promise<readonly string[]> => {
    if (types.length === 0) return [];
    const results = await server.run(types.map((type) => ({ type: 'sql', sql: `select pg_catalog.to_regtype(${quoteLiteral(type)}) is not null as known`, optional: true })));
    return types.filter((_, index) => results[index]?.rows[0]?.['known'] !== true);
  };

  const make = async (catalog: Catalog, type: UserType, depth: number): Promise<void> => {
    if (made.has(type) || depth > 16) return;
    made.add(type);
    const below = [...(type.base === undefined ? [] : [type.base]), ...(type.attributes ?? []).map((attribute) => attribute.type)];
    await resolve(catalog, below, depth + 1);
    const sql = renderType(type, render);
    await server.run([{ type: 'sql', sql: `create schema if not exists ${quoteIdentifier(type.schema)}`, optional: true }, ...(sql === undefined ? [] : [{ type: 'sql' as const, sql, optional: true }])]);
  };

  const resolve = async (catalog: Catalog, types: Iterable<string>, depth = 0): Promise<void> => {
    const fresh = [...new Set(types)].filter((type) => !written.has(type));
    for (const type of fresh) {
      if (isTypeText(type) && type !== 'unknown') written.set(type, type);
      else { written.set(type, 'text'); standIns.add(type); }
    }
    for (const type of await unknownTypes(fresh.filter((item) => written.get(item) === item))) {
      const { schema, name, array } = typeName(type);
      const own = catalog.types?.find((item) => item.name === name && (schema === undefined ? true : item.schema === schema));
      if (own !== undefined) await make(catalog, own, depth);
      else for (const extension of extensionsFor(name)) await addExtension(extension);
      if ((await unknownTypes([type])).length === 0) continue;
      standIns.add(type);
      const home = schema ?? catalog.searchPath[0] ?? 'public';
      await server.run([{ type: 'sql', sql: `create schema if not exists ${quoteIdentifier(home)}`, optional: true }, { type: 'sql', sql: `create domain ${quoteQualified(home, name)} as text`, optional: true }]);
      const standIn = `${quoteQualified(home, name)}${array}`;
      written.set(type, (await unknownTypes([standIn])).length === 0 ? standIn : `text${array}`);
    }
  };

  const render = (type: string): string => written.get(type) ?? 'text';
  return {
    resolve: (catalog, types) => resolve(catalog, types), render, standIns,
    resolveNamed: async (catalog, names) => { for (const type of catalog.types ?? []) if (names.has(type.name)) await make(catalog, type, 0); },
  };
}

/** `public.geometry(Point,4326)[]` → its parts. */
function typeName(type: string): { readonly schema?: string; readonly name: string; readonly array: string } {
  const tokens = collectTokens(type);
  const first = identifierName(tokens[0]) ?? type;
  const array = /\[\d*\]\s*$/.test(type) ? '[]' : '';
  const second = tokens[1]?.text === '.' ? identifierName(tokens[2]) : undefined;
  return second === undefined ? { name: first, array } : { schema: first, name: second, array };
}

function renderType(type: UserType, render: (type: string) => string): string | undefined {
  const name = quoteQualified(type.schema, type.name);
  switch (type.kind) {
    case 'enum': return `create type ${name} as enum (${(type.labels ?? []).map(quoteLiteral).join(', ')})`;
    case 'domain': return type.base === undefined ? undefined : `create domain ${name} as ${render(type.base)}${type.collation === undefined ? '' : ` collate ${quoteIdentifier(toTwinCollation(type.collation))}`}`;
    case 'composite': return `create type ${name} as (${(type.attributes ?? []).map((attribute) => `${quoteIdentifier(attribute.name)} ${render(attribute.type)}`).join(', ')})`;
    case 'range': return type.base === undefined ? undefined : `create type ${name} as range (subtype = ${render(type.base)})`;
  }
}
