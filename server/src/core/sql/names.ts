import { foldName, type Token } from './lexer';

/** The name that an identifier token stands for: folded, or as written between the quotes. */
export function nameOf(text: string, token: Token): string {
  const written = text.slice(token.start, token.end);
  if (token.kind !== 'quoted') return foldName(written);
  const open = written.indexOf('"') + 1;
  return written.slice(open, token.open ? undefined : -1).replaceAll('""', '"');
}

/** Words that cannot stand as a column or table name without quotes (PostgreSQL 18, reserved or type_func_name). */
const reserved = new Set(
  ('all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog current_date ' +
  'current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign from grant ' +
  'group having in initially intersect into lateral leading limit localtime localtimestamp not null offset on only or order placing primary ' +
  'references returning select session_user some symmetric system_user table then to trailing true union unique user using variadic when where ' +
  'window with authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural notnull ' +
  'outer overlaps right similar tablesample verbose').split(' '),
);

/** Can the word, in lower case, not stand as a column or table name without quotes? */
export const isReserved = (word: string): boolean => reserved.has(word);

/** Writes an identifier, quoted only where Postgres needs it. */
export const quoteIdentifier = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** Writes a possibly qualified name. */
export const quoteQualified = (schema: string | undefined, name: string): string =>
  schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

/** Writes a string literal that means the same whatever `standard_conforming_strings` says. */
export const quoteLiteral = (value: string): string => {
  const quoted = value.replaceAll("'", "''");
  return value.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
};

/** Writes a constant: numbers and booleans plain, strings quoted, null as NULL. */
export const renderConstant = (value: string | number | boolean | null): string =>
  value === null ? 'NULL' : typeof value === 'string' ? quoteLiteral(value) : typeof value === 'boolean' ? String(value) : Number.isFinite(value) ? String(value) : quoteLiteral(String(value));
