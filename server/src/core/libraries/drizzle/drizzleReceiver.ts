import type { QuerySite } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts } from '../../hosts/typescript/syntaxTools';
import type { HostContext, Origin } from '../adapter';

const drivers = /^drizzle-orm(-1)?\/(node-postgres|postgres-js|neon(-http|-serverless)?|vercel-postgres|pglite|pg-proxy|aws-data-api\/pg|xata-http|bun-sql|netlify-db|effect-postgres)$/;
const foreignDrivers = /^drizzle-orm(-1)?\/(mysql|sqlite|libsql|d1|better-sqlite3|planetscale|singlestore|mssql|cockroach|gel|bun-sqlite|expo-sqlite|op-sqlite|durable-sqlite|tidb|tursodatabase|sql-js|prisma\/(mysql|sqlite)|node-mssql|azure-sql)/;
const types = /(^|[^\w])(Pg(Async)?(Database|Transaction|RemoteDatabase)|NodePg(Database|Transaction)|PostgresJs(Database|Transaction)|Neon(Http)?(Database|Transaction)|VercelPgDatabase|PgliteDatabase|AwsDataApiPgDatabase|XataHttpDatabase)(?![\w])/;
const foreignTypes = /(MySql|MySQL|SQLite|Sqlite|LibSQL|Libsql|D1|PlanetScale|Planetscale|SingleStore|Kysely|Knex|Prisma|EntityManager|DataSource)\w*/;
const foreignFile = /from\s*['"]drizzle-orm\/(mysql|sqlite|libsql|d1|better-sqlite3|planetscale|singlestore|bun-sqlite|expo-sqlite|op-sqlite|durable-sqlite|tidb|mssql|cockroach|gel)/;

const foreignFiles = new WeakMap<HostContext, boolean>();

/** Does the file use Drizzle for another database? */
export function isForeignDrizzle(context: HostContext): boolean {
  let known = foreignFiles.get(context);
  if (known === undefined) foreignFiles.set(context, known = foreignFile.test(context.text));
  return known;
}

/**
 * How well an expression is known to be a Drizzle database or transaction for Postgres.
 * @returns `other` when it is certainly something else; undefined when nothing tells.
 */
export function drizzleReceiver(node: SyntaxNode, context: HostContext, hops = 0): QuerySite['confidence'] | 'other' | undefined {
  return hops > 6 ? undefined : byOrigin(context.origin(node), context, hops);
}

function byOrigin(origin: Origin, context: HostContext, hops: number): QuerySite['confidence'] | 'other' | undefined {
  switch (origin.kind) {
    case 'call': {
      const callee = callParts(origin.node)?.callee;
      const made = callee ? context.origin(callee) : undefined;
      if (made?.kind === 'import') {
        if (drivers.test(made.module)) return 'proved';
        if (foreignDrivers.test(made.module) || /^(knex|kysely|mongodb|@supabase\/)/.test(made.module)) return 'other';
      }
      const object = callee?.childForFieldName('object');
      return object && /^(\$extends|withReplicas|\$with\w*)$/.test(origin.callee.at(-1) ?? '') ? drizzleReceiver(object, context, hops + 1) : undefined;
    }
    case 'construct':
      return types.test(origin.callee.at(-1) ?? '') ? 'proved' : 'other';
    case 'parameter': {
      if (origin.type !== undefined && origin.path.length === 0) return byType(origin.type);
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const object = callee?.childForFieldName('property')?.text === 'transaction' ? callee.childForFieldName('object') : null;
      return object && origin.index === 0 && origin.path.length === 0 ? drizzleReceiver(object, context, hops + 1) : undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : byType(origin.type);
    case 'import':
      return /^(knex|kysely|mongodb|mongoose|@supabase\/|firebase|@prisma\/)/.test(origin.module) ? 'other' : undefined;
    case 'node':
      return /^(class|class_declaration|string|number|array|function_declaration|arrow_function)$/.test(origin.node.type) ? 'other' : undefined;
    default:
      return undefined;
  }
}

const byType = (type: string): QuerySite['confidence'] | 'other' | undefined => (types.test(type) ? 'typed' : foreignTypes.test(type) ? 'other' : undefined);
