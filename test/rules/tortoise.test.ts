import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { writeInLoop } from '../../server/src/core/rules/write-in-loop';
import { testRule, type RuleCase } from '../support/ruleTester';

const MODELS = `from tortoise import fields
from tortoise.models import Model


class Team(Model):
    name = fields.CharField(max_length=50)


class Player(Model):
    team = fields.ForeignKeyField('models.Team', related_name='players')
    score = fields.IntField()


`;
const SCHEMA = 'CREATE TABLE team (id int PRIMARY KEY, name varchar(50) NOT NULL); CREATE TABLE player (id int PRIMARY KEY, team_id int NOT NULL REFERENCES team, score int NOT NULL);';
const py = (code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code: MODELS + code, ...rest });

testRule(nPlusOne, {
  schema: SCHEMA,
  flagged: [
    py(`async def names():
    for player in await Player.all():
        print((await player.team).name)
#                    ^^^^^^^^^^^ loaded lazily: a query once per element
`),
    py(`async def found(ids):
    for pk in ids:
        print(await Player.get(id=pk))
#                   ^^^^^^ once per element of \`ids\`
`),
    py(`async def scores():
    teams = await Team.all()
    for team in teams:
        print(await team.players.filter(score__gt=1).count())
#                   ^^^^^^^^^^^^ once per element of
`),
    py(`async def scores():
    async for team in Team.all():
        await team.fetch_related('players')
#             ^^^^^^^^^^^^^^^^^^ once per element of
`),
  ],
  clean: [
    py(`async def names():
    for player in await Player.all().prefetch_related('team'):
        print((await player.team).name)
`),
    py(`async def names():
    for player in await Player.all().select_related('team'):
        print(player.team.name)
`),
    py(`async def found(ids):
    return await Player.filter(id__in=ids)
`),
    py(`async def ids():
    return [player.team_id for player in await Player.all()]
`),
  ],
});

testRule(writeInLoop, {
  schema: SCHEMA,
  flagged: [py(`async def add(rows):
    for row in rows:
        await Player.create(team_id=row.team, score=row.score)
#             ^^^^^^ once per element of \`rows\`
`)],
  clean: [py(`async def add(rows):
    await Player.bulk_create([Player(team_id=row.team, score=row.score) for row in rows])
`)],
});

testRule(offsetPagination, {
  schema: SCHEMA,
  flagged: [py(`async def page(number):
    return await Player.all().order_by('id').limit(20).offset(number * 20)
#                                                     ^^^^^^^^^^^^^^^^^^^^ OFFSET
`)],
  clean: [py(`async def newest():
    return await Player.all().order_by('-id').limit(20)
`)],
});
