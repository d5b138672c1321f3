import type { Bind, QuerySite } from '../hosts/ir';
import type { Edit } from '../text/edit';

/**
 * How a library writes, in its own idiom, one statement for what a loop sends element by element. Each method is given a
 * site whose loop, statement and use of the result have been found plain (`core/advice/batching`), works on the site's data and
 * the document's text alone, and answers undefined where the chain does anything that it does not know to be kept.
 */
export interface BatchIdiom {
  /** `where key = value` becomes `where key in list`: the rows of all keys with one query. */
  readByKeys?(site: QuerySite, request: KeysRequest): KeysRead | undefined;
  /** An insert of one row becomes an insert of many. */
  insertRows?(site: QuerySite, request: BatchPlace): RowsInsert | undefined;
  /** An update with the same values, or a delete, by one key becomes one by a list of keys. */
  writeByKeys?(site: QuerySite, request: KeysRequest): BatchCall | undefined;
}

export interface BatchPlace {
  readonly uri: string;
  readonly text: string;
}

export interface KeysRequest extends BatchPlace {
  /** The value that depends on the element. */
  readonly key: Bind;
  /** The column that it is compared with. */
  readonly column: string;
  /** Host expression with all keys; may be an empty list. */
  readonly list: string;
  /** The answer already carries the column. */
  readonly selected: boolean;
  /** At most one row has a key: a LIMIT of the one query may be left out. */
  readonly unique: boolean;
  /** The query asks for aggregates of one key's rows: all keys' rows are to be grouped by the column. */
  readonly grouped: boolean;
}

/** A call in place of the site's own text. */
export interface BatchCall {
  /** Host expression that sends the statement, not awaited. */
  readonly call: string;
  /** The library throws, or sends wrong SQL, for an empty list. */
  readonly emptyFails?: boolean;
  /** The library writes IS NULL where the one key is null; in the list a null matches nothing. */
  readonly nullMatches?: boolean;
  /** Edits elsewhere in the document: an import. */
  readonly others?: readonly Edit[];
  /** What the rewrite changes besides the number of statements, for the fix's title: `without hooks`. */
  readonly note?: string;
}

export interface KeysRead extends BatchCall {
  /** Property under which each row holds its key. */
  readonly property: string;
  /** The key was added to the columns. */
  readonly added: boolean;
  /** What the one-row form gives where there is no row, as a fallback of a look-up in a `Map`: ` ?? null`; empty for undefined. */
  readonly missing: string;
  /** The rows are instances of a class: no property is taken off them again. */
  readonly instances?: boolean;
  /** The one-row form raises where there is no row. */
  readonly raises?: boolean;
}

/** An insert of many rows. */
export interface RowsInsert {
  /** Host expression of the row that one turn inserts. */
  readonly row: string;
  /** The host expressions of its values; absent where the row is no literal (`insert(entry)`). */
  readonly values?: readonly string[];
  /** @param rows host expression with all rows. */
  call(rows: string): BatchCall;
}
