import type { SyntaxNode } from '../syntax';
import { argumentsOf, calleeName, field, literalValue, parameterNames, parts, unwrap } from './syntaxTools';

const routeMethods = /^(get|post|put|patch|delete|head|options|route|api_route|websocket|websocket_route|trace)$/;
const viewMethods = /^(get|post|put|patch|delete|head|options|list|retrieve|create|update|partial_update|destroy|get_queryset|dispatch)$/;
const viewBases = /(?:View|ViewSet|Resource|MethodView|HTTPEndpoint|Handler)$/;
const viewDecorators = /^(api_view|require_http_methods|require_GET|require_POST|login_required|permission_required|csrf_exempt|action)$/;

/** Decorators of a function or class, without the `@`. */
export function decoratorsOf(definition: SyntaxNode): readonly SyntaxNode[] {
  const parent = definition.parent;
  if (parent?.type !== 'decorated_definition') return [];
  return parent.namedChildren.filter((child) => child.type === 'decorator').flatMap((child) => parts(child).slice(0, 1));
}

/**
 * Says whether a framework calls the function with data from a request: `GET /orders/{id}` for a route, `view` for a
 * Django or class-based view, `resolver` for GraphQL. Undefined for any other function.
 */
export function entryOf(definition: SyntaxNode): string | undefined {
  if (definition.type !== 'function_definition') return undefined;
  for (const decorator of decoratorsOf(definition)) {
    const inner = unwrap(decorator);
    const name = inner.type === 'call' ? calleeName(inner)?.text : inner.type === 'attribute' ? field(inner, 'attribute')?.text : inner.text;
    if (!name) continue;
    if (inner.type === 'call' && routeMethods.test(name) && field(inner, 'function')?.type === 'attribute') {
      const { positional, keyword } = argumentsOf(inner);
      const first = positional[0] ?? keyword.get('path') ?? keyword.get('rule');
      const path = first && literalValue(first);
      if (typeof path === 'string' && (path === '' || path.startsWith('/'))) return `${/route/.test(name) ? 'route' : name.toUpperCase()} ${path}`;
      if (first && path === undefined) return /route/.test(name) ? 'route' : name.toUpperCase();
    }
    if (viewDecorators.test(name)) return 'view';
    if (/^strawberry\.(field|mutation|subscription)$/.test(inner.type === 'call' ? field(inner, 'function')?.text ?? '' : inner.text)) return 'resolver';
  }
  const name = field(definition, 'name')?.text ?? '';
  const owner = classOf(definition);
  if (owner) {
    const bases = parts(field(owner, 'superclasses') ?? owner).map((base) => base.text);
    if (viewMethods.test(name) && bases.some((base) => viewBases.test(base.replace(/\[.*$/s, '')))) return 'view';
    if (/^resolve_/.test(name) && bases.some((base) => /ObjectType$|Mutation$/.test(base))) return 'resolver';
    return undefined;
  }
  const parameters = field(definition, 'parameters');
  return parameterNames(parameters)[0] === 'request' ? 'view' : undefined;
}

const jobDecorators = /^(shared_task|actor|periodic_task|db_periodic_task|db_task|task|job|repeat_every|scheduled_job|on_after_configure|subscriber|crontab|cron)\b|\.(task|periodic_task|periodic|actor|job|scheduled_job|cron|subscriber|agent|on_event|listens_for)\b/;

/** Does a queue, a clock or an event run this function (Celery, Dramatiq, RQ, APScheduler, Procrastinate)? */
export const isBackground = (definition: SyntaxNode): boolean => definition.type === 'function_definition' && decoratorsOf(definition).some((decorator) => jobDecorators.test(decorator.text));

/**
 * Class of the objects for which the framework calls this function one by one: a field resolver of Graphene or
 * Strawberry, `get_x` of a serializer's `SerializerMethodField`. Undefined for any other function.
 */
export function perObjectOf(definition: SyntaxNode): string | undefined {
  const owner = definition.type === 'function_definition' ? classOf(definition) : undefined;
  const type = owner && field(owner, 'name')?.text;
  if (!owner || !type || /^(Query|Mutation|Subscription)$|(Query|Mutation|Mutations|Queries)$/.test(type)) return undefined;
  const name = field(definition, 'name')?.text ?? '';
  if (decoratorsOf(definition).some((decorator) => /^strawberry(_django)?\.(field|django\.field)\b/.test(decorator.text))) return type;
  const bases = parts(field(owner, 'superclasses') ?? owner).map((base) => base.text);
  if (/^resolve_/.test(name)) return bases.some((base) => /ObjectType$|\bInterface$/.test(base)) ? type : undefined;
  const attribute = /^get_(\w+)$/.exec(name)?.[1];
  if (attribute === undefined || !bases.some((base) => /Serializer(Mixin)?$/.test(base))) return undefined;
  return new RegExp(`^\\s*${attribute}\\s*=\\s*(\\w+\\.)*SerializerMethodField\\(`, 'm').test(field(owner, 'body')?.text ?? '') ? type : undefined;
}

/** Class whose body directly holds the definition. */
export function classOf(definition: SyntaxNode): SyntaxNode | undefined {
  const outer = definition.parent?.type === 'decorated_definition' ? definition.parent : definition;
  const owner = outer.parent?.parent;
  return owner?.type === 'class_definition' ? owner : undefined;
}
