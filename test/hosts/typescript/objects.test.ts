import { expect, it } from 'vitest';
import { readPrisma } from '../../support/readPrisma';

const schema = 'model Team {\n  id String @id\n  teamId String @map("team_id")\n  name String\n  state String\n  @@map("teams")\n}\n';
const head = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\n";

/** The WHERE of the only query, whether all of it is known, and the conditions of its parts. */
function where(text: string): string {
  const file = readPrisma(schema, head + text);
  const sites = file.sites.filter((site) => site.source);
  expect(sites).toHaveLength(1);
  const [site] = sites;
  const sql = site?.source?.text.replace(/^.*? WHERE /s, '').replaceAll('teams.', '').replace(/^SELECT.*/s, '(none)') ?? '(opaque)';
  const parts = site?.conditional.map((part) => `[${site.source?.text.slice(part.sql.start, part.sql.end).replaceAll('teams.', '').trim()} if ${part.condition}]`).join('') ?? '';
  return `${sql}${parts}${site?.complete ? '' : ' …'}`;
}

const forms: readonly (readonly [name: string, body: string, expected: string])[] = [
  ['a variable with later writes', "async function f(id, q) { const where: any = { teamId: id }; if (q) where.name = q; return await prisma.team.findMany({ where, select: { id: true } }); }", 'team_id = $1 AND name = $2[AND name = $2 if q]'],
  ['an extension of itself', "async function f(id, q) { let where = { teamId: id }; if (q) where = { ...where, name: q }; return await prisma.team.findMany({ where, select: { id: true } }); }", 'team_id = $1 AND name = $2[AND name = $2 if q]'],
  ['Object.assign', "async function f(id, q) { const where = Object.assign({ teamId: id }, q && { name: q }); return await prisma.team.findMany({ where, select: { id: true } }); }", 'team_id = $1 AND name = $2[AND name = $2 if q]'],
  ["a helper's result", "const scope = (user) => ({ teamId: user.teamId });\nasync function f(user, q) { return await prisma.team.findMany({ where: { ...scope(user), name: q }, select: { id: true } }); }", 'team_id = $1 AND name = $2'],
  ['a helper with statements', "function build(user, q) { const where: any = { teamId: user.teamId }; if (q) { where.name = q; } return where; }\nasync function f(user, q) { return await prisma.team.findMany({ where: build(user, q), select: { id: true } }); }", 'team_id = $1 AND name = $2[AND name = $2 if q]'],
  ['a helper with a guard', "function build(user) { if (user.admin) return {}; return { teamId: user.teamId }; }\nasync function f(user) { return await prisma.team.findMany({ where: build(user), select: { id: true } }); }", 'team_id = $1[WHERE team_id = $1 if !user.admin]'],
  ['a method of a base class', "class Base { protected scoped(extra: any) { return { teamId: this.teamId, ...extra }; } }\nclass Repo extends Base { async all(q) { return await prisma.team.findMany({ where: this.scoped({ name: q }), select: { id: true } }); } }", 'team_id = $1 …'],
  ['a default beside it', "async function f(id) { const base = { teamId: id }; return await prisma.team.findMany({ where: base ?? {}, select: { id: true } }); }", 'team_id = $1'],
  ['a property of an object', "async function f(id) { const args = { where: { teamId: id }, take: 3 }; return await prisma.team.findMany({ where: args.where, select: { id: true } }); }", 'team_id = $1'],
  ['an array of conditions', "async function f(id, q) { const all: any[] = [{ teamId: id }]; if (q) all.push({ name: q }); return await prisma.team.findMany({ where: { AND: all }, select: { id: true } }); }", 'team_id = $1 AND name = $2[AND name = $2 if q]'],
  ['a filtered array', "async function f(id, q) { return await prisma.team.findMany({ where: { AND: [{ teamId: id }, q && { name: q }].filter(Boolean) }, select: { id: true } }); }", 'team_id = $1 AND name = $2[AND name = $2 if q]'],
  // Where not all is seen.
  ['handed to unknown code', "async function f(id) { const where = { teamId: id }; addScope(where); return await prisma.team.findMany({ where, select: { id: true } }); }", 'team_id = $1 …'],
  ['written in a loop', "async function f(id, qs) { const where: any = { teamId: id }; for (const q of qs) where[q] = 1; return await prisma.team.findMany({ where, select: { id: true } }); }", 'team_id = $1 …'],
  ['an unknown helper', "async function f(user) { return await prisma.team.findMany({ where: { ...elsewhere(user), name: 'x' }, select: { id: true } }); }", "name = 'x' …"],
  ['a helper that returns from a loop', "function build(users) { for (const u of users) { return { teamId: u.id }; } return {}; }\nasync function f(users) { return await prisma.team.findMany({ where: build(users), select: { id: true } }); }", '(none) …'],
  ['pushed in a loop', "async function f(id, qs) { const all: any[] = [{ teamId: id }]; for (const q of qs) all.push({ name: q }); return await prisma.team.findMany({ where: { AND: all }, select: { id: true } }); }", 'team_id = $1 AND name = $2 …'],
];

it.each(forms)('where: %s', (_name, body, expected) => {
  expect(where(body)).toBe(expected);
});

it("what a helper binds depends on what it is given: a loop's element stays one", () => {
  const file = readPrisma(schema, `${head}const byTeam = (team) => ({ teamId: team.id });\nasync function f(teams) { for (const t of teams) await prisma.team.count({ where: byTeam(t) }); }`);
  expect(file.sites[0]?.binds).toMatchObject([{ text: 'team.id', names: expect.arrayContaining(['t']) as unknown, origin: 'loop' }]);
});
