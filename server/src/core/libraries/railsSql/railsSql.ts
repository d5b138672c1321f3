import { createDriver, type DriverMethod } from '../shared/driverCalls';
import { placeholderStyle } from '../shared/sqlText';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };

/** SQL text in Ruby: the pg gem, and ActiveRecord's connection and `find_by_sql`. */
export const railsSqlAdapter = createDriver({
  id: 'active-record',
  languages: ['ruby'],
  marks: /\b(?:exec\w*|find_by_sql|count_by_sql|select_\w+|async_exec\w*|query|execute|prepare)\b/,
  methods: {
    exec: many, exec_params: many, async_exec: many, async_exec_params: many, sync_exec: many, query: many, exec_prepared: many,
    prepare: { fetches: 'unknown', prepares: true }, find_by_sql: many, count_by_sql: one, execute: many, exec_query: many, exec_update: none, exec_delete: none, exec_insert: none, internal_exec_query: many,
    select_all: many, select_one: one, select_value: one, select_values: many, select_rows: many,
  },
  types: /^(?:PG|PG\.connect|PG::Connection|ActiveRecord::Base\.connection)$/,
  names: /^(?:\w*(?:conn|connection|db)|pg|ActiveRecord|Base|ApplicationRecord|[A-Z]\w*|client)$/,
  otherTypes: /Mongo|Redis|Elastic|Clickhouse/i,
  within: 2,
  notValues: /^(?:"[^"]*"|'[^']*'|nil)$/,
  placeholders: (text) => { const style = placeholderStyle(text); return style === 'question' || style === 'colon' ? style : 'dollar'; },
  isOther: (_text, context) => /clickhouse/i.test(context.uri) || /Clickhouse::/.test(context.text),
});
