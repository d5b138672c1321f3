import type { Row } from './session';

/** Rows of a catalog query by the OID in their column `relation`, order kept. */
export function byRelation(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const grouped = new Map<string, Row[]>();
  for (const row of rows) {
    const key = textOf(row['relation']);
    const group = grouped.get(key);
    if (group === undefined) grouped.set(key, [row]);
    else group.push(row);
  }
  return grouped;
}

/** Text or number as text; anything else (NULL too) is the empty string. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const textsOf = (value: unknown): readonly string[] => listOf(value).map(textOf);
/** The driver gives bigint as text. */
export const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : undefined);

/** A timestamp of the driver as ISO text. */
export const isoOf = (value: unknown): string | undefined => (value instanceof Date && Number.isFinite(value.getTime()) ? value.toISOString() : undefined);
