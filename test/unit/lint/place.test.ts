import { describe, expect, it } from 'vitest';
import { closeBrackets, findPlace, trimBlanks } from '../../../server/src/core/lint/place';
import type { QuerySite } from '../../../server/src/core/hosts/ir';
import type { Segment } from '../../../server/src/core/text/segmentMap';
import { hostSpan, sqlSpan } from '../../../server/src/core/text/span';

const site = (segments: readonly Segment[]): QuerySite => ({ chain: [], map: { segments } }) as unknown as QuerySite;
const verbatim = (sql: number, length: number, host: number): Segment => ({ kind: 'verbatim', sql: sqlSpan(sql, sql + length), host: hostSpan(host, host + length) });

describe('findPlace', () => {
  it('joins neighbouring parts', () => {
    expect(findPlace(site([verbatim(0, 10, 100), verbatim(10, 10, 115)]), sqlSpan(5, 15))).toEqual(hostSpan(105, 120));
  });

  it('takes the part with most of the text where the parts are scattered', () => {
    expect(findPlace(site([verbatim(0, 10, 500), verbatim(10, 30, 100)]), sqlSpan(5, 35))).toEqual(hostSpan(100, 125));
    expect(findPlace(site([verbatim(0, 10, 0), verbatim(10, 30, 900)]), sqlSpan(8, 35))).toEqual(hostSpan(900, 925));
  });

  it('knows no place for text that stands nowhere', () => {
    expect(findPlace(site([]), sqlSpan(0, 5))).toBeUndefined();
    expect(findPlace(site([verbatim(0, 10, 100)]), sqlSpan(20, 25))).toBeUndefined();
  });
});

describe('the ends of a place', () => {
  it('are without blanks and with the brackets they open', () => {
    expect(trimBlanks('a  b  ', hostSpan(1, 6))).toEqual(hostSpan(3, 4));
    expect(trimBlanks('   ', hostSpan(0, 3))).toEqual(hostSpan(0, 3));
    expect(closeBrackets('f(g(x)) y', hostSpan(0, 5))).toEqual(hostSpan(0, 7));
    expect(closeBrackets('f(x, y)', hostSpan(0, 3))).toEqual(hostSpan(0, 3));
  });
});
