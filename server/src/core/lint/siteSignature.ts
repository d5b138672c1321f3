import type { QuerySite } from '../hosts/ir';
import { ownText } from '../text/ownText';

type Fact = string | number | boolean | null | undefined;

/** What a site is, wherever it stands: its facts in a fixed order, offsets of the document counted from its start. */
export type SiteSignature = readonly Fact[];

/** Numbers of a file's functions, calls and sites: they say something only together with the file. */
const POSITIONS: ReadonlySet<string> = new Set(['id', 'callId', 'functionId']);

/** Holds no part of the document: texts are copies. The SQL text is left out, it belongs to the model. */
export function toSignature(site: QuerySite): SiteSignature {
  const facts: Fact[] = [];
  visitSite(site, (fact) => {
    facts.push(typeof fact === 'string' ? ownText(fact) : fact);
    return true;
  });
  return facts;
}

/** Is this the site of the signature, perhaps moved in its document? Cost: one look at each of its facts; nothing is allocated. */
export function hasSignature(site: QuerySite, signature: SiteSignature): boolean {
  let at = 0;
  return visitSite(site, (fact) => fact === signature[at++]) && at === signature.length;
}

/** @param visit returns false to stop. @returns whether it went through. */
type Visit = (fact: Fact) => boolean;

function visitSite(site: QuerySite, visit: Visit): boolean {
  const { start } = site.span;
  for (const [name, value] of Object.entries(site) as [keyof QuerySite, unknown][]) {
    if (!visit(name)) return false;
    if (POSITIONS.has(name)) {
      if (!visit(value !== undefined)) return false;
    } else if (name === 'loopIds') {
      if (!visit(site.loopIds.length)) return false;
    } else if (!visitValue(value, name === 'source' ? 0 : start, visit)) return false;
  }
  return true;
}

/** @param start what offsets are counted from: 0 inside the SQL text. */
function visitValue(value: unknown, start: number, visit: Visit): boolean {
  if (Array.isArray(value)) {
    if (!visit(value.length)) return false;
    for (const item of value) if (!visitValue(item, start, visit)) return false;
    return true;
  }
  if (typeof value !== 'object' || value === null) return visit(value as Fact);
  for (const name in value) {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    if (name === 'text' && 'placeholders' in value) continue;
    if (!visit(name)) return false;
    const offset = typeof field === 'number' && (name === 'start' || name === 'end' || name === 'insertAt');
    if (offset ? !visit(field - start) : !visitValue(field, name === 'sql' ? 0 : start, visit)) return false;
  }
  return true;
}
