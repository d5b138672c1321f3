import { commonFile, type CommonFile } from '../../hosts/common/context';
import type { CallForm } from '../../hosts/common/forms';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { Bind, LibraryId, QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { isForeignSql } from '../../sql/foreignDialect';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { anchorOf, opaque, speaksOther } from '../shared/driverCalls';
import { accessOf, placeholderStyle, returnsRows, startsStatement } from '../shared/sqlText';

const sends: Readonly<Record<string, QuerySite['fetches']>> = {
  fetch: 'stream', fetch_many: 'stream', fetch_all: 'many', fetch_one: 'one', fetch_optional: 'one', execute: 'none', execute_many: 'none',
  load: 'many', get_results: 'many', get_result: 'one', first: 'one', load_stream: 'stream',
};
const sqlxStart = /^(?:query_file|query_file_as|query_file_scalar|query_file_unchecked|query_file_as_unchecked|query|query_as|query_scalar|query_unchecked|query_as_unchecked|query_scalar_unchecked|query_with|query_as_with|raw_sql)$/;

/** sqlx: `query("…").bind(x).fetch_all(&pool)` and the checked macros. */
export const sqlxAdapter = textChain('sqlx', /\bsqlx\b/, (name) => sqlxStart.test(name));

/** SQL text given to diesel. */
export const dieselSqlAdapter = textChain('diesel', /\bsql_query\b/, (name) => name === 'sql_query');

function textChain(id: LibraryId, marks: RegExp, starts: (name: string) => boolean): LibraryAdapter {
  return {
    id,
    languages: ['rust'],
    marks,
    recognise(call, context) {
      const file = commonFile(context);
      const form = file?.source.callForm(call);
      if (!file || !form) return undefined;
      const name = form.name.text;
      const fetches = Object.hasOwn(sends, name) ? sends[name] : undefined;
      const start = fetches === undefined ? (starts(name) ? { call, form, values: [] } : undefined) : startOf(form.receiver, file, context, starts);
      if (!start || (!start.builder && start.form.receiver && !/^(?:sqlx|diesel)$/.test(start.form.receiver.text))) return undefined;
      if (fetches === undefined && !/^(?:sqlx|diesel)$/.test(start.form.receiver?.text ?? '') && name === 'query') return undefined;
      return draft(call, start, fetches, id, context);
    },
  };
}

/** What a `QueryBuilder` is asked for. */
const builds = /^(?:build|build_query_as|build_query_scalar|build_query_as_with|build_query_scalar_with)$/;
/** Rows and lists that a builder writes by itself: the text is not known then. */
const unknownText = /^(?:push_values|push_tuples|separated|push_unseparated)$/;

interface Start {
  /** The builder that holds the text. */
  readonly builder?: SyntaxNode;
  readonly call: SyntaxNode;
  readonly form: CallForm;
  readonly values: readonly SyntaxNode[];
}

/** Back along the chain, through a variable too, to the call that takes the text. */
function startOf(receiver: SyntaxNode | undefined, file: CommonFile, context: HostContext, starts: (name: string) => boolean): Start | undefined {
  const values: SyntaxNode[] = [];
  let current = receiver;
  for (let hops = 0; current && hops < 40; hops++) {
    let inner = file.source.unwrap(current);
    if (file.source.form(inner)?.kind === 'name') {
      const origin = context.origin(inner);
      if (origin.kind !== 'call') return undefined;
      inner = origin.node;
    }
    const form = file.source.callForm(inner);
    if (!form) return undefined;
    if (builds.test(form.name.text) && form.receiver && isBuilder(form.receiver, file, context)) return { call: inner, form, values: values.reverse(), builder: form.receiver };
    if (starts(form.name.text)) return { call: inner, form, values: values.reverse() };
    if (/^bind(?:_all)?$/.test(form.name.text) && form.args[0]) values.push(form.args[form.args.length - 1]?.node ?? form.args[0].node);
    current = form.receiver;
  }
  return undefined;
}

function isBuilder(node: SyntaxNode, file: CommonFile, context: HostContext): boolean {
  const origin = context.origin(node);
  return /\bQueryBuilder\b/.test(file.names.typeOf(node) ?? '') || ((origin.kind === 'call' || origin.kind === 'construct') && origin.callee.includes('QueryBuilder'));
}

/** Whatever writes rows to the builder before the call, in the same function and the closures in it. */
function writesRows(builder: SyntaxNode, call: SyntaxNode, { source }: CommonFile): boolean {
  let within = source.functionOf(call);
  while (within && !source.functionForm(within)?.name) within = source.functionOf(within);
  const from = within?.startIndex ?? 0;
  return source.calls.some((other) => {
    if (other.startIndex < from || other.startIndex >= call.startIndex) return false;
    const form = source.callForm(other);
    return form?.receiver?.text === builder.text && unknownText.test(form.name.text);
  });
}

function draft(call: SyntaxNode, start: Start, fetches: QuerySite['fetches'] | undefined, id: LibraryId, context: HostContext): readonly SiteDraft[] | undefined {
  if (speaksOther(context)) return [];
  const file = commonFile(context);
  const built = start.builder && file && !writesRows(start.builder, start.call, file) ? context.string(start.builder) : undefined;
  const path = /^query_file/.test(start.form.name.text) ? start.form.args.map((argument) => /^"([^"]+\.sql)"$/.exec(argument.node.text)?.[1]).find((one) => one !== undefined) : undefined;
  const content = path === undefined ? undefined : file?.shared?.sqlFile(path, true);
  const pathAt = start.form.args.findIndex((argument) => argument.node.text.endsWith('.sql"'));
  const found = content !== undefined && startsStatement(content) ? { text: { text: content, map: { segments: [] }, interpolations: [], binds: [], conditional: [], complete: true }, index: pathAt } : start.builder ? (built && startsStatement(built.text) ? { text: built, index: 0 } : undefined) : start.form.args.map((argument, index) => ({ text: context.string(argument.node), index })).find(({ text }) => text !== undefined && startsStatement(text.text));
  const executes = fetches === undefined ? 'no' : 'yes';
  const base = opaque(call, start.form, executes, 'unknown', fetches ?? 'unknown', { id });
  const anchor = anchorOf(start.call, start.form);
  if (!found?.text) return fetches === undefined ? undefined : [{ ...base, anchor, binds: start.values.map((node, index) => context.bind(node, String(index + 1))) }];
  if (isForeignSql(found.text.text) || placeholderStyle(found.text.text) === 'question') return [];
  const given = [...start.form.args.slice(found.index + 1).map((argument) => argument.node), ...start.values];
  const binds = given.map((node, index): Bind => context.bind(node, String(index + 1)));
  const whole = found.text;
  return context.statements(whole, 'dollar').map((statement): SiteDraft => ({
    library: id, confidence: 'proved', source: statement.source, map: statement.map, span: spanOf(call), anchor, executes,
    access: accessOf(statement.source.text), fetches: returnsRows(statement.source.text) ? fetches ?? 'unknown' : 'none', binds: [...binds, ...statement.binds], conditional: statement.conditional, complete: whole.complete, chain: [], eager: [],
  }));
}
