import type { Catalog } from '../../server/src/core/catalog/model';
import type { Example } from '../../server/src/core/lint/rule';
import type { LintCase } from './readers';

type ServerState = NonNullable<Example['server']>;

/** A case whose code is a migration that has been run on a server, with the server's catalog. @param file its name; with a date where the rule asks for one */
export const onServer = (base: LintCase, { now, invalid = [], unused }: ServerState, file = unused ? '20250101000000_run.sql' : '0002_run.sql'): LintCase => ({
  ...base, path: `db/migrations/${file}`, catalog: (catalog) => asLive(catalog, invalid, unused),
  settings: { ...base.settings, migrations: { folder: 'db/migrations', format: 'plain', existing: ['0001_init.sql', file], ...(now === undefined ? {} : { now }) } },
});

/** The catalog as a server would tell it, with some indexes invalid, and some unused for 40 days. */
export const asLive = (catalog: Catalog, invalid: readonly string[], unused?: readonly string[]): Catalog => ({
  ...catalog, source: 'live', label: 'production',
  tables: new Map([...catalog.tables].map(([key, table]) => [key, { ...table, indexes: table.indexes.map((index) => (invalid.includes(index.name) ? { ...index, valid: false } : index)) }])),
  ...(unused === undefined ? {} : {
    statistics: { source: 'live', version: 'unused', relations: new Map(), unused: { now: '2026-01-25T00:00:00Z', seconds: 40 * 86_400, indexes: new Map(unused.map((name) => [`public.${name}`, { bytes: 5 * 1024 ** 2, writes: 1200 }])) } },
  }),
});
