import type { LoopQuery } from '../../calls/loopQueries';
import type { Loop } from '../../hosts/ir';
import type { Fix, FlowContext } from '../../lint/rule';
import { containsSpan, hostSpan, type HostSpan } from '../../text/span';
import { codeLanguageOf, indentAt, maskCode, occurrences, type CodeLanguage } from './code';
import { rewriteFix } from './rewrite';
import { statementPlace, withAwait } from './shape';

/**
 * Moves a query that gives the same in every turn above its loop: a declaration of its own (`const rows = await …`,
 * `rows = conn.execute(…).fetchall()`), direct in the loop's body, whose value the body neither changes nor uses up.
 */
export function hoistFix(context: FlowContext, query: LoopQuery): Fix | undefined {
  const { loop, site } = query;
  const { file, text } = context;
  if (query.dependent || !site?.source || !site.complete || query.path.length !== 1 || loop.id < 0 || loop.concurrent || site.conditional.length > 0 || query.call?.conditional === true) return undefined;
  if (file.loops.some((other) => other.id !== loop.id && containsSpan(loop.body, other.span) && containsSpan(other.span, site.span))) return undefined;
  const language = codeLanguageOf(file);
  if (!language) return undefined;
  const masked = maskCode(text, language);
  const place = statementPlace(context, loop, site, language, masked);
  const statement = place && declarationOf(masked, withAwait(masked, site.span), language);
  if (!place || !statement || !containsSpan(loop.body, statement.span) || !isDirect(masked, loop, statement.span, language)) return undefined;
  const names = statement.declared.match(/[A-Za-z_$][\w$]*/g) ?? [];
  if (names.length === 0 || !isKept(site.library, statement.tail, query) || !names.every((name) => isConstant(context, loop, statement.span, name, masked))) return undefined;
  const rest = masked.slice(loop.body.start, statement.span.start) + masked.slice(statement.span.end, loop.body.end);
  if (/^[\s{};]*(pass)?[\s{};]*$/.test(rest)) return undefined;
  const lines = text.slice(statement.span.start, statement.span.end);
  const moved = /`|"""|'''/.test(lines) ? [lines] : dedent(lines, place.indent, statement.indent);
  const after = /^[ \t]*(\r?\n)?/.exec(text.slice(statement.span.end))?.[0].length ?? 0;
  const whole = hostSpan(statement.span.start - statement.indent.length, statement.span.end + after);
  const removal = whole.start < loop.body.start ? hostSpan(statement.span.start, statement.span.end + after + (indentAfter(text, statement.span.end + after)?.length ?? 0)) : whole;
  return rewriteFix(context, place, { title: 'Run the query once before the loop, also for an empty list', before: moved, edits: [{ span: removal, text: '' }] });
}

const indentAfter = (text: string, offset: number): string | undefined => /^[ \t]*/.exec(text.slice(offset))?.[0];

interface Declaration {
  /** Without the blanks before it and the line end. */
  readonly span: HostSpan;
  readonly indent: string;
  readonly declared: string;
  /** What takes the value from the result: `.rows`, `.fetchall()`. */
  readonly tail: string;
}

/** `const rows = (await <query>).rows;` as a statement that fills its lines. */
function declarationOf(masked: string, query: HostSpan, language: CodeLanguage): Declaration | undefined {
  const pattern = language === 'python' ? /(?:^|\n)([ \t]*)((\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?::[^=\n]*)?=\s*\(?\s*)$/ : /(?:^|\n)([ \t]*)(const\s+([\w$]+|\{[^{}]*\}|\[[^[\]]*\])\s*(?::[^=]*)?=\s*\(?\s*)$/;
  const head = pattern.exec(masked.slice(0, query.start));
  const tail = /^(\s*\)?(?:\s*\??\.\w+(?:\(\))?|\[\d+\]|!)*)[ \t]*;?[ \t]*(?=\r?\n|$)/.exec(masked.slice(query.end));
  if (!head || !tail || head[1] === undefined || head[2] === undefined || head[3] === undefined) return undefined;
  const start = query.start - head[2].length;
  return { span: hostSpan(start, query.end + tail[0].trimEnd().length), indent: head[1], declared: head[3], tail: (tail[1] ?? '').trim() };
}

/** On the first level of the loop's body: it runs in every turn that gets there. */
function isDirect(masked: string, loop: Loop, span: HostSpan, language: CodeLanguage): boolean {
  const before = masked.slice(loop.body.start, span.start);
  if (language === 'python') return before.trim() === '' || indentAt(masked, loop.body.start)?.length === indentAt(masked, span.start)?.length;
  return before.trimStart().startsWith('{') && (before.match(/[{([]/g) ?? []).length - (before.match(/[})\]]/g) ?? []).length === 1;
}

/** Is the value one that can be read again in every turn? A cursor or a result of SQLAlchemy is used up by the first. */
function isKept(library: string, tail: string, query: LoopQuery): boolean {
  if (library === 'psycopg') return /\.fetch(one|all)\(\)/.test(tail);
  if (library !== 'sqlalchemy') return true;
  return /\.(all|first|one|one_or_none|scalar|scalar_one|scalar_one_or_none|fetchall|fetchone)\(\)$/.test(tail) || /^(scalar|get|all|first|one|one_or_none)$/.test(query.call?.callee.at(-1) ?? '');
}

/** The name means nothing else in the function, and the body changes neither it nor what it holds. */
function isConstant({ file }: FlowContext, loop: Loop, declared: HostSpan, name: string, masked: string): boolean {
  const fn = file.functions.find((f) => f.id === loop.functionId);
  const from = fn?.body.start ?? 0;
  const outside = (at: number): boolean => from + at < loop.span.start || from + at >= loop.span.end;
  const uses = occurrences(masked.slice(from, fn?.body.end ?? masked.length), name);
  const inBody = uses.filter((at) => !outside(at) && (from + at < declared.start || from + at >= declared.end));
  if (uses.some(outside) || loop.elements.includes(name)) return false;
  return inBody.every((at) => {
    const rest = masked.slice(from + at + name.length, from + at + name.length + 200);
    const before = masked.slice(0, from + at);
    const changed = /^([\w$.!?]|\[[^\]]*\])*\s*([-+*/|&?]{0,2}=(?![=>])|\+\+|--)/.test(rest) || /^[\w$.?!]*\.(splice|append|push|pop|shift|unshift|remove|extend|insert|clear|sort|reverse|update|setdefault|fill)\s*\(/.test(rest);
    return !changed && !/(?<![\w$])(delete|del)\s+$/.test(before);
  });
}

function dedent(lines: string, wanted: string, now: string): readonly string[] {
  return lines.split(/\r?\n/).map((line, k) => (k > 0 && line.startsWith(now) ? line.slice(now.length) : k > 0 && line.startsWith(wanted) ? line.slice(wanted.length) : line));
}

