import type { ModelIr, QuerySite } from '../../hosts/ir';
import { callParts } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext, Origin } from '../adapter';

const types = /Prisma(Client|Service|Tx|Transaction)|TransactionClient|ExtendedPrisma|PrismaClientOrTransaction/;
const foreignTypes = /Knex|Kysely|Drizzle|Redis|Mongo|Pool|EntityManager|DataSource|Supabase|Firestore|string|number/;
const prismaNames = /^_?(prisma\w*|\w*Prisma|prismaClient)$/i;
const looseNames = /^_?(db|tx|trx|client|transaction|database|conn|readDb|writeDb|replica|dbClient|orm|t)$/i;
const modules = /(^|\/)(@prisma\/client|\.prisma\/client|generated\/prisma|generated\/client|prisma\/generated)/;
const foreignModules = /^(drizzle-orm|kysely|knex|mongoose|mongodb|typeorm|sequelize|@supabase|firebase|ioredis|redis|@vercel\/kv)/;

/** Method → does no other library have it, so that with a loose name it is proof enough? */
const methods: Readonly<Record<string, boolean>> = {
  findMany: true, findFirst: true, findFirstOrThrow: true, findUnique: true, findUniqueOrThrow: true, createMany: true, createManyAndReturn: true, updateMany: true, updateManyAndReturn: true, deleteMany: true,
  count: false, aggregate: false, groupBy: false, create: false, update: false, upsert: false, delete: false,
};
/** `toString` is a property of every object. */
export const isPrismaMethod = (name: string): boolean => Object.hasOwn(methods, name);
const isDistinctive = (name: string): boolean => isPrismaMethod(name) && methods[name] === true;

/** How well an expression is known to be a Prisma client; undefined: it is not one, or nothing tells. */
export function prismaClient(node: SyntaxNode, context: HostContext): { readonly confidence: QuerySite['confidence']; readonly named: boolean } | undefined {
  const origin = byOrigin(context.origin(node), context, 0);
  if (origin === 'other') return undefined;
  if (origin) return { confidence: origin, named: true };
  const name = context.path(node)?.filter((step) => step !== '()').at(-1) ?? '';
  if (prismaNames.test(name)) return { confidence: 'typed', named: true };
  return looseNames.test(name) ? { confidence: 'typed', named: false } : undefined;
}

/**
 * The model behind `client.model.method(…)`.
 * @returns undefined when the call is not Prisma's.
 */
export function prismaModel(object: SyntaxNode, method: string, context: HostContext): { readonly name: string | undefined; readonly model: ModelIr | undefined; readonly confidence: QuerySite['confidence'] } | undefined {
  if (object.type !== 'member_expression' && object.type !== 'subscript_expression') return undefined;
  const client = object.childForFieldName('object');
  const receiver = client && prismaClient(client, context);
  if (!receiver) return undefined;
  const property = object.type === 'member_expression' ? object.childForFieldName('property')?.text : undefined;
  if (property === undefined) return receiver.named && isDistinctive(method) ? { name: undefined, model: undefined, confidence: receiver.confidence } : undefined;
  if (property.startsWith('$') || property.startsWith('#')) return undefined;
  const name = property.charAt(0).toUpperCase() + property.slice(1);
  const model = context.model(name, 'prisma') ?? context.model(property, 'prisma');
  if (!receiver.named && !model && !isDistinctive(method)) return undefined;
  return { name: model?.name ?? name, model, confidence: receiver.confidence };
}

function byOrigin(origin: Origin, context: HostContext, hops: number): QuerySite['confidence'] | 'other' | undefined {
  if (hops > 6) return undefined;
  switch (origin.kind) {
    case 'construct': {
      if ((origin.path?.length ?? 0) > 0) return undefined;
      const name = origin.callee.at(-1) ?? '';
      return /^Prisma(Client|Service)$/.test(name) ? 'proved' : foreignTypes.test(name) ? 'other' : undefined;
    }
    case 'call': {
      // `new PrismaClient().$extends({…})`
      const callee = callParts(origin.node)?.callee;
      const object = callee?.childForFieldName('object');
      if (object && /^(\$extends|\$on|withAccelerate)$/.test(origin.callee.at(-1) ?? '')) return byOrigin(context.origin(object), context, hops + 1);
      const made = callee ? context.origin(callee) : undefined;
      return made?.kind === 'import' && foreignModules.test(made.module) ? 'other' : undefined;
    }
    case 'parameter': {
      if (origin.type !== undefined && origin.path.length === 0) return types.test(origin.type) ? 'typed' : foreignTypes.test(origin.type) ? 'other' : undefined;
      const callee = origin.callback ? callParts(origin.callback.call)?.callee : undefined;
      const object = callee?.childForFieldName('property')?.text === '$transaction' && origin.index === 0 ? callee.childForFieldName('object') : null;
      return object ? byOrigin(context.origin(object), context, hops + 1) ?? 'typed' : undefined;
    }
    case 'field':
      return origin.type === undefined ? undefined : types.test(origin.type) ? 'typed' : foreignTypes.test(origin.type) ? 'other' : undefined;
    case 'import':
      return modules.test(origin.module) && !/^(Prisma|\*)$/.test(origin.imported) ? 'typed' : foreignModules.test(origin.module) ? 'other' : undefined;
    default:
      return undefined;
  }
}
