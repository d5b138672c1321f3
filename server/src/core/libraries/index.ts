import type { HostLanguage } from '../hosts/syntax';
import type { LibraryId } from '../hosts/ir';
import type { LibraryAdapter } from './adapter';
import { asyncpgAdapter } from './asyncpg';
import { knexAdapter } from './knex';
import { pgAdapter } from './pg';
import { postgresJsAdapter } from './postgresJs';
import { prismaAdapter } from './prisma';
import { psycopgAdapter } from './psycopg';
import { sqlalchemyAdapter } from './sqlalchemy';
import { wrapperAdapter } from './wrapper';

/** In the order in which they are asked; the first that recognises a call has it. Guessing by text alone comes last. */
const adapters: readonly LibraryAdapter[] = [
  prismaAdapter,
  knexAdapter,
  postgresJsAdapter,
  pgAdapter,
  sqlalchemyAdapter,
  asyncpgAdapter,
  psycopgAdapter,
  wrapperAdapter,
];

export const adaptersFor = (language: HostLanguage): readonly LibraryAdapter[] => adapters.filter((adapter) => adapter.languages.includes(language));

/** Undefined for plain SQL files and for text whose library is unknown. */
export const findAdapter = (library: LibraryId): LibraryAdapter | undefined => adapters.find((adapter) => adapter.id === library);
