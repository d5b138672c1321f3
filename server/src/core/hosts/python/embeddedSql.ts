import type { SqlTexts } from '../shared/sqlTexts';
import { isAside } from '../surface';
import type { SyntaxNode } from '../syntax';
import { originOf } from './origins';
import type { Scopes } from './scopes';
import { calleeName, field, receiverOf, unwrap } from './syntaxTools';

/** What a loader of SQL is called, or given. */
const loaders = /^from_path$|(?:load|read|make|get|import|parse)_?\w*(?:sql|quer|statement)/i;
const places = /\.sql\b|["'/](?:sql|quer(?:y|ies))\b|__file__/;

/**
 * The statement of an SQL file that an expression stands for: `Path("find.sql").read_text()`, `open("find.sql").read()`, or a title of
 * a loaded file: `queries.get_user`, `queries.get_user.sql`. undefined: none, or it is not known which.
 */
export function embeddedSql(node: SyntaxNode, scopes: Scopes, texts: SqlTexts): string | undefined {
  const inner = unwrap(node);
  if (inner.type === 'call') {
    const receiver = receiverOf(inner);
    const name = calleeName(inner)?.text ?? '';
    const path = !receiver ? pathIn(field(inner, 'arguments')) : /^read(?:_text)?$/.test(name) ? pathOfFile(receiver, scopes) : undefined;
    // A function of the project that is given the path, not `open` or `Path` themselves.
    return path === undefined || (!receiver && !loaders.test(name)) ? undefined : texts.file(path, !isAside(inner));
  }
  if (inner.type !== 'attribute') {
    const origin = inner.type === 'identifier' ? originOf(inner, scopes) : undefined;
    return origin?.kind === 'call' && (origin.path ?? []).length === 0 && origin.node.id !== inner.id ? embeddedSql(origin.node, scopes, texts) : undefined;
  }
  const keys: string[] = [];
  let object: SyntaxNode | null = inner;
  for (; object?.type === 'attribute'; object = field(object, 'object') ?? null) keys.unshift(field(object, 'attribute')?.text ?? '');
  if (keys.at(-1) === 'sql') keys.pop();
  const name = keys.at(-1);
  const origin = object && name !== undefined ? originOf(object, scopes) : undefined;
  if (!origin || origin.kind !== 'call' || name === undefined || keys.length > 3) return undefined;
  const list = field(origin.node, 'arguments');
  if (!loaders.test(origin.callee.at(-1) ?? '') || !places.test(list?.text ?? '')) return undefined;
  return texts.block(name, wordsOf(list))?.text;
}

/** The file behind `Path("sql") / "find.sql"`, `open("find.sql")`, a name of one of these. */
function pathOfFile(receiver: SyntaxNode, scopes: Scopes): string | undefined {
  const own = pathIn(receiver);
  if (own !== undefined) return own;
  const origin = originOf(receiver, scopes);
  return origin.kind === 'call' || origin.kind === 'node' ? pathIn(origin.node) : undefined;
}

/** What is written of a path: its literals, up to the name of an SQL file. */
function pathIn(node: SyntaxNode | undefined): string | undefined {
  const pieces = literalsIn(node);
  const at = pieces.findIndex((piece) => piece.endsWith('.sql'));
  return at < 0 ? undefined : pieces.slice(0, at + 1).join('/').replaceAll(/\/+/g, '/').replace(/^\//, '');
}

/** The last word of each path that is written. */
export const wordsOf = (node: SyntaxNode | undefined): readonly string[] => literalsIn(node).flatMap((piece) => piece.split('/').filter((part) => part !== '' && !part.startsWith('.')).slice(-1));

function literalsIn(node: SyntaxNode | undefined): readonly string[] {
  const pieces: string[] = [];
  const visit = (child: SyntaxNode): void => {
    const literal = child.type === 'string' ? /^[rRuU]?["']([\w./-]+)["']$/.exec(child.text)?.[1] : undefined;
    if (literal !== undefined) pieces.push(literal);
    else if (child.type !== 'string' && child.type !== 'lambda') for (const inner of child.namedChildren) visit(inner);
  };
  if (node) visit(node);
  return pieces;
}
