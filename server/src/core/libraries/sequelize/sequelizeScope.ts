import type { ModelIr, RelationIr } from '../../hosts/ir';
import { callParts, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { bindOf, constantText, constantValue, valuePart } from '../shared/hostValues';
import { concat, fragment, hole, identifier, incomplete, join, sql, type SqlPart } from '../shared/sqlBuilder';

/** One table of a statement. */
export interface SequelizeSource {
  /** Name in the statement: the model's, or the way to it (`posts->author`). */
  readonly alias: string;
  readonly model: ModelIr;
}

export interface SequelizeScope {
  readonly host: HostContext;
  readonly main: SequelizeSource;
  /** False in UPDATE and DELETE, whose columns are not qualified. */
  readonly qualified: boolean;
}

export const tablePart = ({ schema, table }: Pick<ModelIr, 'schema' | 'table'>, host?: HostSpan): SqlPart => identifier([...(schema === undefined ? [] : [schema]), table], host);

export const columnOf = (model: ModelIr, property: string): string => model.columns.find((column) => column.property === property)?.column ?? property;

export const relationOf = (model: ModelIr, name: string | undefined): RelationIr | undefined => model.relations.find((relation) => relation.property === name) ?? (model.relations.filter((relation) => relation.model === name).length === 1 ? model.relations.find((relation) => relation.model === name) : undefined);

/** `literal('…')`, `fn('lower', col('name'))`, `col('a.b')`, `cast(…)`, `json(…)`, `random()`, with or without `sequelize.` before it. */
export function methodPart(written: SyntaxNode, scope: SequelizeScope, depth = 0): SqlPart | undefined {
  const node = unwrap(written);
  const call = node.type === 'call_expression' ? callParts(node) : undefined;
  const name = call?.callee.type === 'member_expression' ? call.callee.childForFieldName('property')?.text : call?.callee.text;
  if (name === 'random' && call?.args.length === 0) return sql('random()', spanOf(node));
  if (!call || call.template || depth > 6 || !/^(literal|fn|col|cast|json)$/.test(name ?? '')) return undefined;
  const [first, second] = call.args;
  const host = spanOf(node);
  const text = first && constantText(first, scope.host);
  switch (name) {
    case 'literal': {
      const string = first && scope.host.string(first);
      return string ? concat(fragment(string), string.interpolations.length > 0 ? incomplete : []) : first ? hole('fragment', bindOf(first, scope.host)) : undefined;
    }
    case 'col':
      return text === undefined ? (first ? hole('identifier', bindOf(first, scope.host)) : undefined) : text === '*' ? sql('*', host) : identifier(colPath(text, scope), host);
    case 'fn':
      return text === undefined ? incomplete : concat(sql(`${text}(`, host), join(call.args.slice(1).map((arg) => methodPart(arg, scope, depth + 1) ?? valuePart(arg, scope.host)), ', '), sql(')', host));
    case 'cast':
      return first && second ? concat(sql('CAST(', host), methodPart(first, scope, depth + 1) ?? valuePart(first, scope.host), sql(` AS ${constantText(second, scope.host) ?? 'text'})`, host)) : incomplete;
    default:
      return incomplete;
  }
}

/** `User.name`, `posts.author.name`: the last part is the column, the ones before it the way to its table. */
const colPath = (text: string, scope: SequelizeScope): readonly string[] => {
  const parts = text.split('.');
  const column = parts.at(-1) ?? text;
  return parts.length === 1 ? [column === '*' ? column : columnOf(scope.main.model, column)] : [parts.slice(0, -1).join('->'), column];
};

/** `ASC`, `DESC NULLS LAST`; what is not known adds nothing. */
export function directionText(node: SyntaxNode | undefined, { host }: SequelizeScope): string {
  const known = node && constantValue(node, host);
  return typeof known === 'string' && /^(asc|desc)(\s+nulls\s+(first|last))?$/i.test(known.trim()) ? ` ${known.trim().toUpperCase()}` : '';
}
