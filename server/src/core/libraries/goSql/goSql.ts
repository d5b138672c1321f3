import type { PlaceholderStyle } from '../../sql/source';
import { createDriver, hasQuestionMarks, type DriverMethod } from '../shared/driverCalls';
import { placeholderStyle } from '../shared/sqlText';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };
const prepares: DriverMethod = { fetches: 'unknown', prepares: true };

/** `$1` is Postgres' own; `:name` is sqlx's. */
export const goPlaceholders = (text: string): PlaceholderStyle => {
  const style = placeholderStyle(text);
  return style === 'colon' || style === 'question' || style === 'at' ? style : 'dollar';
};


/** Go's database/sql and sqlx. A text with `?` is another database's, unless the file rewrites it. */
export const goSqlAdapter = createDriver({
  id: 'database/sql',
  languages: ['go'],
  marks: /\b(?:Must)?(?:Query|Exec|Get|Select|Prepare|Named)\w*\(/,
  methods: {
    Query: many, QueryContext: many, QueryRow: one, QueryRowContext: one, Exec: none, ExecContext: none, MustExec: none, MustExecContext: none,
    Queryx: many, QueryxContext: many, QueryRowx: one, QueryRowxContext: one, Get: one, GetContext: one, Select: many, SelectContext: many,
    NamedExec: none, NamedExecContext: none, NamedQuery: many, NamedQueryContext: many,
    Prepare: prepares, PrepareContext: prepares, Preparex: prepares, PreparexContext: prepares, PrepareNamed: prepares, PrepareNamedContext: prepares,
  },
  types: /\bsql\.(?:DB|Tx|Conn|Open\w*)\b|\bsqlx\.(?:DB|Tx|Ext\w*|Queryer\w*|Execer\w*|Open|Connect|MustConnect)\b|\bDBTX\b/,
  otherTypes: /pgx|pgxpool|gorm|mongo|redis|http|bun\.|ent\.|clickhouse|url\.Values|gin\.|echo\.|fiber\./i,
  names: /^(?:\w*(?:db|DB|Db)|tx|Tx|txn|conn|stmt|sqlx|pool|q|querier|runner|executor)$/,
  through: /^(?:Begin\w*|MustBegin\w*|Conn\w*|Unsafe)$/,
  runs: { Exec: 'none', ExecContext: 'none', Query: 'many', QueryContext: 'many', QueryRow: 'one', QueryRowContext: 'one', Get: 'one', GetContext: 'one', Select: 'many', SelectContext: 'many', Queryx: 'many', QueryRowx: 'one' },
  placeholders: goPlaceholders,
  isOther: (text, context) => hasQuestionMarks(text.text) && !/[Rr]ebind\(|sqlx\.In\(/.test(context.text),
});

