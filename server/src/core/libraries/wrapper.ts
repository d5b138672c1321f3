import type { SyntaxNode } from '../hosts/syntax';
import { hostSpan } from '../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from './adapter';
import type { Bind } from '../hosts/ir';
import { callParts } from '../hosts/typescript/syntaxTools';
import { readValues, scriptLanguages } from './pg/pg';
import { isForeign } from './pg/pgReceiver';
import { accessOf, isCertainlySql, placeholderStyle, returnsRows } from './shared/sqlText';

/** Functions that take text and send none of it to a database. */
const innocent = /(^|\.)(log|info|warn|error|debug|trace|fatal|expect|assert\w*|describe|it|test|includes|startsWith|endsWith|indexOf|match|matchAll|replace|replaceAll|split|toBe|toEqual|toContain|toMatch\w*|toHaveBeenCalled\w*|toStrictEqual|require|t|i18n|translate|alert|gettext|format|parse|highlight|print|push|unshift|concat|join|test|exec|write|writeFile\w*|appendFile\w*|set|add|append|trim|text|json|send|setValue|normalize|fingerprint|tokenize|analy[sz]e|lint|render|createElement|useState|useMemo|Error|literal|raw|fragment|prepare)$/;
/** Of the language and of tests, editors and the like; what is called on them sends nothing. */
const innocentRoots = /^(String|Number|Boolean|Symbol|BigInt|Object|Array|JSON|Math|Buffer|RegExp|URL|Promise|Reflect|encodeURI\w*|decodeURI\w*|btoa|atob|structuredClone|window|document|localStorage|sessionStorage|console|logger|log|expect|assert|t|chai|vscode|monaco|editor|Sentry|z|yup)$/;

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
      const named = placeholders === 'colon' || placeholders === 'dollar-name' || placeholders === 'at';
      const values = next ? (named ? { binds: readNamedValues(next, context), list: undefined } : readValues(next, context)) : undefined;
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

/** `{ replacements: { search } }`, `{ bind: values }`, `{ search }`: the values of named placeholders, by name. */
function readNamedValues(argument: SyntaxNode, context: HostContext): readonly Bind[] {
  const whole = objectOf(argument, context);
  if (!whole) return [];
  for (const child of whole.namedChildren) {
    const name = child.type === 'pair' ? child.childForFieldName('key')?.text : child.text;
    if (name === undefined || !/^(replacements|bind|binds|parameters|params|values)$/.test(name)) continue;
    const value = child.type === 'pair' ? child.childForFieldName('value') : child;
    const inner = value ? objectOf(value, context) : undefined;
    return inner ? propertiesOf(inner, context) : [];
  }
  return propertiesOf(whole, context);
}

function objectOf(node: SyntaxNode, context: HostContext): SyntaxNode | undefined {
  if (node.type === 'object') return node;
  const origin = node.type === 'identifier' || node.type === 'shorthand_property_identifier' ? context.origin(node) : undefined;
  return origin?.kind === 'node' && origin.node.type === 'object' ? origin.node : undefined;
}

/** The properties of an object literal, those of `...(search && { search })` too. */
function propertiesOf(object: SyntaxNode, context: HostContext): readonly Bind[] {
  return object.namedChildren.flatMap((child): readonly Bind[] => {
    if (child.type === 'shorthand_property_identifier') return [context.bind(child, child.text)];
    if (child.type === 'spread_element') {
      let value = child.namedChildren[0];
      while (value?.type === 'parenthesized_expression') value = value.namedChildren[0];
      const added = value?.type === 'binary_expression' ? value.childForFieldName('right') : value;
      return added?.type === 'object' ? propertiesOf(added, context) : [];
    }
    const value = child.type === 'pair' ? child.childForFieldName('value') : null;
    return value ? [context.bind(value, (child.childForFieldName('key')?.text ?? '').replace(/^['"]|['"]$/g, ''))] : [];
  });
}

/** The text argument itself, or the `text`/`sql` property of an object argument. */
function textOf(argument: SyntaxNode): SyntaxNode | undefined {
  if (argument.type !== 'object') return argument;
  for (const child of argument.namedChildren) {
    if (child.type === 'pair' && /^(text|sql|query)$/.test(child.childForFieldName('key')?.text ?? '')) return child.childForFieldName('value') ?? undefined;
  }
  return undefined;
}
