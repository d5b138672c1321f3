import type { HostFile, Loop, QuerySite } from '../hosts/ir';
import type { QueryBlock, StatementModel } from '../sql/model';
import type { Edit } from '../text/edit';
import { containsSpan, hostSpan, spanText, type HostSpan } from '../text/span';
import { codeLanguageOf, freshName, indentAt, lineEnd, maskCode, occurrences, type CodeLanguage } from './batching/code';
import { cursorType } from './cursorParameter';
import type { KeysetKey } from './keyset';
import { escapeRegExp } from '../text/regExp';

/** A loop that pages with a number of its own: `while (true) { … OFFSET $1, [offset] … offset += size }`. */
export interface OffsetWalk {
  /** Name of the variable that takes the number's place. */
  readonly cursor: string;
  /** Edits besides those of the query; the query's are rendered with `cursor`. */
  edits(keys: readonly KeysetKey[], query: readonly Edit[]): readonly Edit[];
}

interface Request {
  readonly file: HostFile;
  readonly text: string;
  readonly site: QuerySite;
  readonly model: StatementModel;
  readonly block: QueryBlock;
}

/**
 * How the loop around a page counts its offset.
 * @returns undefined: no loop counts it, the caller gives it. `'other'`: a loop does, in a way that cannot be turned into a
 *   walk by key (the number is used elsewhere, the rows have no name, a turn may be left early in the head's form).
 */
export function offsetWalk(request: Request): OffsetWalk | 'other' | undefined {
  const { file, text, site } = request;
  const offset = offsetBind(request);
  const loops = site.loopIds.flatMap((id) => file.loops[id] ?? []);
  const counted = loops.flatMap((loop) => (offset?.names ?? []).filter((name) => loop.facts.assigns.some((a) => a.name === name) || headCounts(text, loop, name)).map((name) => ({ loop, name })));
  const [first] = counted;
  if (!first || !offset?.span) return counted.length > 0 ? 'other' : undefined;
  const language = codeLanguageOf(file);
  const fn = site.functionId === undefined ? undefined : file.functions[site.functionId];
  if (!language || !fn || counted.length !== 1 || first.loop.id !== site.loopIds[0] || first.loop.functionId !== site.functionId) return 'other';
  const masked = maskCode(text, language);
  const rows = rowsName(text, masked, site);
  const counter = rows === undefined ? undefined : readCounter(masked, fn.body, first.loop, first.name, offset.span);
  if (rows === undefined || !counter || !startsAtZero(offset.text.trim(), first.name, counter.start)) return 'other';
  const cursor = freshName(spanText(text, fn.span), 'after');
  return {
    cursor,
    edits: (keys, query) => walkEdits({ uri: file.uri, text, language, site, keys, query, rows, cursor, counter, loop: first.loop, typed: file.language === 'typescript' || file.language === 'tsx' }),
  };
}

/** The bound value of OFFSET. */
export function offsetBind({ site, model, block }: Pick<Request, 'site' | 'model' | 'block'>): QuerySite['binds'][number] | undefined {
  const expression = block.offset?.expression;
  const hole = expression?.kind === 'cast' ? expression.args?.[0]?.hole : expression?.hole;
  const origin = hole === undefined ? undefined : model.holes[hole]?.origin;
  return origin && site.binds.find((b) => (origin.type === 'placeholder' ? b.key === origin.key : b.interpolation === origin.index || b.key === String(origin.index)));
}

/** `for (let offset = 0; ; offset += 100)`. */
const headCounts = (text: string, loop: Loop, name: string): boolean => loop.kind === 'for' && new RegExp(`^for\\s*\\(\\s*(?:let|var)\\s+${escapeRegExp(name)}\\b`).test(text.slice(loop.span.start, loop.body.start));

/** The variable (or expression) with the page's rows. */
function rowsName(text: string, masked: string, site: QuerySite): string | undefined {
  const line = text.slice(text.lastIndexOf('\n', site.span.start - 1) + 1, site.span.start);
  const declared = /^\s*(?:(?:const|let|var)\s+)?([\w$]+|\{[^{}]*\})\s*(?::[^=]+)?=\s*(?:await\s+)?$/.exec(line)?.[1];
  const rest = masked.slice(site.span.end);
  if (declared === undefined) return undefined;
  if (site.library === 'pg') {
    if (!declared.startsWith('{')) return `${declared}.rows`;
    return /^\{\s*rows\s*:\s*([\w$]+)\s*\}$/.exec(declared)?.[1] ?? (/^\{\s*rows\s*\}$/.test(declared) ? 'rows' : undefined);
  }
  if (declared.startsWith('{') || site.fetches !== 'many') return undefined;
  if (site.library === 'psycopg') return /^\s*\.fetchall\(\)[ \t]*(\r?\n|$)/.test(rest) ? declared : undefined;
  return /^[ \t]*;?[ \t]*(\r?\n|$)/.test(rest) ? declared : undefined;
}

interface Counter {
  /** `let offset = 0;` or the part of the head. */
  readonly declaration: HostSpan;
  readonly start: number;
  /** `offset += size`, with its semicolon; undefined where it stands in the head. */
  readonly increments: readonly HostSpan[];
  readonly inHead: boolean;
}

/** The counter is declared with a number, counted up after the query, given to the query, and used nowhere else. */
function readCounter(masked: string, body: HostSpan, loop: Loop, name: string, bind: HostSpan): Counter | undefined {
  const quoted = escapeRegExp(name);
  const uses = occurrences(masked.slice(body.start, body.end), name).map((at) => body.start + at);
  let declaration: { span: HostSpan; start: number } | undefined;
  const increments: HostSpan[] = [];
  const head = new RegExp(`^for\\s*\\(\\s*(?:let|var)\\s+${quoted}\\s*(?::\\s*number\\s*)?=\\s*(\\d+)\\s*;\\s*(?:true\\s*)?;\\s*${quoted}\\s*(?:\\+=[^;{}]+|\\+\\+|=\\s*${quoted}\\s*\\+[^;{}]+)\\)\\s*$`).exec(masked.slice(loop.span.start, loop.body.start));
  for (const at of uses) {
    const use = hostSpan(at, at + name.length);
    if (containsSpan(bind, use) || increments.some((span) => containsSpan(span, use))) continue;
    if (head && at < loop.body.start && at >= loop.span.start) continue;
    const before = /(?:^|\n)[ \t]*((?:(?:let|var)\s+)?)$/.exec(masked.slice(0, at));
    const declared = /^\s*(?::\s*(?:number|int)\s*)?=\s*(\d+)[ \t]*;?[ \t]*(?=\r?\n|$)/.exec(masked.slice(at + name.length));
    const counted = new RegExp(`^\\s*(?:\\+=[^;\\n{}]+|\\+\\+|=\\s*${quoted}\\s*\\+[^;\\n{}]+)[ \\t]*;?`).exec(masked.slice(at + name.length));
    if (before && declared && at < loop.span.start && !declaration) declaration = { span: hostSpan(at - (before[1]?.length ?? 0), at + name.length + declared[0].trimEnd().length), start: Number(declared[1]) };
    else if (counted && at > bind.end && containsSpan(loop.body, hostSpan(at, at))) increments.push(hostSpan(at, at + name.length + counted[0].trimEnd().length));
    else return undefined;
  }
  if (head) {
    const inner = masked.slice(loop.body.start, loop.body.end);
    if (increments.length > 0 || declaration || /(?<![\w$])continue(?![\w$])/.test(inner) || !inner.trimStart().startsWith('{')) return undefined;
    return { declaration: hostSpan(loop.span.start, loop.body.start), start: Number(head[1]), increments: [], inHead: true };
  }
  return declaration && increments.length > 0 ? { declaration: declaration.span, start: declaration.start, increments, inHead: false } : undefined;
}

/** The first page is the first: `offset` from 0, `page * size` from 0, `(page - 1) * size` from 1. */
function startsAtZero(offset: string, name: string, start: number): boolean {
  const flat = offset.replace(/\s+/g, '');
  const factor = '(?:\\*[\\w$.]+)?';
  const quoted = escapeRegExp(name);
  return start === 0 ? new RegExp(`^${quoted}${factor}$`).test(flat) : start === 1 && new RegExp(`^\\(${quoted}-1\\)${factor}$`).test(flat);
}

interface WalkParts {
  readonly uri: string;
  readonly text: string;
  readonly language: CodeLanguage;
  readonly site: QuerySite;
  readonly keys: readonly KeysetKey[];
  readonly query: readonly Edit[];
  readonly rows: string;
  readonly cursor: string;
  readonly counter: Counter;
  readonly loop: Loop;
  readonly typed: boolean;
}

function walkEdits({ uri, text, language, site, keys, query, rows, cursor, counter, loop, typed }: WalkParts): readonly Edit[] {
  const python = language === 'python';
  const next = python ? `${cursor} = ${rows}[-1] if ${rows} else None` : `${cursor} = ${rows}.at(-1);`;
  const declaration = python ? `${cursor} = None` : `let ${cursor}${typed ? `: ${cursorType(site, keys, query, cursor, text)} | undefined` : ''};`;
  if (!counter.inHead) return [{ uri, span: counter.declaration, text: declaration }, ...counter.increments.map((span) => ({ uri, span, text: next }))];
  const eol = lineEnd(text);
  const indent = indentAt(text, loop.span.start) ?? '';
  const close = loop.body.end - 1;
  const inner = /(?:\r?\n)([ \t]*)\S/.exec(text.slice(loop.body.start))?.[1] ?? `${indent}  `;
  const tail = /\r?\n[ \t]*$/.exec(text.slice(0, close))?.[0].length ?? 0;
  return [
    { uri, span: counter.declaration, text: `${declaration}${eol}${indent}for (;;) ` },
    { uri, span: hostSpan(close - tail, close - tail), text: `${eol}${inner}${next}${tail === 0 ? eol + indent : ''}` },
  ];
}
