import { commonFile, type CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { isForeignSql } from '../../sql/foreignDialect';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { anchorOf, opaque, speaksOther } from '../shared/driverCalls';
import { accessOf, returnsRows, startsStatement } from '../shared/sqlText';

const sends: Readonly<Record<string, QuerySite['fetches']>> = { execute: 'none', execute_raw: 'none', execute_unprepared: 'none', query_one: 'one', query_one_raw: 'one', query_all: 'many', query_all_raw: 'many', stream: 'stream', stream_raw: 'stream', from_raw_sql: 'unknown', find_by_statement: 'unknown' };
const saves = /^(?:insert|update|save|delete|delete_by_id|insert_one)$/;

/** SQL text that SeaORM is given as a `Statement`, and active models that save themselves. */
export const seaOrmStatementAdapter: LibraryAdapter = {
  id: 'sea-orm',
  languages: ['rust'],
  marks: /\bsea_orm\b/,
  recognise(call, context) {
    const file = commonFile(context);
    const form = file?.source.callForm(call);
    if (!file || !form?.receiver || speaksOther(context)) return undefined;
    const name = form.name.text;
    const [first] = form.args;
    if (saves.test(name) && form.args.length === 1 && first && isActiveModel(form.receiver, file, context)) return [{ ...opaque(call, form, 'yes', 'write', 'none', { id: 'sea-orm' }), binds: [context.bind(form.receiver, '1')] }];
    if (!Object.hasOwn(sends, name) || !first) return undefined;
    const made = file.source.callForm(file.source.unwrap(first.node)) ?? callBehind(first.node, file, context);
    const args = name === 'execute_unprepared' ? form.args : made && /(?:^|::)Statement$/.test(made.receiver?.text ?? '') && /^from_/.test(made.name.text) ? made.args : undefined;
    if (!args) return undefined;
    const text = args.map(({ node }) => ({ node, text: context.string(node) })).find((one) => one.text !== undefined && startsStatement(one.text.text))?.text;
    const raw = name === 'from_raw_sql' || name === 'find_by_statement';
    if (!text) return raw ? undefined : [{ ...opaque(call, form, 'yes', 'unknown', sends[name] ?? 'unknown', { id: 'sea-orm' }), binds: args.slice(1).map(({ node }, index) => context.bind(node, String(index + 1))) }];
    if (isForeignSql(text.text)) return [];
    const list = args.at(-1) && file.source.form(file.source.unwrap(args.at(-1)?.node ?? call));
    const values = list?.kind === 'list' ? list.items : [];
    return context.statements(text, 'dollar').map((statement): SiteDraft => ({
      ...opaque(call, form, 'yes', accessOf(statement.source.text), returnsRows(statement.source.text) ? sends[name] ?? 'unknown' : 'none', { id: 'sea-orm' }),
      source: statement.source, map: statement.map, span: spanOf(call), anchor: anchorOf(call, form), conditional: statement.conditional, complete: text.complete,
      binds: [...values.map((node, index) => context.bind(node, String(index + 1))), ...statement.binds],
    }));
  },
};

function callBehind(node: SyntaxNode, file: CommonFile, context: HostContext): ReturnType<CommonFile['source']['callForm']> {
  const origin = context.origin(node);
  return origin.kind === 'call' ? file.source.callForm(origin.node) : undefined;
}

/** `user::ActiveModel { … }`, `user.into_active_model()`, a variable or parameter of such a type. */
function isActiveModel(node: SyntaxNode, file: CommonFile, context: HostContext): boolean {
  if (/(?:^|::)ActiveModel$/.test(file.names.typeOf(node)?.replace(/^&(?:mut\s+)?/, '') ?? '')) return true;
  const inner = file.source.unwrap(node);
  const origin = context.origin(inner);
  const made = origin.kind === 'node' || origin.kind === 'call' ? origin.node : inner;
  return /^(?:\w+::)*ActiveModel\s*\{/.test(made.text) || /\.into_active_model\(\)$/.test(made.text) || (/^(?:\w+::)*ActiveModel(?:::|$)/.test(made.text) && made.type !== 'identifier');
}
