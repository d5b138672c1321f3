import type { SqlSpan } from '../text/span';

/**
 * How a driver writes parameters in SQL text.
 * - `dollar` `$1` (pg, asyncpg) · `question` `?`, `??` (knex raw) · `percent` `%s`, `%(n)s` (psycopg)
 * - `colon` `:n` (SQLAlchemy `text`, knex raw) · `dollar-name` `$n` · `at` `@n`
 * - `file` an SQL file: `$1`, psql `:v :'v' :"v"`, pgtyped / aiosql `:n`, sqlc `@n` and `sqlc.arg(n)`, `%(n)s`, templates `{n}` `{{n}}` `${n}`; a `?` stays the jsonb operator
 * - `none` interpolations only (tagged templates)
 */
export type PlaceholderStyle = 'dollar' | 'question' | 'percent' | 'colon' | 'dollar-name' | 'at' | 'file' | 'none';

/** What a hole stands for. `fragment` is SQL of unknown content: it may hold predicates, so rules on absence stay silent. */
export type HoleKind = 'value' | 'identifier' | 'list' | 'fragment' | 'assignment' | 'string';

/**
 * A host interpolation (`${x}`, `{x}`, `" + x + "`) in the text. The host writes the slot as exactly
 * `HOLE_SLOT.length` spaces, so that the masker can fill any form in without moving an offset.
 */
export interface Interpolation {
  readonly span: SqlSpan;
  /** Known from the host: a tagged template's parameter is a `value`, `sql.identifier()` an `identifier`. */
  readonly kind?: HoleKind;
  /** The host expression, for messages and fixes. */
  readonly hostText: string;
}

/** Ten units: the longest filler form (`VALUES(0)`) fits. */
export const HOLE_SLOT = ' '.repeat(10);

/** One SQL statement as text, before parsing. */
export interface SqlSource {
  readonly text: string;
  readonly placeholders: PlaceholderStyle;
  readonly interpolations: readonly Interpolation[];
}

/** A parameter of the statement: a driver placeholder or a host interpolation. */
export interface Hole {
  readonly span: SqlSpan;
  readonly kind: HoleKind;
  /** `placeholder`: in the text (`$1`, `?`, `%s`, `:n`); `interpolation`: index in `SqlSource.interpolations`. */
  readonly origin: { readonly type: 'placeholder'; readonly key: string } | { readonly type: 'interpolation'; readonly index: number };
}
