import { describe, expect, it } from 'vitest';
import { createFlowWorkspace } from '../../support/flowWorkspace';

const repo = `import { Pool } from 'pg';
export class UserRepository {
  constructor(private readonly pool: Pool) {}
  async find(id: number) { return (await this.pool.query('SELECT name FROM users WHERE id = $1', [id])).rows[0]; }
}
export class AuditLog {
  async find(id: number) { return id; }
}
`;
const loop = (receiver: string): string => `for (const id of ids) await ${receiver}.find(id);`;

describe('what a container gives', () => {
  it('awilix: by name, to factories, constructors and through the cradle', async () => {
    const workspace = await createFlowWorkspace({
      'repo.ts': repo,
      'container.ts': `import { createContainer, asClass, asFunction } from 'awilix';
import { UserRepository, AuditLog } from './repo';
import { makeReport } from './report';
const container = createContainer();
container.register({ userRepository: asClass(UserRepository).singleton(), auditLog: asClass(AuditLog), report: asFunction(makeReport) });
container.register('people', asClass(UserRepository));
export async function handler(ids: number[]) {
  const userRepository = container.resolve('userRepository');
  const auditLog = container.resolve('auditLog');
  const { people } = container.cradle;
  ${loop('userRepository')} ${loop('people')} ${loop('container.cradle.userRepository')} ${loop('auditLog')} ${loop('container.cradle.auditLog')}
}
`,
      'report.ts': `export const makeReport = ({ userRepository, auditLog }) => ({
  async run(ids: number[]) { ${loop('userRepository')} ${loop('auditLog')} },
});
export const Card = ({ userRepository, title }) => { const ids = []; ${loop('userRepository')} };
`,
      'service.ts': `export class Proxied {
  private auditLog;
  constructor({ userRepository, auditLog }) { this.userRepository = userRepository; this.auditLog = auditLog; }
  async run(ids: number[]) { ${loop('this.userRepository')} ${loop('this.auditLog')} }
}
export class Classic {
  constructor(people, auditLog) { this.people = people; this.auditLog = auditLog; }
  async run(ids: number[]) { ${loop('this.people')} ${loop('this.auditLog')} }
}
export class Whole {
  constructor(opts) { this.people = opts.people; }
  async run(ids: number[]) { ${loop('this.people')} }
}
`,
    });
    expect(workspace.anchors('container.ts')).toEqual(['userRepository.find', 'people.find', 'container.cradle.userRepository.find']);
    expect(workspace.anchors('report.ts')).toEqual(['userRepository.find']);
    expect(workspace.anchors('service.ts')).toEqual(['this.userRepository.find', 'this.people.find', 'this.people.find']);
  });

  it('awilix: modules of a folder, by their files\u2019 names', async () => {
    const users = (head: string): string => `import { Pool } from 'pg';\n${head}{\n  constructor(private readonly pool: Pool) {}\n  async find(id: number) { return (await this.pool.query('SELECT name FROM users WHERE id = $1', [id])).rows[0]; }\n}\n`;
    const workspace = await createFlowWorkspace({
      'src/container.ts': "import { createContainer, Lifetime } from 'awilix';\nconst container = createContainer();\ncontainer.loadModules([['repositories/*.js', { lifetime: Lifetime.SCOPED }], `${__dirname}/factories/**/*.ts`], { formatName: 'camelCase', cwd: __dirname });\n",
      'src/repositories/user-repository.ts': users('export default class UserRepository '),
      'src/repositories/deep/hidden-repository.ts': users('export default class HiddenRepository '),
      'src/factories/a/make_people.ts': `import { Pool } from 'pg';\nconst make = ({ pool }: { pool: Pool }) => ({ find: async (id: number) => (await pool.query('SELECT 1 FROM people WHERE id = $1', [id])).rows });\nexport default make;\n`,
      'src/service.ts': `export class Service {\n  constructor({ userRepository, makePeople }) { this.userRepository = userRepository; this.makePeople = makePeople; }\n  async run(ids: number[]) { ${loop('this.userRepository')} ${loop('this.makePeople')} }\n}\nexport class Other {\n  constructor({ hiddenRepository }) { this.hiddenRepository = hiddenRepository; }\n  async run(ids: number[]) { ${loop('this.hiddenRepository')} }\n}\n`,
    });
    expect(workspace.anchors('src/service.ts')).toEqual(['this.userRepository.find', 'this.makePeople.find']);
    workspace.write('src/repositories/hidden-repository.ts', users('export default class HiddenRepository '));
    expect(workspace.anchors('src/service.ts')).toEqual(['this.userRepository.find', 'this.makePeople.find', 'this.hiddenRepository.find']);
  });

  it('tsyringe: by token, by class', async () => {
    const workspace = await createFlowWorkspace({
      'repo.ts': repo,
      'app.ts': `import { container, inject, injectable } from 'tsyringe';
import { UserRepository, AuditLog } from './repo';
container.register('Users', { useClass: UserRepository });
container.registerSingleton('Logs', AuditLog);
container.register('Made', { useFactory: (c) => new UserRepository(c.resolve('Pool')) });
@injectable()
export class Service {
  constructor(@inject('Users') private users: any, @inject(AuditLog) private log: any, @inject('Logs') private logs: any, private readonly direct: UserRepository, @inject('Made') private made, @inject('Unknown') private unknown: any) {}
  async run(ids: number[]) { ${['users', 'log', 'logs', 'direct', 'made', 'unknown'].map((name) => loop(`this.${name}`)).join(' ')} }
}
export async function go(ids: number[]) {
  const users = container.resolve(UserRepository);
  const named = container.resolve<any>('Users');
  const log = container.resolve(AuditLog);
  ${loop('users')} ${loop('named')} ${loop('log')}
}
`,
    });
    expect(workspace.anchors('app.ts')).toEqual(['this.users.find', 'this.direct.find', 'this.made.find', 'users.find', 'named.find']);
  });

  it('inversify and NestJS: a binding in another file, which may come later and go again', async () => {
    const service = `import { inject, injectable } from 'inversify';
import { TYPES, type Users } from './types';
import { container } from './container';
@injectable()
export class Service {
  @inject(TYPES.Users) private readonly prop!: Users;
  constructor(@inject(TYPES.Users) private users: Users, @inject(TYPES.Log) private log: Users, @Inject(STORE) private store: Users) {}
  async run(ids: number[]) { ${['users', 'prop', 'log', 'store'].map((name) => loop(`this.${name}`)).join(' ')} }
}
export async function go(ids: number[]) {
  const users = container.get<Users>(TYPES.Users);
  ${loop('users')}
}
`;
    const workspace = await createFlowWorkspace({ 'repo.ts': repo, 'types.ts': "export const TYPES = { Users: Symbol.for('Users'), Log: Symbol.for('Log') };\nexport interface Users { find(id: number): Promise<unknown> }\n", 'service.ts': service });
    expect(workspace.anchors('service.ts')).toEqual([]);
    workspace.write('container.ts', `import { Container } from 'inversify';
import { TYPES, type Users } from './types';
import { UserRepository, AuditLog } from './repo';
export const container = new Container();
container.bind<Users>(TYPES.Users).to(UserRepository).inSingletonScope();
container.bind(TYPES.Log).toDynamicValue(() => new AuditLog());
`);
    expect(workspace.anchors('service.ts')).toEqual(['this.users.find', 'this.prop.find', 'users.find']);
    workspace.write('module.ts', `import { Module } from '@nestjs/common';
import { UserRepository } from './repo';
@Module({ providers: [UserRepository, { provide: STORE, useClass: UserRepository }] })
export class AppModule {}
`);
    expect(workspace.anchors('service.ts')).toEqual(['this.users.find', 'this.prop.find', 'this.store.find', 'users.find']);
    workspace.remove('container.ts');
    expect(workspace.anchors('service.ts')).toEqual(['this.store.find']);
  });
});
