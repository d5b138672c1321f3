import type { HoleKind } from './source';
import type { Token } from './lexer';

/** The texts that can stand in for a hole. Every form keeps the length. */
export type HoleForm = 'name' | 'value' | 'blank' | 'list' | 'assignment' | 'string' | 'comma' | 'and' | 'where' | 'values' | 'select';

/** Order in which other forms are tried when the first one does not parse. */
export const holeForms: readonly HoleForm[] = ['name', 'blank', 'value', 'list', 'assignment', 'string', 'comma', 'and', 'where', 'values', 'select'];

const fixedTexts: Partial<Record<HoleForm, string>> = {
  assignment: 'zq=0', and: ' AND zq', where: 'WHERE zq', values: 'VALUES(0)', select: 'SELECT 0',
};

/** The filler of a form at a given length; undefined where it does not fit. */
export function fillHole(form: HoleForm, length: number, index: number): string | undefined {
  switch (form) {
    case 'blank': return ' '.repeat(length);
    case 'name': return nameFiller(length, index);
    case 'value': return valueFiller(length);
    case 'list': return length < 3 ? undefined : `(${valueFiller(length - 2).trimEnd()})`.padEnd(length);
    case 'string': return length < 2 ? undefined : `'${'z'.repeat(length - 2)}'`;
    case 'comma': return length < 2 ? undefined : `,${nameFiller(length - 1, index)}`;
    default: {
      const text = fixedTexts[form] ?? '';
      return length < text.length ? undefined : text.padEnd(length);
    }
  }
}

const nameFiller = (length: number, index: number): string =>
  length < 2 ? 'z'.repeat(length) : `zq${index.toString(36)}`.slice(0, length).padEnd(length, 'z');

const valueFiller = (length: number): string => (length < 2 ? '0'.repeat(length) : '$1'.padEnd(length));

const kinds: Record<HoleForm, HoleKind> = {
  name: 'identifier', value: 'value', list: 'list', values: 'list', assignment: 'assignment', string: 'value',
  blank: 'fragment', comma: 'fragment', and: 'fragment', where: 'fragment', select: 'fragment',
};
export const kindOfForm = (form: HoleForm): HoleKind => kinds[form];

const formsByKind: Record<HoleKind, HoleForm> = {
  identifier: 'name', value: 'value', list: 'list', assignment: 'assignment', string: 'string', fragment: 'blank',
};
export const formOfKind = (kind: HoleKind): HoleForm => formsByKind[kind];

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const namesFollow = words('from join into update table only index schema view column truncate references type language constraint role');
const conditionsFollow = words('where and or on having not');
const operandWords = words('null true false default current_date current_timestamp end desc asc nothing rows row');
const keywords = words(
  'select from where and or not in is as on by group order having limit offset union all distinct intersect except insert into values ' +
  'update set delete returning using join left right inner outer full cross lateral case when then else end between like ilike similar ' +
  'exists any some with recursive conflict do interval over partition filter fetch for of cast array window at collate only',
);

/** True when an operator, not an operand, has to follow this token. */
export function endsOperand(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind === 'word') return !keywords.has(token.word) || operandWords.has(token.word);
  if (token.kind === 'punct') return token.word === ')' || token.word === ']';
  return token.kind === 'number' || token.kind === 'string' || token.kind === 'param' || token.kind === 'quoted';
}

/** What a placeholder or an interpolation most likely stands for, from the tokens around it. */
export function guessForm(before: Token | undefined, beforeThat: Token | undefined, after: Token | undefined): { readonly form: HoleForm; readonly kind: HoleKind } {
  const word = before?.word ?? '';
  const of = (form: HoleForm, kind: HoleKind = kinds[form]): { form: HoleForm; kind: HoleKind } => ({ form, kind });
  if (word === '.' || after?.word === '.') return of('name');
  if (word === 'in' || word === 'values') return of('list');
  if (word === 'set') return of('assignment');
  if (word === 'interval') return of('string', 'value');
  if (word === 'from' && beforeThat?.word === 'distinct') return of('value');
  if (namesFollow.has(word)) return of('name');
  if (conditionsFollow.has(word)) return continuesExpression(after) ? of('name') : of('name', 'fragment');
  if (word === 'select' || word === 'by' || word === 'distinct' || word === 'returning') return of('name');
  if (endsOperand(before)) return of('blank');
  return of('value');
}

const continuesExpression = (after: Token | undefined): boolean =>
  after !== undefined && (after.kind === 'operator' || /^(?:in|is|like|ilike|between|similar|not|\[|\()$/.test(after.word));
