import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../server/src/core/catalog/build';
import { indexModels } from '../../../server/src/core/hosts/models';
import { tortoiseAdapter } from '../../../server/src/core/libraries/tortoise/tortoise';
import { createSqlAnalyser } from '../../../server/src/parser/sql/analyser';
import { compared, innocent } from '../../support/adapterCases';
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
  it.each(compared('tortoise', statements))('$source', ({ source, sql }) => {
    const sites = sitesOf(`return await ${source}`);
    expect(sites.map((site) => [site.executes, site.complete])).toEqual([['yes', true]]);
    const rendered = plain(sites[0]?.source?.text ?? '');
    expect(shape(rendered), `${rendered}\n${sql}`).toEqual(shape(sql));
  });
});

const P = 'SELECT players.id, players.team_id, players.sponsor_id, players.nick_name, players.score, players.joined FROM players';
const M = 'SELECT match.id, match.player_id, match.points, match.won FROM match';
const sent = (body: string): unknown[] => {
  const text = textOf(body);
  return sitesOf(body).filter((site) => site.executes === 'yes').map((site) => [site.source?.text, text.slice(site.anchor.start, site.anchor.end), site.fetches]);
};

describe('forms of Tortoise', () => {
  it.each([
    ['async for found in Player.filter(score=pk): print(found)', `${P} WHERE players.score = $1`, 'Player', 'many'],
    ['player = await Player.get(id=pk)', `${P} WHERE players.id = $1 LIMIT 2`, 'Player', 'one'],
    ['return await asyncio.gather(Player.all().limit(5))', `${P} LIMIT 5`, 'Player', 'many'],
    ['await Team.create(name=pk)', 'INSERT INTO team (name) VALUES ($1) RETURNING team.id', 'Team', 'none'],
    ['await Player.filter(team__name=pk).delete()', 'DELETE FROM players WHERE players.id IN (SELECT players.id FROM players LEFT OUTER JOIN team players__team ON players__team.id = players.team_id WHERE players__team.name = $1)', 'Player', 'none'],
    ['team, made = await Team.get_or_create(name=pk, defaults={"a": 1})', 'SELECT team.id, team.name FROM team WHERE team.name = $1 LIMIT 2', 'Team', 'one'],
    ['await match.delete()', 'DELETE FROM match WHERE match.id = $1', 'match.delete', 'none'],
    ['match.won = True\n    await match.save(update_fields=["won"])', 'UPDATE match SET won = $1 WHERE match.id = $2', 'match.save', 'none'],
    ['await match.fetch_related("player")', `${P} WHERE players.id = $1`, 'match.fetch_related', 'many'],
    ['q = Player.filter(score=1)\n    q = q.order_by("id")\n    return await q', `${P} WHERE players.score = 1 ORDER BY players.id ASC`, 'q.order_by', 'many'],
  ])('%s', (body, sql, anchor, fetches) => {
    expect(sent(body)).toEqual([[sql, anchor, fetches]]);
  });

  it('rows of relations, and of what was awaited before', () => {
    expect(sent('player = await Player.get(id=pk)\n    return await player.matchs.filter(won=True).limit(3)')).toEqual([
      [`${P} WHERE players.id = $1 LIMIT 2`, 'Player', 'one'],
      [`${M} WHERE match.player_id = $1 AND match.won = TRUE ORDER BY match.points DESC LIMIT 3`, 'player.matchs', 'many'],
    ]);
    expect(sent('ids = await Team.all().values_list("id", flat=True)\n    return await Player.filter(team_id__in=ids)')).toEqual([
      ['SELECT team.id FROM team', 'Team', 'many'],
      [`${P} WHERE players.team_id = ANY($1)`, 'Player', 'many'],
    ]);
    expect(sent('players = await Player.all()\n    first = players[0:5]\n    return players[0]')).toHaveLength(1);
  });

  it('parts under a condition are variants; keys that are not known leave the statement open', () => {
    const [site] = sitesOf('q = Player.all()\n    if pk:\n        q = q.filter(score=pk)\n    return await q');
    expect([site?.source?.text, site?.conditional.map((part) => part.condition)]).toEqual([`${P} WHERE players.score = $1`, ['pk']]);
    expect(sitesOf('return await Player.filter(**rows)')[0]?.complete).toBe(false);
  });

  it.each(innocent('tortoise', ['rows.filter(score=1)', 'await rows.all()', 'await page.get(id=pk)', 'Player(score=1)', 'Player.describe()', 'Config.get("a")', 'await asyncio.sleep(1)', 'match.points.count(1)']))('no query: %s', (code) => {
    expect(sitesOf(`value = ${code}`)).toEqual([]);
  });

  it('models give tables, keys, pairs and indexes to the catalog', () => {
    const steps = read(modelText, new Map(), modelUri).models.map((model) => ({ changes: model.changes, site: { uri: modelUri, span: model.span } }));
    const catalog = buildCatalog({ source: 'models', label: 'models', steps, assume: {} });
    const tables = [...catalog.tables.values()];
    const players = tables.find((table) => table.name === 'players');
    expect(players?.columns.map((column) => `${column.name} ${column.type}${column.notNull ? ' not null' : ''}`)).toEqual(['id bigint not null', 'team_id integer not null', 'sponsor_id integer', 'nick_name character varying(30) not null', 'score integer not null', 'joined timestamp with time zone not null']);
    expect(players?.indexes.filter((index) => index.constraint === undefined).map((index) => index.keys.map((key) => key.column))).toEqual([['team_id', 'score'], ['joined']]);
    expect(players?.foreignKeys.map((key) => key.references.table)).toEqual(['team', 'team']);
    expect(tables.find((table) => table.name === 'players_tag')?.columns.map((column) => column.name)).toEqual(['players_id', 'tag_id']);
    expect(tables.find((table) => table.name === 'team')?.indexes.filter((index) => index.constraint === undefined)).toHaveLength(1);
  });

  it('edits stand where Tortoise has them', () => {
    const body = "return await Player.filter(score=1).order_by('score')";
    const text = textOf(body);
    const [site] = sitesOf(body);
    const uri = 'file:///app/shop/service.py';
    expect(applied(text, tortoiseAdapter.addPredicate?.(site!, { uri, text, table: 'players', column: 'team_id', value: 'team_id' }))).toContain("Player.filter(score=1).filter(team_id=team_id).order_by('score')");
    expect(applied(text, tortoiseAdapter.addOrder?.(site!, { uri, text, keys: [{ column: 'players.id', descending: false }] }))).toContain(".order_by('score', 'id')");
    expect(applied(text, tortoiseAdapter.addLimit?.(site!, { uri, text, count: 100 }))).toContain(".order_by('score').limit(100)");
  });
});
