import type { SyntaxNode } from '../syntax';
import { callParts, loosePath } from './syntaxTools';

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
    return parent.children.some((child) => child.type === 'default') && takesRequest(fn) ? 'route' : undefined;
  }
  if (parent?.type === 'variable_declarator' && parent.parent?.parent?.type === 'export_statement') return nextMethods.test(parent.childForFieldName('name')?.text ?? '') ? 'route' : takesRequest(fn) ? 'route' : undefined;
  if (/^(function_declaration|arrow_function|function_expression)$/.test(fn.type) && takesRequest(fn)) return 'route';
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
