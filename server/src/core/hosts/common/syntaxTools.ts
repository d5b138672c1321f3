import { hostSpan, type HostSpan } from '../../text/span';
import type { SyntaxNode } from '../syntax';
import type { ArgumentForm, RecordEntry, StringPiece } from './forms';

export const spanOf = (node: SyntaxNode): HostSpan => hostSpan(node.startIndex, node.endIndex);
export const field = (node: SyntaxNode, name: string): SyntaxNode | undefined => node.childForFieldName(name) ?? undefined;

/** Named children without comments. */
export const parts = (node: SyntaxNode | undefined): readonly SyntaxNode[] => node?.namedChildren.filter((child) => !isComment(child)) ?? [];
export const isComment = (node: SyntaxNode): boolean => node.type === 'comment' || node.type === 'line_comment' || node.type === 'block_comment';

/** Children with this field name; a grammar may give one name to several. */
export function fields(node: SyntaxNode, name: string): readonly SyntaxNode[] {
  const first = field(node, name);
  if (!first) return [];
  const start = node.children.findIndex((child) => child.id === first.id);
  // Those of one field stand together, with punctuation between them, and are of kinds that the grammar allows there.
  const result = [first];
  for (const child of node.children.slice(start + 1)) {
    if (child.namedChildren.length === 0 && child.text === ',') continue;
    if (child.type !== first.type) break;
    result.push(child);
  }
  return result;
}

export const child = (node: SyntaxNode, type: string): SyntaxNode | undefined => node.namedChildren.find((candidate) => candidate.type === type);
export const hasToken = (node: SyntaxNode, token: string): boolean => node.children.some((candidate) => candidate.type === token);

/** Positional arguments of a list whose children are the values themselves. */
export const plainArguments = (list: SyntaxNode | undefined): readonly ArgumentForm[] => parts(list).map((node) => ({ node }));

export const entry = (key: SyntaxNode, name: string, value: SyntaxNode, whole: SyntaxNode): RecordEntry => ({ key: name, keyNode: key, value, span: spanOf(whole) });

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', '`': '`', a: '\x07', b: '\b', f: '\f', v: '\v', e: '\x1b', s: ' ', '0': '\0', $: '$', '#': '#', '{': '{' };

/** What an escape of the C family stands for. Line continuations are empty. */
export function unescape(escape: string): string {
  const kind = escape[1] ?? '';
  if (kind === '\n' || kind === '\r') return '';
  const code = /^\\(?:x|u|U)\{?([0-9a-fA-F]+)\}?$/.exec(escape)?.[1];
  if (code !== undefined) return safeCodePoint(parseInt(code, 16));
  const octal = /^\\([0-7]{1,3})$/.exec(escape)?.[1];
  if (octal !== undefined) return safeCodePoint(parseInt(octal, 8));
  return simpleEscapes[kind] ?? escape;
}

const safeCodePoint = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');

/** A stretch of source as it stands. */
export const verbatim = (node: SyntaxNode, start = node.startIndex, end = node.endIndex): StringPiece[] =>
  end > start ? [{ text: node.text.slice(start - node.startIndex, end - node.startIndex), escaped: false, span: hostSpan(start, end) }] : [];

/** A stretch of source with escapes in it, told by a pattern. */
export function escapedText(node: SyntaxNode, pattern: RegExp, decode: (escape: string) => string, start = node.startIndex, end = node.endIndex): StringPiece[] {
  const text = node.text.slice(start - node.startIndex, end - node.startIndex);
  const pieces: StringPiece[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    pieces.push(...verbatim(node, start + at, start + match.index));
    at = match.index + match[0].length;
    pieces.push({ text: decode(match[0]), escaped: true, span: hostSpan(start + match.index, start + at) });
  }
  return [...pieces, ...verbatim(node, start + at, end)];
}

/** The content of a literal whose children are contents, escapes and interpolations, by the types of these children. */
export function literalPieces(node: SyntaxNode, types: { readonly content: RegExp; readonly escape: string; readonly hole?: RegExp }): readonly StringPiece[] {
  const pieces: StringPiece[] = [];
  for (const part of node.namedChildren) {
    if (types.hole?.test(part.type)) {
      const expression = part.type === 'interpolation' ? parts(part).find((inner) => !/brace|format_clause|alignment/.test(inner.type)) : part;
      if (expression) pieces.push({ expression, span: spanOf(part) });
    } else if (part.type === types.escape) pieces.push({ text: unescape(part.text), escaped: true, span: spanOf(part) });
    else if (types.content.test(part.type)) pieces.push(...contentPieces(part, types.escape));
  }
  return pieces;
}

/** Content whose escapes are its own children (Go's, Ruby's heredocs) or none. */
function contentPieces(node: SyntaxNode, escape: string): StringPiece[] {
  const pieces: StringPiece[] = [];
  let at = node.startIndex;
  for (const inner of node.namedChildren) {
    if (inner.type !== escape) continue;
    pieces.push(...verbatim(node, at, inner.startIndex), { text: unescape(inner.text), escaped: true, span: spanOf(inner) });
    at = inner.endIndex;
  }
  return [...pieces, ...verbatim(node, at)];
}

/** `a.b.c` in any of the languages' spellings, as its last word. */
export const lastWord = (text: string): string => /(\w+)\W*$/.exec(text.replace(/<.*$|\[.*$/s, ''))?.[1] ?? text;

/** What did not parse, in order of text; nothing inside nodes of which nothing is read. */
export function collectErrors(root: SyntaxNode, isLeaf: (node: SyntaxNode) => boolean = () => false): readonly SyntaxNode[] {
  const errors: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'ERROR' || node.isMissing) errors.push(node);
    if (isComment(node) || isLeaf(node)) return;
    for (const child of node.children) if (child.hasError || child.isMissing) visit(child);
  };
  if (root.hasError) visit(root);
  return errors;
}
