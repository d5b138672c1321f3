import type { Catalog } from '../../server/src/core/catalog/model';
import type { Example } from '../../server/src/core/lint/rule';
import type { LintCase } from './readers';

/** A case whose code is a migration that has been run on a server, with the server's catalog. */
export const onServer = (base: LintCase, { now, invalid = [] }: NonNullable<Example['server']>): LintCase => ({
  ...base, path: 'db/migrations/0002_run.sql', catalog: (catalog) => asLive(catalog, invalid),
  settings: { ...base.settings, migrations: { folder: 'db/migrations', format: 'plain', existing: ['0001_init.sql', '0002_run.sql'], ...(now === undefined ? {} : { now }) } },
});

/** The catalog as a server would tell it, with some indexes invalid. */
export const asLive = (catalog: Catalog, invalid: readonly string[]): Catalog => ({
  ...catalog, source: 'live', label: 'production',
  tables: new Map([...catalog.tables].map(([key, table]) => [key, { ...table, indexes: table.indexes.map((index) => (invalid.includes(index.name) ? { ...index, valid: false } : index)) }])),
});
