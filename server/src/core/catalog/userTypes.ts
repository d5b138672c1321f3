import { quoteIdentifier, quoteQualified } from '../sql/names';
import type { Catalog } from './model';
import type { UserType } from './statistics';

/** The application's own type that a column's type or a cast names, as it is written there (quoted where it must be); undefined: built in or not known. */
export const findType = (catalog: Catalog | undefined, type: string): UserType | undefined =>
  catalog?.types?.find((own) => quoteIdentifier(own.name) === type || quoteQualified(own.schema, own.name) === type);

/** A domain, and one over a domain, is compared as the type below them. */
export function baseType(catalog: Catalog | undefined, type: string): string {
  const below = findType(catalog, type);
  // Postgres makes no domain over itself; a catalog that is put together from several sources may.
  return below?.kind === 'domain' && below.base !== undefined && below.base !== type ? baseType(withoutType(catalog, below), below.base) : type;
}

/** The collation that values of a domain have by themselves; undefined: that of the database, or not known. */
export function domainCollation(catalog: Catalog | undefined, type: string): string | undefined {
  const own = findType(catalog, type);
  return own?.kind === 'domain' ? own.collation ?? (own.base === undefined ? undefined : domainCollation(withoutType(catalog, own), own.base)) : undefined;
}

const withoutType = (catalog: Catalog | undefined, seen: UserType): Catalog | undefined => catalog && { ...catalog, types: catalog.types?.filter((type) => type !== seen) };
