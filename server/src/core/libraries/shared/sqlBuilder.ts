import { quoteIdentifier } from '../../sql/names';
import type { Bind, ConditionalPart } from '../../hosts/ir';
import type { HoleKind, Interpolation, SqlSource } from '../../sql/source';
import { HOLE_SLOT } from '../../sql/source';
import type { Segment, SegmentKind, SegmentMap } from '../../text/segmentMap';
import { hostSpan, sqlSpan, type HostSpan } from '../../text/span';
import type { HostString } from '../adapter';

/** A condition of the host code under which a part of the SQL is there. */
export interface Condition {
  readonly text: string;
  readonly span: HostSpan;
  /** See `ConditionalPart.choice`. */
  readonly choice?: number;
}

/** A bound expression before it has a number. */
export type BindDraft = Omit<Bind, 'key' | 'interpolation'>;

type Atom =
  | { readonly type: 'text'; readonly text: string; readonly host?: HostSpan; readonly uri?: string; readonly kind: SegmentKind }
  | { readonly type: 'bind'; readonly bind: BindDraft }
  | { readonly type: 'hole'; readonly kind: HoleKind | undefined; readonly bind: BindDraft }
  | { readonly type: 'conditional'; readonly part: SqlPart; readonly condition: Condition; readonly otherwise: string }
  | { readonly type: 'incomplete' };

/** A piece of SQL with its place in the source. Immutable; put together with `concat`, `join`, `group`, … and rendered once by `buildSql`. */
export type SqlPart = readonly Atom[];

export interface BuiltSql {
  readonly source: SqlSource;
  readonly map: SegmentMap;
  readonly binds: readonly Bind[];
  readonly conditional: readonly ConditionalPart[];
  /** False when a part says that unseen code may add more. */
  readonly complete: boolean;
}

/** No SQL at all. */
export const nothing: SqlPart = [];

/** SQL text made by the library; `host` is what to underline for it, none for text without a place (`SELECT`, ` AND `). */
export const sql = (text: string, host?: HostSpan): SqlPart => (text === '' ? nothing : [{ type: 'text', text, host, kind: 'rendered' }]);

/** A name, quoted where needed; `path` parts are joined by dots, `*` stays. */
export const identifier = (path: string | readonly string[], host?: HostSpan): SqlPart =>
  sql((typeof path === 'string' ? [path] : path).map((name) => (name === '*' ? name : quoteIdentifier(name))).join('.'), host);

/** A bound expression: becomes `$n`, numbered in the order of the text. */
export const bind = (draft: BindDraft): SqlPart => [{ type: 'bind', bind: draft }];

/** A host expression that stands in the text itself: SQL of unknown content or an interpolated name. Fragments make the statement incomplete. */
export const hole = (kind: HoleKind, draft: BindDraft): SqlPart => [{ type: 'hole', kind, bind: draft }, ...(kind === 'fragment' ? incomplete : nothing)];

/** A constant written in the host code, as an SQL literal. Numbers that SQL cannot write (NaN, Infinity) become strings. */
export function literal(value: string | number | boolean | null, host?: HostSpan): SqlPart {
  return sql(literalText(value), host);
}

/** An SQL literal, whatever `standard_conforming_strings` says. */
export function literalText(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  const text = String(value).replaceAll("'", "''");
  return text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\')}'` : `'${text}'`;
}

/** Marks the statement as one to which code we did not see may add more. Adds no text. */
export const incomplete: SqlPart = [{ type: 'incomplete' }];

/** A part that is there only when `condition` holds; `otherwise` is the SQL that stands there if not. A part under a condition of its own gets both. */
export function conditional(part: SqlPart, condition: Condition | undefined, otherwise = ''): SqlPart {
  if (!condition || isEmpty(part)) return part;
  const own = wholeCondition(part);
  if (!own || own.otherwise !== '' || otherwise !== '') return [{ type: 'conditional', part, condition, otherwise }];
  const text = own.condition.text === condition.text ? condition.text : `${condition.text} && ${own.condition.text}`;
  return part.map((atom) => (atom === own ? { ...own, condition: { ...own.condition, text } } : atom));
}

export const concat = (...parts: readonly SqlPart[]): SqlPart => parts.flat();

export const isEmpty = (part: SqlPart): boolean => part.every((atom) => atom.type === 'incomplete');

/**
 * Parts that are wholly conditional carry their separator with them, so that every variant is valid SQL. A list in which
 * each of several parts is conditional would be empty in one variant: its first part counts as always there.
 */
export function join(parts: readonly SqlPart[], separator: string): SqlPart {
  const given = parts.filter((part) => !isEmpty(part));
  const silent = parts.filter(isEmpty);
  const present = separator.trim() === ',' && given.length > 1 && given.every(wholeCondition) ? given.map((part, index) => (index === 0 ? unconditional(part) : part)) : given;
  const firstFixed = present.findIndex((part) => !wholeCondition(part));
  const result: SqlPart[] = present.map((part, index) => {
    const own = wholeCondition(part);
    if (!own) return index > 0 && index > firstFixed ? concat(sql(separator), part) : part;
    const inner = index < firstFixed ? concat(own.part, sql(separator)) : index === 0 ? own.part : concat(sql(separator), own.part);
    return part.map((atom) => (atom === own ? { ...own, part: inner } : atom));
  });
  return concat(...result, ...silent);
}

/** `join` for conditions: where all are conditional, `TRUE` stands for the first if it is absent. */
export function joinConditions(parts: readonly SqlPart[], operator: 'AND' | 'OR'): SqlPart {
  const present = parts.filter((part) => !isEmpty(part));
  const joined = join(parts, ` ${operator} `);
  if (present.length < 2 || !present.every(wholeCondition)) return joined;
  const [first, ...rest] = joined;
  return first?.type === 'conditional' ? [{ ...first, otherwise: operator === 'AND' ? 'TRUE' : 'FALSE' }, ...rest] : joined;
}

/** The part without the condition that it stands under as a whole. */
export const unconditional = (part: SqlPart): SqlPart => wholeCondition(part)?.part ?? part;

/** Parentheses round a part; nothing round nothing. */
export function group(part: SqlPart, host?: HostSpan): SqlPart {
  if (isEmpty(part)) return part;
  const own = wholeCondition(part);
  if (own && own.otherwise === '') return part.map((atom) => (atom === own ? { ...own, part: concat(sql('(', host), own.part, sql(')', host)) } : atom));
  return concat(sql('(', host), part, sql(')', host));
}

/** Keyword and body; conditional as a whole where the body is one conditional part. */
export function clause(keyword: SqlPart, body: SqlPart): SqlPart {
  if (isEmpty(body)) return body;
  const own = wholeCondition(body);
  return own && own.otherwise === '' ? body.map((atom) => (atom === own ? { ...own, part: concat(keyword, own.part) } : atom)) : concat(keyword, body);
}

function wholeCondition(part: SqlPart): Extract<Atom, { type: 'conditional' }> | undefined {
  const atoms = part.filter((atom) => atom.type !== 'incomplete');
  const only = atoms.length === 1 ? atoms[0] : undefined;
  return only?.type === 'conditional' ? only : undefined;
}

/** SQL text written in the host code, `[start, end)` of it, with its segments, interpolations and conditional parts. */
export function fragment(host: HostString, start = 0, end = host.text.length): SqlPart {
  const atoms: Atom[] = host.complete ? [] : [{ type: 'incomplete' }];
  const plain = (from: number, to: number): void => {
    let at = from;
    const text = (until: number, segment?: Segment): void => {
      if (until <= at) return;
      const verbatim = segment?.kind === 'verbatim';
      const place = segment && (verbatim ? hostSpan(segment.host.start + (at - segment.sql.start), segment.host.start + (until - segment.sql.start)) : segment.host);
      atoms.push({ type: 'text', text: host.text.slice(at, until), host: place, uri: segment?.uri, kind: segment?.kind ?? 'rendered' });
      at = until;
    };
    for (const segment of host.map.segments) {
      if (segment.sql.end <= at || segment.sql.start >= to) continue;
      text(Math.min(segment.sql.start, to));
      text(Math.min(segment.sql.end, to), segment);
    }
    text(to);
  };
  const flat = (from: number, to: number): void => {
    let at = from;
    host.interpolations.forEach((interpolation, index) => {
      if (interpolation.span.start < at || interpolation.span.end > to) return;
      plain(at, interpolation.span.start);
      const known = host.binds.find((b) => (b.interpolation ?? Number(b.key)) === index);
      atoms.push({ type: 'hole', kind: interpolation.kind, bind: known ?? { text: interpolation.hostText, names: [], origin: 'unknown' } });
      at = interpolation.span.end;
    });
    plain(at, to);
  };
  let at = start;
  for (const part of [...host.conditional].sort((a, b) => a.sql.start - b.sql.start)) {
    if (part.sql.start < at || part.sql.end > end) continue;
    flat(at, part.sql.start);
    const before = atoms.splice(0);
    flat(part.sql.start, part.sql.end);
    const inner = atoms.splice(0);
    atoms.push(...before, { type: 'conditional', part: inner, condition: { text: part.condition, span: part.conditionSpan }, otherwise: part.otherwise });
    at = part.sql.end;
  }
  flat(at, end);
  return atoms;
}

/**
 * Renders a part. Placeholders are numbered in the order of the text; where the text has interpolations too, the numbers
 * start behind their indexes, so that the keys of `binds` stay unique. Segments are in order and do not overlap.
 */
export function buildSql(part: SqlPart): BuiltSql {
  const segments: Segment[] = [];
  const interpolations: Interpolation[] = [];
  const binds: Bind[] = [];
  const conditionalParts: ConditionalPart[] = [];
  let text = '';
  let complete = true;
  let parameter = Math.max(1, countHoles(part));
  const segment = (from: number, host: HostSpan | undefined, kind: SegmentKind, uri?: string): void => {
    if (host) segments.push({ kind, sql: sqlSpan(from, text.length), host, ...(uri === undefined ? {} : { uri }) });
  };
  const walk = (atoms: SqlPart): void => {
    for (const atom of atoms) {
      const from = text.length;
      switch (atom.type) {
        case 'incomplete':
          complete = false;
          break;
        case 'text':
          text += atom.text;
          segment(from, atom.host, atom.kind, atom.uri);
          break;
        case 'bind':
          text += `$${parameter}`;
          binds.push({ ...atom.bind, key: String(parameter++) });
          segment(from, atom.bind.span, 'hole');
          break;
        case 'hole':
          text += HOLE_SLOT;
          binds.push({ ...atom.bind, key: String(interpolations.length), interpolation: interpolations.length });
          interpolations.push({ span: sqlSpan(from, text.length), ...(atom.kind === undefined ? {} : { kind: atom.kind }), hostText: atom.bind.text });
          segment(from, atom.bind.span, 'hole');
          break;
        case 'conditional':
          walk(atom.part);
          conditionalParts.push({ sql: { start: from, end: text.length }, condition: atom.condition.text, conditionSpan: atom.condition.span, otherwise: atom.otherwise, ...(atom.condition.choice === undefined ? {} : { choice: atom.condition.choice }) });
          break;
      }
    }
  };
  walk(part);
  return { source: { text, placeholders: binds.length > interpolations.length || interpolations.length === 0 ? 'dollar' : 'none', interpolations }, map: { segments }, binds, conditional: conditionalParts.sort((a, b) => a.sql.start - b.sql.start), complete };
}

const countHoles = (part: SqlPart): number =>
  part.reduce((count, atom) => count + (atom.type === 'hole' ? 1 : atom.type === 'conditional' ? countHoles(atom.part) : 0), 0);
