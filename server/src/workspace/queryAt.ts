import type { HostFile, QuerySite } from '../core/hosts/ir';
import type { StatementEffects } from '../core/sql/effects';
import type { StatementModel } from '../core/sql/model';
import { selectForm } from '../core/sql/selectForm';
import { splitStatements } from '../core/sql/split';
import { createLineIndex } from '../core/text/lineIndex';
import { containsOffset, type HostOffset } from '../core/text/span';
import { explainableSql, type ExplainableSql } from '../core/sql/display';
import type { Engine } from './engine';

/** A query as it can be sent to EXPLAIN, with what is known of it. */
export interface ExplainableQuery extends ExplainableSql {
  readonly model: StatementModel;
  readonly site?: QuerySite;
  /** What Postgres' grammar proves about exactly `sql`; undefined: it is not one statement, or nothing could parse it. */
  readonly effects: StatementEffects | undefined;
  /** Of an UPDATE or DELETE: the SELECT that reads the same rows, and which of the parameters it takes. */
  readonly selectForm?: { readonly sql: string; readonly parameters: readonly number[] };
  /** Host expression of `$1`, `$2` …, where known. */
  readonly names: readonly (string | undefined)[];
}

/** The innermost query around an offset; undefined where none stands whose SQL is known. */
export function queryAt(engine: Engine, file: HostFile, offset: HostOffset): ExplainableQuery | undefined {
  return toQuery(engine, smallest(file.sites.filter((s) => s.source && containsOffset(s.span, offset))));
}

/** The query that begins on a zero-based line, else the innermost one that covers it. */
export function queryAtLine(engine: Engine, file: HostFile, text: string, line: number): ExplainableQuery | undefined {
  const lines = createLineIndex(text);
  const starts = file.sites.filter((s) => s.source && lines.toLineColumn(s.anchor.start).line === line);
  const covering = file.sites.filter((s) => s.source && lines.toLineColumn(s.span.start).line <= line && line <= lines.toLineColumn(s.span.end).line);
  return toQuery(engine, starts[0] ?? smallest(covering));
}

/** A statement given as text. Of several statements none is chosen: `incomplete` says so. */
export function queryFromSql(engine: Engine, text: string): ExplainableQuery {
  const [first, ...more] = splitStatements(text, { psql: false });
  const statement = first ? text.slice(first.start, first.end) : text;
  const source = { text: statement, placeholders: 'dollar' as const, interpolations: [] };
  const model = engine.sql.analyse(source);
  const sql = explainableSql(source, model);
  return { ...sql, ...proof(engine, sql.sql, model), model, names: sql.parameters.map(() => undefined), ...(more.length > 0 ? { incomplete: 'it holds several statements; give one' } : {}) };
}

const smallest = (sites: readonly QuerySite[]): QuerySite | undefined =>
  [...sites].sort((a, b) => a.span.end - a.span.start - (b.span.end - b.span.start))[0];

function toQuery(engine: Engine, site: QuerySite | undefined): ExplainableQuery | undefined {
  if (!site?.source) return undefined;
  const model = engine.sql.analyse(site.source);
  const sql = explainableSql(site.source, model);
  const names = sql.parameters.map((key) => site.binds.find((b) => b.key === key || `interpolation:${b.key}` === key)?.text);
  const conditional = site.conditional.length > 0 || !site.complete ? 'parts of it are added only on some paths' : undefined;
  return { ...sql, ...proof(engine, sql.sql, model), model, site, names, ...(sql.incomplete ? {} : conditional && !site.complete ? { incomplete: conditional } : {}) };
}

function proof(engine: Engine, sql: string, model: StatementModel): Pick<ExplainableQuery, 'effects' | 'selectForm'> {
  const form = model.kind === 'update' || model.kind === 'delete' ? selectForm(engine.sql, sql) : undefined;
  return { effects: engine.sql.effects(sql), ...(form ? { selectForm: form } : {}) };
}
