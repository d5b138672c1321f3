import { createDriver, type DriverMethod } from '../shared/driverCalls';
import { placeholderStyle } from '../shared/sqlText';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };

/** JDBC itself, and Spring's JdbcTemplate, NamedParameterJdbcTemplate and JdbcClient. */
export const jdbcAdapter = createDriver({
  id: 'jdbc',
  languages: ['java'],
  marks: /\b(?:java\.sql|javax\.sql|jdbc|Jdbc\w*|prepareStatement|createStatement)\b/,
  methods: {
    prepareStatement: { fetches: 'unknown', prepares: true }, prepareCall: { fetches: 'unknown', prepares: true },
    executeQuery: many, executeUpdate: none, executeLargeUpdate: none, execute: none,
    query: many, queryForObject: one, queryForList: many, queryForMap: one, queryForRowSet: many, queryForStream: { fetches: 'stream' }, update: none, batchUpdate: { fetches: 'none', batch: true },
    sql: { fetches: 'unknown' },
  },
  types: /\b(?:Connection|Statement|DataSource|(?:NamedParameter)?Jdbc(?:Template|Operations|Client)|SimpleJdbc\w*)\b/,
  otherTypes: /Mongo|Redis|Elastic|Cassandra|Cql|Neo4j|EntityManager|Session|Http|R2dbc|BigQuery|ClickHouse/,
  names: /^(?:\w*(?:[jJ]dbc\w*|[tT]emplate|[cC]onn(?:ection)?)|stmt|statement|st|db|dao)$/,
  notValues: /\.class$|^new \w*(?:Mapper|Extractor|Handler)\b|(?:^|[._a-z])[mM]apper$|[eE]xtractor$|::/,
  laterValues: /^(?:param|params|paramSource)$/,
  through: /^(?:getConnection|getJdbcOperations|getJdbcTemplate)$/,
  runs: { executeQuery: 'many', executeUpdate: 'none', execute: 'unknown', executeLargeUpdate: 'none' },
  placeholders: (text) => (placeholderStyle(text) === 'colon' ? 'colon' : 'question'),
});
