import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../server/src/workspace/engine';
import { toUri } from '../../server/src/workspace/paths';
import { createProject } from '../../server/src/workspace/project';
import { makeWorkspace } from '../support/workspaceFolder';

const SCHEMA = `datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
model Team {
  id       String    @id
  name     String
  invoices Invoice[]
  projects Project[]
  folders  Folder[]
}
model Project {
  id     String @id
  teamId String
  team   Team   @relation(fields: [teamId], references: [id])
}
model Folder {
  id     String @id
  slug   String
  teamId String
  team   Team   @relation(fields: [teamId], references: [id])
  @@unique([teamId, slug])
}
model Invoice {
  id     String @id
  total  Int
  teamId String
  team   Team   @relation(fields: [teamId], references: [id])
  @@index([teamId])
}
`;

const workspaces: { remove(): void }[] = [];
afterEach(() => workspaces.splice(0).forEach((workspace) => workspace.remove()));

async function lint(body: string) {
  const text = `import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\n${body}\n`;
  const workspace = makeWorkspace({ 'package.json': '{"dependencies": {"@prisma/client": "6"}}', 'prisma/schema.prisma': SCHEMA, 'src/invoices.ts': text });
  workspaces.push(workspace);
  const project = await createProject({ folder: workspace.folder, engine: await createEngine(), settings: {} });
  await project.scan();
  const result = await project.lint(workspace.path('src/invoices.ts'));
  if (!('findings' in result)) throw new Error(result.reason);
  expect(project.files.has(toUri(workspace.path('src/invoices.ts')))).toBe(true);
  return result.findings.filter((finding) => /tenant/.test(finding.rule));
}

describe('tenants in Prisma calls', () => {
  it.each([
    ['an optional parameter', 'export const list = (teamId?: string) => prisma.invoice.findMany({ where: { teamId, total: 1 }, take: 10 });'],
    ['an optional path', 'export const list = (session: Session) => prisma.invoice.findMany({ where: { teamId: session.user?.teamId, total: 1 }, take: 10 });'],
    ['an optional property', 'export const list = ({ teamId }: { teamId?: string }) => prisma.invoice.findMany({ where: { teamId }, take: 10 });'],
  ])('the filter that Prisma may drop: %s', async (_, code) => {
    expect((await lint(code)).map((finding) => finding.rule)).toEqual(['conditional-tenant-filter']);
  });

  it.each([
    ['a required parameter', 'export const list = (teamId: string) => prisma.invoice.findMany({ where: { teamId, total: 1 }, take: 10 });'],
    ['a guard before it', "export function list(teamId?: string) {\n  if (!teamId) throw new Error('no team');\n  return prisma.invoice.findMany({ where: { teamId }, take: 10 });\n}"],
    ['a relation filter', 'export const one = (id: string, teamId: string) => prisma.invoice.findFirst({ where: { id, team: { id: teamId } } });'],
    ['a compound key', 'export const one = (slug: string, teamId: string) => prisma.folder.findUnique({ where: { teamId_slug: { teamId, slug } } });'],
  ])('nothing with %s', async (_, code) => {
    expect(await lint(code)).toEqual([]);
  });

  it('says what else the fix changes', async () => {
    const [finding] = await lint('export async function one(req: Request, teamId: string) {\n  return prisma.invoice.findUnique({ where: { id: req.params.id } });\n}');
    expect(finding?.rule).toBe('missing-tenant-filter');
    const titles = finding?.fixes().map((fix) => fix.title) ?? [];
    expect(titles.every((title) => /becomes find|teamId_/.test(title) || title.startsWith('Add'))).toBe(true);
    expect(titles).toEqual([expect.stringMatching(/^Add "?teamId"? = teamId to the condition/)]);
  });
});
