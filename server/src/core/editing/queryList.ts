import type { Catalog } from '../catalog/model';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { Finding, Severity } from '../lint/rule';
import { tokenize } from '../sql/lexer';
import { containsSpan } from '../text/span';
import { keyOfUse, namesOf } from './nameUses';

/** A query of a file as lists show it. */
export interface ListedQuery {
  readonly site: QuerySite;
  /** `schema.name` of the tables it names; empty: none, or its SQL is not known. */
  readonly tables: readonly string[];
  /** `SELECT`, `UPDATE`; `?` where the SQL is not known. */
  readonly verb: string;
  /** The SQL on one line, cut. */
  readonly short: string;
}

const SHORT = 120;
const listed = new WeakMap<HostFile, { readonly catalog: Catalog | undefined; readonly queries: readonly ListedQuery[] }>();
const VERBS = /^(?:select|insert|update|delete|merge|values|with|table|copy|call)$/;

/** The queries of a file, in text order; schema changes and utility statements are left out. Worked out once a file and catalog. */
export function queriesIn(file: HostFile, catalog: Catalog | undefined): readonly ListedQuery[] {
  const known = listed.get(file);
  if (known && known.catalog === catalog) return known.queries;
  const queries = file.foreign ? [] : file.sites.flatMap((site) => toListed(site, catalog) ?? []).sort((a, b) => a.site.anchor.start - b.site.anchor.start);
  listed.set(file, { catalog, queries });
  return queries;
}

function toListed(site: QuerySite, catalog: Catalog | undefined): ListedQuery | undefined {
  if (!site.source) return site.executes === 'no' ? undefined : { site, tables: [], verb: '?', short: '' };
  const { text } = site.source;
  const verb = verbOf(text);
  if (verb === undefined) return undefined;
  const tables = [...new Set(namesOf(site.source, catalog).uses.filter(({ kind }) => kind === 'table').map(keyOfUse))];
  const line = text.slice(0, SHORT * 4).replaceAll(/\s+/g, ' ').trim();
  return { site, tables, verb: verb.toUpperCase(), short: line.length > SHORT ? `${line.slice(0, SHORT - 1)}…` : line };
}

/** The statement's verb, behind WITH too; undefined for what is no query. */
function verbOf(text: string): string | undefined {
  const words = tokenize(text.slice(0, 8_000)).filter(({ word }) => word !== '');
  const first = words.find(({ word }) => word !== '(')?.word ?? '';
  if (!VERBS.test(first)) return undefined;
  if (first !== 'with') return first;
  let depth = 0;
  for (const { word } of words) {
    depth += word === '(' ? 1 : word === ')' ? -1 : 0;
    if (depth === 0 && /^(?:select|insert|update|delete|merge|values)$/.test(word)) return word;
  }
  return 'select';
}

const ORDER: readonly Severity[] = ['hint', 'info', 'warning', 'error'];

/** The more serious of two; undefined is less than any. */
export const worse = (a: Severity | undefined, b: Severity | undefined): Severity | undefined =>
  ORDER.indexOf(a as Severity) >= ORDER.indexOf(b as Severity) ? a : b;

/** Findings by the query that they are about: the smallest one around each. By site id. */
export function findingsBySite(file: HostFile, findings: readonly Finding[]): ReadonlyMap<number, readonly Finding[]> {
  const result = new Map<number, Finding[]>();
  for (const finding of findings) {
    let best: QuerySite | undefined;
    for (const site of file.sites) {
      const around = containsSpan(site.span, finding.span) || containsSpan(finding.span, site.anchor);
      if (around && (!best || site.span.end - site.span.start < best.span.end - best.span.start)) best = site;
    }
    if (best) result.set(best.id, [...(result.get(best.id) ?? []), finding]);
  }
  return result;
}
