import type { SyntaxNode } from '../hosts/syntax';
import { hostSpan } from '../text/span';
import type { LibraryAdapter, SiteDraft } from './adapter';
import { argumentsOf, scriptLanguages } from './pg';
import { accessOf, isCertainlySql, returnsRows } from './sqlText';

/** Functions that take text and send none of it to a database. */
const innocent = /(^|\.)(log|info|warn|error|debug|trace|fatal|expect|assert\w*|describe|it|test|includes|startsWith|endsWith|indexOf|match|matchAll|replace|replaceAll|split|toBe|toEqual|toContain|toMatch\w*|toHaveBeenCalled\w*|toStrictEqual|require|t|i18n|translate|alert|gettext|format|parse|highlight|print|push|unshift|concat|join|test|exec|write|writeFile\w*|appendFile\w*|set|add|append|trim|text|json|send|setValue|normalize|fingerprint|tokenize|analy[sz]e|lint|render|createElement|useState|useMemo|Error)$/;
const innocentRoots = /^(console|logger|log|expect|assert|t|chai|vscode|monaco|editor|Sentry|z|yup)$/;

/**
 * Project wrappers: any call that is given a literal which certainly is SQL (`this.db.queryRows('SELECT …')`,
 * `run(client, 'UPDATE …', values)`). Known by the text alone, so the last adapter to be asked.
 */
export const wrapperAdapter: LibraryAdapter = {
  id: 'sql',
  languages: scriptLanguages,
  recognise(call, context) {
    if (call.type !== 'call_expression') return undefined;
    const callee = call.childForFieldName('function');
    if (!callee || callee.type === 'super' || callee.type === 'import') return undefined;
    const path = context.path(callee) ?? [];
    const name = path.join('.');
    if (innocent.test(name) || innocentRoots.test(path[0] ?? '')) return undefined;
    for (const argument of argumentsOf(call).slice(0, 3)) {
      const node = textOf(argument);
      const text = node ? context.string(node) : undefined;
      if (!text || !isCertainlySql(text.text)) continue;
      const anchor = hostSpan(callee.startIndex, callee.endIndex);
      return context.statements(text, 'dollar').map((statement): SiteDraft => ({
        library: 'sql',
        confidence: 'shape',
        source: statement.source,
        map: statement.map,
        span: context.span(call),
        anchor,
        executes: 'unknown',
        access: accessOf(statement.source.text),
        fetches: returnsRows(statement.source.text) ? 'unknown' : 'none',
        binds: statement.binds,
        conditional: statement.conditional,
        complete: text.complete,
        chain: [],
        eager: [],
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
