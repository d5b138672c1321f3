import { goPlaceholders } from '../goSql/goSql';
import { createDriver, hasQuestionMarks, type DriverMethod } from '../shared/driverCalls';

const many: DriverMethod = { fetches: 'many' };
const one: DriverMethod = { fetches: 'one' };
const none: DriverMethod = { fetches: 'none' };

/**
 * pgx: pools, connections and transactions. What is queued in a batch is sent by `SendBatch` in one round trip, and
 * `CopyFrom` is one statement: `Queue` builds only.
 */
export const pgxAdapter = createDriver({
  id: 'pgx',
  languages: ['go'],
  marks: /jackc\/pgx/,
  methods: { Query: many, QueryRow: one, Exec: none, Queue: { fetches: 'unknown', prepares: true }, CopyFrom: { fetches: 'none', access: 'write' } },
  types: /\bpgx(?:pool)?\.(?:Conn|Pool|Tx|Batch|New|Connect\w*)\b|\bpgxpool\b|\bDBTX\b|\bpgx\.Batch/,
  otherTypes: /\bsql\.(?:DB|Tx)\b|sqlx\.|gorm|mongo|redis/,
  names: /^(?:\w*(?:db|DB|Db|[Pp]ool|[Cc]onn)|tx|Tx|txn|batch|b|q|querier|executor)$/,
  through: /^(?:Begin\w*|Acquire\w*|Conn|Hijack)$/,
  placeholders: goPlaceholders,
  isOther: (text) => hasQuestionMarks(text.text),
});
