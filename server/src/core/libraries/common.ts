import { activeRecordAdapter } from './activeRecord/activeRecord';
import type { LibraryAdapter } from './adapter';
import { dieselAdapter } from './diesel/diesel';
import { efCoreAdapter } from './efCore/efCore';
import { eloquentAdapter } from './eloquent/eloquent';
import { goSqlAdapter } from './goSql/goSql';
import { gormAdapter } from './gorm/gorm';
import { gormSqlAdapter } from './gorm/gormSql';
import { jdbcAdapter } from './jdbc/jdbc';
import { jpaAdapter } from './jpa/jpa';
import { npgsqlAdapter } from './npgsql/npgsql';
import { pdoAdapter } from './pdo/pdo';
import { pgxAdapter } from './pgx/pgx';
import { scanyAdapter } from './pgx/scany';
import { railsSqlAdapter } from './railsSql/railsSql';
import { seaOrmAdapter } from './seaOrm/seaOrm';
import { seaOrmStatementAdapter } from './seaOrm/seaOrmStatements';
import { dieselSqlAdapter, sqlxAdapter } from './sqlx/sqlx';
import { tokioPostgresAdapter } from './tokioPostgres/tokioPostgres';

/** Libraries of the languages that share a reader, in the order in which they are asked. */
export const commonAdapters: readonly LibraryAdapter[] = [
  gormAdapter, gormSqlAdapter, scanyAdapter, pgxAdapter, goSqlAdapter,
  jpaAdapter, jdbcAdapter,
  // Both are ActiveRecord's: the first that bears the name edits for both.
  { ...railsSqlAdapter, ...(activeRecordAdapter.loadRelation ? { loadRelation: activeRecordAdapter.loadRelation } : {}), ...(activeRecordAdapter.toKeyset ? { toKeyset: activeRecordAdapter.toKeyset } : {}) }, activeRecordAdapter,
  eloquentAdapter, pdoAdapter,
  npgsqlAdapter, efCoreAdapter,
  sqlxAdapter, dieselSqlAdapter, dieselAdapter, seaOrmAdapter, seaOrmStatementAdapter, tokioPostgresAdapter,
];
