import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../../server/src/db/session';
import { parseServiceFile, readService } from '../../server/src/db/serviceFile';
import { parseConnection, resolveTarget } from '../../server/src/db/url';
import { serverUrl } from '../support/postgres';
import { makeWorkspace } from '../support/workspaceFolder';

let files: ReturnType<typeof makeWorkspace>;
let environment: Record<string, string>;
beforeAll(async () => {
  const url = new URL(await serverUrl());
  files = makeWorkspace({
    '.pg_service.conf': `# services\n[live]\nhost=127.0.0.1\nport=${url.port}\nuser=${url.username}\npassword=${url.password}\ndbname=postgres\n\n[ other ]\n  host = db.example.org \n#host=commented\nsslmode=verify-full\n[live]\nhost=second\n`,
    'site/pg_service.conf': '[site]\nhost=site.example.org\n',
  });
  environment = { HOME: files.folder, PGSYSCONFDIR: files.path('site') };
});
afterAll(() => {
  files.remove();
});

describe('service files', () => {
  it('sections, comments, blanks; the first of equal names counts', () => {
    const services = parseServiceFile(files.read('.pg_service.conf'));
    expect([...services.keys()]).toEqual(['live', ' other ']);
    expect(services.get('live')?.get('host')).toBe('127.0.0.1');
    expect(Object.fromEntries(services.get(' other ') ?? [])).toEqual({ host: 'db.example.org', sslmode: 'verify-full' });
  });
  it('are found at home, where PGSERVICEFILE says, and in PGSYSCONFDIR', () => {
    expect(readService('site', environment).get('host')).toBe('site.example.org');
    expect(readService('site', { PGSERVICEFILE: files.path('site/pg_service.conf') }).get('host')).toBe('site.example.org');
    expect(() => readService('nowhere', environment)).toThrow(/service "nowhere" is not in .*\.pg_service\.conf nor/);
  });
  it('fill in what is missing, before PG* variables, after what is written', () => {
    expect(resolveTarget(parseConnection('service=live dbname=shop'), { ...environment, PGUSER: 'me', PGDATABASE: 'mine' })).toMatchObject({ host: '127.0.0.1', database: 'shop', user: 'postgres' });
    expect(resolveTarget(parseConnection('postgres://ann@/shop?service=site'), { ...environment, PGPORT: '6000' })).toMatchObject({ host: 'site.example.org', database: 'shop', user: 'ann', port: 6000 });
    expect(resolveTarget(parseConnection(''), { ...environment, PGSERVICE: 'site' })).toMatchObject({ host: 'site.example.org' });
  });
  it('connect', async () => {
    for (const [text, more] of [['service=live', {}], ['', { PGSERVICE: 'live' }]] as const) {
      const session = openSession(text, { environment: { ...environment, ...more } });
      expect(await session.withConnection((connection) => connection.query('select 1 as one'))).toEqual([{ one: 1 }]);
      expect(session.label).toMatch(/^postgres@127\.0\.0\.1:\d+\/postgres$/);
      await session.close();
    }
  });
});

describe('connections that name several hosts', () => {
  it.each(['postgres://u:p@a.example,b.example:5433/d', 'postgres://a.example:5432,b.example:5432/d', 'host=a,b dbname=d', 'host=a port=1,2', 'postgres:///d?host=a,b'])('%s is answered clearly', (text) => {
    expect(() => parseConnection(text)).toThrow(/names several hosts/);
  });
  it('a comma in a password is none', () => {
    expect(parseConnection('postgres://u:a,b@h/d')).toMatchObject({ host: 'h', password: 'a,b' });
  });
  it('an unknown sslmode is said, not guessed', () => {
    expect(() => parseConnection('postgres://u@h/d?sslmode=verify_full')).toThrow(/sslmode/);
  });
});
