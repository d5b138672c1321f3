import type { Catalog, Table } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import { collectTokens } from '../core/catalog/expressionTokens';

export interface PartitionPlace {
  readonly table: Table;
  /** `FOR VALUES …` or `DEFAULT`. */
  readonly bound: string;
  /** Where the bound is made up. */
  readonly caveat?: string;
}

/**
 * The bounds of the partitions among these tables. Where a catalog does not know one, it is made up so that it overlaps
 * no other: pruning then works, for other values than on the server.
 */
export function partitionBounds(catalog: Catalog, tables: readonly Table[]): ReadonlyMap<string, PartitionPlace> {
  const places = new Map<string, PartitionPlace>();
  const counters = new Map<string, number>();
  for (const table of tables) {
    const parent = table.partitionOf === undefined ? undefined : catalog.tables.get(table.partitionOf);
    if (parent?.partitionKey === undefined) continue;
    const key = relationKey(table.schema, table.name);
    const known = table.partitionBound;
    if (known !== undefined && isBound(known)) {
      places.set(key, { table, bound: known });
      continue;
    }
    const position = counters.get(table.partitionOf ?? '') ?? 0;
    counters.set(table.partitionOf ?? '', position + 1);
    const made = madeUpBound(parent, position);
    places.set(key, { table, bound: made ?? 'DEFAULT', caveat: `the bounds of the partitions of ${relationKey(parent.schema, parent.name)} are not known` });
  }
  return places;
}

/** A bound of constants: Postgres evaluates what stands in one when the partition is made, function calls too. */
function isBound(text: string): boolean {
  const tokens = collectTokens(text);
  const calls = tokens.some((token, at) => token.text === '(' && (tokens[at - 1]?.kind === 'quoted' || (tokens[at - 1]?.kind === 'word' && !/^(?:from|to|in|with)$/i.test(tokens[at - 1]!.text))));
  return /^(?:default$|for\s+values\s)/i.test(text.trim()) && !calls && !tokens.some((token) => token.text === ';');
}

function madeUpBound(parent: Table, position: number): string | undefined {
  const key = parent.partitionKey!;
  if (key.strategy === 'hash') return position < key.partitions ? `FOR VALUES WITH (MODULUS ${key.partitions}, REMAINDER ${position})` : undefined;
  const type = parent.columns.find((column) => column.name === key.columns[0])?.type ?? '';
  const value = (at: number): string | undefined => valueOf(type, at);
  const [from, to] = [value(position), value(position + 1)];
  if (from === undefined || to === undefined) return position === 0 ? 'DEFAULT' : undefined;
  if (key.strategy === 'list') return `FOR VALUES IN (${from})`;
  const rest = key.columns.slice(1).map(() => ', MINVALUE').join('');
  return `FOR VALUES FROM (${from}${rest}) TO (${to}${rest})`;
}

/** Values in ascending order, a month or ten million apart. */
function valueOf(type: string, at: number): string | undefined {
  if (/^(?:date|timestamp)/.test(type)) {
    const month = 2020 * 12 + at;
    return `'${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-01'`;
  }
  if (/^(?:integer|bigint|numeric|smallint)/.test(type)) return String(type.startsWith('smallint') ? at : at * 10_000_000);
  if (/^(?:text|character)/.test(type)) return `'${String(at).padStart(6, '0')}'`;
  if (type === 'uuid') return `'${at.toString(16).padStart(8, '0')}-0000-0000-0000-000000000000'`;
  return undefined;
}
