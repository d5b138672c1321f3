import type { CallIr, MemberIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import { callParts, isFunction, keyName, loosePath, unwrap } from './syntaxTools';

/**
 * What a call tells a container to give for a token (awilix, tsyringe, inversify, NestJS' modules): the token, and the path to what is
 * given, as in `MemberIr`.
 * @returns undefined for any other call.
 */
export function readProvisions(call: SyntaxNode): readonly MemberIr[] | undefined {
  const parts = callParts(call);
  const callee = parts?.callee;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property')?.text : callee?.text;
  const [first, second] = parts?.args ?? [];
  if (!parts || !callee || method === undefined || !first) return undefined;
  const found = method === 'Module' ? moduleProviders(first) : /^register(Singleton|Type|Instance)?$/.test(method) ? registered(first, second) : /^to(ConstantValue|DynamicValue|ResolvedValue)?$/.test(method) ? bound(callee, first) : [];
  return found.length > 0 ? found : undefined;
}

/**
 * `container.loadModules(['repositories/*.js', ['services/*.js', { lifetime: 'SCOPED' }]], { formatName: 'camelCase' })`.
 * @returns undefined for any other call, and where the names are made by a function.
 */
export function readLoads(call: SyntaxNode): CallIr['loads'] {
  const parts = callParts(call);
  if (parts?.callee.type !== 'member_expression' || parts.callee.childForFieldName('property')?.text !== 'loadModules') return undefined;
  const [list, options] = parts.args.map((argument) => unwrap(argument));
  const globs = (list?.type === 'array' ? list.namedChildren : list ? [list] : []).flatMap((item): readonly string[] => {
    const pattern = unwrap(item).type === 'array' ? unwrap(item).namedChildren[0] : item;
    const text = pattern && /^["'`]([^"'`]*)["'`]$/.exec(unwrap(pattern).text)?.[1]?.replace(/^\$\{[^}]*\}\/?/, '');
    return text === undefined || text === '' ? [] : [text];
  });
  const format = options?.namedChildren.find((pair) => pair.type === 'pair' && keyName(pair.childForFieldName('key')) === 'formatName')?.childForFieldName('value');
  const name = format && keyName(unwrap(format));
  return globs.length === 0 || (format && name !== 'camelCase') ? undefined : { globs, camelCase: name === 'camelCase' };
}

/** The token as both sides write it: the content of a string, else the expression (`TYPES.Users`, `Users`); undefined for others. */
export function tokenOf(node: SyntaxNode): string | undefined {
  const inner = unwrap(node);
  if (inner.type === 'string') return keyName(inner);
  if (inner.type === 'arrow_function') return tokenOf(inner.childForFieldName('body') ?? inner);
  // `@Inject(forwardRef(() => Users))`
  const wrapped = inner.type === 'call_expression' && /^(forwardRef|delay)$/.test(callParts(inner)?.callee.text ?? '') ? callParts(inner)?.args[0] : undefined;
  if (wrapped) return tokenOf(wrapped);
  return /^(identifier|member_expression)$/.test(inner.type) && inner.text.length < 100 ? inner.text : undefined;
}

/** `register({ users: asClass(Users) })`, `register('users', asClass(Users))`, `register('Users', { useClass: Users })`, `registerSingleton('Users', Users)`. */
function registered(first: SyntaxNode, second: SyntaxNode | undefined): readonly MemberIr[] {
  const object = unwrap(first);
  if (object.type === 'object') {
    return object.namedChildren.flatMap((pair): readonly MemberIr[] => {
      const name = pair.type === 'pair' ? keyName(pair.childForFieldName('key')) : undefined;
      const value = pair.childForFieldName('value');
      return name === undefined || !value ? [] : given(name, value, true);
    });
  }
  const token = tokenOf(first);
  return token === undefined || !second ? [] : given(token, second, false);
}

/** @param wrapped only a resolver (`asClass`, `asFunction`, `asValue`) or provider (`useClass`) is meant, not a bare value. */
function given(token: string, written: SyntaxNode, wrapped: boolean): readonly MemberIr[] {
  const value = unwrap(written);
  if (value.type === 'object') return provider(token, value);
  const call = resolverCall(value);
  const name = call && callParts(call)?.callee.text;
  const argument = call && callParts(call)?.args[0];
  if (name !== undefined && argument) return name === 'asValue' ? member(token, argument, []) : member(token, argument, ['()']);
  return wrapped ? [] : made(token, value);
}

/** `asClass(Users)` of `asClass(Users).singleton()`. */
function resolverCall(node: SyntaxNode): SyntaxNode | undefined {
  for (let current: SyntaxNode | undefined = node; current?.type === 'call_expression'; ) {
    const callee: SyntaxNode | undefined = callParts(current)?.callee;
    if (callee?.type === 'identifier') return /^as(Class|Function|Value)$/.test(callee.text) ? current : undefined;
    const object: SyntaxNode | null | undefined = callee?.childForFieldName('object');
    current = object ? unwrap(object) : undefined;
  }
  return undefined;
}

/** `{ useClass: Users }` and its kin, without the token. */
function provider(token: string, object: SyntaxNode): readonly MemberIr[] {
  for (const pair of object.namedChildren) {
    const value = pair.type === 'pair' ? pair.childForFieldName('value') : undefined;
    if (!value) continue;
    switch (keyName(pair.childForFieldName('key'))) {
      case 'useClass':
      case 'useExisting':
      case 'useToken':
        return member(token, value, ['()']);
      case 'useValue':
        return member(token, value, []);
      case 'useFactory':
        return made(token, value);
    }
  }
  return [];
}

/** `bind(TYPES.Users).to(Users)`, `.toConstantValue(users)`, `.toDynamicValue(() => new Users())`. */
function bound(callee: SyntaxNode, argument: SyntaxNode): readonly MemberIr[] {
  const receiver = callee.childForFieldName('object');
  const bind = receiver ? callParts(unwrap(receiver)) : undefined;
  const name = bind?.callee.type === 'member_expression' ? bind.callee.childForFieldName('property')?.text : bind?.callee.text;
  const first = bind?.args[0];
  const token = first && /^(re)?bind(Sync)?$/.test(name ?? '') ? tokenOf(first) : undefined;
  if (token === undefined) return [];
  return callee.childForFieldName('property')?.text === 'to' ? member(token, argument, ['()']) : made(token, argument);
}

/** `@Module({ providers: [{ provide: USERS, useClass: Users }] })` */
function moduleProviders(options: SyntaxNode): readonly MemberIr[] {
  const list = options.namedChildren.find((pair) => pair.type === 'pair' && keyName(pair.childForFieldName('key')) === 'providers')?.childForFieldName('value');
  return (list?.namedChildren ?? []).flatMap((item): readonly MemberIr[] => {
    const provide = item.type === 'object' ? item.namedChildren.find((pair) => pair.type === 'pair' && keyName(pair.childForFieldName('key')) === 'provide')?.childForFieldName('value') : undefined;
    const token = provide ? tokenOf(provide) : undefined;
    return token === undefined ? [] : provider(token, item);
  });
}

/** A value, a class that stands for its instance, or what a function literal gives. */
function made(token: string, written: SyntaxNode): readonly MemberIr[] {
  const value = unwrap(written);
  if (!isFunction(value)) return member(token, value, /^[A-Z]\w*[a-z]/.test(value.text) && value.type === 'identifier' ? ['()'] : []);
  const body = value.childForFieldName('body');
  const returned = body?.type === 'statement_block' ? body.namedChildren.filter((child) => child.type === 'return_statement').at(-1)?.namedChildren[0] : body;
  const result = returned ? unwrap(returned) : undefined;
  return result?.type === 'new_expression' ? member(token, result, []) : [];
}

function member(token: string, value: SyntaxNode, behind: readonly string[]): readonly MemberIr[] {
  const path = loosePath(value);
  return !path || path.includes('?') ? [] : [{ name: token, path: [...path, ...behind] }];
}
