import { sqlSpan, type SqlSpan } from '../text/span';
import { nextToken, type Token } from './lexer';
import type { SplitStatements } from './ports';

/** psql commands that send what was typed so far, as `;` does. */
const sendingCommands = /^(?:g|gx|gset|gexec|gdesc|crosstabview|watch|bind|bind_named|parse|sendpipeline)$/;
/** A comment that names the query below it (sqlc, aiosql, pgtyped): `-- name: ListUsers :many`. */
const queryName = /^--\s*name\s*:\s*[A-Za-z_][\w.-]*\s*(?:[\^!$<*#]|:[a-z]+|\(.*\)|\s)*\s*$/i;
/** The same where a program reads its file by such lines: `-- list_users --`, `-- BLOCK list_users`. Decoration of other comments has no such name. */
const lineName = /^--\s*(?:[a-z][a-z\d]*(?:_[a-z\d]+)+\s*--|BLOCK\s+[a-z]\w*)\s*$/;
/** Comments at which migration tools cut, semicolon or not. */
const migrationMarker = /^--\s*(?:\+(?:goose|migrate)\s+(?:up|down|statementbegin|statementend)|migrate:(?:up|down))\b/i;
const statementStart = /^(?:select|with|insert|update|delete|merge|values|create|alter|drop|truncate)$/;

/**
 * Splits as psql does: `;` at parenthesis depth 0, bodies of `BEGIN ATOMIC` routines kept whole; in psql dialect
 * backslash commands are skipped and COPY data too. Besides, a comment that names a query or a
 * migration's part ends the statement before it, so that files without semicolons split. Cost: one pass of the lexer,
 * none where the tokens are given.
 */
export const splitStatements: SplitStatements = (text, { psql, tokens }) => {
  const statements: SqlSpan[] = [];
  let open = newStatement();
  let at = 0;
  const finish = (): void => {
    if (open.start >= 0) statements.push(sqlSpan(open.start, open.end));
    open = newStatement();
  };
  let given = tokens;
  let read = 0;
  const next = (): Token | undefined => (given ? given[read++] : nextToken(text, at, psql));
  /** Reading goes on elsewhere, where the tokens of the whole text may have other borders. */
  const jump = (to: number): void => {
    at = to;
    given = undefined;
  };
  for (let token = next(); token; token = next()) {
    at = token.end;
    if (token.kind === 'comment') {
      if (open.start >= 0 && open.depth === 0 && endsStatement(text, token)) finish();
      continue;
    }
    if (token.kind === 'meta') {
      jump(endOfCommand(text, token, finish));
      continue;
    }
    if (token.word === ';' && open.depth === 0 && open.begun === 0) {
      const copies = psql && open.start >= 0 && /^copy\b[\s\S]*\bfrom\s+stdin\b/i.test(text.slice(open.start, token.start));
      finish();
      if (copies) jump(endOfCopyData(text, at));
      continue;
    }
    extend(open, token);
  }
  finish();
  return statements;
};

interface OpenStatement {
  start: number;
  end: number;
  /** Open parentheses. */
  depth: number;
  /** Open BEGIN and CASE of a routine body. */
  begun: number;
  readonly head: string[];
  routine: boolean;
}

const newStatement = (): OpenStatement => ({ start: -1, end: -1, depth: 0, begun: 0, head: [], routine: false });

function extend(open: OpenStatement, token: Token): void {
  if (open.start < 0) open.start = token.start;
  open.end = token.end;
  if (token.kind === 'punct') {
    if (token.word === '(') open.depth++;
    else if (token.word === ')' && open.depth > 0) open.depth--;
  } else if (token.kind === 'word') {
    if (open.head.length < 4) {
      open.head.push(token.word);
      open.routine = /^create (?:or replace )?(?:function|procedure)\b/.test(open.head.join(' '));
    }
    if (!open.routine || open.depth > 0) return;
    if (token.word === 'begin' || (token.word === 'case' && open.begun > 0)) open.begun++;
    else if (token.word === 'end' && open.begun > 0) open.begun--;
  }
}

function endsStatement(text: string, comment: Token): boolean {
  const written = text.slice(comment.start, comment.end);
  if (migrationMarker.test(written)) return true;
  if (!queryName.test(written) && !(lineName.test(written) && !/\b(?:union|all|distinct|intersect|except|as|explain|analyze)\s*$/i.test(text.slice(Math.max(0, comment.start - 200), comment.start)))) return false;
  let next = nextToken(text, comment.end, false);
  while (next?.kind === 'comment') next = nextToken(text, next.end, false);
  return next?.kind === 'word' && statementStart.test(next.word);
}

/** Ends the statement where the command does; returns where reading goes on. */
function endOfCommand(text: string, backslash: Token, finish: () => void): number {
  const name = /^\\(;|[a-zA-Z?!][\w?+]*)?/.exec(text.slice(backslash.start, backslash.start + 30))?.[1] ?? '';
  if (name === ';' || sendingCommands.test(name)) finish();
  if (name === ';') return backslash.start + 2;
  const end = text.indexOf('\n', backslash.start);
  return end < 0 ? text.length : end;
}

/** After the line `\.`, if there is one. */
function endOfCopyData(text: string, from: number): number {
  const terminator = /^\\\.[ \t]*\r?$/gm;
  terminator.lastIndex = from;
  const found = terminator.exec(text);
  return found ? found.index + found[0].length : from;
}
