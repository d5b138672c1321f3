import { describe, expect, it } from 'vitest';
import { readScript } from '../../support/readScript';

describe('functions', () => {
  it('names functions by where they are defined', () => {
    const file = readScript(`function a() {}
const b = async (x) => x;
const c = function () {};
class D { m() {} static s = () => 1; get g() { return 1; } }
const users = { find() {}, load: async () => 1 };
export const createRepo = (db) => ({ save(x) { return db(x); } });
exports.e = () => 1;
list.map((x) => x);
export default async function () {}
function* gen() {}`);
    expect(file.functions.map((fn) => [fn.name, fn.owner, fn.classId, fn.async])).toEqual([
      ['a', undefined, undefined, false],
      ['b', undefined, undefined, true],
      ['c', undefined, undefined, false],
      ['m', undefined, 0, false],
      ['s', undefined, 0, false],
      ['g', undefined, 0, false],
      ['find', 'users', undefined, false],
      ['load', 'users', undefined, true],
      ['createRepo', undefined, undefined, false],
      ['save', 'createRepo', undefined, false],
      ['e', undefined, undefined, false],
      ['', undefined, undefined, false],
      ['', undefined, undefined, true],
      ['gen', undefined, undefined, false],
    ]);
    expect(file.classes[0]).toMatchObject({ name: 'D', methods: [3, 4, 5] });
    expect(file.functions.map((fn) => file.at(fn.nameSpan)).slice(0, 5)).toEqual(['a', 'b', 'c', 'm', 's']);
  });

  it('reads parameters, types and fields', () => {
    const file = readScript(`@Injectable()
export class UserService extends BaseService<User> implements X {
  private cache = new Cache();
  repo: UserRepository;
  constructor(private readonly users: UserRepository, db: Pool, @Inject('X') public x?: Thing) { super(); this.db = db; this.mailer = createMailer(); }
  @Cached(60)
  async find(id: string, { limit = 10, after }: Page = {}, ...rest: string[]) { if (!id) throw new Error('id'); const u = await this.users.byId(id); if (u.tenant !== limit) return null; return u; }
}`);
    expect(file.classes[0]).toMatchObject({ name: 'UserService', bases: ['BaseService'], decorators: ['Injectable()'] });
    expect(file.classes[0]?.fields).toEqual([
      { name: 'cache', type: 'Cache' },
      { name: 'repo', type: 'UserRepository' },
      { name: 'users', type: 'UserRepository' },
      { name: 'x', type: 'Thing' },
      { name: 'db', type: 'Pool' },
      { name: 'mailer', type: 'createMailer()' },
    ]);
    const [constructor, find] = file.functions;
    expect(constructor?.parameters).toEqual([
      { name: 'users', type: 'UserRepository', field: true, optional: false },
      { name: 'db', type: 'Pool', field: false, optional: false },
      { name: 'x', type: 'Thing', field: true, optional: true, decorators: ["Inject('X')"] },
    ]);
    expect(find?.parameters.map((parameter) => [parameter.name, parameter.type, parameter.optional])).toEqual([['id', 'string', false], ['{ limit = 10, after }', 'Page', true], ['...rest', 'string[]', false]]);
    expect(find?.decorators).toEqual(['Cached(60)']);
    expect(find?.guards.map((guard) => [guard.condition, guard.names])).toEqual([['!id', ['id']], ['u.tenant !== limit', ['u', 'limit']]]);
    expect(find?.locals.map((local) => [local.name, local.names, local.callId === undefined ? undefined : file.calls[local.callId]?.callee.join('.')])).toEqual([
      ['limit', [], undefined],
      ['after', [], undefined],
      ['u', ['this.users', 'id'], 'this.users.byId'],
    ]);
    expect(find?.returns.map((value) => value.text)).toEqual(['null', 'u']);
  });

  it.each([
    ["app.get('/users/:id', async (req, res) => { q(req.params.id); });", 'route'],
    ["router.post('/x', auth, async (req, res, next) => {});", 'route'],
    ["fastify.get('/x', { schema }, async (request, reply) => {});", 'route'],
    ["app.get('/x', (c) => c.json(1));", 'route'],
    ['export async function GET(request: Request) {}', 'route'],
    ['export const POST = async (request: NextRequest) => {};', 'route'],
    ['export default async function handler(req: NextApiRequest, res) {}', 'route'],
    ["class A { @Get(':id') one(@Param('id') id: string) {} }", 'controller'],
    ['class A { @ResolveField() posts(@Parent() u: User) {} }', 'resolver'],
    ['const r = t.router({ list: publicProcedure.input(z).query(async ({ input, ctx }) => {}) });', 'procedure'],
    ["map.get('key', (x) => x);", undefined],
    ['function plain(a, b) {}', undefined],
  ])('entry point of %s', (code, entry) => {
    expect(readScript(code).functions[0]?.entry).toBe(entry);
  });
});

describe('calls', () => {
  it('records path, arguments, awaiting, conditions', () => {
    const file = readScript(`async function f(a) {
  const user = await this.users.findById(a.id, { limit });
  if (user) notify(user);
  const x = user ? one() : two();
  user && three();
  try { four(); } catch { five(); }
  await db('t').where(x).limit(1);
  new Job(a).run();
  repos['users'].find();
  repos[name].find();
  return last(a, () => inner());
}`);
    expect(file.calls.map((call) => [call.callee.join('.'), call.awaited, call.conditional, call.resultName])).toEqual([
      ['this.users.findById', true, false, 'user'],
      ['notify', false, true, undefined],
      ['one', false, true, undefined],
      ['two', false, true, undefined],
      ['three', false, true, undefined],
      ['four', false, false, undefined],
      ['five', false, true, undefined],
      ['db.().where.().limit', true, false, undefined],
      ['db.().where', false, false, undefined],
      ['db', false, false, undefined],
      ['Job.().run', false, false, undefined],
      ['Job', false, false, undefined],
      ['repos.users.find', false, false, undefined],
      ['repos.?.find', false, false, undefined],
      ['last', false, false, undefined],
      ['inner', false, false, undefined],
    ]);
    expect(file.calls[0]?.args.map((arg) => [arg.text, arg.names])).toEqual([['a.id', ['a']], ['{ limit }', ['limit']]]);
    expect(file.at(file.calls[0]?.nameSpan)).toBe('findById');
    const last = file.calls.find((call) => call.callee[0] === 'last');
    expect(last?.exitsAfter).toBe(true);
    expect(last?.args[1]?.functionId).toBe(1);
    expect(file.functions[1]?.callback).toEqual({ callId: last?.id, argument: 1 });
    expect(file.calls.find((call) => call.callee[0] === 'inner')?.functionId).toBe(1);
    expect(file.calls.find((call) => call.constructs)?.callee).toEqual(['Job']);
  });
});

describe('modules', () => {
  it('reads imports and exports of both kinds', () => {
    const file = readScript(`import d, { a as b, type C } from './m';
import * as ns from '@app/ns';
import fs = require('fs');
const { x, y: z } = require('../x');
const whole = require('whole'); const part = require('m').part;
export { b, d as dd } from './n';
export * from './all'; export * as group from './group';
export const one = 1, { two } = o;
export class K {} export async function fn() {}
export default K;
module.exports = { left, right: other }; exports.third = third;`);
    expect(file.imports).toEqual([
      { local: 'd', module: './m', imported: 'default' },
      { local: 'b', module: './m', imported: 'a' },
      { local: 'C', module: './m', imported: 'C' },
      { local: 'ns', module: '@app/ns', imported: '*' },
      { local: 'fs', module: 'fs', imported: '*' },
      { local: 'x', module: '../x', imported: 'x' },
      { local: 'z', module: '../x', imported: 'y' },
      { local: 'whole', module: 'whole', imported: '*' },
      { local: 'part', module: 'm', imported: 'part' },
    ]);
    expect(file.exports).toEqual([
      { name: 'b', local: 'b', module: './n' },
      { name: 'dd', local: 'd', module: './n' },
      { name: '*', module: './all' },
      { name: 'group', local: '*', module: './group' },
      { name: 'one', local: 'one' },
      { name: 'two', local: 'two' },
      { name: 'K', local: 'K' },
      { name: 'fn', local: 'fn' },
      { name: 'default', local: 'K' },
      { name: 'left', local: 'left' },
      { name: 'right', local: 'other' },
      { name: 'default' },
      { name: 'third', local: 'third' },
    ]);
  });

  it('knows the locals of the module', () => {
    const file = readScript('export const users = new UserService(pool);\nlet n: number = f();');
    expect(file.locals).toMatchObject([{ name: 'users', names: ['UserService', 'pool'], callId: 0 }, { name: 'n', type: 'number', callId: 1 }]);
  });
});

describe('suppressions, roles, errors', () => {
  it('reads suppression comments', () => {
    const file = readScript("// sargable-disable-next-line n-plus-one, select-star: two rows only\nf();\ng(); // sargable-disable-line\n/* sargable-disable select-star -- generated */\n// sargable-disabled is no such comment\n");
    expect(file.suppressions.map(({ scope, rules, reason }) => ({ scope, rules, reason }))).toEqual([
      { scope: 'next-line', rules: ['n-plus-one', 'select-star'], reason: 'two rows only' },
      { scope: 'line', rules: [], reason: undefined },
      { scope: 'file', rules: ['select-star'], reason: 'generated' },
    ]);
    expect(file.at(file.suppressions[1]?.span)).toBe('// sargable-disable-line');
  });

  it.each([
    ['src/users/repo.ts', 'application'],
    ['src/users/repo.test.ts', 'test'],
    ['test/helpers/db.ts', 'test'],
    ['db/migrations/001_init.ts', 'migration'],
    ['prisma/seed.ts', 'seed'],
    ['scripts/backfill.ts', 'script'],
    ['src/generated/client.ts', 'generated'],
    ['node_modules/pg/lib/index.js', 'vendored'],
  ])('%s is %s', (name, role) => {
    expect(readScript('f();', name).role).toBe(role);
  });

  it('reports stretches that do not parse and reads the rest', () => {
    const file = readScript("async function a() { await pool.query('SELECT 1 FROM t'); }\nfunction b( { \n const = ;\n");
    expect(file.errors.length).toBeGreaterThan(0);
    expect(file.sites).toHaveLength(1);
  });

  it('reads TSX and JSX', () => {
    const code = "import { Pool } from 'pg';\nconst pool = new Pool();\nexport default async function Page({ params }) { const { rows } = await pool.query('SELECT a FROM t'); return <ul>{rows.map((r) => <li key={r.a}>{r.a}</li>)}</ul>; }";
    for (const name of ['app/page.tsx', 'app/page.jsx', 'app/page.js']) {
      const file = readScript(code, name);
      expect(file.errors).toEqual([]);
      expect(file.sites.map((site) => site.source?.text)).toEqual(['SELECT a FROM t']);
      expect(file.loops).toMatchObject([{ kind: 'callback', iterable: { kind: 'query' } }]);
    }
  });

  it('survives nesting and garbage', () => {
    for (const code of ['('.repeat(3000), `f(${'['.repeat(3000)}`, `const s = ${Array.from({ length: 3000 }, (_, i) => `'a${i}'`).join(' + ')};`, 'a'.repeat(10) + '\u0000\uD800`${', `${'if (a) { '.repeat(1200)}q('SELECT 1 FROM t')`, `x${'.f()'.repeat(3000)}`, 'let s = s + s; s = `${s}${s}`; await pool.query(s);', 'const a = b, b = a; pool.query(a); pool.query(f()); function f() { return f(); }']) {
      expect(() => readScript(code)).not.toThrow();
    }
  });
});
