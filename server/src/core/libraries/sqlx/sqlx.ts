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
const sqlxStart = /^(?:query|query_as|query_scalar|query_unchecked|query_as_unchecked|query_scalar_unchecked|query_with|query_as_with|raw_sql)$/;

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
      if (!start || (start.form.receiver && !/^(?:sqlx|diesel)$/.test(start.form.receiver.text))) return undefined;
      if (fetches === undefined && !/^(?:sqlx|diesel)$/.test(start.form.receiver?.text ?? '') && name === 'query') return undefined;
      return draft(call, start, fetches, id, context);
    },
  };
}

interface Start {
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
    if (starts(form.name.text)) return { call: inner, form, values: values.reverse() };
    if (/^bind(?:_all)?$/.test(form.name.text) && form.args[0]) values.push(form.args[form.args.length - 1]?.node ?? form.args[0].node);
    current = form.receiver;
  }
  return undefined;
}

function draft(call: SyntaxNode, start: Start, fetches: QuerySite['fetches'] | undefined, id: LibraryId, context: HostContext): readonly SiteDraft[] | undefined {
  if (speaksOther(context)) return [];
  const found = start.form.args.map((argument, index) => ({ text: context.string(argument.node), index })).find(({ text }) => text !== undefined && startsStatement(text.text));
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
