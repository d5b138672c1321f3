import type { SyntaxNode } from '../syntax';
import { callParts, keyName, loosePath } from './syntaxTools';

const routeMethods = /^(get|post|put|patch|delete|del|head|options|all|use|route|on|openapi)$/;
const routers = /(^|\.)(app|router|server|fastify|api|routes?|instance|hono|koa|[a-z]*Router|[a-z]*Routes|[a-z]*App)(\.|$)/i;
const nestDecorators = /^@(Get|Post|Put|Patch|Delete|All|Options|Head|Query|Mutation|Subscription|ResolveField|MessagePattern|EventPattern|SubscribeMessage|Sse)\b/;
const resolverDecorators = /^@(ResolveField|FieldResolver)\b/;
const nextMethods = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|loader|action|getServerSideProps|getStaticProps)$/;

/**
 * What calls this function from outside: a route handler, controller method, resolver, procedure.
 * @returns undefined for an ordinary function.
 */
export function describeEntry(fn: SyntaxNode): string | undefined {
  if (fn.type === 'method_definition') {
    const decorators = decoratorsOf(fn);
    const found = decorators.find((decorator) => nestDecorators.test(decorator));
    if (found) return resolverDecorators.test(found) ? 'resolver' : 'controller';
    return takesRequest(fn) ? 'route' : undefined;
  }
  const parent = fn.parent;
  if (parent?.type === 'arguments' && parent.parent) return entryOfCallback(parent.parent, fn);
  if (parent?.type === 'export_statement' && fn.type === 'function_declaration') {
    if (nextMethods.test(fn.childForFieldName('name')?.text ?? '')) return 'route';
    if (isServerModule(parent.parent)) return 'action';
    return takesRequest(fn) ? 'route' : undefined;
  }
  if (parent?.type === 'variable_declarator' && parent.parent?.parent?.type === 'export_statement' && isServerModule(parent.parent.parent.parent)) return 'action';
  if (parent?.type === 'variable_declarator' && parent.parent?.parent?.type === 'export_statement') return nextMethods.test(parent.childForFieldName('name')?.text ?? '') ? 'route' : takesRequest(fn) ? 'route' : undefined;
  if (/^(function_declaration|arrow_function|function_expression)$/.test(fn.type) && takesRequest(fn)) return 'route';
  return undefined;
}

/** A file that begins with `'use server'`: each function it exports is called by the browser. */
function isServerModule(program: SyntaxNode | null): boolean {
  const first = program?.type === 'program' ? program.namedChildren.find((child) => child.type !== 'comment') : undefined;
  return first?.type === 'expression_statement' && /^['"]use server['"];?$/.test(first.text);
}

const jobDecorators = /^@(Process|Processor|Cron|Interval|Timeout|OnEvent|EventPattern|SqsMessageHandler|RabbitSubscribe|OnQueue\w*|OnWorkerEvent|CronExpression)\b/;
const jobRunners = /^(process|work|consume|schedule|scheduleJob|createFunction|define|every|run|addWorker|subscribe|task)$/;
const jobReceivers = /(queue|worker|boss|cron|scheduler|schedule|agenda|inngest|schedules|consumer|kafka|pgBoss)$/i;

/** Does a queue, a clock or an event run this function? Nobody waits for its answer then. */
export function isBackground(fn: SyntaxNode): boolean {
  const parent = fn.parent;
  if (fn.type === 'method_definition') {
    if (decoratorsOf(fn).some((decorator) => jobDecorators.test(decorator))) return true;
    const owner = parent?.type === 'class_body' ? parent.parent : null;
    return owner !== null && fn.childForFieldName('name')?.text === 'process' && decoratorsOf(owner).some((decorator) => /^@Processor\b/.test(decorator));
  }
  if (parent?.type === 'variable_declarator') return /^:\s*(Task|JobHandler|Processor|WorkerHandler|SQSHandler|ScheduledHandler)\b/.test(parent.childForFieldName('type')?.text ?? '');
  const call = parent?.type === 'arguments' ? parent.parent : null;
  const callee = call ? callParts(call)?.callee : undefined;
  if (call?.type === 'new_expression') return /^(Worker|CronJob|Cron)$/.test(callee?.text ?? '');
  return callee?.type === 'member_expression' && jobRunners.test(callee.childForFieldName('property')?.text ?? '') && jobReceivers.test(callee.childForFieldName('object')?.text ?? '');
}

const rootTypes = /^(Query|Mutation|Subscription|RootQuery|RootMutation|Root|QueryType|MutationType)$/;

/**
 * Type of the objects whose field this function resolves (GraphQL): it runs once per object of an answer.
 * @returns empty where the type cannot be named; undefined for any other function.
 */
export function describePerObject(fn: SyntaxNode): string | undefined {
  const parent = fn.parent;
  if (fn.type === 'method_definition' && parent?.type === 'class_body') {
    if (!decoratorsOf(fn).some((decorator) => resolverDecorators.test(decorator))) return undefined;
    const owner = parent.parent;
    const resolver = owner ? decoratorsOf(owner).find((decorator) => /^@Resolver\b/.test(decorator)) : undefined;
    return (/=>\s*(\w+)/.exec(resolver ?? '') ?? /\(\s*['"]?(\w+)/.exec(resolver ?? ''))?.[1] ?? '';
  }
  const entry = fn.type === 'method_definition' ? fn : parent?.type === 'pair' ? parent : undefined;
  const object = entry?.parent?.type === 'object' ? entry.parent : undefined;
  if (!entry || !object) return undefined;
  const name = keyName(entry.childForFieldName(entry === fn ? 'name' : 'key'));
  if (name === 'resolve') return builderType(object);
  const holder = object.parent;
  if (holder?.type === 'pair') {
    const type = keyName(holder.childForFieldName('key')) ?? '';
    const map = holder.parent;
    if (!/^[A-Z]\w*$/.test(type) || rootTypes.test(type) || map?.type !== 'object') return undefined;
    const named = /resolvers?$/i.test(map.parent?.childForFieldName('name')?.text ?? '') || /resolvers?\b/i.test(map.parent?.childForFieldName('type')?.text ?? '');
    return named || map.namedChildren.some((pair) => rootTypes.test(keyName(pair.childForFieldName('key')) ?? '')) ? type : undefined;
  }
  if (holder?.type !== 'variable_declarator') return undefined;
  const type = /^([A-Z]\w*)Resolvers?$/.exec((holder.childForFieldName('type')?.text ?? '').replace(/^:\s*/, '').replace(/<[\s\S]*$/, ''))?.[1] ?? /^([A-Z]\w*)Resolvers?$/.exec(holder.childForFieldName('name')?.text ?? '')?.[1];
  return type === undefined || rootTypes.test(type) ? undefined : type;
}

/** `new GraphQLObjectType({ name: 'Post', fields: { author: { resolve } } })`, Pothos' `builder.objectType('Post', { fields: (t) => ({ author: t.field({ resolve }) }) })`. */
function builderType(object: SyntaxNode): string | undefined {
  for (let node = object.parent, hops = 0; node && hops < 16; node = node.parent, hops++) {
    const parts = callParts(node);
    const name = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('property')?.text : parts?.callee.text;
    if (!parts || !name) continue;
    if (/^(queryType|mutationType|subscriptionType|queryFields?|mutationFields?|subscriptionFields?|loadable\w*)$/.test(name)) return undefined;
    if (/^(objectType|objectRef|prismaObject|prismaNode|drizzleObject|drizzleNode|objectFields?|prismaObjectFields?|interfaceType)$/.test(name)) return parts.args[0]?.text.replace(/^['"]|['"]$/g, '') ?? '';
    if (name === 'implement') return parts.callee.childForFieldName('object')?.text ?? '';
    if (name === 'GraphQLObjectType') {
      const written = parts.args[0]?.namedChildren.find((pair) => keyName(pair.childForFieldName('key')) === 'name')?.childForFieldName('value');
      const type = keyName(written ?? null) ?? '';
      return rootTypes.test(type) ? undefined : type;
    }
  }
  return undefined;
}

/** `(req, res)`, `(request: FastifyRequest, reply)`. */
function takesRequest(fn: SyntaxNode): boolean {
  const parameters = fn.childForFieldName('parameters')?.namedChildren ?? [];
  const [first, second] = parameters.map((parameter) => ({ name: (parameter.childForFieldName('pattern') ?? parameter).text, type: parameter.childForFieldName('type')?.text ?? '' }));
  if (!first) return false;
  if (/\b(NextRequest|NextApiRequest|FastifyRequest|IncomingMessage|APIGatewayProxyEvent\w*)\b/.test(first.type)) return true;
  if (/\b(Request)\b/.test(first.type)) return true;
  return /^_?(req|request)$/.test(first.name) && second !== undefined && /^_?(res|response|reply|h)$/.test(second.name);
}

function entryOfCallback(call: SyntaxNode, fn: SyntaxNode): string | undefined {
  const parts = callParts(call);
  if (parts?.callee.type !== 'member_expression') return takesRequest(fn) ? 'route' : undefined;
  const method = parts.callee.childForFieldName('property')?.text ?? '';
  const receiver = parts.callee.childForFieldName('object');
  const path = receiver ? loosePath(receiver)?.join('.') ?? '' : '';
  const first = parts.args[0];
  if (routeMethods.test(method) && (first?.type === 'string' || first?.type === 'template_string') && /^['"`]([/*]|$)/.test(first.text.slice(0, 2)) && first.id !== fn.id) return 'route';
  if (routeMethods.test(method) && routers.test(path) && takesRequest(fn)) return 'route';
  if ((method === 'query' || method === 'mutation' || method === 'subscription') && parts.args.length === 1 && /rocedure|\bt\b|trpc/.test(path)) return 'procedure';
  return takesRequest(fn) ? 'route' : undefined;
}

/** Decorators as written, of a method, class, field or parameter. */
export function decoratorsOf(node: SyntaxNode): string[] {
  const own = node.children.filter((child) => child.type === 'decorator').map((child) => child.text);
  const siblings = node.parent?.namedChildren ?? [];
  const at = siblings.findIndex((sibling) => sibling.id === node.id);
  const before: string[] = [];
  if (node.type === 'method_definition' || node.type === 'public_field_definition' || node.parent?.type === 'export_statement') {
    for (let index = at - 1; index >= 0; index--) {
      const sibling = siblings[index];
      if (sibling?.type === 'comment') continue;
      if (sibling?.type !== 'decorator') break;
      before.unshift(sibling.text);
    }
  }
  return [...before, ...own];
}
