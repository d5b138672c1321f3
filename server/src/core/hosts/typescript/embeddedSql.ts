import type { SqlTexts } from '../shared/sqlTexts';
import { isAside } from '../surface';
import type { SyntaxNode } from '../syntax';
import { traceOrigin } from './origins';
import type { Scopes } from './scopes';
import { callParts, keyName, unwrap } from './syntaxTools';

/** What a loader of SQL is called, or given. */
const loaders = /yesql|queryfile|enumsql|(?:load|read|create|make|get|import|parse)\w*(?:sql|quer|block|statement)/i;
const places = /\.sql\b|['"`/](?:sql|quer(?:y|ies))\b|__dirname|import\.meta/;

/**
 * The statement of an SQL file that an expression stands for: `readFileSync('find.sql')`, `new QueryFile('find.sql')`, `import find from
 * './find.sql'`, or a title of a loaded file: `queries.getUser`, `queries.getUser(params)`. undefined: none, or it is not known which.
 */
export function embeddedSql(written: SyntaxNode, scopes: Scopes, texts: SqlTexts): string | undefined {
  const node = unwrap(written, true);
  const call = node.type === 'call_expression' ? callParts(node) : undefined;
  if (call?.template) return undefined;
  // A function made of a title gives its text.
  const titled = call?.callee.type === 'member_expression' ? textAt(call.callee, scopes, texts, true) : undefined;
  return titled ?? textAt(node, scopes, texts, false);
}

/** What only makes a path of its parts. */
const pathMakers = /^(?:(?:path|posix)\.)?(?:join|resolve|normalize|dirname|relative)$|^URL$|^(?:url\.)?fileURLToPath$|^require\.resolve$/;

/** @param member only a title counts, not a file that the call itself names */
function textAt(node: SyntaxNode, scopes: Scopes, texts: SqlTexts, member: boolean): string | undefined {
  const made = member ? undefined : callBehind(node, scopes);
  const own = made && callParts(made);
  if (own && pathMakers.test(own.callee.text)) return undefined;
  // Whatever a function of the project does with the path: `sql('find.sql')`.
  const named = own && pathIn(own.args);
  if (made && named?.endsWith('.sql')) return texts.file(named, !isAside(made));
  const origin = traceOrigin(node, scopes);
  if (origin.kind === 'import') {
    const file = /^(.*\.sql)(?:\?\w+)?$/.exec(origin.module)?.[1];
    const name = origin.path.at(-1) ?? (/^(?:\*|default)$/.test(origin.imported) ? undefined : origin.imported);
    return file === undefined ? undefined : name === undefined ? texts.file(file, !isAside(node)) : texts.block(name, [file.slice(file.lastIndexOf('/') + 1)])?.text;
  }
  if (origin.kind !== 'call' && origin.kind !== 'construct') return undefined;
  const maker = callParts(origin.node);
  const list = origin.node.childForFieldName('arguments')?.text ?? '';
  const path = origin.path ?? [];
  const name = path.at(-1);
  const file = pathIn(maker?.args ?? []);
  if (name === undefined) return member || file === undefined || !file.endsWith('.sql') || pathMakers.test(maker?.callee.text ?? '') ? undefined : texts.file(file, !isAside(origin.node));
  if (path.length > 3 || !(loaders.test(maker?.callee.text ?? '') || places.test(list))) return undefined;
  const words = (file ?? '').split('/').filter((part) => part !== '' && !part.startsWith('.'));
  return texts.block(name, words.slice(-1))?.text ?? texts.file(`${path.join('/')}.sql`, false);
}

/** The call whose result a constant, or a property of a constant object, is. */
function callBehind(written: SyntaxNode, scopes: Scopes): SyntaxNode | undefined {
  let node = unwrap(written, true);
  let path: readonly string[] = [];
  for (let hops = 0; hops < 8; hops++) {
    if (node.type === 'call_expression' || node.type === 'new_expression') return path.length === 0 ? node : undefined;
    if (node.type === 'member_expression') {
      const object = node.childForFieldName('object');
      if (!object) return undefined;
      path = [node.childForFieldName('property')?.text ?? '', ...path];
      node = unwrap(object, true);
    } else if (node.type === 'object') {
      const [key, ...rest] = path;
      const value = node.namedChildren.find((child) => child.type === 'pair' && keyName(child.childForFieldName('key')) === key)?.childForFieldName('value');
      if (!value) return undefined;
      [node, path] = [unwrap(value, true), rest];
    } else if (node.type === 'identifier') {
      const found = scopes.find(node.text, node);
      const linked = found?.kind === 'import' ? scopes.follow(found, path) : found && { declaration: found, path };
      const declaration = linked?.declaration;
      if (declaration?.kind !== 'variable' || !declaration.constant || !declaration.value) return undefined;
      [node, path] = [unwrap(declaration.value, true), [...declaration.path, ...linked?.path ?? []]];
    } else return undefined;
  }
  return undefined;
}

/** `path.join(__dirname, 'sql', 'find.sql')`, `` `${__dirname}/find.sql` ``, `new URL('./find.sql', import.meta.url)`: what is written of the path. */
function pathIn(args: readonly SyntaxNode[]): string | undefined {
  const pieces: string[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'string') pieces.push(node.text.slice(1, -1));
    else if (node.type === 'template_string') pieces.push(node.text.slice(1, -1).replace(/^.*\}/, ''));
    else if (/^(?:call_expression|new_expression|arguments|parenthesized_expression)$/.test(node.type)) for (const child of node.namedChildren) visit(child);
  };
  for (const argument of args) visit(argument);
  const at = pieces.findIndex((piece) => piece.endsWith('.sql'));
  const path = (at < 0 ? pieces : pieces.slice(0, at + 1)).join('/').replaceAll(/\/+/g, '/').replace(/^\//, '');
  return path === '' ? undefined : path;
}
