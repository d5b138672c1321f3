import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { indexModels } from '../../../server/src/core/hosts/models';
import { tortoiseAdapter } from '../../../server/src/core/libraries/tortoise/tortoise';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { queryShape } from '../../support/queryShape';
import { applied, read } from './support';

const folder = join(__dirname, '../../fixtures/python/tortoise');
const { statements } = JSON.parse(readFileSync(join(folder, 'statements.json'), 'utf8')) as { statements: readonly { readonly source: string; readonly sql: string }[] };
const modelText = readFileSync(join(folder, 'models.py'), 'utf8');
const modelUri = 'file:///app/shop/models.py';
const models = indexModels(read(modelText, new Map(), modelUri).models);
const analyser = await createSqlAnalyser();

/** Tortoise names columns without their table where there is one table only; its columns stand in a set, in no order. */
function shape(text: string): unknown {
  const whole = queryShape(analyser, text.replaceAll(" ESCAPE '\\'", '').replaceAll(/NOT ("\w+") IS NULL/g, '$1 IS NOT NULL')) as { blocks: { relations: [string, string, string][]; outputs: string[]; groupBy: string[] }[] };
  return JSON.parse(JSON.stringify({ ...whole, blocks: whole.blocks.map((block) => ({ ...block, outputs: block.outputs.map((output) => output.replace(/ as .*$/, '')).sort(), groupBy: [...block.groupBy].sort() })) }).replaceAll(/"\.(\w+)/g, '".$1'));
}

const prelude = `import asyncio
from tortoise.expressions import F, Q, Subquery
from tortoise.functions import Count, Sum
from shop.models import Match, Player, Tag, Team


`;
const textOf = (body: string): string => `${prelude}async def run(page, rows, pk, match: Match):\n    ${body}\n`;
const sitesOf = (body: string): ReturnType<typeof read>['sites'] => read(textOf(body), models, 'file:///app/shop/service.py').sites;
/** Columns of the only table, as Tortoise writes them. */
const plain = (sql: string): string => (/ JOIN /.test(sql) ? sql : sql.replaceAll(/\b(?:players|match|team|tag)\.(?=\w)/g, ''));

describe('statements mean what Tortoise compiles', () => {
  it.each(statements)('$source', ({ source, sql }) => {
    const sites = sitesOf(`return await ${source}`);
    expect(sites.map((site) => [site.executes, site.complete])).toEqual([['yes', true]]);
    const rendered = plain(sites[0]?.source?.text ?? '');
    expect(shape(rendered), `${rendered}\n${sql}`).toEqual(shape(sql));
  });
});
