import { findTable } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { relationKey } from '../catalog/names';
import type { HostFile, ModelIr, QuerySite } from '../hosts/ir';
import { isNamePart } from '../sql/lexer';
import { maskSource } from '../sql/mask';
import { toHostEditSpan, toHostSpan, type Segment } from '../text/segmentMap';
import { containsOffset, hostSpan, sqlSpan, type HostOffset, type HostSpan, type SqlOffset } from '../text/span';
import { keyOfUse, namesOf, readNames, type NameUse } from './nameUses';

/** A relation of the workspace's database, or one of its columns. */
export interface Target {
  /** `schema.name`. */
  readonly key: string;
  readonly name: string;
  readonly table?: Table;
  readonly column?: string;
}

/** What a place in a document names, and the text that names it. */
export interface FoundTarget {
  readonly target: Target;
  readonly span: HostSpan;
}

/** A place inside SQL text that stands in a document as it is. */
export interface SqlPlace {
  readonly site: QuerySite;
  /** The statement with its holes filled, with the blanks behind it up to the place. */
  readonly text: string;
  readonly offset: SqlOffset;
  /** Where `[start, end)` of `text` can be replaced; undefined: it does not stand in the document unit for unit. */
  hostSpan(start: number, end: number): HostSpan | undefined;
}

const sizeOf = ({ span }: QuerySite): number => span.end - span.start;
const bySize = (sites: readonly QuerySite[]): QuerySite[] => [...sites].sort((a, b) => sizeOf(a) - sizeOf(b));
/** Segments of the site's own document whose source text contains the offset. */
const segmentsAt = ({ map }: QuerySite, offset: HostOffset): readonly Segment[] => map.segments.filter(({ uri, host }) => uri === undefined && containsOffset(host, offset));

/** The SQL text around an offset, or just before it with nothing but blanks between. Builder chains are no SQL text. */
export function sqlPlaceAt(file: HostFile, text: string, offset: HostOffset): SqlPlace | undefined {
  for (const site of bySize(file.sites.filter((candidate) => candidate.source !== undefined))) {
    const { source, map } = site;
    const last = map.segments.at(-1);
    if (!source || !last) continue;
    // At the border of an interpolation the text before it is meant.
    const inside = segmentsAt(site, offset).find(({ kind }) => kind === 'verbatim');
    if (inside) {
      const at = (inside.sql.start + (offset - inside.host.start)) as SqlOffset;
      return { site, text: maskSource(source).text, offset: at, hostSpan: (start, end) => toHostEditSpan(map, sqlSpan(start, end)) };
    }
    const tail = offset - last.host.end;
    if (last.kind !== 'verbatim' || last.uri !== undefined || tail <= 0 || tail > 2_000 || last.sql.end !== source.text.length) continue;
    const blanks = text.slice(last.host.end, offset);
    if (/\S/.test(blanks)) continue;
    const length = source.text.length;
    const spanOf = (start: number, end: number): HostSpan | undefined => {
      if (start >= length) return hostSpan(last.host.end + (start - length), last.host.end + (end - length));
      return toHostEditSpan(map, sqlSpan(start, Math.min(end, length)));
    };
    return { site, text: maskSource(source).text + blanks, offset: (length + tail) as SqlOffset, hostSpan: spanOf };
  }
  return undefined;
}

const toTarget = (use: NameUse): Target => ({ key: keyOfUse(use), name: use.table?.name ?? use.relation.name, ...(use.table ? { table: use.table } : {}), ...(use.kind === 'column' ? { column: use.name } : {}) });

/** The table or column that is named at an offset: in SQL text, in a builder chain, in a model, in a migration that is a program. */
export function targetAt(file: HostFile, text: string, offset: HostOffset, catalog: Catalog | undefined): FoundTarget | undefined {
  const word = wordAt(text, offset);
  const model = word && modelAt(file, text, word, offset, catalog);
  if (model) return model;
  for (const site of bySize(file.sites)) {
    if (!site.source) continue;
    for (const segment of segmentsAt(site, offset)) {
      if (segment.kind === 'hole') continue;
      const uses = namesOf(site.source, catalog).uses;
      if (segment.kind === 'verbatim') {
        const at = segment.sql.start + (offset - segment.host.start);
        const use = uses.find(({ span }) => span.start <= at && at <= span.end);
        const span = use && toHostSpan(site.map, use.span);
        if (use && span) return { target: toTarget(use), span };
      } else if (word) {
        const use = uses.find((candidate) => candidate.span.start < segment.sql.end && segment.sql.start < candidate.span.end && isCalled(candidate, site, text.slice(word.start, word.end)));
        if (use) return { target: toTarget(use), span: word };
      }
    }
  }
  return word && inProgramMigration(file, text, word, catalog);
}

/** Is the host's word the code's name of what is used: the name itself, the model's property for it, the model? */
function isCalled(use: NameUse, site: QuerySite, word: string): boolean {
  if (use.kind === 'column') return use.name === word || site.modelNames?.properties[use.name] === word || site.entities?.some(({ renamed }) => renamed.some(({ column, property }) => column === use.name && property === word)) === true;
  return use.name.toLowerCase() === word.toLowerCase() || site.model?.toLowerCase() === word.toLowerCase() || site.entities?.some((entity) => entity.table === use.name && entity.host === word) === true;
}

function wordAt(text: string, offset: number): HostSpan | undefined {
  let start = offset;
  let end = offset;
  while (start > 0 && isNamePart(text.charCodeAt(start - 1))) start--;
  while (end < text.length && isNamePart(text.charCodeAt(end))) end++;
  return end > start ? hostSpan(start, end) : undefined;
}

/** Key of a model's table in the catalog. */
export function keyOfModel({ schema, table }: Pick<ModelIr, 'schema' | 'table'>, catalog: Catalog | undefined): string {
  const known = findTable(catalog, schema === undefined ? { name: table } : { schema, name: table });
  return known ? relationKey(known.schema, known.name) : relationKey(schema ?? 'public', table);
}

function modelAt(file: HostFile, text: string, word: HostSpan, offset: HostOffset, catalog: Catalog | undefined): FoundTarget | undefined {
  for (const model of file.models) {
    if (model.table === '') continue;
    const key = keyOfModel(model, catalog);
    const table = catalog?.tables.get(key);
    const base = { key, name: model.table, ...(table ? { table } : {}) };
    const written = text.slice(word.start, word.end);
    const column = model.columns.find(({ span, property, column: name }) => containsOffset(span, offset) && (written === property || written === name));
    if (column) return { target: { ...base, column: column.column }, span: word };
    if (containsOffset(model.span, offset) && (written === model.name || written === model.table)) return { target: base, span: word };
  }
  return undefined;
}

/** `op.add_column('orders', …)`: the words of a migration's step that its statements name. */
function inProgramMigration(file: HostFile, text: string, word: HostSpan, catalog: Catalog | undefined): FoundTarget | undefined {
  if (file.migration === undefined || file.migration.tool === 'django') return undefined;
  const written = text.slice(word.start, word.end);
  for (const step of file.migration.steps) {
    if (step.sql === undefined || step.span.start > word.start || word.end > step.span.end) continue;
    const use = readNames(step.sql, catalog).uses.find(({ name }) => name === written);
    if (use) return { target: toTarget(use), span: word };
  }
  return undefined;
}

/** One mention of a table or column. */
export interface Mention {
  readonly span: HostSpan;
  /** The mention makes it: a migration's statement, a model. */
  readonly declares: boolean;
  readonly write: boolean;
}

/**
 * Every mention of a table or column in a document, in text order, without repeats.
 * @param text the document's; undefined where only those places matter that need none (then chains give their whole call)
 */
export function mentionsIn(file: HostFile, text: string | undefined, target: Target, catalog: Catalog | undefined): readonly Mention[] {
  const needle = (target.column ?? target.name).toLowerCase();
  const found = new Map<string, Mention>();
  const add = (span: HostSpan | undefined, declares: boolean, write: boolean): void => {
    if (!span) return;
    const key = `${span.start}:${span.end}`;
    const known = found.get(key);
    found.set(key, { span, declares: declares || known?.declares === true, write: write || known?.write === true });
  };
  const wanted = (use: NameUse): boolean => (target.column === undefined ? use.kind === 'table' : use.kind === 'column' && use.name === target.column) && keyOfUse(use) === target.key;
  for (const site of file.sites) {
    if (!site.source || !mayName(site.source.text, needle)) continue;
    for (const use of namesOf(site.source, catalog).uses) if (wanted(use)) add(narrowed(site, use, text), use.declares === true, site.access === 'write');
  }
  for (const model of file.models) {
    if (model.table !== '' && keyOfModel(model, catalog) === target.key) {
      const column = target.column === undefined ? undefined : model.columns.find((candidate) => candidate.column === target.column);
      if (target.column === undefined) add(wordIn(text, model.span, model.name) ?? model.span, true, false);
      else if (column) add(wordIn(text, column.span, column.property) ?? column.span, true, false);
    }
  }
  if (file.migration !== undefined && file.migration.tool !== 'django') {
    for (const { sql, span } of file.migration.steps) {
      const use = sql !== undefined && mayName(sql, needle) ? readNames(sql, catalog).uses.find(wanted) : undefined;
      if (use) add(wordIn(text, span, use.name) ?? span, use.declares === true, false);
    }
  }
  return [...found.values()].sort((a, b) => a.span.start - b.span.start);
}

const mayName = (sql: string, needle: string): boolean => sql.includes(needle) || sql.toLowerCase().includes(needle);

/** The source of a use; of text that the library made, the word in the call that stands for it. */
function narrowed(site: QuerySite, use: NameUse, text: string | undefined): HostSpan | undefined {
  const span = toHostSpan(site.map, use.span);
  const segment = site.map.segments.find(({ sql, uri }) => uri === undefined && sql.start <= use.span.start && use.span.start < sql.end);
  if (!span || segment?.kind !== 'rendered') return span;
  const names = [use.name, use.kind === 'column' ? site.modelNames?.properties[use.name] : site.model, ...(site.entities ?? []).flatMap((entity) => (use.kind === 'table' ? entity.host : entity.renamed.filter(({ column }) => column === use.name).map(({ property }) => property)))];
  for (const name of names) {
    const word = name === undefined ? undefined : wordIn(text, span, name);
    if (word) return word;
  }
  return span;
}

/** The first time that a word stands in a stretch of text, whatever its case. */
function wordIn(text: string | undefined, within: HostSpan, word: string): HostSpan | undefined {
  if (text === undefined || word === '') return undefined;
  const stretch = text.slice(within.start, within.end).toLowerCase();
  const wanted = word.toLowerCase();
  for (let at = stretch.indexOf(wanted); at >= 0; at = stretch.indexOf(wanted, at + 1)) {
    const start = within.start + at;
    if (!isNamePart(text.charCodeAt(start - 1)) && !isNamePart(text.charCodeAt(start + word.length))) return hostSpan(start, start + word.length);
  }
  return undefined;
}

/** The name that a statement at `within` of a document declares; the start of the statement where it cannot be told. */
export function declarationIn(text: string, within: HostSpan, target: Target, isSql: boolean): HostSpan {
  const statement = text.slice(within.start, within.end);
  const wanted = target.column ?? target.name;
  const use = isSql ? readNames(statement, undefined).uses.filter(({ kind, name }) => name === wanted && (kind === 'column') === (target.column !== undefined)).sort((a, b) => Number(b.declares === true) - Number(a.declares === true))[0] : undefined;
  if (use) return hostSpan(within.start + use.span.start, within.start + use.span.end);
  return wordIn(text, within, wanted) ?? hostSpan(within.start, within.start);
}
