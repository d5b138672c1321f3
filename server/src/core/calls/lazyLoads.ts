import type { HostFile, Loop, QuerySite } from '../hosts/ir';
import { escapeRegExp } from '../text/regExp';
import { rowsOf } from './lazyReads';
import { isLoaded } from './rowReads';

/**
 * Does a relation that a row loads when it is asked come with the rows that the loop walks, or has the code loaded it before? Then
 * asking sends nothing.
 */
export function isLoadedBefore(file: HostFile, loop: Loop, site: QuerySite): boolean {
  const { lazy } = site;
  if (!lazy?.once) return false;
  const rows = rowsOf(file, loop);
  if (rows && isLoaded(rows.eager, [lazy.property])) return true;
  const list = loop.iterable?.text.trim();
  const word = new RegExp(`(?<![\\w$])${escapeRegExp(lazy.property)}(?![\\w$])`);
  // `em.populate(authors, ['books'])`, `Person.fetchGraph(people, 'pets')`
  const fetched = file.calls.some((call) => call.span.end <= loop.span.start && call.functionId === loop.functionId && /^(populate|fetchGraph)$/.test(call.callee.at(-1) ?? '') && call.args[0]?.text === list && call.args.slice(1).some((argument) => word.test(argument.text)));
  return fetched || file.sites.some((other) => other.id !== site.id && other.span.start < site.span.start && other.executes === 'yes' && other.lazy?.property === lazy.property && other.lazy.owner === lazy.owner && isSameRow(file, loop, site, other));
}

/** The same row in the same turn, or the same list walked before. */
function isSameRow(file: HostFile, loop: Loop, site: QuerySite, other: QuerySite): boolean {
  if (other.lazy?.row === site.lazy?.row && other.loopIds.includes(loop.id)) return true;
  return file.loops.some((before) => other.loopIds[0] === before.id && before.functionId === loop.functionId && before.span.end <= loop.span.start && before.iterable?.text.trim() === loop.iterable?.text.trim() && before.elements.includes(other.lazy?.row ?? ''));
}
