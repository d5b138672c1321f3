import { sqlSpan, type SqlSpan } from '../text/span';
import { endsOperand, guessForm, type HoleForm } from './holeForms';
import { tokenize, type Token } from './lexer';
import type { PlaceholderStyle } from './source';

export interface Placeholder {
  readonly span: SqlSpan;
  /** `$1` → `1`; `:n`, `%(n)s`, `@n` → `n`; `?` and `%s` are numbered from 1. */
  readonly key: string;
  readonly form: HoleForm;
  /** False: the grammar knows it as it stands. */
  readonly rewrite: boolean;
  /** A list without parentheses: `IN %s`, `VALUES :rows`. */
  readonly list: boolean;
}

/** All parameters that the driver sees in a text, in order. The jsonb operators `?`, `?|`, `?&` are told apart. */
export function findPlaceholders(text: string, style: PlaceholderStyle): Placeholder[] {
  const tokens = tokenize(text, { psql: style === 'question' || style === 'colon' });
  const found: Placeholder[] = [];
  let ordinal = 0;
  let brackets = 0;
  const add = (start: number, end: number, key: string, i: number, next: number, form?: HoleForm): void => {
    const guess = guessForm(tokens[i - 1], tokens[i - 2], tokens[next]);
    const list = form === undefined && guess.form === 'list';
    found.push({ span: sqlSpan(start, end), key, form: form ?? plainForm(guess.form, tokens[i - 1], tokens[next]), rewrite: true, list });
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    if (token.kind === 'punct') brackets += token.word === '[' ? 1 : token.word === ']' ? -1 : 0;
    if (token.kind === 'param') {
      const span = sqlSpan(token.start, token.end);
      found.push({ span, key: text.slice(token.start + 1, token.end), form: 'value', rewrite: false, list: false });
    } else if (style === 'question' && token.kind === 'operator' && token.word.includes('?')) {
      if (tokens[i - 1]?.kind === 'meta' && tokens[i - 1]?.end === token.start) continue;
      for (const mark of questionMarks(token, endsOperand(tokens[i - 1]))) add(mark.start, mark.end, String(++ordinal), i, i + 1, mark.end - mark.start === 2 ? 'name' : undefined);
    } else if ((style === 'percent' || style === 'file') && token.kind === 'operator' && token.word.includes('%')) {
      const mark = percentMark(text, token);
      if (!mark || (style === 'file' && !mark.name)) continue;
      let next = i + 1;
      while (tokens[next] && (tokens[next]?.start ?? 0) < mark.end) next++;
      add(mark.start, mark.end, mark.name || String(++ordinal), i, next);
      i = next - 1;
    } else if (style === 'colon' || style === 'file') {
      const end = colonName(text, tokens, i, brackets > 0, style);
      if (end) {
        add(token.start, end.end, end.key, i, i + 2, end.form);
        i++;
      } else if (style === 'file' && namedAt(tokens, i)) {
        const name = tokens[i + 1];
        if (name) add(token.end - 1, name.end, text.slice(name.start, name.end), i, i + 2);
        i++;
      } else if (style === 'file' && dollarName(text, tokens, i)) {
        const name = tokens[i + 1];
        if (name) add(token.start, name.end, text.slice(name.start, name.end), i, i + 2);
        i++;
      } else if (style === 'file' && token.kind === 'other' && templateAt(text, token.start)) {
        const end = token.start + (templateAt(text, token.start)?.length ?? 0);
        let next = i + 1;
        while (tokens[next] && (tokens[next]?.start ?? 0) < end) next++;
        const guess = guessForm(tokens[i - 1], tokens[i - 2], tokens[next]);
        found.push({ span: sqlSpan(token.start, end), key: text.slice(token.start, end).replace(/^\$?\{+\s*|\s*\}+$/g, ''), form: guess.form, rewrite: true, list: guess.form === 'list' });
        i = next - 1;
      } else if (style === 'file' && isSqlcCall(tokens, i)) {
        const last = tokens[i + 5];
        const list = tokens[i + 2]?.word === 'slice';
        found.push({ span: sqlSpan(token.start, last?.end ?? token.end), key: sqlcKey(text, tokens[i + 4]), form: 'value', rewrite: true, list });
        i += 5;
      }
    } else if (style === 'at' && namedAt(tokens, i)) {
      const name = tokens[i + 1];
      if (name) add(token.end - 1, name.end, text.slice(name.start, name.end), i, i + 2);
      i++;
    } else if (style === 'dollar-name' && dollarName(text, tokens, i)) {
      const name = tokens[i + 1];
      if (!name) continue;
      add(token.start, name.end, text.slice(name.start, name.end), i, i + 2);
      i++;
    }
  }
  return found;
}

/** `$limit`: no parameter of Postgres, and no quote. */
const dollarName = (text: string, tokens: readonly Token[], i: number): boolean => {
  const [token, name] = [tokens[i], tokens[i + 1]];
  return token?.kind === 'other' && text.charAt(token.start) === '$' && name?.kind === 'word' && name.start === token.end;
};

/** A placeholder is a value, unless a table or a part of a name has to stand in its place. */
function plainForm(form: HoleForm, before: Token | undefined, after: Token | undefined): HoleForm {
  if (form === 'name') return /^(?:from|join|into|update|table|only|\.)$/.test(before?.word ?? '') || after?.word === '.' ? 'name' : 'value';
  return form === 'list' ? 'list' : 'value';
}

const operatorsWithQuestionMark = /^(?:\?|\?\||\?&|\?#|\?-|\?-\||\?\|\||@\?|\?\?)$/;

/** The placeholders inside an operator token: the scanner glues `=?` and `?||?` together. `??` is an identifier's. */
function questionMarks(token: Token, afterOperand: boolean): { readonly start: number; readonly end: number }[] {
  const { word, start, end } = token;
  if (afterOperand) {
    if (operatorsWithQuestionMark.test(word)) return [];
    return word.endsWith('?') ? [{ start: end - 1, end }] : [];
  }
  if (word === '??') return [{ start, end }];
  const marks = word.startsWith('?') ? [{ start, end: start + 1 }] : [];
  if (word.length > 1 && word.endsWith('?')) marks.push({ start: end - 1, end });
  return marks;
}

const percentForm = /%(?:\((\w+)\)[sbt]?|[sbt](?![\w]))/y;

function percentMark(text: string, token: Token): { readonly start: number; readonly end: number; readonly name: string } | undefined {
  const at = token.start + token.word.lastIndexOf('%');
  if (text.charAt(at - 1) === '%' && at > token.start) return undefined;
  percentForm.lastIndex = at;
  const found = percentForm.exec(text);
  return found ? { start: at, end: percentForm.lastIndex, name: found[1] ?? '' } : undefined;
}

/** `:name`, pgtyped's `:name!`, knex' `:name:`, psql's `:'name'` and `:"name"`. */
function colonName(text: string, tokens: readonly Token[], i: number, inBrackets: boolean, style: PlaceholderStyle): { readonly end: number; readonly key: string; readonly form?: HoleForm } | undefined {
  const colon = tokens[i];
  const name = tokens[i + 1];
  if (colon?.word !== ':' || colon.kind !== 'punct' || !name || name.start !== colon.end) return undefined;
  const previous = tokens[i - 1];
  if (previous?.kind === 'meta' && previous.end === colon.start) return undefined;
  if (inBrackets && previous?.word !== '[' && previous?.word !== ',' && endsOperand(previous)) return undefined;
  const written = text.slice(name.start, name.end);
  if (style === 'file' && (name.kind === 'string' || name.kind === 'quoted')) {
    return { end: name.end, key: written.slice(1, -1), form: name.kind === 'quoted' ? 'name' : 'string' };
  }
  if (name.kind !== 'word') return undefined;
  if (style === 'file' && text.charAt(name.end) === '!' && text.charAt(name.end + 1) !== '=') return { end: name.end + 1, key: written };
  if (style === 'colon' && text.charAt(name.end) === ':' && text.charAt(name.end + 1) !== ':') return { end: name.end + 1, key: written, form: 'name' };
  return { end: name.end, key: written };
}

/** `@name` where no operator can stand; Postgres would read it as the prefix operator `@`. */
function namedAt(tokens: readonly Token[], i: number): boolean {
  const token = tokens[i];
  const name = tokens[i + 1];
  if (token?.kind !== 'operator' || !token.word.endsWith('@') || name?.kind !== 'word' || name.start !== token.end) return false;
  return token.word === '@' ? !endsOperand(tokens[i - 1]) : /^(?:=|<>|<=|>=|<|>|!=|\|\|)@$/.test(token.word);
}

const template = /\$?\{\{[^{}]*\}\}|\$?\{[A-Za-z_][^{}\n]*\}/y;

/** `{name}`, `{{ name }}`, `${name}` of files that are formatted before they run. */
function templateAt(text: string, start: number): string | undefined {
  template.lastIndex = start;
  return template.exec(text)?.[0];
}

const isSqlcCall = (tokens: readonly Token[], i: number): boolean =>
  tokens[i]?.word === 'sqlc' && tokens[i + 1]?.word === '.' && /^(?:arg|narg|slice)$/.test(tokens[i + 2]?.word ?? '') && tokens[i + 3]?.word === '(' && tokens[i + 5]?.word === ')';

const sqlcKey = (text: string, token: Token | undefined): string => (token ? text.slice(token.start, token.end).replace(/^['"]|['"]$/g, '') : '');
