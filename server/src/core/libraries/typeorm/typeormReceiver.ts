import type { QuerySite } from '../../hosts/ir';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, Origin } from '../adapter';
import { findEntity } from './typeormNaming';
import { entityNamed } from './typeormScope';
import { textHolds } from '../shared/fileText';

/** What a query is asked of. */
export interface TypeormReceiver {
  readonly kind: 'repository' | 'manager' | 'runner';
  readonly confidence: QuerySite['confidence'];
  /** Entity of a repository, where known. */
  readonly entity?: string;
}

const foreignModules = /^(@?mikro-orm|mongoose|sequelize|@prisma|drizzle-orm|knex|objection|mongodb|@nestjs\/mongoose)/;
const typeormModule = /^(typeorm|@nestjs\/typeorm|typeorm-transactional.*|typedi-typeorm-extensions)$/;
const repositoryNames = /^_?(\w*?)_?(?:[Rr]epo(?:sitory)?)s?$/;

/** Does the file take anything from TypeORM, or does it name nothing of another ORM? */
const ownImports = /['"](?:typeorm|@nestjs\/typeorm)['"]/;
const otherImports = /['"](?:@mikro-orm\/|mongoose['"]|sequelize['"]|sequelize-typescript['"]|@nestjs\/mongoose['"]|objection['"])/;
const usesTypeorm = (context: HostContext): boolean => textHolds(context, ownImports);
const usesOther = (context: HostContext): boolean => textHolds(context, otherImports);

/** @returns undefined when the expression is nothing of TypeORM, or nothing tells. */
export function typeormReceiver(written: SyntaxNode, context: HostContext, hops = 0): TypeormReceiver | undefined {
  const node = unwrap(written, true);
  if (hops > 6) return undefined;
  if (node.type === 'this' || node.type === 'super') return ownRepository(node, context);
  const call = callParts(node);
  if (call && node.type === 'call_expression') return byCall(call.callee, call.args, context, hops);
  const origin = context.origin(node);
  const found = byOrigin(origin, context, hops);
  if (found === 'other') return undefined;
  return found ?? byName(node, context);
}

function byCall(callee: SyntaxNode, args: readonly SyntaxNode[], context: HostContext, hops: number): TypeormReceiver | undefined {
  const name = callee.type === 'member_expression' ? callee.childForFieldName('property')?.text : callee.text;
  const object = callee.childForFieldName('object');
  switch (name) {
    case 'getRepository':
    case 'getTreeRepository': {
      const entity = entityNamed(args.at(-1), context);
      if (usesOther(context) && !usesTypeorm(context)) return undefined;
      const manager = object ? typeormReceiver(object, context, hops + 1) : context.origin(callee).kind === 'import' ? { confidence: 'proved' as const } : undefined;
      if (!manager && !entity?.model) return undefined;
      return { kind: 'repository', confidence: manager?.confidence ?? 'typed', ...(entity ? { entity: entity.name } : {}) };
    }
    case 'withRepository':
    case 'getCustomRepository': {
      const inner = args[0] && typeormReceiver(args[0], context, hops + 1);
      return inner ?? repositoryClass(args[0]?.text, context);
    }
    case 'extend':
      return object ? typeormReceiver(object, context, hops + 1) : undefined;
    case 'createQueryRunner':
      return { kind: 'runner', confidence: 'typed' };
    case 'getManager':
    case 'getConnection':
      return context.origin(callee).kind === 'import' && usesTypeorm(context) ? { kind: 'manager', confidence: 'proved' } : undefined;
    default:
      return undefined;
  }
}

function byOrigin(origin: Origin, context: HostContext, hops: number): TypeormReceiver | 'other' | undefined {
  switch (origin.kind) {
    case 'call': {
      const parts = callParts(origin.node);
      if (!parts) return undefined;
      const path = origin.path ?? [];
      if (path.length === 0) return byCall(parts.callee, parts.args, context, hops);
      return byCall(parts.callee, parts.args, context, hops) && path.at(-1) === 'manager' ? { kind: 'manager', confidence: 'typed' } : undefined;
    }
    case 'construct': {
      const name = origin.callee.at(-1) ?? '';
      if (name === 'DataSource') return (origin.path ?? []).every((step) => step === 'manager') && usesTypeorm(context) ? { kind: 'manager', confidence: 'proved' } : undefined;
      return repositoryClass(name, context);
    }
    case 'parameter': {
      if (origin.type !== undefined) return byType(origin.type, origin.path, context);
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const object = callee?.childForFieldName('property')?.text === 'transaction' && origin.index === 0 && origin.path.length === 0 ? callee.childForFieldName('object') : null;
      return object ? typeormReceiver(object, context, hops + 1) && { kind: 'manager', confidence: 'typed' } : undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : byType(origin.type, origin.path.slice(1), context);
    case 'import':
      if (foreignModules.test(origin.module)) return 'other';
      if (typeormModule.test(origin.module)) return 'other';
      return repositoryClass(origin.imported, context) ?? (findEntity(origin.imported, context) && origin.path.length === 0 ? 'other' : undefined);
    default:
      return undefined;
  }
}

function byType(type: string, path: readonly string[], context: HostContext): TypeormReceiver | 'other' | undefined {
  const [, name = '', argument] = /^(?:typeorm\.)?(\w+)(?:<\s*([\w.]+)[^>]*>)?/.exec(type.trim()) ?? [];
  const rest = path.filter((step) => step !== 'manager');
  if (/^(Tree)?Repository$/.test(name)) return usesOther(context) && !usesTypeorm(context) ? 'other' : path.at(-1) === 'manager' ? { kind: 'manager', confidence: 'typed' } : path.length === 0 ? { kind: 'repository', confidence: 'typed', ...(argument === undefined ? {} : { entity: argument }) } : undefined;
  if (/^(EntityManager|DataSource|Connection)$/.test(name)) return !usesTypeorm(context) ? 'other' : rest.length === 0 ? { kind: 'manager', confidence: 'typed' } : undefined;
  if (name === 'QueryRunner') return !usesTypeorm(context) ? 'other' : { kind: path.at(-1) === 'manager' ? 'manager' : 'runner', confidence: 'typed' };
  if (/^(Mongo|Entity)Repository$|^Model$|^PrismaService$|^Knex$|^Kysely$/.test(name)) return 'other';
  return path.length === 0 ? repositoryClass(name, context) : undefined;
}

/** `class UserRepository extends Repository<User>`. */
function repositoryClass(name: string | undefined, context: HostContext): TypeormReceiver | undefined {
  const model = name === undefined ? undefined : context.model(name, 'typeorm');
  return model?.repositoryOf === undefined ? undefined : { kind: 'repository', confidence: 'typed', entity: model.repositoryOf };
}

/** `this.find(…)` inside a repository class. */
function ownRepository(node: SyntaxNode, context: HostContext): TypeormReceiver | undefined {
  for (let current = node.parent; current; current = current.parent) {
    if (!/^(class_declaration|abstract_class_declaration|class)$/.test(current.type)) continue;
    return repositoryClass(current.childForFieldName('name')?.text, context);
  }
  return undefined;
}

/** `userRepository`, `this.usersRepo`, `dataSource`, where the file speaks of TypeORM. */
function byName(node: SyntaxNode, context: HostContext): TypeormReceiver | undefined {
  const name = context.path(node)?.at(-1) ?? '';
  if (!usesTypeorm(context)) return undefined;
  if (/^(dataSource|appDataSource|AppDataSource|entityManager|manager|transactionalEntityManager|transactionManager|connection)$/.test(name)) return { kind: 'manager', confidence: 'typed' };
  if (name === 'queryRunner') return { kind: 'runner', confidence: 'typed' };
  const stem = repositoryNames.exec(name)?.[1];
  if (stem === undefined || stem === '') return undefined;
  const entity = [stem, stem.replace(/s$/, ''), stem.replace(/ies$/, 'y')].map((word) => word.charAt(0).toUpperCase() + word.slice(1)).find((candidate) => findEntity(candidate, context) !== undefined);
  return { kind: 'repository', confidence: 'typed', ...(entity === undefined ? {} : { entity }) };
}

/** Active Record: the class itself, where it is an entity of the workspace. */
export function activeRecord(node: SyntaxNode, context: HostContext): string | undefined {
  const inner = unwrap(node);
  if (inner.type !== 'identifier' || !/^[A-Z]/.test(inner.text)) return undefined;
  const model = findEntity(inner.text, context);
  if (!model || model.table === '') return undefined;
  const origin = context.origin(inner);
  if (origin.kind === 'import' && foreignModules.test(origin.module)) return undefined;
  return origin.kind === 'import' || origin.kind === 'node' ? inner.text : undefined;
}
