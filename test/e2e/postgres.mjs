// A real Postgres with the schema of the fixture and some rows.
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../scripts/postgres.mjs';

const password = 'e2e-s3cret:/?#';

/** Starts a server on a free port, in a data folder of its own. */
export async function startShop(dataFolder, schemaFile) {
  const running = await startPostgres({ dataFolder, password, settings: { fsync: 'off', shared_preload_libraries: 'pg_stat_statements' } });
  const admin = new pg.Client({ connectionString: running.url });
  admin.on('error', () => undefined); // the server is stopped below while it may still be connected
  await admin.connect();
  await admin.query(fs.readFileSync(schemaFile, 'utf8'));
  await admin.query("INSERT INTO customers (name) SELECT 'customer ' || i FROM generate_series(1, 200) i");
  await admin.query("INSERT INTO orders (customer_id, total) SELECT 1 + i % 200, i FROM generate_series(1, 20000) i");
  // Two customers have half of the invoices: a common, a rare and a median value differ.
  await admin.query("INSERT INTO invoices (customer_id, total) SELECT CASE WHEN i % 10 < 4 THEN 1 WHEN i % 10 = 4 THEN 2 ELSE i END, i FROM generate_series(1, 100000) i");
  await admin.query('ANALYZE');
  await admin.query('CREATE EXTENSION pg_stat_statements');
  for (let call = 1; call <= 7; call++) await admin.query('SELECT id, total FROM invoices WHERE customer_id = $1', [call]); // as the fixture sends it
  const url = new URL(running.url);
  const one = async (sql) => (await admin.query(sql)).rows[0].n;
  return {
    password,
    url: running.url,
    database: url.pathname.slice(1),
    setting: { name: 'shop', host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), user: decodeURIComponent(url.username), ssl: 'disable' },
    /** Connections of the extension. */
    countConnections: () => one("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'sargable%'"),
    /** Until the returned function is called, reading `orders` takes a minute. */
    async slowDown() {
      await admin.query('ALTER TABLE orders RENAME TO orders_kept; CREATE VIEW orders AS SELECT o.* FROM orders_kept o, pg_sleep(60)');
      return () => admin.query('DROP VIEW orders; ALTER TABLE orders_kept RENAME TO orders');
    },
    /** Statements of the extension that run right now. */
    countRunning: () => one("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'sargable%' AND state = 'active'"),
    countOrders: (status) => one(`SELECT count(*)::int AS n FROM orders WHERE status = '${status}'`),
    /** Scans of the table `orders` that were really executed. */
    async countExecutions() {
      await admin.query('SELECT pg_stat_clear_snapshot()');
      return one("SELECT coalesce(sum(idx_scan), 0)::int + (SELECT coalesce(seq_scan, 0)::int FROM pg_stat_user_tables WHERE relname = 'orders') AS n FROM pg_stat_user_indexes WHERE relname = 'orders'");
    },
    async stop() {
      await admin.end();
      await running.stop();
    },
  };
}

/** True if a file below the folder contains the text. */
export function containsText(folder, text) {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => {
    if (!entry.isFile()) return false;
    return fs.readFileSync(path.join(entry.parentPath ?? entry.path, entry.name)).includes(text);
  });
}
