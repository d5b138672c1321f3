import { createDriver, type DriverMethod } from '../shared/driverCalls';
import { placeholderStyle } from '../shared/sqlText';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };
const prepares: DriverMethod = { fetches: 'unknown', prepares: true };

/** SQL text in PHP: PDO, pg_query, Doctrine's DBAL, Laravel's `DB`. */
export const pdoAdapter = createDriver({
  id: 'pdo',
  languages: ['php'],
  marks: /\b(?:PDO|pg_\w+|DB::|prepare|query|execute\w*|fetch\w*|exec)\b/,
  methods: {
    query: many, exec: none, prepare: prepares,
    executeQuery: many, executeStatement: none, executeUpdate: none, fetchAllAssociative: many, fetchAllNumeric: many, fetchAllKeyValue: many, fetchAllAssociativeIndexed: many, fetchFirstColumn: many, fetchAssociative: one, fetchNumeric: one, fetchOne: one, iterateAssociative: { fetches: 'stream' },
    select: many, selectOne: one, scalar: one, selectFromWriteConnection: many, cursor: { fetches: 'stream' }, insert: none, update: none, delete: none, statement: none, affectingStatement: none, unprepared: none,
  },
  functions: { pg_query: many, pg_query_params: many, pg_send_query: many },
  types: /^(?:\\?PDO|Connection|DatabaseConnection|EntityManager\w*|Doctrine\\DBAL\\Connection)$/,
  otherTypes: /Redis|Mongo|Elastic|Http|Builder|Collection|mysqli/i,
  names: /^(?:DB|\w*(?:pdo|dbh|conn|connection|db|database)|em|entityManager|getConnection)$/i,
  runs: { execute: 'unknown', executeQuery: 'many', executeStatement: 'none' },
  placeholders: (text) => { const style = placeholderStyle(text); return style === 'dollar' || style === 'colon' ? style : 'question'; },
});
