import { tokenize } from './lexer';

/**
 * Forms that no Postgres statement has and that MySQL, SQLite, ClickHouse, SQL Server or Oracle write all the time.
 * Each one stands outside literals and comments in valid text of those databases.
 */
const marks = new RegExp(
  [
    // MySQL, MariaDB and SQLite
    '`[A-Za-z_][^`\\n]{0,127}`', '\\bauto_?increment\\b', '\\bengine\\s*=\\s*(?:innodb|myisam|memory|aria|archive|csv)\\b', '\\bon\\s+duplicate\\s+key\\s+update\\b',
    '\\binsert\\s+(?:ignore|or\\s+(?:ignore|replace|abort))\\s+into\\b', '\\bwithout\\s+rowid\\b', '(?:^|;)\\s*pragma\\s+\\w+', '^\\s*delimiter\\s+\\S', '(?:^|;)\\s*use\\s+\\w+\\s*;',
    '\\b(?:modify|change)\\s+column\\b', '\\bcreate\\s+database\\s+if\\s+not\\s+exists\\b',
    '\\binterval\\s+\\d+\\s+(?:second|minute|hour|day|week|month|year)s?\\b', '\\bon\\s+\\*\\.\\*', '\\b(?:unix_timestamp|from_unixtime)\\s*\\(', '\\bdelete\\s+\\w+(?:\\s*,\\s*\\w+)*\\s+from\\b',
    '\\b(?:unixepoch|strftime|julianday|last_insert_rowid|last_insert_id|utc_timestamp|find_in_set)\\s*\\(', '\\bdatetime\\s*\\(\\s*\'now\'', '\\b(?:min|max)\\s*\\(\\s*rowid\\s*\\)', '\\b(?:where|select|by|and)\\s+rowid\\b', '\\b(?:where|by|and)\\s+\\w+\\.rowid\\b', '\\bsqlite_(?:master|schema|sequence|temp_master)\\b', '(?:^|;)\\s*begin\\s+(?:immediate|exclusive|deferred)\\b', '\\b(?:tiny|small|medium|big)?int(?:eger)?\\s*(?:\\(\\s*\\d+\\s*\\)\\s*)?unsigned\\b', '(?:^|;)\\s*replace\\s+into\\b',
    // ClickHouse
    '\\bengine\\s*=\\s*\\w*(?:mergetree|distributed|kafka|materializedview|null|log|memory|dictionary|replicated\\w*)\\b', '\\b(?:replicated)?\\w*mergetree\\s*\\(', '\\blowcardinality\\s*\\(', '\\bdatetime64\\b', '\\bnullable\\s*\\(\\s*\\w+\\s*\\)',
    '\\bprewhere\\b', '\\bon\\s+cluster\\s+\\S', '\\{\\s*\\w+\\s*:\\s*(?:array\\(|nullable\\(|lowcardinality\\()*(?:u?int(?:8|16|32|64|128|256)?|string|date(?:time)?(?:32|64)?|float(?:32|64)|bool|uuid|identifier)\\b',
    '\\badd\\s+column\\s+(?:if\\s+not\\s+exists\\s+)?\\w+\\s+(?:u?int(?:16|32|64|128|256)|uint8|float32|float64|string)\\b', '\\badd\\s+projection\\b', '\\bmaterialize\\s+(?:index|column|projection)\\b',
    // SQL Server and Oracle
    '\\bn?varchar2\\b', '\\bnvarchar\\s*\\(', '\\bidentity\\s*\\(\\s*\\d+\\s*,\\s*\\d+\\s*\\)', '^\\s*go\\s*$', '\\[dbo\\]', '\\bdbo\\.\\w',
  ].join('|'),
  'gim',
);

/**
 * Is the text certainly SQL of another database than Postgres? By its own forms alone: text that both understand is not.
 * Cost: one regular expression; the lexer's pass only where it matches.
 */
export function isForeignSql(text: string): boolean {
  const places = [...text.matchAll(marks)].map((match) => match.index + (match[0].length - match[0].replace(/^[;\s]+/, '').length));
  if (places.length === 0) return false;
  const tokens = tokenize(text, { comments: true });
  return places.some((place) => {
    const token = tokens.find(({ start, end }) => start <= place && place < end);
    return token !== undefined && token.kind !== 'string' && token.kind !== 'quoted' && token.kind !== 'comment' && token.kind !== 'meta';
  });
}

const foreignNames = /sqlite|mysql|mariadb|clickhouse|mssql|sql[-_]?server|mongo|cassandra|bigquery|duckdb|spatialite/i;

/** Is a file named after another database than Postgres, or one of the two folders around it? Takes a path or a URI with `/`. */
export const isForeignPath = (path: string): boolean => namesForeign(path, 3);

/** The same of a file of SQL, four folders deep: `riversqlite/migration/main/001.sql`. */
export const isForeignSqlPath = (path: string): boolean => namesForeign(path, 5);

function namesForeign(path: string, parts: number): boolean {
  const near = path.split('/').slice(-parts).join('/');
  return foreignNames.test(near) && !/postgres|psql|pgsql|(?<![a-z])pg(?![a-z])/i.test(near);
}
