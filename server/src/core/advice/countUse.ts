import type { StatementContext } from '../lint/rule';

/** What may stand between the rows of a count and the comparison: `rows[0].count`, `[0]`, `.scalar()`, `.fetchone()[0]`. */
const STEPS = String.raw`(?:\s*(?:\?\.|!?\.)?\s*(?:rows|\[0\]!?|\[["']\w+["']\]|count|total|cnt|n|scalar(?:_one)?(?:_or_none)?\(\)|fetchone\(\)|first\(\)|one\(\)|_count|_all)(?![\w(]))*`;
/** What asks whether there is one, or none; `> 1` and `=== 1` ask for more. */
const TEST = String.raw`\s*(?:(?:>|<=|={2,3}|!={1,2})\s*["']?0|(?:>=|<)\s*["']?1)n?["']?(?![\w.])`;

/**
 * How host code asks whether a count is 0, where that is all it does with it: `count > 0`.
 * @returns undefined where the number is used in another way, or its uses are not plain to see.
 */
export function existenceUse({ site, file, text }: StatementContext): string | undefined {
  const fn = site.functionId === undefined ? undefined : file.functions[site.functionId];
  if (!fn) return undefined;
  // Ruby's question is a call of the chain itself.
  const asked = site.chain.at(-1)?.name ?? '';
  if (/^(?:positive|zero)\?$/.test(asked)) return `.${asked}`;
  const direct = new RegExp(String.raw`^(?:\s*\))*${STEPS}(?:\s*,\s*10\s*)?(?:\s*\))*${TEST}`).exec(text.slice(site.span.end, site.span.end + 120));
  if (direct) return shown(direct[0]);
  const python = /\.py$/.test(file.uri);
  const truth = isNumber(site) ? truthAt(text, site.span.start, site.span.end, python) : undefined;
  if (truth !== undefined) return truth;
  const name = site.resultName;
  if (name === undefined || !/^[A-Za-z_]\w*$/.test(name)) return undefined;
  const rest = text.slice(site.span.end, fn.body.end);
  const uses = [...rest.matchAll(new RegExp(String.raw`(?<![\w.$])${name}(?![\w$])`, 'g'))];
  const tests = uses.map(({ index }) => testAt(rest, index, name) ?? (isNumber(site) ? truthAt(rest, index, index + name.length, python) : undefined));
  return tests.length > 0 && tests.every((t) => t !== undefined) ? tests[0] : undefined;
}

/** The library hands the number itself over (`qs.count()`), no row with it: only then its truth is a question for 0. */
const isNumber = ({ chain }: StatementContext['site']): boolean => chain.some((call) => /^\$?count$/.test(call.name));

/** `if n:`, `not n`, `if (await count())`, `!n`; undefined where the number itself is passed on. */
function truthAt(text: string, start: number, end: number, python: boolean): string | undefined {
  const [asks, then] = python
    ? [/(?<![\w.])(?:if|elif|while|not|(?:if|elif|while)\s+not)\s+(?:\(\s*)?(?:await\s+)?$/, /^\s*\)?\s*(?::|$|\n|(?:and|or|else)\b)/]
    : [/(?:\b(?:if|while)\s*\(\s*!?|!)\s*(?:\(\s*)?(?:await\s+)?$/, /^\s*(?:\)|&&|\|\||\?(?![.?])|;|$)/];
  const before = asks.exec(text.slice(Math.max(0, start - 40), start))?.[0];
  return before !== undefined && then.test(text.slice(end, end + 40)) ? shown(`${before}${text.slice(start, end)}`).slice(0, 80) : undefined;
}

/** `Number(rows[0].count) > 0` round a name; undefined where it is another use. */
function testAt(text: string, at: number, name: string): string | undefined {
  const before = /(?:(?:Number|parseInt|Number\.parseInt|int|BigInt)\(\s*)?$/.exec(text.slice(Math.max(0, at - 20), at))?.[0] ?? '';
  const after = new RegExp(String.raw`^${STEPS}${before === '' ? '' : String.raw`(?:\s*,\s*10)?\s*\)`}${TEST}`).exec(text.slice(at + name.length, at + name.length + 100));
  return after ? shown(before + name + after[0]) : undefined;
}

const shown = (text: string): string => text.replace(/\s+/g, ' ').replace(/^[\s)]+/, '').trim();
