import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { objectOf, textOf } from '../drizzle/drizzleColumns';
import { classNamed, propertyNamed, type ClassMember } from '../shared/entityClasses';

export type MikroKind = 'scalar' | 'm:1' | '1:1' | '1:m' | 'm:n' | 'embedded' | 'none';
/** Options of a property; `true` for a call without an argument (`.nullable()`). */
export type MikroOptions = ReadonlyMap<string, SyntaxNode | true>;

/** A property of an entity, however it is declared. */
export interface MikroProperty {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly kind: MikroKind;
  readonly target?: string;
  /** The property of the other side. */
  readonly inverse?: string;
  /** Has the foreign key, or names the table between both. */
  readonly owner: boolean;
  readonly primary: boolean;
  readonly options: MikroOptions;
  /** The type as written: `text`, `integer`, `Date`. */
  readonly type?: string;
  /** `name?: T`: may be missing, whether the column is nullable is not known. */
  readonly optional: boolean;
}

export const flag = (options: MikroOptions, key: string): boolean => {
  const value = options.get(key);
  return value === true || value?.text === 'true';
};
export const optionText = (options: MikroOptions, ...keys: readonly string[]): string | undefined => {
  for (const key of keys) {
    const value = options.get(key);
    const text = value === true ? undefined : textOf(value);
    if (text !== undefined) return text;
  }
  return undefined;
};

const relationKinds: Readonly<Record<string, MikroKind>> = {
  ManyToOne: 'm:1', OneToOne: '1:1', OneToMany: '1:m', ManyToMany: 'm:n', manyToOne: 'm:1', oneToOne: '1:1', oneToMany: '1:m', manyToMany: 'm:n', Embedded: 'embedded', embedded: 'embedded',
  'm:1': 'm:1', '1:1': '1:1', '1:m': '1:m', 'm:n': 'm:n',
};
const memberDecorators = /^(PrimaryKey|SerializedPrimaryKey|Property|Enum|ManyToOne|OneToOne|OneToMany|ManyToMany|Embedded|Formula)$/;
const relational = (kind: MikroKind): boolean => /:|embedded/.test(kind);

/** A field of a class with MikroORM's decorators; undefined for others. */
export function decoratedProperty(member: ClassMember): MikroProperty | undefined {
  const decorator = member.decorators.find((item) => memberDecorators.test(item.name));
  if (!decorator) return undefined;
  const kind: MikroKind = /^(SerializedPrimaryKey|Formula)$/.test(decorator.name) ? 'none' : relationKinds[decorator.name] ?? 'scalar';
  const options: MikroOptions = decorator.args.map((arg) => objectOf(arg)?.entries).find(Boolean) ?? new Map();
  const [first, second] = decorator.args.filter((arg) => unwrap(arg).type !== 'object');
  const declared = declaredType(member.type);
  const target = relational(kind) ? classNamed(first) ?? entityOption(options) ?? declared : undefined;
  return make(member.name, member.node, kind, target, second ? propertyNamed(second) : undefined, options, {
    primary: decorator.name === 'PrimaryKey' || flag(options, 'primary'), optional: member.optional,
    ...(kind === 'scalar' && decorator.name !== 'Enum' ? typeFrom(options, declared) : {}),
  });
}

/** A property of `EntitySchema` (`{ type: 'string' }`, `{ kind: 'm:1', entity: () => User }`) or `defineEntity` (`p.string().nullable()`). */
export function schemaProperty(name: string, written: SyntaxNode): MikroProperty | undefined {
  const node = unwrap(written);
  const body = node.type === 'arrow_function' ? unwrap(node.childForFieldName('body') ?? node) : node;
  const object = objectOf(body)?.entries;
  if (object) {
    const options: MikroOptions = object;
    const kind = relationKinds[optionText(options, 'kind', 'reference') ?? ''] ?? (/ReferenceKind\.\w+/.test(options.get('kind') === true ? '' : (options.get('kind') as SyntaxNode | undefined)?.text ?? '') ? referenceKind((options.get('kind') as SyntaxNode).text) : 'scalar');
    return make(name, written, kind, relational(kind) ? entityOption(options) : undefined, undefined, options, { primary: flag(options, 'primary'), optional: false, ...(kind === 'scalar' ? typeFrom(options, undefined) : {}) });
  }
  const options = new Map<string, SyntaxNode | true>();
  let current = callParts(body);
  while (current && current.callee.type === 'member_expression') {
    const method = current.callee.childForFieldName('property')?.text ?? '';
    const inner = current.callee.childForFieldName('object');
    const further = inner && callParts(unwrap(inner));
    if (!further) {
      const kind: MikroKind = method === 'formula' ? 'none' : relationKinds[method] ?? 'scalar';
      const [argument] = current.args;
      const given = method === 'type' ? (argument ? textOf(argument) ?? argument.text : undefined) : method;
      return make(name, written, kind, relational(kind) ? classNamed(argument) : undefined, undefined, options, { primary: flag(options, 'primary'), optional: false, ...(kind === 'scalar' && given !== undefined && given !== 'enum' ? { type: optionText(options, 'columnType') ?? (flag(options, 'array') ? `${given}[]` : given) } : {}) });
    }
    if (!options.has(method)) options.set(method, current.args[0] ?? true);
    current = further;
  }
  return undefined;
}

const referenceKind = (text: string): MikroKind => (/MANY_TO_ONE/.test(text) ? 'm:1' : /ONE_TO_ONE/.test(text) ? '1:1' : /ONE_TO_MANY/.test(text) ? '1:m' : /MANY_TO_MANY/.test(text) ? 'm:n' : 'embedded');

function make(name: string, node: SyntaxNode, kind: MikroKind, target: string | undefined, written: string | undefined, options: MikroOptions, rest: { readonly primary: boolean; readonly optional: boolean; readonly type?: string }): MikroProperty {
  const side = (key: string): string | undefined => {
    const value = options.get(key);
    return value === undefined || value === true ? undefined : propertyNamed(value);
  };
  const mapped = side('mappedBy') ?? written;
  const inverse = mapped ?? side('inversedBy');
  const owner = kind === 'm:1' || (/^(1:1|m:n)$/.test(kind) && (flag(options, 'owner') || mapped === undefined));
  return { name, node, kind, owner, options, ...rest, ...(target === undefined ? {} : { target }), ...(inverse === undefined ? {} : { inverse }) };
}

function entityOption(options: MikroOptions): string | undefined {
  const value = options.get('entity') ?? options.get('type');
  return value === undefined || value === true ? undefined : classNamed(value);
}

/** `Ref<User>`, `Rel<User> | null`, `Collection<Post>` → the name inside. */
function declaredType(type: string | undefined): string | undefined {
  const parts = (type ?? '').split('|').map((part) => part.trim()).filter((part) => !/^(null|undefined)$/.test(part));
  const [only] = parts;
  if (only === undefined || parts.length > 1) return undefined;
  return /^(?:Ref|Rel|Reference|IdentifiedReference|LoadedReference|Collection|Opt|Hidden|ScalarReference|ScalarRef)<\s*([\w.]+)/.exec(only)?.[1] ?? only;
}

function typeFrom(options: MikroOptions, declared: string | undefined): { readonly type?: string } {
  const value = options.get('type');
  const written = optionText(options, 'columnType', 'type') ?? (value === undefined || value === true ? undefined : /^(?:types|t)\.(\w+)$/.exec(value.text)?.[1] ?? classNamed(value));
  const type = written ?? (value === undefined ? declared : undefined);
  return type === undefined ? {} : { type };
}
