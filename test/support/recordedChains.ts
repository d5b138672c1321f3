import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { HostFile, QuerySite } from '../../server/src/core/hosts/ir';
import type { Conjunct, Expression } from '../../server/src/core/sql/model';
import type { SqlAnalyser } from '../../server/src/core/sql/ports';
import type { SqlSource } from '../../server/src/core/sql/source';
import { toHostSpan } from '../../server/src/core/text/segmentMap';
import { sqlSpan } from '../../server/src/core/text/span';

/** Chains of one library, with the statements that the library itself sends (`test/fixtures/builders`; each recorder says how). */
export interface RecordedChains {
  readonly library: string;
  readonly version: string;
  readonly models: Readonly<Record<string, string>>;
  readonly statements: readonly { readonly source: string; readonly sql: string }[];
}

export const recordedChains = (name: string): RecordedChains => JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/builders', `${name}.json`), 'utf8')) as RecordedChains;

export interface RowShape {
  readonly relation: unknown;
  readonly conjuncts: readonly string[];
  readonly order: readonly string[];
  readonly limit: boolean;
  readonly offset: boolean;
}

/** Which rows a statement is about, in which order: what a chain's SQL promises to show. Columns are of the one table. */
export function rowShape(sql: SqlAnalyser, source: SqlSource | string): RowShape {
  const model = sql.analyse(typeof source === 'string' ? { text: source, placeholders: source.includes('?') ? 'question' : 'dollar', interpolations: [] } : source);
  const [block] = model.blocks;
  if (model.error || !block) throw new Error(`${typeof source === 'string' ? source : source.text}: ${model.error?.message}`);
  return {
    relation: block.relations[0]?.name,
    conjuncts: block.conjuncts.filter(({ clause }) => clause === 'where').map((one) => conjunct(one)).filter((one) => one !== '? boolean ').sort(),
    order: block.orderBy.map((item) => `${expression(item.expression)}${item.descending ? ' desc' : ''}`),
    limit: block.limit !== undefined,
    offset: block.offset !== undefined,
  };
}

function conjunct(c: Conjunct, turned = false): string {
  const [inner, ...more] = c.branches ?? [];
  // `NOT (a = 1)` is `a <> 1`; one branch is no choice.
  if (inner && more.length === 0) return inner.map((one) => conjunct(one, turned !== (c.operator === 'not' || c.negated))).sort().join(' & ');
  const unequal = c.operator === '<>' || (c.operator as string) === '!=';
  const list = c.operator === 'in' || /any|all/i.test(c.operator) || c.right?.kind === 'array' || (c.right?.kind === 'function' && /^(?:any|all)$/i.test(c.right.name ?? ''));
  const branches = c.branches?.map((branch) => branch.map((one) => conjunct(one)).sort().join(' & ')).join(' | ');
  const not = turned !== (c.negated !== (unequal || /all/i.test(c.operator)));
  return `${not ? 'not ' : ''}${c.left ? expression(c.left) : ''} ${list ? 'in' : unequal ? '=' : c.operator} ${c.right && !list ? expression(c.right) : ''}${branches === undefined ? '' : `(${branches})`}`;
}

function expression(e: Expression): string {
  if (e.kind === 'hole' || (e.kind === 'constant' && e.value !== null)) return '?';
  if (e.kind === 'column') return e.column?.column ?? '';
  if (e.kind === 'cast' && e.args?.[0]) return expression(e.args[0]);
  if (e.kind === 'operator' && e.name === '||' && e.args?.every((item) => expression(item) === '?')) return '?';
  return `${e.kind}:${e.name ?? e.type ?? ''}(${(e.args ?? []).map(expression).join(',')})`;
}

/** Host texts that the words of a site's statement stand for; all lie in the chain. */
export function markedTexts(site: QuerySite, text: string): readonly (readonly [word: string, host: string])[] {
  const statement = site.source?.text ?? '';
  return [...statement.matchAll(/\w+/g)].flatMap((word) => {
    const span = toHostSpan(site.map, sqlSpan(word.index, word.index + word[0].length));
    return span ? [[word[0], text.slice(span.start, span.end)] as const] : [];
  });
}

/** Each statement stands for a place in its own chain, and the whole chain is marked. */
export function expectMarks(file: HostFile, text: string): void {
  for (const site of file.sites.filter((one) => one.source)) {
    const chain = text.slice(site.span.start, site.span.end);
    expect(site.span.start).toBeLessThanOrEqual(site.anchor.start);
    expect(site.span.end).toBeGreaterThanOrEqual(site.anchor.end);
    const marks = markedTexts(site, text);
    expect(marks.length, chain).toBeGreaterThan(0);
    for (const [word, host] of marks) expect(chain, `${word} stands for ${host}`).toContain(host);
  }
}
