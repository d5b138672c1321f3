import { callParts, keyName, typeText, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';

/** `@Column({ name: 'x' })`, `@Index`. */
export interface Decorator {
  readonly name: string;
  readonly args: readonly SyntaxNode[];
}

/** A property of a class with the decorators that stand on it. */
export interface ClassMember {
  readonly name: string;
  /** Type annotation as written. */
  readonly type?: string;
  /** `name?: T`. */
  readonly optional: boolean;
  readonly static: boolean;
  readonly value?: SyntaxNode;
  readonly decorators: readonly Decorator[];
  readonly node: SyntaxNode;
}

/** A class of the module's top level. */
export interface EntityClass {
  readonly name: string;
  readonly node: SyntaxNode;
  /** The class behind `extends`, without type arguments and namespace; undefined where it is an expression. */
  readonly base?: string;
  /** Type arguments of the base class as written. */
  readonly baseArguments: readonly string[];
  readonly decorators: readonly Decorator[];
  readonly members: readonly ClassMember[];
}

/** The classes of a module, with their decorators and fields. */
export function readClasses(root: SyntaxNode): readonly EntityClass[] {
  return root.namedChildren.flatMap((statement) => {
    const node = statement.type === 'export_statement' ? statement.childForFieldName('declaration') ?? statement.namedChildren.find((child) => /^class/.test(child.type)) : statement;
    return node && /^(class_declaration|abstract_class_declaration|class)$/.test(node.type) ? [readClass(node)] : [];
  });
}

function readClass(node: SyntaxNode): EntityClass {
  const heritage = node.namedChildren.find((child) => child.type === 'class_heritage');
  const clause = heritage?.namedChildren.find((child) => child.type === 'extends_clause');
  const value = clause ? clause.childForFieldName('value') : heritage?.namedChildren.find((child) => child.type !== 'implements_clause');
  const base = value && /^(identifier|member_expression)$/.test(value.type) ? value.text.split('.').at(-1) : undefined;
  const list = clause?.namedChildren.find((child) => child.type === 'type_arguments');
  const outer = node.parent?.type === 'export_statement' ? decoratorsAt(node.parent) : [];
  return {
    name: node.childForFieldName('name')?.text ?? '',
    node,
    ...(base === undefined ? {} : { base }),
    baseArguments: (list?.namedChildren ?? []).map((child) => child.text),
    decorators: [...outer, ...decoratorsAt(node)],
    members: readMembers(node),
  };
}

const decoratorsAt = (node: SyntaxNode): readonly Decorator[] => node.children.flatMap((child) => (child.type === 'decorator' ? readDecorator(child) ?? [] : []));

function readDecorator(node: SyntaxNode): Decorator | undefined {
  const inner = node.namedChildren[0];
  const call = inner && callParts(inner);
  const callee = call?.callee ?? inner;
  const name = callee?.text.split('.').at(-1);
  return name === undefined ? undefined : { name, args: call?.args ?? [] };
}

function readMembers(node: SyntaxNode): readonly ClassMember[] {
  const members: ClassMember[] = [];
  let before: Decorator[] = [];
  for (const child of node.childForFieldName('body')?.children ?? []) {
    if (child.type === 'decorator') {
      const decorator = readDecorator(child);
      if (decorator) before.push(decorator);
      continue;
    }
    if (!/^(public_field_definition|field_definition|method_definition|abstract_method_signature)$/.test(child.type)) {
      if (child.type !== 'comment') before = [];
      continue;
    }
    const name = keyName(child.childForFieldName('name') ?? child.childForFieldName('property'));
    if (name !== undefined) {
      const type = typeText(child.childForFieldName('type') ?? child.childForFieldName('return_type'));
      const value = child.childForFieldName('value');
      members.push({
        name, node: child,
        ...(type === undefined ? {} : { type }),
        ...(value ? { value } : {}),
        optional: child.children.some((part) => part.type === '?'),
        static: child.children.some((part) => part.type === 'static'),
        decorators: [...before, ...decoratorsAt(child)],
      });
    }
    before = [];
  }
  return members;
}

/** The class that `() => User`, `'User'`, `User` or `type => User` names. */
export function classNamed(node: SyntaxNode | undefined): string | undefined {
  const inner = node && unwrap(node);
  if (inner?.type === 'string') return keyName(inner);
  const body = inner?.type === 'arrow_function' ? inner.childForFieldName('body') : inner;
  const result = body?.type === 'statement_block' ? body.namedChildren.find((child) => child.type === 'return_statement')?.namedChildren[0] : body;
  const named = result && unwrap(result);
  return named?.type === 'identifier' ? named.text : named?.type === 'member_expression' ? named.childForFieldName('property')?.text : undefined;
}

/** `(post) => post.author.id` → `author.id`. */
export function propertyNamed(node: SyntaxNode | undefined): string | undefined {
  const inner = node && unwrap(node);
  if (inner?.type === 'string') return keyName(inner);
  const body = inner?.type === 'arrow_function' ? inner.childForFieldName('body') : undefined;
  const member = body && unwrap(body);
  if (member?.type !== 'member_expression') return undefined;
  return member.text.replaceAll(/[?!]/g, '').split('.').slice(1).join('.');
}
