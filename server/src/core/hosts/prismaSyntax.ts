import { hostSpan, type HostSpan } from '../text/span';

/** A block of schema.prisma: `model Order { … }`. */
export interface PrismaBlock {
  readonly kind: string;
  readonly name: string;
  readonly nameSpan: HostSpan;
  readonly span: HostSpan;
  readonly fields: readonly PrismaField[];
  /** `@@…` */
  readonly attributes: readonly PrismaAttribute[];
  /** `key = value` of datasource and generator. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface PrismaField {
  readonly name: string;
  readonly span: HostSpan;
  /** `String`, `Unsupported`, a model or an enum; the argument of `Unsupported("tsvector")` is `unsupported`. */
  readonly type: string;
  readonly unsupported?: string;
  readonly optional: boolean;
  readonly list: boolean;
  readonly attributes: readonly PrismaAttribute[];
}

/** `@db.VarChar(20)`, `@@index([a(sort: Desc)], type: Gin)`. */
export interface PrismaAttribute {
  readonly name: string;
  readonly args: readonly PrismaArgument[];
  readonly span: HostSpan;
}

export interface PrismaArgument {
  readonly name?: string;
  readonly value: PrismaValue;
}

export type PrismaValue =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly PrismaArgument[] }
  | { readonly kind: 'list'; readonly items: readonly PrismaValue[] };

export interface PrismaDocument {
  readonly blocks: readonly PrismaBlock[];
  readonly comments: readonly { readonly text: string; readonly span: HostSpan }[];
  /** Stretches that could not be read; reading goes on behind them. */
  readonly errors: readonly HostSpan[];
}

interface Token {
  readonly kind: 'word' | 'string' | 'mark' | 'newline';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Reads the text of a Prisma schema. Never throws; one pass over the text. */
export function parsePrisma(text: string): PrismaDocument {
  const comments: { text: string; span: HostSpan }[] = [];
  const tokens = tokenize(text, comments);
  const blocks: PrismaBlock[] = [];
  const errors: HostSpan[] = [];
  let at = 0;

  const peek = (offset = 0): Token | undefined => tokens[at + offset];
  const isMark = (mark: string, offset = 0): boolean => peek(offset)?.kind === 'mark' && peek(offset)?.text === mark;
  const skipLines = (): void => {
    while (peek()?.kind === 'newline') at++;
  };

  const value = (depth: number): PrismaValue | undefined => {
    skipLines();
    const token = peek();
    if (!token || depth > 20) return undefined;
    if (token.kind === 'string') {
      at++;
      return { kind: 'string', text: token.text };
    }
    if (isMark('[')) {
      at++;
      const items: PrismaValue[] = [];
      while (at < tokens.length && !isMark(']')) {
        const item = value(depth + 1);
        if (!item) return undefined;
        items.push(item);
        skipLines();
        if (isMark(',')) at++;
        skipLines();
      }
      at++;
      return { kind: 'list', items };
    }
    if (token.kind !== 'word') return undefined;
    at++;
    if (!isMark('(')) return { kind: 'word', text: token.text };
    const args = argumentList(depth + 1);
    return args && { kind: 'call', name: token.text, args };
  };

  const argumentList = (depth: number): PrismaArgument[] | undefined => {
    at++;
    const args: PrismaArgument[] = [];
    skipLines();
    while (at < tokens.length && !isMark(')')) {
      const name = peek()?.kind === 'word' && isMark(':', 1) ? peek()?.text : undefined;
      if (name !== undefined) at += 2;
      const read = value(depth);
      if (!read) return undefined;
      args.push({ ...(name === undefined ? {} : { name }), value: read });
      skipLines();
      if (isMark(',')) at++;
      skipLines();
    }
    at++;
    return args;
  };

  const attribute = (): PrismaAttribute | undefined => {
    const start = peek()?.start ?? 0;
    at++;
    const name = peek();
    if (name?.kind !== 'word') return undefined;
    at++;
    const args = isMark('(') ? argumentList(0) : [];
    return args && { name: name.text, args, span: hostSpan(start, tokens[at - 1]?.end ?? start) };
  };

  const skipMember = (): void => {
    const start = peek()?.start ?? text.length;
    while (at < tokens.length && peek()?.kind !== 'newline' && !isMark('}')) at++;
    errors.push(hostSpan(start, tokens[at - 1]?.end ?? text.length));
  };

  const field = (): PrismaField | undefined => {
    const name = peek();
    const type = peek(1);
    if (name?.kind !== 'word' || type?.kind !== 'word') return undefined;
    at += 2;
    let unsupported: string | undefined;
    if (isMark('(')) {
      const first = argumentList(0)?.[0]?.value;
      unsupported = first?.kind === 'string' ? first.text : '';
    }
    const list = isMark('[') && isMark(']', 1);
    if (list) at += 2;
    const optional = isMark('?');
    if (optional) at++;
    const attributes: PrismaAttribute[] = [];
    while (isMark('@')) {
      const read = attribute();
      if (!read) return undefined;
      attributes.push(read);
    }
    return { name: name.text, span: hostSpan(name.start, name.end), type: type.text, ...(unsupported === undefined ? {} : { unsupported }), optional, list, attributes };
  };

  while (at < tokens.length) {
    skipLines();
    const [kind, name] = [peek(), peek(1)];
    if (kind?.kind !== 'word' || name?.kind !== 'word' || !isMark('{', 2)) {
      if (kind) skipMember();
      if (isMark('}')) at++;
      continue;
    }
    at += 3;
    const fields: PrismaField[] = [];
    const attributes: PrismaAttribute[] = [];
    const settings = new Map<string, string>();
    while (at < tokens.length && !isMark('}')) {
      skipLines();
      if (isMark('}') || at >= tokens.length) break;
      const before = at;
      if (isMark('@@')) {
        const read = attribute();
        if (read) attributes.push(read);
        else skipMember();
      } else if (peek()?.kind === 'word' && isMark('=', 1)) {
        const key = peek()?.text ?? '';
        at += 2;
        const read = value(0);
        settings.set(key, read?.kind === 'string' || read?.kind === 'word' ? read.text : '');
      } else if (kind.text === 'enum') {
        at++;
        while (at < tokens.length && peek()?.kind !== 'newline' && !isMark('}')) at++;
      } else {
        const read = field();
        if (read) fields.push(read);
        else skipMember();
      }
      if (at === before) at++;
    }
    const end = peek()?.end ?? text.length;
    at++;
    blocks.push({ kind: kind.text, name: name.text, nameSpan: hostSpan(name.start, name.end), span: hostSpan(kind.start, end), fields, attributes, settings });
  }
  return { blocks, comments, errors };
}

function tokenize(text: string, comments: { text: string; span: HostSpan }[]): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /(\/\/[^\r\n]*|\/\*[^]*?(?:\*\/|$))|"((?:[^"\\\r\n]|\\.)*)"?|(\r\n|\r|\n)|([\p{L}\p{N}_][\p{L}\p{N}_.-]*|-\d[\d.]*)|(@@|[^\s])/gu;
  for (const match of text.matchAll(pattern)) {
    const start = match.index;
    const end = start + match[0].length;
    if (match[1] !== undefined) comments.push({ text: match[0], span: hostSpan(start, end) });
    else if (match[2] !== undefined) tokens.push({ kind: 'string', text: match[2].replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)), start, end });
    else if (match[3] !== undefined) tokens.push({ kind: 'newline', text: '\n', start, end });
    else if (match[4] !== undefined) tokens.push({ kind: 'word', text: match[0], start, end });
    else tokens.push({ kind: 'mark', text: match[0], start, end });
  }
  return tokens;
}
