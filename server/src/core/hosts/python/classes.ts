import type { ClassIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import { decoratorsOf } from './entries';
import { selfAssignments } from './origins';
import type { Outline } from './outline';
import type { Scopes } from './scopes';
import { enclosingFunction, field, parts, pathOf, spanOf, unwrap } from './syntaxTools';

export function readClasses(outline: Outline, scopes: Scopes): ClassIr[] {
  return outline.classes.map((node, id): ClassIr => {
    const name = field(node, 'name');
    const bases = field(node, 'superclasses');
    return {
      id,
      name: name?.text ?? '',
      span: spanOf(node),
      bases: bases ? parts(bases).filter((base) => base.type !== 'keyword_argument').map((base) => base.text) : [],
      fields: fieldsOf(node, scopes),
      methods: methodsOf(node).flatMap((method) => outline.functionId(method) ?? []),
      decorators: decoratorsOf(node).map((decorator) => decorator.text),
    };
  });
}

export function methodsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const body = field(node, 'body');
  return (body ? parts(body) : []).flatMap((statement) => {
    const definition = statement.type === 'decorated_definition' ? field(statement, 'definition') : statement;
    return definition?.type === 'function_definition' ? [definition] : [];
  });
}

function fieldsOf(node: SyntaxNode, scopes: Scopes): ClassIr['fields'] {
  const found = new Map<string, string>();
  const add = (name: string, type: string | undefined): void => {
    if (type && !found.has(name)) found.set(name, plainType(type));
  };
  for (const [name, bindings] of scopes.scopeAt(node)?.bindings ?? []) {
    const binding = bindings[0];
    if (binding?.kind === 'assign') add(name, binding.type ?? (binding.value && (builtType(binding.value) ?? classNamed(binding.value))));
  }
  for (const assignment of selfAssignments(node)) add(assignment.name, assignment.type ?? (assignment.value && (builtType(assignment.value) ?? parameterType(assignment.value))));
  return [...found].map(([name, type]) => ({ name, type }));
}

/** `UserRepo` of `UserRepo(session)`, also behind `x or UserRepo()`. */
function builtType(value: SyntaxNode): string | undefined {
  const inner = unwrap(value);
  if (inner.type === 'boolean_operator') return parts(inner).map((side) => parameterType(side) ?? builtType(side)).find((type) => type !== undefined);
  const callee = inner.type === 'call' ? field(inner, 'function') : undefined;
  const path = callee && pathOf(callee);
  return path && /^[A-Z]/.test(path.at(-1) ?? '') ? path.join('.') : undefined;
}

/** `serializer_class = OrderSerializer`, `model = Book`. */
const classNamed = (value: SyntaxNode): string | undefined => (/^(identifier|attribute)$/.test(value.type) && /(^|\.)[A-Z]\w*[a-z]\w*$/.test(value.text) ? value.text : undefined);

function parameterType(value: SyntaxNode): string | undefined {
  const inner = unwrap(value);
  const fn = inner.type === 'identifier' ? enclosingFunction(inner) : undefined;
  const list = fn && field(fn, 'parameters');
  const parameter = list && parts(list).find((candidate) => (field(candidate, 'name') ?? parts(candidate)[0])?.text === inner.text);
  return parameter ? field(parameter, 'type')?.text : undefined;
}

/** `Optional["User"]`, `User | None`, `Annotated[User, Depends()]` → `User`. */
export function plainType(type: string): string {
  const text = type.trim().replace(/^(['"])(.*)\1$/s, '$2').trim();
  const wrapped = /^(?:typing\.|t\.)?(?:Optional|Annotated|ClassVar|Final)\[(.*)\]$/s.exec(text)?.[1];
  if (wrapped !== undefined) return plainType(firstTypeArgument(wrapped));
  const alternatives = text.split('|').map((part) => part.trim()).filter((part) => part !== 'None');
  return alternatives.length === 1 && text.includes('|') ? plainType(alternatives[0] ?? text) : text;
}

function firstTypeArgument(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[' || text[i] === '(') depth++;
    else if (text[i] === ']' || text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) return text.slice(0, i);
  }
  return text;
}
