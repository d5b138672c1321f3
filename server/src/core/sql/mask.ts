import { overlaps, sqlSpan, type SqlSpan } from '../text/span';
import { fillHole, formOfKind, guessForm, holeForms, kindOfForm, type HoleForm } from './holeForms';
import { tokenize, type Token } from './lexer';
import { findPlaceholders } from './placeholders';
import type { Hole, SqlSource } from './source';

/** SQL text of the same length in which every hole is something the grammar accepts. */
export interface MaskedSql {
  readonly text: string;
  readonly holes: readonly MaskedHole[];
}

export interface MaskedHole extends Hole {
  /** What the filler covers: the hole, sometimes with a blank or a sigil before it. */
  readonly region: SqlSpan;
  readonly form: HoleForm;
  /** The form is known: never tried otherwise. */
  readonly fixed: boolean;
  /** The host knows the kind: another form does not change it. */
  readonly told?: true;
}

/** Replaces placeholders and interpolations by fillers of equal length. Never fails. Cost: two passes of the lexer. */
export function maskSource(source: SqlSource): MaskedSql {
  const start = source.text.charCodeAt(0) === 0xfeff ? ` ${source.text.slice(1)}` : source.text;
  const holes: MaskedHole[] = [];
  const slots = maskInterpolations(start, source, holes);
  // The fillers of interpolations look like parameters themselves.
  const filled = holes.map(({ region }) => region);
  const found = findPlaceholders(slots, source.placeholders).filter((place) => !filled.some((region) => overlaps(region, place.span)));
  let text = slots;
  for (const place of found) {
    const region = place.list ? widen(text, place.span) : place.span;
    const form = place.list && region.end - region.start < 3 ? 'value' : place.form;
    if (place.rewrite) text = replace(text, region, fillHole(form, region.end - region.start, holes.length) ?? '');
    holes.push({ span: place.span, region, kind: place.list ? 'list' : kindOfForm(form), origin: { type: 'placeholder', key: place.key }, form, fixed: !place.rewrite });
  }
  text = blankOperators(text, source);
  holes.sort((a, b) => a.span.start - b.span.start);
  return { text, holes };
}

/** Takes the blank on either side in, so that `IN %s` can become `IN(0)`. */
function widen(text: string, span: SqlSpan): SqlSpan {
  let { start, end }: { start: number; end: number } = span;
  if (end - start < 3 && /\s/.test(text.charAt(start - 1))) start--;
  if (end - start < 3 && /\s/.test(text.charAt(end))) end++;
  return sqlSpan(start, end);
}

export const replace = (text: string, span: SqlSpan, filler: string): string =>
  filler.length === span.end - span.start ? text.slice(0, span.start) + filler + text.slice(span.end) : text;

/** Escapes that a driver undoes: `%%`, `\?`, `\:`, and `??` where an operator stands. */
function blankOperators(text: string, { placeholders }: SqlSource): string {
  if (placeholders === 'percent' && text.includes('%%')) {
    const doubled = tokenize(text).filter((token) => token.kind === 'operator' && token.word.includes('%%'));
    return doubled.reduceRight((result, token) => result.slice(0, token.start) + token.word.replace('%%', '% ') + result.slice(token.end), text);
  }
  if (placeholders === 'question' || placeholders === 'colon') {
    const escaped = tokenize(text, { psql: true }).filter((token) => token.kind === 'meta' && /[?:]/.test(text.charAt(token.end)));
    let result = escaped.reduce((before, token) => replace(before, sqlSpan(token.start, token.end), ' '), text);
    if (placeholders === 'question' && result.includes('??')) {
      for (const token of tokenize(result)) if (token.word === '??') result = replace(result, sqlSpan(token.start, token.end), '? ');
    }
    return result;
  }
  return text;
}

/** Fills the slots of host interpolations; those inside literals and comments keep their blanks. */
function maskInterpolations(original: string, source: SqlSource, holes: MaskedHole[]): string {
  if (source.interpolations.length === 0) return original;
  let text = original;
  source.interpolations.forEach(({ span }, i) => {
    text = replace(text, span, fillHole('name', span.end - span.start, i) ?? '');
  });
  const tokens = tokenize(text, { comments: true });
  source.interpolations.forEach((interpolation, index) => {
    const { span, kind } = interpolation;
    const at = tokenAt(tokens, span.start);
    const origin = { type: 'interpolation', index } as const;
    const token = tokens[at];
    const sigil = sigilBefore(text, span.start);
    if (token?.kind === 'comment') return;
    if (token && token.start <= span.start && (token.kind === 'string' || token.kind === 'quoted')) {
      text = replace(text, span, token.kind === 'string' ? ' '.repeat(span.end - span.start) : text.slice(span.start, span.end));
      holes.push({ span, region: span, kind: token.kind === 'string' ? 'string' : 'identifier', origin, form: 'name', fixed: true });
    } else if (sigil) {
      const region = sqlSpan(span.start - 1, span.end);
      text = replace(text, region, fillHole('value', region.end - region.start, index) ?? '');
      holes.push({ span, region, kind: 'value', origin, form: 'value', fixed: true });
    } else if (token && (token.start !== span.start || token.end !== span.end)) {
      holes.push({ span, region: span, kind: 'identifier', origin, form: 'name', fixed: true });
    } else {
      const previous = before(tokens, at);
      const guessed = guessForm(previous, before(tokens, at - 1), after(tokens, at));
      const guess = kind === undefined ? guessed : { form: kind === 'fragment' ? guessed.form : formOfKind(kind), kind };
      const form = guess.form === 'name' && kind === undefined && followsFragment(holes, previous) ? 'blank' : guess.form;
      text = replace(text, span, fillHole(form, span.end - span.start, index) ?? '');
      holes.push({ span, region: span, kind: form === guess.form ? guess.kind : 'fragment', origin, form, fixed: false, ...(kind === undefined ? {} : { told: true }) });
    }
  });
  return text;
}

/** After a blanked fragment another interpolation is most likely one too. */
const followsFragment = (holes: readonly MaskedHole[], previous: Token | undefined): boolean => {
  const last = holes.at(-1);
  return last?.form === 'blank' && previous?.start === last.span.start;
};

/** `$${i}`, `:${name}` and `@${name}` are parameters. */
const sigilBefore = (text: string, at: number): boolean => /^[$:@]$/.test(text.charAt(at - 1)) && !/[\w$:@]/.test(text.charAt(at - 2));

function tokenAt(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function before(tokens: readonly Token[], at: number): Token | undefined {
  let i = at - 1;
  while (tokens[i]?.kind === 'comment') i--;
  return tokens[i];
}

function after(tokens: readonly Token[], at: number): Token | undefined {
  let i = at + 1;
  while (tokens[i]?.kind === 'comment') i++;
  return tokens[i];
}

/** What one attempt to parse came to; `at` is the UTF-16 offset of the syntax error. */
export type ParseAttempt<T> = { readonly tree: T } | { readonly error: { readonly message: string; readonly at: number } };

/**
 * Parses masked SQL; where it fails, the error's place names the hole whose form was guessed wrong: that one is given
 * its next form, at most `maxTries` times (about 1 % of embedded statements need it, 0.1 ms a try).
 */
export function parseWithHoles<T>(masked: MaskedSql, parse: (text: string) => ParseAttempt<T>, maxTries = 12): { readonly masked: MaskedSql; readonly result: ParseAttempt<T> } {
  const first = parse(masked.text);
  if ('tree' in first || !masked.holes.some((hole) => !hole.fixed)) return { masked, result: first };
  const tried = masked.holes.map((hole) => new Set([hole.form]));
  const holes = [...masked.holes];
  let text = masked.text;
  let at = first.error.at;
  for (let tries = 0; tries < maxTries; tries++) {
    const index = holeToFlip(holes, tried, at);
    const hole = index === undefined ? undefined : holes[index];
    const form = index === undefined ? undefined : nextForm(tried[index], hole);
    if (index === undefined || !hole || !form) break;
    tried[index]?.add(form);
    holes[index] = { ...hole, form, kind: hole.told ? hole.kind : kindOfForm(form) };
    text = replace(text, hole.region, fillHole(form, hole.region.end - hole.region.start, index) ?? '');
    const result = parse(text);
    if ('tree' in result) return { masked: { text, holes }, result };
    at = result.error.at;
  }
  return { masked, result: first };
}

const nextForm = (tried: ReadonlySet<HoleForm> | undefined, hole: MaskedHole | undefined): HoleForm | undefined =>
  hole && holeForms.find((form) => !tried?.has(form) && fillHole(form, hole.region.end - hole.region.start, 0) !== undefined);

/** One of the two last holes before the error that still has forms left. */
function holeToFlip(holes: readonly MaskedHole[], tried: readonly ReadonlySet<HoleForm>[], at: number): number | undefined {
  const candidates: number[] = [];
  for (let i = holes.length - 1; i >= 0 && candidates.length < 2; i--) {
    const hole = holes[i];
    if (hole && !hole.fixed && hole.region.start <= at) candidates.push(i);
  }
  return candidates.find((i) => nextForm(tried[i], holes[i]) !== undefined);
}
