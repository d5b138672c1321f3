import { quoteIdentifier } from '../sql/names';
import type { CheckOutcome } from './model';
import type { Thresholds } from './thresholds';
import { column, figure, percentOf, qualified, renderNumber } from './values';

/** A sequence that has been used and does not cycle. The numbers are far below 2^53 where it matters: shares are what counts. */
export interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly type: string;
  readonly lastValue: number;
  /** The limit in the direction of its increment, and the other end. */
  readonly limit: number;
  readonly start: number;
  readonly increment: number;
  /** `schema.table.column` that it feeds, and that column's type; undefined where it feeds none. */
  readonly column?: { readonly schema: string; readonly table: string; readonly name: string; readonly type: string };
}

const TYPE_LIMITS: Readonly<Record<string, number>> = { smallint: 32_767, integer: 2_147_483_647 };

/** How much of each sequence is used up, by the narrower of its own limit and its column's type. */
export function judgeSequences(sequences: readonly Sequence[], limits: Thresholds): CheckOutcome {
  const rows = sequences.map((sequence) => {
    const end = sequence.increment > 0 ? Math.min(sequence.limit, TYPE_LIMITS[sequence.column?.type ?? ''] ?? Infinity) : Math.max(sequence.limit, -(TYPE_LIMITS[sequence.column?.type ?? ''] ?? Infinity) - 1);
    return { sequence, end, percent: Math.min(100, percentOf(Math.abs(sequence.lastValue - sequence.start) + 1, Math.abs(end - sequence.start) + 1) ?? 0) };
  }).sort((a, b) => b.percent - a.percent);
  const near = rows.filter(({ percent }) => percent > limits.sequencePercent);
  return {
    figures: [figure('sequences', 'Sequences in use', 'count', rows.length), figure('fullest', 'Fullest', 'percent', rows[0]?.percent)],
    tables: [{
      name: 'sequences', title: 'Sequences by how much is used up', columns: [column('sequence', 'Sequence'), column('column', 'Column'), column('lastValue', 'Last value', 'count'), column('limit', 'Limit', 'count'), column('used', 'Used', 'percent')],
      rows: rows.slice(0, 50).map(({ sequence, end, percent }) => ({ sequence: qualified(sequence.schema, sequence.name), column: sequence.column ? `${qualified(sequence.column.schema, sequence.column.table)}.${sequence.column.name} (${sequence.column.type})` : null, lastValue: sequence.lastValue, limit: end, used: percent })),
    }],
    findings: near.map(({ sequence, end, percent }) => {
      const name = qualified(sequence.schema, sequence.name);
      const target = sequence.column;
      return {
        id: 'sequence-exhaustion', severity: percent > limits.sequenceCritical ? 'critical' : 'warning', subject: name,
        message: `${name} is at ${renderNumber(sequence.lastValue)} of ${renderNumber(end)}: ${percent} % are used up${percent >= 100 ? ', and the next INSERT fails' : ''}.`,
        evidence: { lastValue: sequence.lastValue, limit: end, percent, increment: sequence.increment, column: target ? `${target.schema}.${target.table}.${target.name}` : null, type: target?.type ?? sequence.type },
        recommendation: target && target.type !== 'bigint'
          ? 'The type change rewrites the table and blocks it meanwhile; on a large table add a bigint column, fill it in batches and swap. Foreign keys to it need the same type.'
          : 'Raise its limit; a bigint sequence ends at 9,223,372,036,854,775,807.',
        statement: [
          ...(target && target.type !== 'bigint' && sequence.type === 'bigint' ? [] : [`ALTER SEQUENCE ${name} AS bigint NO ${sequence.increment > 0 ? 'MAXVALUE' : 'MINVALUE'};`]),
          ...(target && target.type !== 'bigint' ? [`ALTER TABLE ${qualified(target.schema, target.table)} ALTER COLUMN ${quoteIdentifier(target.name)} TYPE bigint;`] : []),
        ].join('\n'),
      };
    }),
  };
}
