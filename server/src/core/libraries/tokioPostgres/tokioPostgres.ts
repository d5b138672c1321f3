import { createDriver, type DriverMethod } from '../shared/driverCalls';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };

/** tokio-postgres and the synchronous postgres crate, pools in front of them too. */
export const tokioPostgresAdapter = createDriver({
  id: 'tokio-postgres',
  languages: ['rust'],
  marks: /\b(?:tokio_postgres|deadpool_postgres|bb8_postgres|postgres)\b/,
  methods: { query: many, query_one: one, query_opt: one, query_raw: { fetches: 'stream' }, query_typed: many, execute: none, execute_raw: none, batch_execute: none, simple_query: many, prepare: { fetches: 'unknown', prepares: true }, prepare_cached: { fetches: 'unknown', prepares: true } },
  types: /\b(?:Client|Transaction|GenericClient|Object|ClientWrapper|tokio_postgres)\b/,
  otherTypes: /Redis|Http|reqwest|Mongo|Sqlite|MySql/,
  names: /^(?:\w*(?:client|conn|connection|pool|db)|tx|trx|transaction|txn)$/,
  placeholders: 'dollar',
});
