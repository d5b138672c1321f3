import { poolBehindPooler } from '../../server/src/core/rules/pool-behind-pooler';
import { testRule, type RuleCase } from '../support/ruleTester';

const pooler = { because: 'pgbouncer.ini: pool_mode = transaction' };
const kept = { because: 'pgbouncer.ini configures PgBouncer', unproved: true as const, mode: 'session' as const, ports: [7000] };
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code, settings: { pooler }, ...rest });
const server = (limit: string): RuleCase['catalog'] => (catalog) => ({ ...catalog, server: { version: 160000, versionText: '16', settings: { max_connections: limit }, extensions: [] } });
const SCHEMA = 'CREATE TABLE t (id bigint PRIMARY KEY);';

testRule(poolBehindPooler, {
  flagged: [
    py(`from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(settings.url, pool_size=5)
#        ^^^^^^^^^^^^^^^^^^^ keeps a pool of its own
`),
    { language: 'typescript', schema: SCHEMA, catalog: server('100'), severity: 'warning', code: "import { Pool } from 'pg';\nconst pool = new Pool({ max: 500 });\n//               ^^^^ may open 500 connections; the server accepts 100\nexport const run = () => pool.query('SELECT id FROM t LIMIT 1');\n" },
    { language: 'python', schema: SCHEMA, catalog: server('60'), code: 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql:///app", pool_size=50, max_overflow=20)\n#        ^^^^^^^^^^^^^ may open 70 connections\n' },
    // A pooler that keeps sessions is one, too, where the engine is seen to connect to it.
    py(`from sqlalchemy import create_engine

engine = create_engine("postgresql+psycopg://app@localhost:7000/app")
#        ^^^^^^^^^^^^^ its URL leads to the pooler of pgbouncer.ini
`, { settings: { pooler: kept } }),
  ],
  clean: [
    py('from sqlalchemy import create_engine\n\nengine = create_engine("postgresql+psycopg://app@localhost:5432/app")\n', { settings: { pooler: kept } }),
    py('from sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\nengine = create_engine(url, poolclass=NullPool)\n'),
    py('from sqlalchemy import create_engine\n\nengine = create_engine(url)\n', { settings: {} }),
    py('from sqlalchemy import create_engine\n\nengine = create_engine("sqlite:///test.db")\n'),
    // The pooler takes as many clients as it is told to.
    { language: 'typescript', schema: SCHEMA, catalog: server('100'), settings: { pooler }, code: `import { Pool } from 'pg';\nconst pool = new Pool({ max: 500 });\nexport const run = () => pool.query('SELECT id FROM t LIMIT 1');\n` },
    // The server did not say.
    { language: 'typescript', schema: SCHEMA, code: `import { Pool } from 'pg';\nconst pool = new Pool({ max: 500 });\nexport const run = () => pool.query('SELECT id FROM t LIMIT 1');\n` },
    { language: 'typescript', schema: SCHEMA, catalog: server('100'), code: `import { Pool } from 'pg';\nconst pool = new Pool({ max: 20 });\nexport const run = () => pool.query('SELECT id FROM t LIMIT 1');\n` },
  ],
});
