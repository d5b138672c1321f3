// The example's database on an embedded Postgres, with real data. Used by the demo and the end-to-end tests.
import fs from 'node:fs';
import path from 'node:path';
import { root } from './prepare.mjs';

/**
 * Starts it; the first time it creates the schema from the example's migrations and seeds about a million rows.
 * @returns {Promise<{url: string, seeded: boolean, stop(): Promise<void>}>}
 */
export async function startExampleDatabase() {
  const { startPostgres } = await import('./postgres.mjs');
  const { default: pg } = await import('pg');
  const server = await startPostgres({ dataFolder: path.join(root, '.cache', 'example-database'), settings: { shared_preload_libraries: 'pg_stat_statements' } });
  const query = async (url, text) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  };
  try {
    const { url, seeded } = await prepare(server.url, query);
    return { url, seeded, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Creates schema and rows where they are not there yet; a seed that was cut short starts afresh. */
async function prepare(serverUrl, query) {
  const url = new URL(serverUrl);
  url.pathname = '/hotel';
  const { rows } = await query(serverUrl, "SELECT 1 FROM pg_database WHERE datname = 'hotel'");
  const marker = rows.length > 0 ? await query(url.href, "SELECT to_regclass('demo_seeded') AS t") : undefined;
  const seeded = marker?.rows[0].t !== null && marker !== undefined;
  if (!seeded) {
    if (rows.length > 0) await query(serverUrl, 'DROP DATABASE hotel WITH (FORCE)');
    await query(serverUrl, 'CREATE DATABASE hotel');
    const folder = path.join(root, 'examples', 'db', 'migrations');
    for (const file of fs.readdirSync(folder).sort()) {
      const up = /-- migrate:up[^\n]*\n([\s\S]*?)(?=-- migrate:down|$)/.exec(fs.readFileSync(path.join(folder, file), 'utf8'))[1];
      await query(url.href, up);
    }
    await query(url.href, fs.readFileSync(path.join(root, 'examples', 'db', 'seed.sql'), 'utf8'));
    await query(url.href, 'CREATE TABLE demo_seeded ()');
  }
  await query(url.href, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  return { url: url.href, seeded: !seeded };
}
