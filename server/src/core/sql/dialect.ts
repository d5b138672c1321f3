/** Words of MySQL, SQLite and SQL Server that no Postgres statement holds outside literals and comments. */
const FOREIGN = /`[A-Za-z_]|\bengine\s*=|\bauto_?increment\b|\bunix_timestamp\s*\(|\bifnull\s*\(|\bfrom_unixtime\s*\(|\bon\s+duplicate\s+key\b|\breplace\s+into\b|\binsert\s+(?:or\s+)?ignore\b|\bpragma\s+\w|\bnvarchar\s*\(|^\s*go\s*$/im;

/**
 * Is this text written for another database? Only marks that cannot be Postgres count, outside literals and comments;
 * half-typed Postgres is Postgres. Cost: one search where nothing is found.
 */
export function isForeignDialect(text: string): boolean {
  if (!FOREIGN.test(text)) return false;
  const bare = text.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'|"(?:[^"]|"")*"/g, ' ');
  return FOREIGN.test(bare);
}
