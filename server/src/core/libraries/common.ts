import type { LibraryAdapter } from './adapter';
import { goSqlAdapter } from './goSql/goSql';
import { jdbcAdapter } from './jdbc/jdbc';
import { jpaAdapter } from './jpa/jpa';
import { npgsqlAdapter } from './npgsql/npgsql';
import { pdoAdapter } from './pdo/pdo';
import { pgxAdapter } from './pgx/pgx';
import { railsSqlAdapter } from './railsSql/railsSql';
import { dieselSqlAdapter, sqlxAdapter } from './sqlx/sqlx';
import { tokioPostgresAdapter } from './tokioPostgres/tokioPostgres';

/** Libraries of the languages that share a reader, in the order in which they are asked. */
export const commonAdapters: readonly LibraryAdapter[] = [
  pgxAdapter, goSqlAdapter,
  jpaAdapter, jdbcAdapter,
  railsSqlAdapter,
  pdoAdapter,
  npgsqlAdapter,
  sqlxAdapter, dieselSqlAdapter, tokioPostgresAdapter,
];
