import path from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEdits } from '../../server/src/core/text/edit';
import { createFlowWorkspace } from '../support/flowWorkspace';
import { PRISMA_TYPES } from '../support/prismaTypes';
import { createDatabase, type TestDatabase } from '../support/postgres';
import { runTypeScript } from '../support/runCode';

const SCHEMA = `
CREATE TABLE guests (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, email text NOT NULL, full_name text NOT NULL);
CREATE TABLE reservations (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, guest_id bigint NOT NULL REFERENCES guests, host_id bigint REFERENCES guests, status text NOT NULL);
`;
const ROWS = `
INSERT INTO guests VALUES (1, 7, 'a@x', 'Ada'), (2, 7, 'b@x', 'Ben'), (3, 7, 'c@x', 'Cleo'), (4, 8, 'd@x', 'Dan');
INSERT INTO reservations VALUES (10, 7, 1, NULL, 'open'), (11, 7, 2, 1, 'open'), (12, 7, 1, 3, 'open'), (13, 7, 3, 2, 'closed'), (14, 8, 4, 4, 'open');
`;
const PRISMA = `
model Guest {
  id       BigInt @id
  tenantId BigInt @map("tenant_id")
  email    String
  fullName String @map("full_name")
  booked   Reservation[] @relation("guest")
  hosted   Reservation[] @relation("host")
  @@map("guests")
}
model Reservation {
  id       BigInt  @id
  tenantId BigInt  @map("tenant_id")
  guestId  BigInt  @map("guest_id")
  hostId   BigInt? @map("host_id")
  status   String
  guest    Guest   @relation("guest", fields: [guestId], references: [id])
  host     Guest?  @relation("host", fields: [hostId], references: [id])
  @@map("reservations")
}
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(SCHEMA + ROWS);
});
afterAll(() => database?.drop());

const CODE = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nexport async function run(tenantId: bigint) {\n  const found: unknown[] = [];\n  BODY\n  return found;\n}\n";
const OPEN = "const rows = await prisma.reservation.findMany({ where: { tenantId, status: 'open' }, select: { id: true, guestId: true }, orderBy: { id: 'asc' }, take: 200 });\n  ";
const ALL = "const rows = await prisma.reservation.findMany({ where: { tenantId }, orderBy: { id: 'asc' } });\n  ";

/** Body, and the titles of the fixes that must be offered for it. */
const cases: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'a relation and its list': [
    `${OPEN}for (const row of rows) {\n    const guest = await prisma.guest.findFirst({ where: { id: row.guestId, tenantId }, select: { fullName: true } });\n    found.push(guest?.fullName ?? '', String(row.id));\n  }`,
    ['Load `guest` with the query of `rows` (by its key alone)', 'Read all rows with one query before the loop'],
  ],
  'no select': [
    `${ALL}for (const row of rows) {\n    const guest = await prisma.guest.findUnique({ where: { id: row.guestId } });\n    if (guest) found.push(guest.fullName, guest.email);\n  }`,
    ['Load `guest` with the query of `rows`', 'Read all rows with one query before the loop'],
  ],
  'the row handed on whole': [
    `${OPEN}for (const row of rows) {\n    const guest = await prisma.guest.findFirst({ select: { fullName: true }, where: { id: row.guestId } });\n    found.push(guest);\n  }`,
    ['Load `guest` with the query of `rows`', 'Read all rows with one query before the loop'],
  ],
  'the elements go elsewhere too': [
    `${OPEN}for (const row of rows) {\n    const guest = await prisma.guest.findFirst({ where: { id: row.guestId } });\n    found.push(guest?.email);\n  }\n  found.push(rows.map(({ id, ...rest }) => [String(id), Object.keys(rest)]));`,
    ['Read all rows with one query before the loop'],
  ],
  'a condition that the elements do not share': [
    `${OPEN}for (const row of rows) {\n    const guest = await prisma.guest.findFirst({ where: { id: row.guestId, email: 'a@x' } });\n    found.push(guest?.email);\n  }`,
    ['Read all rows with one query before the loop'],
  ],
  'concurrent turns': [
    `${OPEN}const names = await Promise.all(rows.map(async (row) => (await prisma.guest.findFirst({ where: { id: row.guestId }, select: { fullName: true } }))?.fullName));\n  found.push(names);`,
    ['Load `guest` with the query of `rows`', 'Read all rows with one query before the loop'],
  ],
  'concurrent turns that give the row': [
    `${OPEN}const guests = await Promise.all(rows.map((row) => prisma.guest.findFirst({ where: { id: row.guestId }, select: { fullName: true } })));\n  found.push(guests);`,
    ['Load `guest` with the query of `rows`', 'Read all rows with one query before the loop'],
  ],
  'the rows of each element': [
    `const guests = await prisma.guest.findMany({ where: { tenantId }, orderBy: { id: 'asc' } });\n  for (const guest of guests) {\n    const booked = await prisma.reservation.findMany({ where: { guestId: guest.id, tenantId }, orderBy: { id: 'desc' } });\n    found.push(guest.fullName, booked.map((b) => String(b.id)));\n  }`,
    ['Read all rows with one query before the loop'],
  ],
};

const FILE = 'src/case.ts';
const JSON_OF_BIGINT = 'Object.defineProperty(BigInt.prototype, "toJSON", { value() { return String(this); }, configurable: true });';

describe('Prisma: one or two statements do what the loop did', () => {
  new Function(JSON_OF_BIGINT)();
  for (const [name, [body, titles]] of Object.entries(cases)) {
    it(name, async () => {
      const code = CODE.replace('BODY', () => body);
      const workspace = await createFlowWorkspace({ 'schema.prisma': PRISMA, [FILE]: code });
      const findings = await workspace.lint(FILE, SCHEMA);
      expect(findings).toHaveLength(1);
      const fixes = findings[0]?.fixes() ?? [];
      expect(fixes.map((f) => f.title)).toEqual(titles);
      expect(typeErrors(code), code).toEqual([]);
      for (const fix of fixes) {
        const after = applyEdits(code, fix.edits) ?? '';
        workspace.write(FILE, after);
        expect(await workspace.lint(FILE, SCHEMA), after).toEqual([]);
        expect(typeErrors(after), after).toEqual([]);
        for (const tenant of [7, 8, 99]) {
          const before = await runTypeScript(code, database.url, [tenant]);
          const now = await runTypeScript(after, database.url, [tenant]);
          expect(now.value, after).toEqual(before.value);
          expect(now.statements.length, after).toBeLessThanOrEqual(2);
        }
      }
    });
  }
});

const root = path.resolve(import.meta.dirname, '../..');
const options: ts.CompilerOptions = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [], skipDefaultLibCheck: true };
const texts: Record<string, string> = { [path.join(root, 'prisma.d.ts')]: PRISMA_TYPES };
const host = ts.createCompilerHost(options);
const sources = new Map<string, ts.SourceFile | undefined>();
const read = host.readFile.bind(host);
host.readFile = (file) => texts[file] ?? read(file);
host.fileExists = (file) => texts[file] !== undefined || ts.sys.fileExists(file);
host.getSourceFile = (file, target) => {
  const key = texts[file] ?? file;
  if (!sources.has(key)) sources.set(key, texts[file] === undefined ? ts.createSourceFile(file, read(file) ?? '', target) : ts.createSourceFile(file, texts[file], target));
  return sources.get(key);
};
let program: ts.Program | undefined;

/** Type errors of the code against a client of the shape that Prisma generates. */
function typeErrors(code: string): readonly string[] {
  const file = path.join(root, 'case.ts');
  texts[file] = code;
  program = ts.createProgram(Object.keys(texts), options, host, program);
  const source = program.getSourceFile(file);
  const prisma = program.getSourceFile(path.join(root, 'prisma.d.ts'));
  if (!source || !prisma) throw new Error('the case is not part of the program');
  return [source, prisma].flatMap((one) => [...program!.getSyntacticDiagnostics(one), ...program!.getSemanticDiagnostics(one)]).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
}

it('the type check sees a wrong property', () => {
  expect(typeErrors(CODE.replace('BODY', 'found.push(await prisma.guest.findFirst({ where: { nome: 1 } }));'))).toHaveLength(1);
});
