import { commonFile, type CommonFile } from '../../hosts/common/context';
import type { CallForm } from '../../hosts/common/forms';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { isForeignSql } from '../../sql/foreignDialect';
import type { HostContext, HostString, LibraryAdapter, SiteDraft } from '../adapter';
import { anchorOf, boundBefore, createDriver, opaque, speaksOther, type DriverMethod } from '../shared/driverCalls';
import { buildSql, concat, fragment, hole, type SqlPart } from '../shared/sqlBuilder';
import { accessOf, placeholderStyle, returnsRows, startsStatement } from '../shared/sqlText';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };
const both = (methods: Readonly<Record<string, DriverMethod>>): Record<string, DriverMethod> => Object.fromEntries(Object.entries(methods).flatMap(([name, method]) => [[name, method], [`${name}Async`, method]]));
const runs: Readonly<Record<string, QuerySite['fetches']>> = { ExecuteReader: 'many', ExecuteReaderAsync: 'many', ExecuteNonQuery: 'none', ExecuteNonQueryAsync: 'none', ExecuteScalar: 'one', ExecuteScalarAsync: 'one' };

const driver = createDriver({
  id: 'npgsql',
  languages: ['csharp'],
  marks: /Dapper|Npgsql|\b(?:Query|Execute)\w*\s*[<(]/,
  methods: {
    ...both({ Query: many, QueryFirst: one, QueryFirstOrDefault: one, QuerySingle: one, QuerySingleOrDefault: one, QueryMultiple: many, QueryUnbuffered: { fetches: 'stream' }, Execute: none, ExecuteScalar: one, ExecuteReader: many }),
    CreateCommand: { fetches: 'unknown', prepares: true },
  },
  constructors: /^NpgsqlCommand$/,
  types: /\b(?:Npgsql\w+|IDbConnection|DbConnection|IDbTransaction)\b/,
  otherTypes: /\bSql(?:Connection|Command)\b|MySql|Sqlite|Oracle|Http|Redis|Mongo|Elastic/,
  names: /^(?:_?\w*(?:[cC]onn(?:ection)?|[dD]b|[dD]ataSource|[dD]atabase)|cnn|tx|transaction|command|cmd)$/,
  runs,
  placeholders: (text) => (placeholderStyle(text) === 'at' ? 'at' : placeholderStyle(text) === 'colon' ? 'colon' : 'dollar'),
});

/** Dapper, Npgsql's commands and data sources, and SQL text given to EF Core. */
export const npgsqlAdapter: LibraryAdapter = {
  ...driver,
  recognise(call, context) {
    const file = commonFile(context);
    const form = file?.source.callForm(call);
    if (!file || !form) return undefined;
    const name = form.name.text;
    const own = entitySql(call, form, name, file, context);
    if (own) return own;
    if (Object.hasOwn(runs, name) && form.receiver && form.args.length <= 1) {
      const assigned = commandText(call, form.receiver.text, file);
      if (assigned) return assignedText(call, form, assigned, runs[name] ?? 'unknown', file, context);
    }
    return driver.recognise(call, context);
  },
};

/** The last `cmd.CommandText = …` before the call in its function. */
function commandText(call: SyntaxNode, receiver: string, file: CommonFile): SyntaxNode | undefined {
  const fn = file.source.functionOf(call);
  let found: SyntaxNode | undefined;
  const visit = (node: SyntaxNode): void => {
    if (node.startIndex >= call.startIndex) return;
    const form = file.source.form(node);
    const target = form?.kind === 'assign' && !form.adds ? form.targets[0] : undefined;
    const member = target && file.source.form(target);
    if (form?.kind === 'assign' && member?.kind === 'member' && member.name.text === 'CommandText' && member.object.text === receiver) found = form.values[0] ?? found;
    for (const child of node.namedChildren) visit(child);
  };
  visit(fn ?? file.source.root);
  return found;
}

function assignedText(call: SyntaxNode, form: CallForm, value: SyntaxNode, fetches: QuerySite['fetches'], file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const text = context.string(value);
  if (!text || !startsStatement(text.text) || speaksOther(context) || isForeignSql(text.text)) return undefined;
  const binds = form.receiver ? boundBefore(call, form.receiver, file).map((node, index) => context.bind(node, `set ${index}`)) : [];
  return statements(call, form, text, fetches, 'yes', 'typed', context).map((site) => ({ ...site, binds: [...site.binds, ...binds] }));
}

function statements(call: SyntaxNode, form: CallForm, text: HostString, fetches: QuerySite['fetches'], executes: QuerySite['executes'], confidence: QuerySite['confidence'], context: HostContext): readonly SiteDraft[] {
  const style = placeholderStyle(text.text);
  return context.statements(text, style === 'at' || style === 'colon' ? style : 'dollar').map((statement): SiteDraft => ({
    ...opaque(call, form, executes, accessOf(statement.source.text), returnsRows(statement.source.text) ? fetches : 'none', { id: 'npgsql' }),
    confidence, source: statement.source, map: statement.map, anchor: anchorOf(call, form), span: spanOf(call), binds: statement.binds, conditional: statement.conditional, complete: text.complete,
  }));
}

const entityMethods: Readonly<Record<string, QuerySite['fetches']>> = {
  FromSql: 'many', FromSqlRaw: 'many', FromSqlInterpolated: 'many', SqlQuery: 'many', SqlQueryRaw: 'many',
  ExecuteSql: 'none', ExecuteSqlAsync: 'none', ExecuteSqlRaw: 'none', ExecuteSqlRawAsync: 'none', ExecuteSqlInterpolated: 'none', ExecuteSqlInterpolatedAsync: 'none',
};

/** `context.Users.FromSql($"…{id}")`: interpolations and `{0}` are parameters; LINQ behind it may add to the statement. */
function entitySql(call: SyntaxNode, form: CallForm, name: string, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const fetches = Object.hasOwn(entityMethods, name) ? entityMethods[name] : undefined;
  const first = form.args[0]?.node;
  const text = fetches !== undefined && first ? context.string(first) : undefined;
  if (!text || fetches === undefined || !startsStatement(text.text)) return undefined;
  if (speaksOther(context) || isForeignSql(text.text)) return [];
  const numbered = withNumbers(text, form, context);
  const composable = fetches === 'many' && file.source.wrapped(call).parent?.type !== 'local_declaration_statement';
  return statements(call, form, composable ? { ...numbered, complete: false } : numbered, fetches, 'yes', 'proved', context);
}

/** `{0}` of `FromSqlRaw(text, x)` as a bound value. */
function withNumbers(text: HostString, form: CallForm, context: HostContext): HostString {
  const marks = [...text.text.matchAll(/\{(\d+)\}/g)];
  if (marks.length === 0) return text;
  const built: SqlPart[] = [];
  let at = 0;
  for (const mark of marks) {
    built.push(fragment(text, at, mark.index));
    const value = form.args[Number(mark[1]) + 1]?.node;
    built.push(hole('value', value ? context.bind(value, mark[1] ?? '0') : { text: mark[0], names: [], origin: 'unknown' }));
    at = mark.index + mark[0].length;
  }
  built.push(fragment(text, at));
  const made = buildSql(concat(...built));
  return { text: made.source.text, map: made.map, interpolations: made.source.interpolations, binds: made.binds, conditional: made.conditional, complete: made.complete };
}
