import { tokenize } from './lexer';
import type { StatementModel } from './model';
import type { SqlSource } from './source';

/**
 * The SQL of a site as it is sent, with its holes numbered `$1, $2 …` in the text's order (equal placeholder keys share a
 * number), identifiers and fragments in angle brackets. For people and for EXPLAIN.
 */
export function displaySql(source: SqlSource, model: StatementModel): string {
  return explainableSql(source, model).sql;
}

export interface ExplainableSql {
  readonly sql: string;
  /** Key of the hole behind `$1`, `$2` …: `Hole.origin`'s key, or `interpolation:<index>`. */
  readonly parameters: readonly string[];
  /** Why the text cannot be sent: it holds parts that only the running program knows. */
  readonly incomplete?: string;
}

export function explainableSql(source: SqlSource, model: StatementModel): ExplainableSql {
  const parameters: string[] = [];
  let incomplete: string | undefined;
  let sql = '';
  let at = 0;
  for (const hole of [...model.holes].sort((a, b) => a.span.start - b.span.start)) {
    if (hole.span.start < at) continue;
    const host = hole.origin.type === 'interpolation' ? source.interpolations[hole.origin.index]?.hostText ?? '…' : hole.origin.key;
    sql += source.text.slice(at, hole.span.start);
    at = hole.span.end;
    if (hole.kind === 'value' || hole.kind === 'list') {
      const key = hole.origin.type === 'placeholder' ? hole.origin.key : `interpolation:${hole.origin.index}`;
      const known = parameters.indexOf(key);
      const number = known >= 0 ? known + 1 : parameters.push(key);
      sql += hole.kind !== 'list' ? `$${number}` : hole.origin.type === 'placeholder' && /^\s/.test(source.text.slice(hole.span.start)) ? ` ($${number})` : `($${number})`;
    } else {
      incomplete ??= `${host} is ${hole.kind === 'identifier' ? 'a name' : 'SQL text'} that only the running program knows`;
      sql += `⟨${host}⟩`;
    }
  }
  sql = (sql + source.text.slice(at)).trim();
  return { sql: source.placeholders === 'file' ? withEmbedded(sql) : sql, parameters, incomplete };
}

/** `sqlc.embed(t)`: sqlc sends the columns of `t` in its place. */
function withEmbedded(sql: string): string {
  if (!sql.includes('sqlc.embed')) return sql;
  const tokens = tokenize(sql);
  let result = '';
  let at = 0;
  tokens.forEach((token, i) => {
    const [dot, name, open, relation, close] = tokens.slice(i + 1, i + 6);
    if (token.word !== 'sqlc' || dot?.word !== '.' || name?.word !== 'embed' || open?.word !== '(' || !relation || close?.word !== ')') return;
    result += `${sql.slice(at, token.start)}${sql.slice(relation.start, relation.end)}.*`;
    at = close.end;
  });
  return result + sql.slice(at);
}

/**
 * The statement as the planner takes it: parameters as `$1 …`. A list of unknown length counts as one value.
 * @returns undefined where the text is not wholly known (repaired, interpolated SQL), is no SELECT or DML, or has no parse.
 */
export function plannableSql(source: SqlSource, model: StatementModel): string | undefined {
  if (model.completeness !== 'full' || model.error !== undefined || !PLANNABLE.has(model.kind)) return undefined;
  const { sql, incomplete } = explainableSql(source, model);
  return incomplete === undefined ? sql.replace(/;\s*$/, '') : undefined;
}

const PLANNABLE: ReadonlySet<StatementModel['kind']> = new Set(['select', 'insert', 'update', 'delete', 'merge']);

/** A sentence about the statement with the names that stand in for interpolations written as the host writes them. */
export function withHostNames(sentence: string, source: SqlSource, model: StatementModel): string {
  let told = sentence;
  for (const { span, origin } of model.holes) {
    const name = model.text.slice(span.start, span.end);
    if (origin.type !== 'interpolation' || !/^zq\w+$/.test(name)) continue;
    const { hostText = '…' } = source.interpolations[origin.index] ?? {};
    told = told.replaceAll(name, hostText.length <= 40 && !hostText.includes('\n') ? `⟨${hostText}⟩` : '⟨…⟩');
  }
  return told;
}
