import type { SyntaxNode } from '../../hosts/syntax';
import type { Scopes } from '../../hosts/typescript/scopes';
import { unescape } from '../../hosts/typescript/stringPieces';
import { callParts, keyName, unwrap } from '../../hosts/typescript/syntaxTools';
import { isList, isMap, type Value } from './migrationValues';

/** What the names of a migration in JavaScript stand for at one place. */
export interface ScriptPlace {
  readonly scopes: Scopes;
  /** Names bound on the way here; undefined: to something that is not known. */
  readonly names: ReadonlyMap<string, Value | undefined>;
  /** What the library's own expressions are (`knex.fn.now()`, `DataTypes.STRING(20)`); undefined: none of its own. */
  readonly own?: (node: SyntaxNode, place: ScriptPlace) => Value | undefined;
}

const maximumDepth = 12;

/** undefined: not known. */
export function scriptValue(node: SyntaxNode | undefined, place: ScriptPlace, depth = 0): Value | undefined {
  if (node === undefined || depth > maximumDepth) return undefined;
  const next = (child: SyntaxNode | null | undefined): Value | undefined => scriptValue(child ?? undefined, place, depth + 1);
  const inner = unwrap(node, true);
  const own = place.own?.(inner, place);
  if (own !== undefined) return own;
  switch (inner.type) {
    case 'string': case 'template_string': return textWithin(inner, next);
    case 'number': { const value = Number(inner.text.replaceAll('_', '')); return Number.isNaN(value) ? undefined : value; }
    case 'unary_expression': { const value = next(inner.childForFieldName('argument')); return inner.childForFieldName('operator')?.text === '-' && typeof value === 'number' ? -value : undefined; }
    case 'true': return true;
    case 'false': return false;
    case 'null': return null;
    case 'array': return inner.namedChildren.filter((child) => child.type !== 'comment').flatMap((child): (Value | undefined)[] => {
      const spread = child.type === 'spread_element' ? next(child.namedChildren[0]) : undefined;
      return isList(spread) ? [...spread] : [next(child)];
    });
    case 'object': return record(inner, next);
    case 'identifier': case 'shorthand_property_identifier': return named(inner, place, depth);
    case 'member_expression': {
      const object = next(inner.childForFieldName('object'));
      return isMap(object) ? object.get(inner.childForFieldName('property')?.text ?? '') : undefined;
    }
    case 'subscript_expression': {
      const object = next(inner.childForFieldName('object'));
      const key = next(inner.childForFieldName('index'));
      return isMap(object) && typeof key === 'string' ? object.get(key) : isList(object) && typeof key === 'number' ? object[key] : undefined;
    }
    case 'binary_expression': return inner.childForFieldName('operator')?.type === '+' ? joined([next(inner.childForFieldName('left')), next(inner.childForFieldName('right'))]) : undefined;
    case 'call_expression': {
      const call = callParts(inner);
      const object = call?.callee.childForFieldName('object');
      if (!call || !object) return undefined;
      const method = call.callee.childForFieldName('property')?.text ?? '';
      if (/^(?:trim|toString|valueOf|dedent|stripIndent)$/.test(method)) return next(object);
      if (object.text === 'Object' && method === 'freeze') return next(call.args[0]);
      const whole = object.text === 'Object' && /^(?:keys|values|entries)$/.test(method) ? next(call.args[0]) : undefined;
      if (isMap(whole)) return method === 'keys' ? [...whole.keys()] : method === 'values' ? [...whole.values()] : [...whole];
      const list = method === 'join' ? next(object) : undefined;
      const glue = next(call.args[0]);
      return isList(list) && typeof glue === 'string' && list.every((item) => typeof item === 'string' || typeof item === 'number') ? list.join(glue) : undefined;
    }
    default: return undefined;
  }
}

/** A name bound on the way here, or a constant of this file or another. */
function named(inner: SyntaxNode, place: ScriptPlace, depth: number): Value | undefined {
  if (place.names.has(inner.text)) return place.names.get(inner.text);
  const found = place.scopes.find(inner.text, inner);
  const linked = found?.kind === 'import' ? place.scopes.follow(found) : found && { declaration: found, path: [] };
  const declaration = linked?.declaration;
  if (declaration?.kind !== 'variable' || !declaration.constant || !declaration.value || declaration.value.id === inner.id) return undefined;
  let value = scriptValue(declaration.value, { ...place, names: new Map() }, depth + 1);
  for (const key of [...declaration.path, ...linked?.path ?? []]) value = isMap(value) ? value.get(key) : isList(value) ? value[Number(key)] : undefined;
  return value;
}

/** undefined where it may hold more than is seen: a spread of something that is not known, a computed key. */
function record(node: SyntaxNode, next: (child: SyntaxNode | null | undefined) => Value | undefined): Value | undefined {
  const entries = new Map<string, Value | undefined>();
  for (const child of node.namedChildren) {
    if (child.type === 'comment' || child.type === 'method_definition') continue;
    if (child.type === 'shorthand_property_identifier') entries.set(child.text, next(child));
    else if (child.type === 'pair') {
      const key = child.childForFieldName('key');
      const name = key?.type === 'computed_property_name' ? next(key.namedChildren[0]) : keyName(key);
      if (typeof name !== 'string') return undefined;
      entries.set(name, next(child.childForFieldName('value')));
    } else {
      const spread = child.type === 'spread_element' ? next(child.namedChildren[0]) : undefined;
      if (!isMap(spread)) return undefined;
      for (const [name, value] of spread) entries.set(name, value);
    }
  }
  return entries;
}

const joined = (texts: readonly (Value | undefined)[]): string | undefined => (texts.every((text) => typeof text === 'string' || typeof text === 'number') ? texts.join('') : undefined);

/** Text between the quotes; undefined where a part in `${}` is not known. */
function textWithin(node: SyntaxNode, next: (child: SyntaxNode | undefined) => Value | undefined): string | undefined {
  const { text, startIndex } = node;
  let written = '';
  let at = startIndex + 1;
  for (const child of node.namedChildren) {
    if (child.type === 'string_fragment') continue;
    written += text.slice(at - startIndex, child.startIndex - startIndex);
    at = child.endIndex;
    const part = child.type === 'escape_sequence' ? unescape(child.text) : next(child.namedChildren.find((one) => one.type !== 'comment'));
    if (typeof part !== 'string' && typeof part !== 'number') return undefined;
    written += part;
  }
  return written + text.slice(at - startIndex, -1);
}
