import { quoteIdentifier } from '../../sql/names';
import type { PlanNode } from '../planModel';

/** One condition of a node that an index of its relation could answer. */
export interface IndexableCondition {
  /** As CREATE INDEX writes it: a column, or an expression in brackets. */
  readonly key: string;
  readonly kind: 'equality' | 'range';
  /** Compared with one of several values (`= ANY`). */
  readonly several: boolean;
}

/** Nobody reads a longer condition, and its brackets are looked at level by level. */
const LONGEST = 20_000;

/** The parts of a condition that are joined by AND. */
export function conjunctsOf(text: string): readonly string[] {
  if (text.length > LONGEST) return [text];
  const body = stripBrackets(text.trim());
  const parts = splitAnd(body);
  return parts.length > 1 ? parts.flatMap(conjunctsOf) : [body];
}

/** Columns and expressions that a node's conditions compare with values, or with columns of other relations. */
export const indexableConditions = (node: PlanNode, text: string): readonly IndexableCondition[] => conjunctsOf(text).flatMap((part) => readComparison(node, part) ?? []);

/** Does every part of the condition speak of columns of one relation, without functions around them? @returns their names */
export function comparedColumns(node: PlanNode, text: string): { readonly columns: readonly string[]; readonly expressions: readonly string[] } {
  const conditions = indexableConditions(node, text);
  const keys = [...new Set(conditions.map(({ key }) => key))];
  return { columns: keys.filter((key) => !key.startsWith('(')), expressions: keys.filter((key) => key.startsWith('(')) };
}

function readComparison(node: PlanNode, text: string): IndexableCondition | undefined {
  const isNull = /^(.+) IS NULL$/s.exec(text);
  if (isNull) {
    const key = columnOf(node, isNull[1]!);
    return key === undefined ? undefined : { key, kind: 'equality', several: false };
  }
  const at = operatorAt(text);
  if (!at) return undefined;
  const [left, right] = [text.slice(0, at.start).trim(), text.slice(at.end).trim()];
  const kind = at.operator === '=' ? 'equality' : 'range';
  const any = /^ANY \((.*)\)$/s.exec(right)?.[1];
  const key = keyOf(node, left);
  if (key !== undefined && isValue(any ?? right)) return { key, kind, several: any !== undefined };
  if (any === undefined && key !== undefined && otherColumn(node, right)) return { key, kind, several: false };
  const swapped = any === undefined ? columnOf(node, right) : undefined;
  return swapped !== undefined && otherColumn(node, left) ? { key: swapped, kind, several: false } : undefined;
}

/** The comparison at the top of an expression; undefined for other operators, which no b-tree answers. */
function operatorAt(text: string): { readonly start: number; readonly end: number; readonly operator: string } | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!;
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, at + 1);
      at = end < 0 ? text.length : end;
    } else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (depth === 0 && text[at - 1] === ' ' && /[-+*/<>=~!@#%^&|`?]/.test(c)) {
      const operator = /^[-+*/<>=~!@#%^&|`?]+/.exec(text.slice(at))![0];
      return text[at + operator.length] === ' ' && ['=', '<', '>', '<=', '>='].includes(operator) ? { start: at, end: at + operator.length, operator } : undefined;
    }
  }
  return undefined;
}

const IDENTIFIER = '(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")';

/** The node's own column: bare, by its alias, or as the text that varchar is compared as. */
export function columnOf(node: PlanNode, text: string): string | undefined {
  const bare = new RegExp(`^\\((${IDENTIFIER}(?:\\.${IDENTIFIER})?)\\)::text$`).exec(text)?.[1] ?? text;
  const match = new RegExp(`^(?:(${IDENTIFIER})\\.)?(${IDENTIFIER})$`).exec(bare);
  if (!match?.[2] || (match[1] !== undefined && unquote(match[1]) !== (node.alias ?? node.relation))) return undefined;
  return quoteIdentifier(unquote(match[2]));
}

/** A column, or one function of columns: `lower(email)`. */
function keyOf(node: PlanNode, text: string): string | undefined {
  const column = columnOf(node, text);
  if (column !== undefined) return column;
  const call = new RegExp(`^(${IDENTIFIER})\\(((?:\\(?${IDENTIFIER}(?:\\.${IDENTIFIER})?\\)?(?:::[a-z ]+)?))\\)$`).exec(text);
  const argument = call?.[2] === undefined ? undefined : columnOf(node, call[2]) ?? columnOf(node, call[2].replace(/::[a-z ]+$/, ''));
  return argument === undefined || call?.[1] === undefined ? undefined : `(${call[1]}(${argument}))`;
}

/** A column of another relation, as the outer side of a join gives it. */
function otherColumn(node: PlanNode, text: string): boolean {
  const match = new RegExp(`^(${IDENTIFIER})\\.${IDENTIFIER}$`).exec(text);
  return match?.[1] !== undefined && unquote(match[1]) !== (node.alias ?? node.relation);
}

/** Something that is known before the first row is read. */
const isValue = (text: string): boolean =>
  !/[a-z_"]/i.test(text.replace(/'(?:[^']|'')*'/g, '').replace(/::[a-z_ ]+(?:\([\d,]+\))?(?:\[\])?/gi, '').replace(/\(InitPlan \d+\)\.col\d+|\$\d+|\bnow\(\)|\bCURRENT_(?:DATE|TIMESTAMP)\b|\b(?:true|false)\b/g, ''));

const unquote = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);

function stripBrackets(text: string): string {
  let body = text;
  while (body.startsWith('(') && closes(body, 0) === body.length - 1) body = body.slice(1, -1).trim();
  return body;
}

/** Offset of the bracket that closes the one at an offset. */
function closes(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, at + 1);
      at = end < 0 ? text.length : end;
    } else if (c === '(') depth++;
    else if (c === ')' && --depth === 0) return at;
  }
  return -1;
}

function splitAnd(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, at + 1);
      at = end < 0 ? text.length : end;
    } else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (depth === 0 && text.startsWith(' AND ', at)) {
      parts.push(text.slice(start, at));
      start = at + 5;
    } else if (depth === 0 && text.startsWith(' OR ', at)) return [text];
  }
  parts.push(text.slice(start));
  return parts;
}
