import { judgeSequences, type Sequence } from '../../core/health/sequences';
import { quoteIdentifier } from '../../core/sql/names';
import { numberOf, textOf } from '../introspectRows';
import { sequencesQuery } from '../queries/healthSequences';
import type { Row } from '../session';
import type { Probe } from './probe';

export const sequences: Probe = {
  name: 'sequences',
  title: 'Sequences',
  async read({ rows, blind, server, thresholds }) {
    const all = await rows(sequencesQuery) ?? [];
    const hidden = all.filter((row) => row['readable'] !== true);
    if (hidden.length > 0) {
      const role = quoteIdentifier(server.user);
      const schemas = [...new Set(hidden.map((row) => textOf(row['schema'])))];
      blind(`The values of ${hidden.length} ${hidden.length === 1 ? 'sequence' : 'sequences'} are hidden.`, server.version >= 140000 ? `GRANT pg_read_all_data TO ${role};` : schemas.map((schema) => `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${quoteIdentifier(schema)} TO ${role};`).join('\n'));
    }
    return judgeSequences(all.flatMap(toSequence), thresholds);
  },
};

/** None for a sequence that was never used, or that is hidden. */
function toSequence(row: Row): readonly Sequence[] {
  const lastValue = numberOf(row['last_value']);
  if (lastValue === undefined) return [];
  return [{
    schema: textOf(row['schema']), name: textOf(row['name']), type: textOf(row['type']), lastValue, limit: numberOf(row['limit']) ?? Infinity, start: numberOf(row['start']) ?? 1, increment: numberOf(row['increment']) ?? 1,
    ...(typeof row['column_name'] === 'string' ? { column: { schema: textOf(row['table_schema']), table: textOf(row['table_name']), name: row['column_name'], type: textOf(row['column_type']) } } : {}),
  }];
}
