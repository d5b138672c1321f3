import { findColumn, uniqueKeys } from './lookup';
import type { Table } from './model';
import type { KnownCheck, SchemaState } from './state';

/**
 * Marks a table that can hold one row at most: the columns of one of its keys are NOT NULL (a CHECK lets NULL pass) and each is held to one
 * value. Rows of INHERITS children are read with their parent's, which no key of the parent counts.
 */
export function withSingleRow(state: SchemaState, key: string, table: Table): Table {
  const checks = state.checks.get(key);
  if (checks === undefined || table.kind !== 'table' || [...state.parents.values()].some((parents) => parents.includes(key))) return table;
  const pinned = new Set(checks.flatMap((check) => pinnedColumns(check, table)));
  const single = uniqueKeys(table).some(({ columns }) => columns.every((column) => pinned.has(column) && findColumn(table, column)?.notNull === true));
  return single ? { ...table, singleRow: true } : table;
}

const NAME = '("(?:[^"]|"")+"|[A-Za-z_][\\w$]*)';
const VALUE = "(?:'(?:[^']|'')*'(?:\\s*::\\s*[\\w ]+)?|-?\\d+|true)";
const FORMS = [`${NAME}\\s*=\\s*${VALUE}`, `${VALUE}\\s*=\\s*${NAME}`, `${NAME}(?:\\s+is\\s+true)?`].map((form) => new RegExp(`^[\\s(]*${form}[\\s)]*$`, 'i'));

/** `id = 1`, `name = 'default'`, `id` where it is a boolean. */
function pinnedColumns({ valid, expression }: KnownCheck, table: Table): readonly string[] {
  if (!valid) return [];
  return FORMS.flatMap((form, i) => {
    const written = form.exec(expression)?.[1];
    if (written === undefined) return [];
    const column = written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
    return i < 2 || findColumn(table, column)?.type === 'boolean' ? [column] : [];
  });
}
