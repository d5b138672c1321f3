import type { CommonFile } from '../../hosts/common/context';
import { constantOf } from '../../hosts/common/strings';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';
import { valuePart } from '../shared/modelChains';
import { conventional } from './efCoreEntity';
import { classKey } from './efCoreModels';
import { bind, concat, group, identifier, incomplete, join, literal, sql, type SqlPart } from '../shared/sqlBuilder';

interface Lambda {
  readonly parameter: string;
  readonly body: SyntaxNode;
}

/** `o => …` with one parameter and an expression. */
export function lambdaOf(node: SyntaxNode | undefined, file: CommonFile): Lambda | undefined {
  const inner = node && file.source.unwrap(node);
  const form = inner && file.source.form(inner);
  const [parameter, ...others] = form?.kind === 'function' ? form.parameters : [];
  return form?.kind === 'function' && parameter && others.length === 0 && form.body && form.body.type !== 'block' ? { parameter: parameter.name, body: form.body } : undefined;
}

const operators: Readonly<Record<string, string>> = { '==': '=', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };
const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

export interface LambdaScope {
  readonly parameter: string;
  readonly model?: ModelIr | undefined;
  readonly file: CommonFile;
  readonly context: HostContext;
}

/** A condition of a LINQ lambda over one entity; undefined where it is not understood at all, incomplete where a part of an AND is not. */
export function conditionOf(node: SyntaxNode, scope: LambdaScope, depth = 0): SqlPart | undefined {
  const inner = file(scope).unwrap(node);
  const host = spanOf(inner);
  if (depth > 20) return undefined;
  if (inner.type === 'binary_expression') {
    const [left, right] = [inner.childForFieldName('left'), inner.childForFieldName('right')];
    const operator = inner.childForFieldName('operator')?.text ?? '';
    if (!left || !right) return undefined;
    if (operator === '&&' || operator === '||') {
      const parts = [conditionOf(left, scope, depth + 1), conditionOf(right, scope, depth + 1)];
      const known = parts.filter((part) => part !== undefined);
      // An alternative that is not known may let every row in.
      if (known.length === 0 || (operator === '||' && known.length < 2)) return undefined;
      return concat(known.length === 1 ? known[0] ?? [] : operator === '||' ? group(join(known, ' OR ')) : join(known, ' AND '), known.length < 2 ? incomplete : []);
    }
    const compared = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    if (compared === undefined) return undefined;
    const [a, b] = [columnOf(left, scope), columnOf(right, scope)];
    if (a && b) return concat(a, sql(` ${compared} `, host), b);
    const [column, value, sign] = a ? [a, right, compared] : [b, left, mirrored[compared] ?? compared];
    if (!column || namesParameter(value, scope)) return undefined;
    const plain = file(scope).unwrap(value);
    if (scope.context.argument(plain).literal === null) return sign === '=' || sign === '<>' ? concat(column, sql(sign === '=' ? ' IS NULL' : ' IS NOT NULL', host)) : undefined;
    return concat(column, sql(` ${sign} `, host), valuePart(plain, scope.context));
  }
  if (inner.type === 'prefix_unary_expression' && inner.text.startsWith('!')) {
    const operand = inner.namedChildren[0];
    const part = operand && conditionOf(operand, scope, depth + 1);
    return part && concat(sql('NOT ', host), group(part));
  }
  return callCondition(inner, scope) ?? columnOf(inner, scope);
}

const file = ({ file: { source } }: LambdaScope): CommonFile['source'] => source;

/** `o.Name.Contains("x")`, `ids.Contains(o.Id)`, `EF.Functions.ILike(o.Name, pattern)`. */
function callCondition(node: SyntaxNode, scope: LambdaScope): SqlPart | undefined {
  const form = file(scope).callForm(node);
  const [first, second] = form?.args.map((argument) => argument.node) ?? [];
  if (!form?.receiver || !first) return undefined;
  const host = spanOf(node);
  const name = form.name.text;
  if (/^I?Like$/.test(name) && /\bFunctions$/.test(form.receiver.text) && second) {
    const column = columnOf(first, scope);
    return column && concat(column, sql(name === 'Like' ? ' LIKE ' : ' ILIKE ', host), valuePart(second, scope.context));
  }
  if (second) return undefined;
  if (name === 'Contains' && !namesParameter(form.receiver, scope)) {
    const column = columnOf(first, scope);
    return column && concat(column, sql(' = ANY(', host), bind(scope.context.bind(form.receiver, '')), sql(')', host));
  }
  // A list has it too, and the type of a property is known only where its class was read.
  if (name === 'Contains' && !/^(?:string|(?:System\.)?String)$/.test(propertyOf(form.receiver, scope)?.type ?? '')) return undefined;
  const [before, after] = name === 'Contains' ? ['%', '%'] : name === 'StartsWith' ? ['', '%'] : name === 'EndsWith' ? ['%', ''] : [];
  const column = before === undefined ? undefined : columnOf(form.receiver, scope);
  if (!column || before === undefined || namesParameter(first, scope)) return undefined;
  const known = constantOf(first, file(scope));
  if (typeof known === 'string') return concat(column, sql(' LIKE ', host), literal(before + known.replaceAll(/[\\%_]/g, '\\$&') + (after ?? ''), host));
  return concat(column, sql(' LIKE ', host), before === '' ? [] : sql(`'${before}' || `, host), bind(scope.context.bind(first, '')), after === '' ? [] : sql(` || '${after ?? ''}'`, host));
}

const namesParameter = (node: SyntaxNode, { parameter }: LambdaScope): boolean => new RegExp(`(?<![\\w.])${parameter}(?!\\w)`).test(node.text);

/** `o.Status`, `o.ShippedAt!.Value`: a property of the entity itself. What leads to another entity is another table's. */
export function columnOf(node: SyntaxNode, scope: LambdaScope): SqlPart | undefined {
  const inner = file(scope).unwrap(node);
  const property = propertyName(inner, scope);
  if (property === undefined || leadsAway(property, scope)) return undefined;
  return identifier([propertyOf(inner, scope)?.column ?? conventional(property, scope.context)], spanOf(inner));
}

const propertyName = (node: SyntaxNode, { parameter, file: { source } }: LambdaScope): string | undefined => new RegExp(`^${parameter}[!?]?\\.(\\w+)(?:!|\\.Value)*$`).exec(source.unwrap(node).text)?.[1];

function propertyOf(node: SyntaxNode, scope: LambdaScope): ModelIr['columns'][number] | undefined {
  const name = propertyName(node, scope);
  return scope.model?.columns.find((column) => column.property === name);
}

/** Is the property another entity, or a list of them? Where its type is not known, a name that an entity has too speaks for that. */
function leadsAway(name: string, { model, context }: LambdaScope): boolean {
  if (model?.relations.some((relation) => relation.property === name)) return true;
  const type = model?.columns.find((column) => column.property === name)?.type;
  const element = type === undefined ? name : (/<(?:\w+\.)*(\w+)\??>$/.exec(type)?.[1] ?? type.split('.').at(-1) ?? '');
  return context.model(element, 'ef-core') !== undefined || context.model(classKey(element), 'ef-core') !== undefined;
}
