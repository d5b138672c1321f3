import pg from 'pg';
import type { Catalog } from '../../../server/src/core/catalog/model';
import { fromSnapshotFiles, toSnapshotFiles } from '../../../server/src/core/catalog/snapshot';
import { hideValues, type SnapshotValues } from '../../../server/src/core/catalog/snapshotValues';
import { summariseAgreement, type Agreement, type PlanComparison } from '../../../server/src/core/plan/calibration';
import { parsePlan } from '../../../server/src/core/plan/planTree';
import type { HypotheticalIndex } from '../../../server/src/core/plan/planner';
import type { Twin } from '../../../server/src/twin/twin';
import { createTokens } from '../../../server/src/workspace/snapshotSalt';
import { exampleDdl, exampleRows } from './dataset';

/** A connection to the server that the twin copies; its planner settings are those of the whole run. */
export interface Source {
  readonly client: pg.Client;
  readonly major: number;
  /** Element 0 of EXPLAIN, for any values of the parameters. */
  explain(sql: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Settings under which small tables are planned as large ones are: parallel plans included. */
export const smallScale: Readonly<Record<string, string>> = { min_parallel_table_scan_size: '0', min_parallel_index_scan_size: '0', parallel_setup_cost: '10', parallel_tuple_cost: '0.001' };

/** Creates the example with `rows` rows in each large table and analyses it. */
export async function seed(url: string, rows: number, settings: Readonly<Record<string, string>> = {}): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const [name, value] of Object.entries(settings)) await client.query(`ALTER DATABASE ${JSON.stringify(client.database)} SET ${name} = '${value}'`);
    // The function is the server's own from version 13.
    if (await versionOf(client) < 130000) await client.query('CREATE EXTENSION pgcrypto');
    for (const sql of [...exampleDdl(), ...exampleRows(rows), 'VACUUM', 'ANALYZE']) await client.query(sql);
  } finally {
    await client.end();
  }
}

const versionOf = async (client: pg.Client): Promise<number> => Number((await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version")).rows[0]?.version);

export async function openSource(url: string): Promise<Source> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const version = await versionOf(client);
  await client.query('SET jit = off');
  return {
    client, major: Math.floor(version / 10_000),
    async explain(sql) {
      if (version >= 160000) return (await client.query<{ 'QUERY PLAN': unknown[] }>(`EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ${sql}`)).rows[0]?.['QUERY PLAN'][0];
      const parameters = Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
      await client.query('SET plan_cache_mode = force_generic_plan');
      await client.query('SET enable_partition_pruning = off');
      await client.query(`PREPARE fidelity AS ${sql}`);
      try {
        const values = parameters > 0 ? `(${Array.from({ length: parameters }, () => 'NULL').join(', ')})` : '';
        return (await client.query<{ 'QUERY PLAN': unknown[] }>(`EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE fidelity${values}`)).rows[0]?.['QUERY PLAN'][0];
      } finally {
        await client.query('DEALLOCATE fidelity');
      }
    },
    close: () => client.end(),
  };
}

/** The catalog as its snapshot in the repository has it: written and read back. */
export function throughSnapshot(catalog: Catalog, values: SnapshotValues): Catalog {
  const files = toSnapshotFiles({ ...catalog, statistics: hideValues(catalog, values, createTokens('a salt of the tests')) }, { values, project: 'fidelity' });
  const read = files && fromSnapshotFiles(files);
  if (read?.catalog === undefined || read.problems.length > 0) throw new Error(`the snapshot cannot be read back: ${read?.problems.join('; ') ?? 'nothing was written'}`);
  return read.catalog;
}

/** An agreement, and what the plans said of themselves. */
export interface Comparison extends Agreement {
  /** Plans whose basis names both versions, where the server's planner is another one than the twin's. */
  readonly namingVersions: number;
}

/** Plans every query on the server and in the twin. Queries that the server refuses are left out; one that only the twin refuses is an error. */
export async function compareQueries(source: Source, twin: Twin, catalog: Catalog, queries: readonly string[]): Promise<Comparison> {
  const comparisons: PlanComparison[] = [];
  let namingVersions = 0;
  for (const sql of queries) {
    const server = await source.explain(sql).catch(() => undefined);
    if (server === undefined) continue;
    const planned = await twin.plan(catalog, sql);
    comparisons.push({ sql, server: parsePlan(server).root, twin: planned.root });
    if (planned.basis.caveats.includes(`planned by PostgreSQL 18; the server runs ${source.major}`)) namingVersions++;
  }
  return { ...summariseAgreement(comparisons), namingVersions };
}

/** A query and an index that does not exist. */
export interface WhatIfCase {
  readonly kind: 'b-tree' | 'partial' | 'covering' | 'gin' | 'trigram' | 'brin' | 'expression';
  readonly index: HypotheticalIndex;
  readonly sql: string;
}

export interface WhatIfResult extends WhatIfCase {
  readonly before: number;
  /** Cost with the hypothetical index in the twin, with the index really created on the server. */
  readonly twin: number;
  readonly server: number;
  readonly used: boolean;
}

/** What the twin says of an index, beside the server after really creating it (and rolling back). */
export async function compareWhatIfs(source: Source, twin: Twin, catalog: Catalog, cases: readonly WhatIfCase[]): Promise<readonly WhatIfResult[]> {
  const results: WhatIfResult[] = [];
  for (const item of cases) {
    const before = await twin.plan(catalog, item.sql);
    const [plan] = await twin.whatIf(catalog, item.sql, [[item.index]]);
    await source.client.query('BEGIN');
    try {
      await source.client.query(`CREATE INDEX fidelity_what_if ON ${item.index.table} ${item.index.definition}`);
      if (item.kind === 'expression') await source.client.query(`ANALYZE ${item.index.table}`);
      results.push({ ...item, before: before.cost, twin: plan?.cost ?? Number.NaN, used: plan?.added[0]?.used === true, server: parsePlan(await source.explain(item.sql)).root.totalCost });
    } finally {
      await source.client.query('ROLLBACK');
    }
  }
  return results;
}

export const whatIfCases: readonly WhatIfCase[] = [
  { kind: 'b-tree', index: { table: 'public.audit_logs', definition: 'USING btree (user_id, created_at DESC)' }, sql: 'SELECT id, resource FROM audit_logs WHERE user_id = $1 ORDER BY created_at DESC LIMIT 20' },
  { kind: 'b-tree', index: { table: 'public.reservations', definition: 'USING btree (confirmation_code, id)' }, sql: 'SELECT id FROM reservations WHERE confirmation_code >= $1 AND confirmation_code < $2 ORDER BY confirmation_code LIMIT 50' },
  { kind: 'b-tree', index: { table: 'public.sessions', definition: 'USING btree (channel, started_at)' }, sql: 'SELECT count(*) FROM sessions WHERE channel = $1 AND started_at > $2' },
  { kind: 'b-tree', index: { table: 'public.events', definition: 'USING btree (tenant_id, created_at)' }, sql: "SELECT kind, count(*) FROM events WHERE tenant_id = $1 AND created_at >= $2 GROUP BY kind" },
  { kind: 'partial', index: { table: 'public.sessions', definition: "USING btree (guest_id, started_at DESC) WHERE status = 'active' AND deleted_at IS NULL" }, sql: "SELECT id FROM sessions WHERE guest_id = $1 AND status = 'active' AND deleted_at IS NULL ORDER BY started_at DESC LIMIT 20" },
  { kind: 'partial', index: { table: 'public.audit_logs', definition: "USING btree (created_at) WHERE severity = 'critical'" }, sql: "SELECT resource FROM audit_logs WHERE severity = 'critical' AND created_at > $1 ORDER BY created_at LIMIT 100" },
  { kind: 'covering', index: { table: 'public.reservations', definition: 'USING btree (tenant_id, check_in) INCLUDE (total_cents)' }, sql: 'SELECT check_in, sum(total_cents) FROM reservations WHERE tenant_id = $1 GROUP BY check_in' },
  { kind: 'covering', index: { table: 'public.sessions', definition: 'USING btree (started_at) INCLUDE (tenant_id, status)' }, sql: 'SELECT tenant_id, status, count(*) FROM sessions WHERE started_at >= $1 GROUP BY 1, 2' },
  { kind: 'gin', index: { table: 'public.audit_logs', definition: 'USING gin (details jsonb_path_ops)' }, sql: 'SELECT id FROM audit_logs WHERE details @> $1' },
  { kind: 'gin', index: { table: 'public.audit_logs', definition: 'USING gin (details)' }, sql: 'SELECT id FROM audit_logs WHERE details @> $1' },
  { kind: 'trigram', index: { table: 'public.reservations', definition: 'USING gin (confirmation_code gin_trgm_ops)' }, sql: "SELECT id FROM reservations WHERE confirmation_code ILIKE '%A1B2%'" },
  { kind: 'brin', index: { table: 'public.sessions', definition: 'USING brin (started_at)' }, sql: 'SELECT count(*) FROM sessions WHERE started_at > $1 AND started_at < $2' },
  { kind: 'expression', index: { table: 'public.guests', definition: 'USING btree (lower(full_name))' }, sql: 'SELECT id FROM guests WHERE lower(full_name) = $1' },
];
