import { parseArrayText, renderArrayText } from './arrayText';
import { quoteIdentifier } from '../sql/names';
import type { Catalog } from './model';
import { relationKey } from './names';
import type { CatalogStatistics, ColumnStatistics } from './statistics';

/** What a snapshot says of the values in the columns: nothing, tokens that stand for them, or the values themselves. */
export type SnapshotValues = 'token' | 'none' | 'all';

/** 128 bits as 32 hexadecimal digits, the same for the same value under one secret; nothing of the value can be read from it. */
export type TokenOf = (family: 'text' | 'uuid' | 'integer', value: string) => string;

/**
 * The statistics as they may leave the database. Counts, fractions, distinct counts and correlation are kept always.
 * - `token`: the most common values of text, uuid, integer and bigint columns become tokens, the same one for the same value in every column,
 *   because the planner estimates a join by comparing two such lists; booleans and enums stay (their labels are in the
 *   schema). Of all other types values and frequencies are left out, histograms and elements of every type: with tokens
 *   instead of values 798 of 800 generic plans were the same, without any list 383 of 400. A list that covers every row
 *   is that of a kind or a state, which queries compare with literals: beside tokens the planner would take each literal for
 *   a value in no row, without a list it assumes an average value. Such lists stay only where the column is joined on.
 * - `none`: no values, no frequencies.
 * - `all`: as the server has them.
 */
export function hideValues(catalog: Catalog, values: SnapshotValues, tokenOf: TokenOf): CatalogStatistics | undefined {
  const { statistics } = catalog;
  if (statistics === undefined || values === 'all') return statistics;
  const enums = new Set((catalog.types ?? []).filter((type) => type.kind === 'enum').flatMap(({ schema, name }) => [`${quoteIdentifier(schema)}.${quoteIdentifier(name)}`, ...(catalog.searchPath.includes(schema) ? [quoteIdentifier(name)] : [])]));
  const joined = collectForeignKeyColumns(catalog);
  const relations = new Map([...statistics.relations].map(([key, relation]) => {
    const types = new Map(catalog.tables.get(key)?.columns.map((column) => [column.name, column.type]));
    const typeShown = (column: ColumnStatistics): string | undefined => (values === 'none' ? undefined : types.get(column.column));
    const isKept = (column: ColumnStatistics, type: string | undefined): boolean => type === 'boolean' || enums.has(type ?? '') || !isComplete(column) || joined.has(`${key}.${column.column}`) || /(?:^|_)id$|[a-z]Id$/.test(column.column);
    return [key, { ...relation, columns: relation.columns.map((column) => hideColumn(column, isKept(column, typeShown(column)) ? typeShown(column) : undefined, enums, tokenOf)) }];
  }));
  return { ...statistics, relations };
}

/** Do the most common values make up every row that is not NULL? */
const isComplete = ({ mostCommonFrequencies = [], nullFraction }: ColumnStatistics): boolean => mostCommonFrequencies.reduce((sum, frequency) => sum + frequency, nullFraction) > 0.999;

/** `schema.table.column` on either side of every foreign key. */
function collectForeignKeyColumns(catalog: Catalog): ReadonlySet<string> {
  const columns = new Set<string>();
  for (const [key, table] of catalog.tables) {
    for (const { columns: own, references } of table.foreignKeys) {
      for (const column of own) columns.add(`${key}.${column}`);
      for (const column of references.columns) columns.add(`${relationKey(references.schema ?? table.schema, references.table)}.${column}`);
    }
  }
  return columns;
}

/** @param type of the column; undefined: nothing of its values may stand */
function hideColumn(column: ColumnStatistics, type: string | undefined, enums: ReadonlySet<string>, tokenOf: TokenOf): ColumnStatistics {
  const { mostCommonValues, mostCommonFrequencies, inherited, nullFraction, averageWidth, distinct, correlation } = column;
  const figures = { column: column.column, inherited, nullFraction, averageWidth, distinct, ...(correlation === undefined ? {} : { correlation }) };
  const shown = mostCommonValues === undefined || type === undefined ? undefined : showValues(mostCommonValues, type, enums, tokenOf);
  return shown === undefined ? figures : { ...figures, mostCommonValues: shown, ...(mostCommonFrequencies === undefined ? {} : { mostCommonFrequencies }) };
}

/** The printed array of values with tokens in their places; undefined: not to be shown at all. */
function showValues(values: string, type: string, enums: ReadonlySet<string>, tokenOf: TokenOf): string | undefined {
  if (type === 'boolean' || enums.has(type)) return values;
  const width = tokenWidth(type);
  const isInteger = type === 'integer' || type === 'bigint';
  if (type !== 'uuid' && !isInteger && width === undefined) return undefined;
  const elements = parseArrayText(values);
  if (isInteger) return elements && renderArrayText(elements.map((element) => toInteger(tokenOf('integer', element))));
  return elements && renderArrayText(elements.map((element) => (type === 'uuid' ? toUuid(tokenOf('uuid', element)) : tokenOf('text', type.startsWith('character(') ? element.trimEnd() : element).slice(0, width))));
}

/** Tokens of text: 64 bits are enough to keep the values of a list apart. */
const textToken = 16;
/** Shorter columns (codes of countries, currencies) have no room for tokens that differ: 32 bits at least. */
const shortestToken = 8;

/** Length of the tokens of a text type, cut to what the column holds; undefined for other types and columns too short. */
function tokenWidth(type: string): number | undefined {
  const match = /^(?:text|citext|(?:character varying|character)(?:\((\d+)\))?)$/.exec(type);
  if (match === null || type === 'character') return undefined;
  const width = Math.min(textToken, match[1] === undefined ? textToken : Number(match[1]));
  return width < shortestToken ? undefined : width;
}

/** 31 bits: what an integer column holds, and the same number for a bigint column that it is joined with. A smallint has no room for tokens that differ. */
const toInteger = (digits: string): string => String(Number.parseInt(digits.slice(0, 8), 16) % 2 ** 31);

const toUuid = (digits: string): string => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
