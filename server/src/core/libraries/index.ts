import type { HostLanguage } from '../hosts/syntax';
import type { LibraryId } from '../hosts/ir';
import type { LibraryAdapter } from './adapter';
import { aiosqlAdapter } from './aiosql/aiosql';
import { asyncpgAdapter } from './asyncpg/asyncpg';
import { databasesAdapter } from './databases/databases';
import { drizzleAdapter } from './drizzle/drizzle';
import { djangoAdapter } from './django/django';
import { commonAdapters } from './common';
import { peeweeAdapter } from './peewee/peewee';
import { knexAdapter } from './knex/knex';
import { kyselyAdapter } from './kysely/kysely';
import { mikroOrmAdapter } from './mikroOrm/mikroOrm';
import { neonAdapter } from './neon/neon';
import { objectionAdapter } from './objection/objection';
import { pgAdapter } from './pg/pg';
import { pgPromiseAdapter } from './pgPromise/pgPromise';
import { pgtypedAdapter } from './pgtyped/pgtyped';
import { postgresJsAdapter } from './postgresJs/postgresJs';
import { prismaAdapter } from './prisma/prisma';
import { psycopgAdapter } from './psycopg/psycopg';
import { slonikAdapter } from './slonik/slonik';
import { sequelizeAdapter } from './sequelize/sequelize';
import { sqlalchemyAdapter } from './sqlalchemy/sqlalchemy';
import { supabaseAdapter } from './supabase/supabase';
import { tortoiseAdapter } from './tortoise/tortoise';
import { typeormAdapter } from './typeorm/typeorm';
import { wrapperAdapter } from './wrapper';

/** In the order in which they are asked; the first that recognises a call has it. Guessing by text alone comes last. */
export const adapters: readonly LibraryAdapter[] = [
  prismaAdapter,
  drizzleAdapter,
  typeormAdapter,
  mikroOrmAdapter,
  supabaseAdapter,
  kyselyAdapter,
  sequelizeAdapter,
  objectionAdapter,
  knexAdapter,
  slonikAdapter,
  neonAdapter,
  pgPromiseAdapter,
  pgtypedAdapter,
  postgresJsAdapter,
  pgAdapter,
  djangoAdapter,
  tortoiseAdapter,
  peeweeAdapter,
  sqlalchemyAdapter,
  aiosqlAdapter,
  asyncpgAdapter,
  databasesAdapter,
  psycopgAdapter,
  ...commonAdapters,
  wrapperAdapter,
];

/** The adapters that a file of this language and text may need. */
export const adaptersFor = (language: HostLanguage, text: string): readonly LibraryAdapter[] =>
  adapters.filter((adapter) => adapter.languages.includes(language) && (adapter.marks?.test(text) ?? true));

/** Undefined for plain SQL files and for text whose library is unknown. */
export const findAdapter = (library: LibraryId): LibraryAdapter | undefined => adapters.find((adapter) => adapter.id === library);
