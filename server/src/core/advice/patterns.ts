import type { Bind, HostFile, QuerySite } from '../hosts/ir';
import type { Expression, StatementModel } from '../sql/model';

/** How a LIKE or regex pattern begins: `wildcard` cannot use a b-tree, `anchored` may, `unknown` is not reported. */
export type PatternStart = 'wildcard' | 'anchored' | 'unknown';

export interface PatternContext {
  readonly model: StatementModel;
  readonly site: QuerySite;
  readonly file: HostFile;
}

/** Locals followed from one to the next before a value counts as unknown. */
const MAX_STEPS = 4;

/** How the pattern on the right of LIKE / ILIKE (or of `~`, with `regex`) begins, in SQL or in the host expression bound to it. */
export function patternStart(context: PatternContext, expression: Expression, regex: boolean): PatternStart {
  switch (expression.kind) {
    case 'constant':
      return typeof expression.value === 'string' ? textStart(expression.value, regex) : 'unknown';
    case 'cast':
      return first(context, expression, regex);
    case 'operator':
      return expression.name === '||' ? first(context, expression, regex) : 'unknown';
    case 'function':
      if (expression.name === 'format') return formatStart(expression.args?.[0]);
      return ['concat', 'lower', 'upper', 'unaccent'].includes(expression.name ?? '') ? first(context, expression, regex) : 'unknown';
    case 'hole':
      return holeStart(context, expression.hole, regex);
    default:
      return 'unknown';
  }
}

const first = (context: PatternContext, expression: Expression, regex: boolean): PatternStart =>
  expression.args?.[0] ? patternStart(context, expression.args[0], regex) : 'unknown';

/** `format('%%%s%%', x)` begins with a percent sign, `format('%s%%', x)` with its value. */
const formatStart = (template: Expression | undefined): PatternStart =>
  typeof template?.value !== 'string' ? 'unknown' : /^(?:%%|_)/.test(template.value) ? 'wildcard' : template.value.startsWith('%') ? 'unknown' : 'anchored';

/** `_` matches any one character: no prefix either. A regex without `^` may match anywhere. */
function textStart(pattern: string, regex: boolean): PatternStart {
  if (regex) return /^(\(\?[a-z]+\)|\*{3}[:=])?(\^|\\A|\()/.test(pattern) ? 'anchored' : pattern === '' ? 'unknown' : 'wildcard';
  return /^[%_]/.test(pattern) ? 'wildcard' : 'anchored';
}

/** The bound host expression of a hole; undefined for parameters of SQL files. */
export function bindOfHole({ model, site }: Pick<PatternContext, 'model' | 'site'>, hole: number | undefined): Bind | undefined {
  const origin = hole === undefined ? undefined : model.holes[hole]?.origin;
  const key = origin?.type === 'placeholder' ? origin.key : origin && String(origin.index);
  return key === undefined ? undefined : site.binds.find((b) => b.key === key);
}

function holeStart(context: PatternContext, hole: number | undefined, regex: boolean): PatternStart {
  const bind = bindOfHole(context, hole);
  return bind && !regex ? hostStart(context, bind.text, MAX_STEPS) : 'unknown';
}

/** How a host string expression begins: literal, template, f-string, concatenation, or a local that holds one. */
function hostStart(context: PatternContext, text: string, steps: number): PatternStart {
  const bare = text.trim().replace(/^\(+\s*/, '');
  const literal = /^[fFrRbBuU]{0,2}("""|'''|"|'|`)([\s\S]?[\s\S]?)/.exec(bare);
  if (literal) {
    const [, quote = '', head = ''] = literal;
    if (head.startsWith(quote)) return 'unknown';
    // Python's own formatting: `"%s%%" % q` starts with the value, `"%%%s"` with a percent sign.
    if (/^%[s(]/.test(head) && /["']\s*%\s/.test(bare)) return 'unknown';
    if (/^[%_]/.test(head)) return 'wildcard';
    return /^(\$\{|\{)/.test(head) ? 'unknown' : 'anchored';
  }
  const formatted = /^&?\s*(fmt\.Sprintf|String\.format|sprintf|format!|string\.Format)\s*\(\s*["']([^]{0,2})/.exec(bare);
  if (formatted) {
    const [, call = '', head = ''] = formatted;
    // In Rust and C# a percent sign stands for itself, in printf two of them do.
    if (/^(?:format!|string\.Format)$/.test(call) ? /^[%_]/.test(head) : /^(?:%%|_)/.test(head)) return 'wildcard';
    return /^[%{]/.test(head) ? 'unknown' : 'anchored';
  }
  // `search ? `%${search}%` : ''`: one branch is enough.
  const chosen = /^[\w$.!?()[\]\s=<>&|]*?\?(?![.?])\s*([^]+)$/.exec(bare)?.[1];
  if (chosen !== undefined && steps > 0) {
    const branches = [chosen, chosen.slice(chosen.lastIndexOf(' : ') + 3)].map((branch) => hostStart(context, branch, steps - 1));
    return branches.includes('wildcard') ? 'wildcard' : 'unknown';
  }
  if (!/^[A-Za-z_$][\w$]*$/.test(bare) || steps === 0) return 'unknown';
  const local = findLocal(context, bare);
  return local === undefined ? 'unknown' : hostStart(context, local, steps - 1);
}

/** Text of the last value assigned to a name before the query, in its function or an enclosing one. */
function findLocal({ site, file }: PatternContext, name: string): string | undefined {
  for (let id = site.functionId; id !== undefined; id = file.functions[id]?.parent) {
    const found = file.functions[id]?.locals.filter((l) => l.name === name && l.span.start < site.span.end).at(-1);
    if (found) return found.text;
  }
  return undefined;
}
