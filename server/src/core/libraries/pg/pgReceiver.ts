import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts } from '../../hosts/typescript/syntaxTools';
import type { HostContext, Origin } from '../adapter';

const modules = /^(pg|pg-pool|pg-native|@neondatabase\/serverless|@vercel\/postgres|pg-promise|@electric-sql\/pglite|postgres-pool)$/;
const classes = /^(Pool|Client|PoolClient|PgPool|PGlite)$/;
const types = /(^|[^\w])(pg\.)?(Pool|PoolClient|Client|ClientBase|PoolBase|PgPool|PgClient|Queryable|DatabasePool|IDatabase|ITask|PgConnection|Db|Database|DatabaseClient|DbClient|Connection|Transaction)(?![\w])/;
const foreignTypes = /Redis|Elastic|Mongo|Prisma|Apollo|Graph|Mysql|Http|S3|Kafka|Click|BigQuery|Snowflake|Kysely|Knex|Repository|QueryRunner|DataSource/i;
const foreignModules = /mysql|planetscale|sqlite|libsql|turso|clickhouse|bigquery|snowflake|mssql|oracledb|duckdb|cassandra|mongo|redis|elastic|graphql|apollo|cloudflare|tinybird|google-ads|athena|trino|presto|questdb|influx|salesforce|jsforce/i;
const names = /^(_?)(db|pool|pg|pgPool|pgClient|client|conn|connection|cn|tx|trx|txn|transaction|database|dbPool|dbClient|postgres|pgsql|readPool|writePool|replica|primary|cx|t|dbConn|reader|writer|readonlyPool|queryable|executor)$/i;

/**
 * How well an expression is known to be a node-postgres pool or client.
 * @returns undefined when it is something else for certain, or nothing is known of it.
 */
export function pgReceiver(node: SyntaxNode, context: HostContext, hops = 0): QuerySite['confidence'] | undefined {
  const origin = context.origin(node);
  const proved = hops < 6 ? byOrigin(origin, context, hops) : undefined;
  if (proved !== undefined) return proved === 'other' ? undefined : proved;
  const last = context.path(node)?.at(-1);
  if (last !== undefined && hops === 0 && isForeign(node, context)) return undefined;
  return last !== undefined && names.test(last) ? 'typed' : undefined;
}

/** Is the receiver made by, or imported from, another database's client? Its name, its module or the file's own path tell. */
export function isForeign(node: SyntaxNode, context: HostContext, hops = 0): boolean {
  if (foreignModules.test(context.uri.replace(/^.*\/(src|app|apps|lib|packages|server)\//, ''))) return true;
  const origin = context.origin(node);
  switch (origin.kind) {
    case 'import':
      return foreignModules.test(origin.module) || foreignModules.test(origin.imported);
    case 'construct':
    case 'call': {
      const callee = origin.kind === 'construct' ? origin.node.childForFieldName('constructor') : callParts(origin.node)?.callee;
      if (!callee || hops > 4) return false;
      return foreignModules.test(callee.text) || isForeign(callee, context, hops + 1);
    }
    case 'parameter':
    case 'field':
      return origin.type !== undefined && foreignTypes.test(origin.type);
    default:
      return false;
  }
}

function byOrigin(origin: Origin, context: HostContext, hops: number): QuerySite['confidence'] | 'other' | undefined {
  switch (origin.kind) {
    case 'construct': {
      const name = origin.callee.at(-1) ?? '';
      if (origin.path && origin.path.length > 0) return undefined;
      const target = origin.node.childForFieldName('constructor');
      const made = target ? context.origin(target) : undefined;
      if (made?.kind === 'import') return modules.test(made.module) && classes.test(made.path.at(-1) ?? made.imported) ? 'proved' : /^(pg|.*\/(db|database|pool))/.test(made.module) ? undefined : foreignTypes.test(name) ? 'other' : undefined;
      return foreignTypes.test(name) ? 'other' : undefined;
    }
    case 'call': {
      // A client from a pool: `await pool.connect()`.
      const name = origin.callee.at(-1) ?? '';
      const object = callParts(origin.node)?.callee.childForFieldName('object');
      if (/^(connect|getClient|acquire|checkout|getConnection|reserve)$/.test(name) && object && (origin.path ?? []).length === 0) return pgReceiver(object, context, hops + 1);
      return undefined;
    }
    case 'parameter': {
      if (origin.type !== undefined && origin.path.length === 0) return types.test(origin.type) && !foreignTypes.test(origin.type) ? 'typed' : foreignTypes.test(origin.type) ? 'other' : undefined;
      const object = origin.callback ? callParts(origin.callback.call)?.callee.childForFieldName('object') : undefined;
      if (object && origin.path.length === 0 && hops < 3) {
        const outer = pgReceiver(object, context, hops + 1);
        if (outer !== undefined && origin.index === 0) return outer;
      }
      return undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : types.test(origin.type) && !foreignTypes.test(origin.type) ? 'typed' : foreignTypes.test(origin.type) ? 'other' : undefined;
    case 'import':
      return modules.test(origin.module) && /^(Pool|Client|db|sql|pool|default|\*)$/.test(origin.imported) ? 'typed' : /redis|mysql|mongo|elastic|clickhouse|sqlite|graphql|apollo/i.test(origin.module) ? 'other' : undefined;
    default:
      return undefined;
  }
}
