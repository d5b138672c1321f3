import type { ModelIr, QuerySite } from '../../hosts/ir';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, Origin } from '../adapter';
import { rowSource } from '../shared/rowSource';
import { textHolds } from '../shared/fileText';
import { findEntity } from './mikroNaming';

/** What a query is asked of. */
export interface MikroReceiver {
  readonly kind: 'em' | 'repository' | 'connection';
  readonly confidence: QuerySite['confidence'];
  /** Entity of a repository, where known. */
  readonly entity?: string;
}

const mikroImports = /['"](?:@mikro-orm\/|nestjs-mikro)/;
const usesMikro = (context: HostContext): boolean => textHolds(context, mikroImports);
const ormClass = /^MikroORM$/;
const managerClass = /^(Sql|Knex|PostgreSql)?EntityManager$/;
const repositoryClass = /^(Sql|PostgreSql)?EntityRepository$/;

/** @returns undefined when the expression is nothing of MikroORM, or nothing tells. */
export function mikroReceiver(written: SyntaxNode, context: HostContext, hops = 0): MikroReceiver | undefined {
  const node = unwrap(written, true);
  if (hops > 6) return undefined;
  if (node.type === 'this' || node.type === 'super') return ownRepository(node, context);
  const call = callParts(node);
  if (call && node.type === 'call_expression') return byCall(call.callee, call.args, context, hops);
  // `orm.em`, `this.orm.em`, `this.em` of a repository.
  if (node.type === 'member_expression' && node.childForFieldName('property')?.text === 'em') {
    const object = node.childForFieldName('object');
    if (object && object.type === 'this' && ownRepository(object, context)) return { kind: 'em', confidence: 'typed' };
  }
  const origin = context.origin(node);
  const found = byOrigin(origin, context, hops);
  return found === 'other' ? undefined : found ?? byName(node, context);
}

function byCall(callee: SyntaxNode, args: readonly SyntaxNode[], context: HostContext, hops: number): MikroReceiver | undefined {
  const name = callee.type === 'member_expression' ? callee.childForFieldName('property')?.text : callee.text;
  const object = callee.childForFieldName('object');
  switch (name) {
    case 'getRepository': {
      const manager = object ? mikroReceiver(object, context, hops + 1) : undefined;
      const entity = entityNamed(args[0]);
      return manager?.kind === 'em' && entity !== undefined ? { kind: 'repository', confidence: manager.confidence, entity } : undefined;
    }
    case 'getConnection':
    case 'getKysely':
      return name === 'getConnection' && object && mikroReceiver(object, context, hops + 1)?.kind === 'em' ? { kind: 'connection', confidence: 'typed' } : undefined;
    case 'getEntityManager':
      return usesMikro(context) ? { kind: 'em', confidence: 'typed' } : undefined;
    case 'fork':
      return object ? mikroReceiver(object, context, hops + 1) : undefined;
    default:
      return undefined;
  }
}

function byOrigin(origin: Origin, context: HostContext, hops: number): MikroReceiver | 'other' | undefined {
  switch (origin.kind) {
    case 'call': {
      const path = origin.path ?? [];
      if (ormClass.test(origin.callee.at(-2) ?? '') && /^init(Sync)?$/.test(origin.callee.at(-1) ?? '')) return path.join() === 'em' ? { kind: 'em', confidence: 'proved' } : 'other';
      const parts = callParts(origin.node);
      return parts && path.length === 0 ? byCall(parts.callee, parts.args, context, hops) : undefined;
    }
    case 'construct':
      if (ormClass.test(origin.callee.at(-1) ?? '')) return (origin.path ?? []).join() === 'em' ? { kind: 'em', confidence: 'proved' } : 'other';
      return namedRepository(origin.callee.at(-1), context) ?? 'other';
    case 'parameter': {
      if (origin.type !== undefined) return byType(origin.type, origin.path, context);
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const object = /^(transactional|transactionally)$/.test(callee?.childForFieldName('property')?.text ?? '') && origin.index === 0 && origin.path.length === 0 ? callee?.childForFieldName('object') : null;
      return object && mikroReceiver(object, context, hops + 1)?.kind === 'em' ? { kind: 'em', confidence: 'typed' } : undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : byType(origin.type, origin.path.slice(1), context);
    case 'import':
      return /^(typeorm|@nestjs\/typeorm|mongoose|sequelize|@prisma)/.test(origin.module) ? 'other' : undefined;
    default:
      return undefined;
  }
}

function byType(type: string, path: readonly string[], context: HostContext): MikroReceiver | 'other' | undefined {
  const [, name = '', argument] = /^(?:\w+\.)?(\w+)(?:<\s*([\w.]+)[^>]*>)?/.exec(type.trim()) ?? [];
  if (ormClass.test(name)) return path.join() === 'em' ? { kind: 'em', confidence: 'typed' } : 'other';
  if (managerClass.test(name)) return usesMikro(context) && path.length === 0 ? { kind: 'em', confidence: 'typed' } : 'other';
  if (repositoryClass.test(name)) return path.length === 0 ? { kind: 'repository', confidence: 'typed', ...(argument === undefined ? {} : { entity: argument }) } : 'other';
  return path.length === 0 ? namedRepository(name, context) ?? 'other' : 'other';
}

/** `class UserRepository extends EntityRepository<User>`. */
function namedRepository(name: string | undefined, context: HostContext): MikroReceiver | undefined {
  const model = name === undefined ? undefined : context.model(name, 'mikro-orm');
  return model?.repositoryOf === undefined ? undefined : { kind: 'repository', confidence: 'typed', entity: model.repositoryOf };
}

function ownRepository(node: SyntaxNode, context: HostContext): MikroReceiver | undefined {
  for (let current = node.parent; current; current = current.parent) {
    if (/^(class_declaration|abstract_class_declaration|class)$/.test(current.type)) return namedRepository(current.childForFieldName('name')?.text, context);
  }
  return undefined;
}

/** `em`, `this.em`, `orm.em`, where the file speaks of MikroORM. */
function byName(node: SyntaxNode, context: HostContext): MikroReceiver | undefined {
  const name = context.path(node)?.at(-1) ?? '';
  return usesMikro(context) && /^_?(em|entityManager)$/.test(name) ? { kind: 'em', confidence: 'typed' } : undefined;
}

/** The entity that an expression names: a class, a schema's variable, `'User'`. */
export function entityNamed(node: SyntaxNode | undefined): string | undefined {
  const inner = node && unwrap(node);
  if (inner?.type === 'string') return inner.text.slice(1, -1);
  return inner?.type === 'identifier' ? inner.text : inner?.type === 'member_expression' ? inner.childForFieldName('property')?.text : undefined;
}

/** Entity of a row that the file got from MikroORM: a parameter of the class, a result, an element of a list of results. */
export function rowModel(written: SyntaxNode, context: HostContext): ModelIr | undefined {
  const source = rowSource(written, context);
  if (source?.kind !== 'call') return source && findEntity(/^(?:Loaded<\s*)?(\w+)/.exec(source.type)?.[1] ?? '', context);
  const parts = callParts(source.call);
  const method = parts?.callee.childForFieldName('property')?.text ?? '';
  const object = parts?.callee.childForFieldName('object');
  if (!object || source.path.join() !== (method === 'findAndCount' ? '0' : '') || !(source.many ? /^(find|findAll|findAndCount)$/ : /^(findOne|findOneOrFail|getReference|upsert)$/).test(method)) return undefined;
  const receiver = mikroReceiver(object, context);
  const name = receiver?.kind === 'em' ? entityNamed(parts?.args[0]) : receiver?.entity;
  return name === undefined ? undefined : findEntity(name, context);
}
