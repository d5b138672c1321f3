import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared } from '../../support/adapterCases';
import { readPrisma } from '../../support/readPrisma';

const folder = path.resolve(import.meta.dirname, '../../fixtures/prisma');
const schema = readFileSync(path.join(folder, 'schema.prisma'), 'utf8');
const calls = JSON.parse(readFileSync(path.join(folder, 'calls.json'), 'utf8')) as readonly string[];
const recorded = JSON.parse(readFileSync(path.join(folder, 'statements.json'), 'utf8')) as readonly { readonly call: string; readonly statements: readonly string[] }[];
const sql = await createSqlAnalyser();
const head = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nasync function f(teamId: string, id: string, q: string, take: number, skip: number, ids: string[]) {\n";
const read = (call: string) => readPrisma(schema, `${head}  return await ${call};\n}`);

/** Written here in another way with the same meaning, or shortened. */
const otherwise: Readonly<Record<string, string>> = {
  "prisma.order.findMany({ orderBy: { items: { _count: 'desc' } }, take: 5 })": 'the count in a sub-query, not in a join',
  "prisma.order.findMany({ take, skip: 1, cursor: { id: 'o1' }, orderBy: { id: 'asc' } })": 'the key itself, not the key of its own row',
};

/** Without what is joined for each row as JSON: those relations are told by `loads`. */
function mainStatement(text: string): string {
  for (let at = text.indexOf(' LEFT JOIN LATERAL ('); at >= 0; at = text.indexOf(' LEFT JOIN LATERAL (')) {
    let end = text.indexOf('(', at);
    for (let depth = 0; end < text.length; end++) {
      depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
      if (depth === 0) break;
    }
    text = text.slice(0, at) + text.slice(end + 1).replace(/^ AS "\w+" ON true/, '');
  }
  return text;
}

/** What a statement asks for, in whatever form: tables, columns compared with values, order, groups, counts, what is written. */
function asked(text: string) {
  const plain = text.replaceAll(/ {10,}/g, ' ($1)').replaceAll(/NOT \((\S+) IN (\([^()]*\))\)/g, '$1 NOT IN $2').replaceAll('"public".', '').replaceAll('"', '').replaceAll(/\bt\d+\.__prisma_data__|1=1/g, '').replaceAll('::text', '').replace(/\s+/g, ' ');
  const all = (pattern: RegExp, pick = 1): readonly string[] => [...plain.matchAll(pattern)].map((match) => match[pick] ?? '');
  const where = plain.replace(/ON CONFLICT.*$/, '').replace(/\bSET .*?(?= WHERE|$)/, '');
  return {
    tables: [...new Set(all(/\b(?:FROM|JOIN|INTO|UPDATE) (Team|orders|Item)\b/g))].sort(),
    compared: [...new Set([...where.matchAll(/(?:\b\w+\.|[( ])(\w+)\)? (=|<>|>=|<=|>|<|ILIKE|LIKE|IN|NOT IN|@>) (?!\(?\w+\.|\(SELECT)/g)].map((match) => `${match[1]} ${match[2]}`))].sort(),
    order: all(/ORDER BY (.*?)(?= LIMIT| OFFSET|\)|$)/g).flatMap((list) => list.split(', ').map((item) => item.replace(/^\w+\./, '').replace(/ ASC$/, ''))),
    distinct: all(/DISTINCT ON \((.*?)\)/g).map((list) => list.replaceAll(/\w+\./g, '')),
    grouped: all(/GROUP BY (.*?)(?= HAVING| ORDER| LIMIT| OFFSET|\)|$)/g).map((list) => list.replaceAll(/\w+\./g, '')),
    having: all(/HAVING (.*?)(?= ORDER| LIMIT| OFFSET|$)/g).map((list) => list.replaceAll(/\w+\./g, '').replaceAll(/\$\d+|'\w+'|\b\d+\b/g, '?')),
    aggregates: [...new Set(all(/\b((?:COUNT|SUM|AVG|MIN|MAX)\([^()]*\))/g).map((item) => item.replaceAll(/\w+\./g, '')))].sort(),
    limited: /\bLIMIT\b/.test(plain),
    written: all(/^(INSERT|UPDATE|DELETE)\b/g),
    into: all(/INTO \w+ \((.*?)\)/g).map((list) => list.replaceAll(' ', '')),
    set: all(/\bSET (.*?)(?= WHERE| RETURNING|$)/g).map((list) => list.replaceAll(/(\w+) = .*?(?=, \w+ =|$)/g, '$1')),
    conflict: all(/ON CONFLICT (\([^)]*\) DO UPDATE|DO NOTHING)/g).map((target) => target.replaceAll(/, /g, ',')),
    returning: /\bRETURNING\b/.test(plain),
  };
}

describe('Prisma, the same call sent by Prisma 7 itself (recorded by test/fixtures/prisma/record.mjs)', () => {
  it('has a record of every call', () => expect(recorded.map((item) => item.call)).toEqual(calls));
  it.each(compared('prisma 7', recorded))('$call', ({ call, statements }) => {
    const [site, ...rest] = read(call).sites;
    expect(rest).toEqual([]);
    expect(site).toMatchObject({ library: 'prisma', confidence: 'proved', executes: 'yes', complete: true, conditional: [] });
    const model = site?.source && sql.analyse(site.source);
    expect(model?.error ?? model?.completeness).toBe('full');
    // Relations: the paths that are loaded are the tables of the further statements, or of what is joined.
    const others = [...new Set(statements.join(' ').match(/(?:FROM|JOIN) "public"\."(?:orders|Item)"/g)?.map((match) => match.replace(/^.*\."(\w+)"$/, '$1').toLowerCase().replace(/^item$/, 'items')))].filter((table) => table !== 'orders' || /prisma\.team/.test(call));
    if (/include: \{ orders/.test(call)) expect(site?.loads?.map((load) => load.path.split('.').at(-1)).sort()).toEqual(others.sort());
    if (otherwise[call] === undefined) expect(asked(site?.source?.text ?? ''), `${site?.source?.text}\n${statements[0]}`).toEqual(asked(mainStatement(statements[0] ?? '')));
  });
  it('shows nested pages as such', () => {
    const loads = calls.flatMap((call) => read(call).sites[0]?.loads ?? []).map((load) => `${load.path} ${load.limited}`);
    expect(loads).toEqual(['orders false', 'orders true', 'orders true', 'orders.items false', 'orders false', 'orders.items true', 'orders false']);
  });
});
