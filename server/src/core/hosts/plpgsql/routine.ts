import { tokenize, type Token } from '../../sql/lexer';
import { nameOf } from '../../sql/names';
import { TokenRanges } from '../../sql/tokenRanges';
import { readBodyText, wholeText, type BodyText } from './bodyText';

/** The body of a CREATE FUNCTION, CREATE PROCEDURE or DO, and what its head says. Offsets are those of the statement. */
export interface Routine {
  /** Empty for DO. */
  readonly name: string;
  readonly nameAt: { readonly start: number; readonly end: number };
  readonly language: 'plpgsql' | 'sql';
  readonly body: BodyText;
  /** In order; unnamed ones are empty. Those it returns (OUT, RETURNS TABLE) come after those it takes. */
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly given: boolean }[];
  readonly trigger: boolean;
}

const MAYBE = /^\s*(?:create\s+(?:or\s+replace\s+)?(?:function|procedure)|do)\b/i;

/** Undefined: no routine, one of another language, or one without a body in the text. */
export function readRoutine(statement: string): Routine | undefined {
  if (!MAYBE.test(statement) && !/^\s*(?:--|\/\*)/.test(statement)) return undefined;
  const ranges = new TokenRanges(statement, tokenize(statement));
  if (ranges.word(0) === 'do') return readDo(ranges);
  if (ranges.word(0) !== 'create') return undefined;
  const kind = ranges.word(1) === 'or' ? 3 : 1;
  if (!/^(?:function|procedure)$/.test(ranges.word(kind))) return undefined;
  let last = kind + 1;
  while (ranges.word(last + 1) === '.') last += 2;
  const named = ranges.tokens[last];
  if (!named || ranges.word(last + 1) !== '(') return undefined;
  const after = ranges.next(last + 1);
  const parameters = ranges.splitList(ranges.insideBracket(last + 1)).flatMap((piece) => readParameter(ranges, piece.from, piece.to) ?? []);
  let language = '';
  let trigger = false;
  let body: BodyText | undefined;
  for (let i = after; i < ranges.tokens.length; i = ranges.next(i)) {
    const word = ranges.tokens[i]?.kind === 'word' ? ranges.word(i) : '';
    const next = ranges.tokens[i + 1];
    if (word === 'returns' && ranges.word(i + 1) === 'table' && ranges.word(i + 2) === '(') {
      for (const piece of ranges.splitList(ranges.insideBracket(i + 2))) {
        const column = ranges.tokens[piece.from];
        if (column) parameters.push({ name: nameOf(statement, column), type: '', given: false });
      }
    } else if (word === 'returns' && /^(?:trigger|event_trigger)$/.test(next?.word ?? '')) trigger = true;
    else if (word === 'language' && next) language = literalOrWord(statement, next).toLowerCase();
    else if (word === 'as' && next?.kind === 'string') body = readBodyText(statement, next);
    else if (word === 'begin' && next?.word === 'atomic') {
      body = wholeText(statement, next.end, lastEnd(ranges));
      language ||= 'sql';
      break;
    }
  }
  if (!body || (language !== 'plpgsql' && language !== 'sql')) return undefined;
  return { name: nameOf(statement, named), nameAt: { start: named.start, end: named.end }, language, body, parameters: [...parameters.filter(({ given }) => given), ...parameters.filter(({ given }) => !given)], trigger };
}

function readDo(ranges: TokenRanges): Routine | undefined {
  const at = ranges.tokens.findIndex(({ kind }) => kind === 'string');
  const token = ranges.tokens[at];
  const named = ranges.findTop(ranges.whole, (word) => word === 'language');
  const language = named === undefined ? 'plpgsql' : literalOrWord(ranges.text, ranges.tokens[named + 1]).toLowerCase();
  const body = token && readBodyText(ranges.text, token);
  const head = ranges.tokens[0];
  return body && head && language === 'plpgsql' ? { name: '', nameAt: { start: head.start, end: head.end }, language, body, parameters: [], trigger: false } : undefined;
}

const literalOrWord = (text: string, token: Token | undefined): string => (token ? text.slice(token.start, token.end).replace(/^'|'$/g, '') : '');

const lastEnd = (ranges: TokenRanges): number => ranges.tokens.findLast(({ word, kind }) => kind === 'word' && word === 'end')?.start ?? ranges.text.length;

/** `[mode] [name] type [DEFAULT …]`. */
function readParameter(ranges: TokenRanges, from: number, to: number): { name: string; type: string; given: boolean } | undefined {
  let at = from;
  let given = true;
  while (at < to && /^(?:in|out|inout|variadic)$/.test(ranges.word(at))) {
    if (ranges.word(at) === 'out') given = false;
    at++;
  }
  const first = ranges.tokens[at];
  if (!first) return undefined;
  const end = ranges.findTop({ from: at, to }, (word, i) => word === 'default' || word === '=' || (word === ':=' && i > at)) ?? to;
  const single = end - at < 2 || ranges.word(at + 1) === '[' || ranges.word(at + 1) === '(' || ranges.word(at + 1) === '.';
  return single ? { name: '', type: ranges.textOf({ from: at, to: end }), given } : { name: nameOf(ranges.text, first), type: ranges.textOf({ from: at + 1, to: end }), given };
}
