import type { BindOrigin } from '../ir';
import type { SyntaxNode } from '../syntax';
import { describeEntry } from './entries';
import { perElementCallback } from './loopForms';
import type { Declaration, Scopes } from './scopes';
import { isInside, loosePath, unwrap } from './syntaxTools';

const literals = /^(string|number|true|false|null|undefined|regex|template_string)$/;
const requestParts = /^(params|query|body|headers|cookies|rawBody|searchParams|nextUrl|input|formData)$/;
const requestNames = /^(req|request|ctx|context|event|c|_req)$/;

/** Where a bound value comes from: the strongest of its names (request before loop before parameter before local). */
export function bindOrigin(node: SyntaxNode, scopes: Scopes): BindOrigin {
  const inner = unwrap(node, true);
  if (literals.test(inner.type) && !inner.namedChildren.some((child) => child.type === 'template_substitution')) return 'literal';
  return originOfNames(inner, scopes, 0, new Map());
}

const strength: readonly BindOrigin[] = ['request', 'loop', 'parameter', 'local', 'imported', 'unknown', 'literal'];

/**
 * The depth at which each variable was looked at for one value. Its names count once for the value, by whatever way they are reached:
 * without this, closures that name each other are walked again on every path between them.
 */
type Seen = Map<SyntaxNode, number>;

function originOfNames(node: SyntaxNode, scopes: Scopes, depth: number, seen: Seen): BindOrigin {
  if (depth > 8) return 'unknown';
  if (isRequestData(node, scopes)) return 'request';
  let best: BindOrigin | undefined;
  const found = (origin: BindOrigin): void => {
    if (best === undefined || strength.indexOf(origin) < strength.indexOf(best)) best = origin;
  };
  const visit = (current: SyntaxNode, level: number): void => {
    if (current.type === 'identifier' || current.type === 'shorthand_property_identifier') {
      const declaration = scopes.find(current.text, current);
      found(declaration ? originOfName(declaration, current, scopes, depth, seen) : 'unknown');
      return;
    }
    if ((current.type === 'member_expression' || current.type === 'call_expression') && isRequestData(current, scopes)) {
      found('request');
      return;
    }
    if (current.type === 'member_expression') {
      const object = current.childForFieldName('object');
      if (object?.type === 'this') found('local');
      else if (object && level < 200) visit(object, level + 1);
      return;
    }
    if (level < 200) for (const child of current.namedChildren) visit(child, level + 1);
  };
  visit(node, 0);
  return best ?? (literals.test(node.type) ? 'literal' : 'unknown');
}

function originOfName(declaration: Declaration, use: SyntaxNode, scopes: Scopes, depth: number, seen: Seen): BindOrigin {
  switch (declaration.kind) {
    case 'element':
      return 'loop';
    case 'import':
      return 'imported';
    case 'parameter': {
      const fn = declaration.owner;
      if (!fn) return 'parameter';
      if (perElementCallback(fn)) return 'loop';
      return describeEntry(fn) !== undefined && !requestNames.test(declaration.name) && declaration.type !== 'Response' && !/^(res|reply|next|h)$/.test(declaration.name) ? 'request' : 'parameter';
    }
    case 'variable': {
      if (!declaration.value) {
        const write = declaration.writes.find((candidate) => candidate.endIndex <= use.startIndex)?.childForFieldName('right');
        return write && depth < 8 && isNew(declaration, depth, seen) ? weaken(originOfNames(write, scopes, depth + 1, seen)) : 'local';
      }
      const loop = declaration.scope.type === 'for_statement' && isInside(use, declaration.scope);
      if (loop) return 'loop';
      if (requestMember(declaration, scopes)) return 'request';
      const value = unwrap(declaration.value, true);
      if (declaration.scope.type === 'program') return 'local';
      return isNew(declaration, depth, seen) ? weaken(originOfNames(value, scopes, depth + 1, seen)) : 'local';
    }
    default:
      return 'local';
  }
}

/** Notes the look; false where one at this depth, or nearer, has been taken. */
function isNew({ node }: Declaration, depth: number, seen: Seen): boolean {
  if ((seen.get(node) ?? Infinity) <= depth) return false;
  seen.set(node, depth);
  return true;
}

/** `const { id } = req.params`, `const { params: { id } } = req`. */
function requestMember(declaration: Declaration, scopes: Scopes): boolean {
  const value = declaration.value ? unwrap(declaration.value, true) : undefined;
  if (!value) return false;
  if (isRequestData(value, scopes)) return true;
  return value.type === 'identifier' && requestNames.test(value.text) && declaration.path.some((step) => requestParts.test(step));
}

/** What comes of a literal, an import or an unknown value in a local variable is a local value. */
function weaken(origin: BindOrigin): BindOrigin {
  return origin === 'request' || origin === 'loop' || origin === 'parameter' ? origin : 'local';
}

/** `req.params.id`, `ctx.query`, `c.req.param('id')`, `searchParams.get('q')`, `await request.json()`. */
function isRequestData(node: SyntaxNode, scopes: Scopes): boolean {
  if (node.type !== 'member_expression' && node.type !== 'call_expression' && node.type !== 'subscript_expression') return false;
  const path = loosePath(node);
  if (!path) return false;
  const root = path[0] ?? '';
  if (root === 'searchParams') return true;
  if (!requestNames.test(root)) return path.includes('searchParams');
  const declared = scopes.find(root, node);
  if (declared && declared.kind !== 'parameter') return false;
  if (root === 'event' || root === 'context') return path.some((step) => /^(pathParameters|queryStringParameters|params|body|queryParameters|query)$/.test(step));
  return path.slice(1).some((step) => requestParts.test(step)) || path.some((step) => /^(param|json|formData|queries)$/.test(step)) && path.includes('()');
}

