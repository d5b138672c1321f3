import type { SyntaxNode } from '../hosts/syntax';
import { hostSpan } from '../text/span';
import type { LibraryAdapter, SiteDraft } from './adapter';
import { callParts } from '../hosts/typescript/syntaxTools';
import { readValues, scriptLanguages } from './pg';
import { isForeign } from './pgReceiver';
import { accessOf, isCertainlySql, placeholderStyle, returnsRows } from './sqlText';

/** Functions that take text and send none of it to a database. */
const innocent = /(^|\.)(log|info|warn|error|debug|trace|fatal|expect|assert\w*|describe|it|test|includes|startsWith|endsWith|indexOf|match|matchAll|replace|replaceAll|split|toBe|toEqual|toContain|toMatch\w*|toHaveBeenCalled\w*|toStrictEqual|require|t|i18n|translate|alert|gettext|format|parse|highlight|print|push|unshift|concat|join|test|exec|write|writeFile\w*|appendFile\w*|set|add|append|trim|text|json|send|setValue|normalize|fingerprint|tokenize|analy[sz]e|lint|render|createElement|useState|useMemo|Error|literal|raw|fragment|prepare)$/;
const innocentRoots = /^(console|logger|log|expect|assert|t|chai|vscode|monaco|editor|Sentry|z|yup)$/;

/**
 * Project wrappers: any call that is given a literal which certainly is SQL (`this.db.queryRows('SELECT …')`,
 * `run(client, 'UPDATE …', values)`). Known by the text alone, so the last adapter to be asked. Such wrappers stand on
 * node-postgres or take its shape, so the sites are that library's.
 */
export const wrapperAdapter: LibraryAdapter = {
  id: 'pg',
  languages: scriptLanguages,
  recognise(call, context) {
    const parts = call.type === 'call_expression' ? callParts(call) : undefined;
    if (!parts || parts.template || parts.callee.type === 'super' || parts.callee.type === 'import') return undefined;
    const { callee, args } = parts;
    const path = context.path(callee) ?? [];
    const name = path.join('.');
    if (innocent.test(name) || innocentRoots.test(path[0] ?? '')) return undefined;
    for (const [position, argument] of args.slice(0, 3).entries()) {
      const node = textOf(argument);
      const text = node ? context.string(node) : undefined;
      if (!text || !isCertainlySql(text.text, text.interpolations.map((hole) => hole.span)) || isForeign(callee, context)) continue;
      const placeholders = placeholderStyle(text.text);
      // Backquoted names and `?` are MySQL's and SQLite's; a wrapper that turns `?` into `$1` cannot be told from them.
      if (placeholders === 'question' || text.text.includes('`')) return undefined;
      const anchor = hostSpan(callee.startIndex, callee.endIndex);
      const next = args[position + 1];
      const values = next ? readValues(next, context) : undefined;
      return context.statements(text, placeholders).map((statement): SiteDraft => ({
        library: 'pg',
        confidence: 'shape',
        source: statement.source,
        map: statement.map,
        span: context.span(call),
        anchor,
        executes: context.executes(call) ? 'yes' : 'unknown',
        access: accessOf(statement.source.text),
        fetches: returnsRows(statement.source.text) ? 'unknown' : 'none',
        binds: [...(values?.binds ?? []), ...statement.binds],
        conditional: statement.conditional,
        complete: text.complete,
        chain: [],
        eager: [],
        ...(values?.list ? { values: values.list } : {}),
      }));
    }
    return undefined;
  },
};

/** The text argument itself, or the `text`/`sql` property of an object argument. */
function textOf(argument: SyntaxNode): SyntaxNode | undefined {
  if (argument.type !== 'object') return argument;
  for (const child of argument.namedChildren) {
    if (child.type === 'pair' && /^(text|sql|query)$/.test(child.childForFieldName('key')?.text ?? '')) return child.childForFieldName('value') ?? undefined;
  }
  return undefined;
}
