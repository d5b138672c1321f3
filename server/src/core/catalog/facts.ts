import { hashText } from '../text/hash';
import type { Catalog } from './model';

/** What a catalog may know beside its tables. */
export type CatalogFacts = Pick<Catalog, 'statistics' | 'server' | 'types' | 'routines'>;

/**
 * A catalog with facts beside its tables. Server, types and routines become part of its version; statistics do not: they
 * have one of their own and change every few minutes.
 */
export function withFacts(catalog: Catalog, facts: CatalogFacts): Catalog {
  const { statistics, server, types, routines } = facts;
  const known = server !== undefined || types !== undefined || routines !== undefined;
  return {
    ...catalog,
    ...(known ? { version: hashText(JSON.stringify([catalog.version, server, types, routines])) } : {}),
    ...(statistics === undefined ? {} : { statistics }), ...(server === undefined ? {} : { server }),
    ...(types === undefined ? {} : { types }), ...(routines === undefined ? {} : { routines }),
  };
}
