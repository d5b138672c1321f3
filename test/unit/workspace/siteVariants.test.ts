import { describe, expect, it } from 'vitest';
import type { ConditionalPart } from '../../../server/src/core/hosts/ir';
import { HOLE_SLOT, type SqlSource } from '../../../server/src/core/sql/source';
import { hostSpan, sqlSpan } from '../../../server/src/core/text/span';
import { collectVariants } from '../../../server/src/workspace/siteVariants';

const part = (text: string, inner: string, otherwise = ''): ConditionalPart => {
  const start = text.indexOf(inner);
  return { sql: { start, end: start + inner.length }, condition: 'c', conditionSpan: hostSpan(0, 1), otherwise };
};
const texts = (text: string, ...parts: ConditionalPart[]): string[] => collectVariants({ text, placeholders: 'dollar', interpolations: [] }, parts).map((v) => v.text);

describe('the texts a statement may have', () => {
  const text = 'SELECT a FROM t WHERE x = $1 AND y = $2 AND z = $3 LIMIT 5';

  it('is one without conditions', () => expect(texts(text)).toEqual([text]));

  it('has every combination of a few, the longest first', () => {
    expect(texts(text, part(text, ' AND y = $2'), part(text, ' AND z = $3'))).toEqual([
      text, 'SELECT a FROM t WHERE x = $1 AND z = $3 LIMIT 5', 'SELECT a FROM t WHERE x = $1 AND y = $2 LIMIT 5', 'SELECT a FROM t WHERE x = $1 LIMIT 5',
    ]);
    expect(texts(text, part(text, 'LIMIT 5', 'LIMIT 100'))).toEqual([text, 'SELECT a FROM t WHERE x = $1 AND y = $2 AND z = $3 LIMIT 100']);
  });

  it('leaves a part in a part out with it', () => {
    expect([...new Set(texts(text, part(text, ' AND y = $2 AND z = $3'), part(text, ' AND z = $3')))]).toEqual([
      text, 'SELECT a FROM t WHERE x = $1 LIMIT 5', 'SELECT a FROM t WHERE x = $1 AND y = $2 LIMIT 5',
    ]);
  });

  it('does not grow with the number of conditions', () => {
    const long = `SELECT a FROM t WHERE true${Array.from({ length: 20 }, (_, i) => ` AND c${i}_ = $${i + 1}`).join('')}`;
    const variants = texts(long, ...Array.from({ length: 20 }, (_, i) => part(long, ` AND c${i}_ = $${i + 1}`)));
    expect(variants).toHaveLength(22);
    expect(variants.slice(0, 2)).toEqual([long, 'SELECT a FROM t WHERE true']);
  });

  it('moves holes with their text', () => {
    const source: SqlSource = {
      text: `SELECT a FROM t WHERE x = ${HOLE_SLOT} AND y = ${HOLE_SLOT}`, placeholders: 'none',
      interpolations: [{ span: sqlSpan(26, 36), hostText: 'x', kind: 'value' }, { span: sqlSpan(45, 55), hostText: 'y', kind: 'value' }],
    };
    const [, shorter] = collectVariants(source, [{ ...part(source.text, ''), sql: { start: 22, end: 41 } }]);
    expect(shorter?.text).toBe(`SELECT a FROM t WHERE y = ${HOLE_SLOT}`);
    expect(shorter?.interpolations).toEqual([{ span: sqlSpan(26, 36), hostText: 'y', kind: 'value' }]);
  });
});
