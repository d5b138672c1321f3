import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostFile } from '../../../server/src/core/hosts/ir';
import { indexModels, type ModelIndex } from '../../../server/src/core/hosts/models';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared } from '../../support/adapterCases';
import { queryShape } from '../../support/queryShape';
import { read } from './support';

const folder = join(__dirname, '../../fixtures/python/django');
interface Recorded { readonly queries: readonly { readonly source: string; readonly sql: string }[]; readonly sent: readonly { readonly source: string; readonly sql: readonly string[] }[] }
const recorded = JSON.parse(readFileSync(join(folder, 'statements.json'), 'utf8')) as Recorded;
const prelude = `from django.contrib.auth.models import User
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Lower, TruncMonth
from people.models import Customer
from shop.models import Gift, Item, LiveOrder, Order, Org, Product
`;
const analyser = await createSqlAnalyser();

/** As a workspace is read: declarations of all files first, then each file with those. */
function workspace(): ModelIndex {
  const files = ['people', 'shop'].map((app) => ({ uri: `file:///app/${app}/models.py`, text: readFileSync(join(folder, app, 'models.py'), 'utf8') }));
  const first = indexModels(files.flatMap(({ uri, text }) => read(text, new Map(), uri).models));
  return indexModels(files.flatMap(({ uri, text }) => read(text, first, uri).models));
}
const models = workspace();
const readUse = (body: string): HostFile => read(`${prelude}\n\ndef run():\n    ${body}\n`, models, 'file:///app/shop/views.py');

/** What rules see. Order by the position of an output is the output's name; the outputs' order is that of the classes. */
function shape(sql: string): unknown {
  const whole = queryShape(analyser, { text: sql.replaceAll('%%', '%'), placeholders: 'dollar', interpolations: [] }) as { blocks: { outputs: string[]; orderBy: string[] }[] };
  return { ...whole, blocks: whole.blocks.map((block) => ({ ...block, outputs: block.outputs.map((output) => output.replace(/ as (?:__count|a|col\d+)$/, '')).sort() })) };
}

describe('querysets mean what Django compiles', () => {
  it.each(compared('django', recorded.queries))('$source', ({ source, sql }) => {
    const sites = readUse(`return list(${source})`).sites;
    expect(sites.map((site) => site.executes)).toEqual(['yes']);
    const rendered = sites[0]?.source?.text ?? '';
    expect(shape(rendered), `${rendered}\n${sql}`).toEqual(shape(sql));
    expect(sites[0]?.complete).toBe(true);
  });
  it.each(recorded.sent)('$source', ({ source, sql }) => {
    const { sites } = readUse(`return ${source}`);
    expect(sites.map((site) => shape(site.source?.text ?? '')), sites.map((site) => site.source?.text).join('\n')).toEqual(sql.map(shape));
  });
});
