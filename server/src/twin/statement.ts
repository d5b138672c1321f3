import type { Catalog, Table } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import { nextToken, tokenize, type Token } from '../core/sql/lexer';
import { nameOf } from '../core/sql/names';
import { splitStatements } from '../core/sql/split';
import { TwinError } from './twin';

const plannable: ReadonlySet<string> = new Set(['select', 'with', 'values', 'insert', 'update', 'delete', 'merge', 'table']);

/**
 * The text of the one SELECT or DML statement, as it may follow EXPLAIN: the simple protocol would run everything behind a
 * semicolon. Throws `TwinError` (`refused`) for anything else.
 */
export function proveStatement(sql: string): string {
  if (sql.includes('\0')) throw new TwinError('refused', 'the statement holds a zero character');
  const statements = splitStatements(sql, { psql: false });
  const [only] = statements;
  if (only === undefined) throw new TwinError('refused', 'there is no statement');
  const text = sql.slice(only.start, only.end);
  const tokens = tokenize(text);
  if (statements.length > 1 || tokens.some((token) => token.kind === 'punct' && token.word === ';')) throw new TwinError('refused', 'only a single statement can be planned');
  if (tokens.some((token) => token.open === true)) throw new TwinError('refused', 'a literal or a quoted name of the statement has no end');
  const first = tokens.find((token) => token.word !== '(');
  if (first?.kind !== 'word' || !plannable.has(first.word)) throw new TwinError('refused', 'only SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES can be planned');
  return text;
}

/** A name as it stands in a statement, with the one before its dot. */
export interface WrittenName {
  readonly schema?: string;
  readonly name: string;
  /** A parenthesis follows. */
  readonly called: boolean;
}

const isName = (token: Token | undefined): token is Token => token?.kind === 'word' || token?.kind === 'quoted';

/** Every name of a statement, qualified ones with their qualifier: more than its relations, never less. */
export function collectNames(sql: string): readonly WrittenName[] {
  const names = new Map<string, WrittenName>();
  let before: Token | undefined;
  let qualifier: string | undefined;
  for (let token = nextToken(sql, 0, false); token !== undefined;) {
    let next = nextToken(sql, token.end, false);
    while (next?.kind === 'comment') next = nextToken(sql, next.end, false);
    if (isName(token)) {
      const name = nameOf(sql, token);
      const schema = before?.word === '.' ? qualifier : undefined;
      const called = next?.word === '(';
      names.set(`${schema ?? ''}\0${name}\0${String(called)}`, { ...(schema === undefined ? {} : { schema }), name, called });
      qualifier = name;
    }
    before = token;
    token = next;
  }
  return [...names.values()];
}

/** The relations of the catalog that these names can mean. */
export function relationsNamed(catalog: Catalog, names: readonly WrittenName[]): readonly Table[] {
  const found = new Set<Table>();
  for (const { schema, name } of names) {
    for (const candidate of schema === undefined ? catalog.searchPath : [schema]) {
      const table = catalog.tables.get(relationKey(candidate, name));
      if (table === undefined) continue;
      found.add(table);
      break;
    }
  }
  return [...found];
}
