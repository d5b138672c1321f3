/**
 * The elements of a one-dimensional array as Postgres prints it (`{a,"b c"}`, array_out in arrayfuncs.c); undefined for
 * nested arrays, arrays with bounds, NULL elements and anything that is no array.
 */
export function parseArrayText(text: string): readonly string[] | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  if (text === '{}') return [];
  const elements: string[] = [];
  let at = 1;
  for (;;) {
    const quoted = text[at] === '"';
    const element = quoted ? readQuoted(text, at + 1) : readPlain(text, at);
    if (element === undefined || (!quoted && (element.value === '' || /^null$/i.test(element.value)))) return undefined;
    elements.push(element.value);
    at = element.end;
    if (text[at] === '}') return at === text.length - 1 ? elements : undefined;
    if (text[at] !== ',') return undefined;
    at++;
  }
}

interface Element {
  readonly value: string;
  readonly end: number;
}

function readQuoted(text: string, start: number): Element | undefined {
  let value = '';
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') return { value, end: at + 1 };
    if (character === '\\') at++;
    value += text[at] ?? '';
  }
  return undefined;
}

function readPlain(text: string, start: number): Element | undefined {
  let value = '';
  for (let at = start; at < text.length; at++) {
    const character = text[at]!;
    if (character === ',' || character === '}') return { value, end: at };
    if (character === '{' || character === '"') return undefined;
    if (character === '\\') at++;
    value += text[at] ?? '';
  }
  return undefined;
}

/** Prints elements as Postgres does, quotes only where they are needed. */
export const renderArrayText = (elements: readonly string[]): string =>
  `{${elements.map((element) => (element === '' || /[\s{}",\\]/.test(element) || /^null$/i.test(element) ? `"${element.replaceAll(/["\\]/g, '\\$&')}"` : element)).join(',')}}`;
