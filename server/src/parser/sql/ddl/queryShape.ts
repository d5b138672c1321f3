import type { QueryShape } from '../../../core/catalog/changes';
import type { Tree } from './tree';
import { listAt, relationName, textAt, treeAt, unwrap } from './tree';
import { canonicalType } from './types';

type Source = QueryShape['from'][number];
type Output = QueryShape['outputs'][number];

/**
 * What a SELECT's text says about its output columns. `names` (a view's column list) override the names from the left.
 * Set operations take the shape of their leftmost arm.
 */
export function queryShape(query: Tree | undefined, names: readonly string[]): QueryShape {
  let select = treeAt(query, 'SelectStmt') ?? query;
  while (treeAt(select, 'larg') !== undefined) select = treeAt(select, 'larg');
  const ctes = new Set(listAt(treeAt(select, 'withClause'), 'ctes').map((item) => textAt(treeAt(item, 'CommonTableExpr'), 'ctename') ?? ''));
  const from = listAt(select, 'fromClause').flatMap(sourcesOf).filter((source) => source.relation.schema !== undefined || !ctes.has(source.relation.name));
  const outputs = listAt(select, 'targetList').map((item) => outputOf(treeAt(item, 'ResTarget')));
  return { from, outputs: outputs.map((output, index) => (names[index] === undefined ? output : { ...output, name: names[index] })) };
}

function sourcesOf(item: Tree): readonly Source[] {
  const [type, content] = unwrap(item);
  if (type === 'JoinExpr') return [...listed(treeAt(content, 'larg')), ...listed(treeAt(content, 'rarg'))];
  if (type !== 'RangeVar') return [];
  const relation = relationName(content);
  return [{ alias: textAt(treeAt(content, 'alias'), 'aliasname') ?? relation.name, relation }];
}

const listed = (item: Tree | undefined): readonly Source[] => (item === undefined ? [] : sourcesOf(item));

function outputOf(target: Tree | undefined): Output {
  const name = textAt(target, 'name');
  const [type, value] = unwrap(treeAt(target, 'val'));
  if (type === 'ColumnRef') {
    const fields = listAt(value, 'fields');
    const star = fields.at(-1)?.['A_Star'] !== undefined;
    const parts = fields.flatMap((field) => textAt(treeAt(field, 'String'), 'sval') ?? []);
    const column = star ? undefined : parts.at(-1);
    const qualifier = star ? parts.at(-1) : parts.at(-2);
    return { name: name ?? column ?? '', star, ...(qualifier === undefined ? {} : { qualifier }), ...(column === undefined ? {} : { column }) };
  }
  const known = type === 'TypeCast' ? canonicalType(treeAt(value, 'typeName')) : undefined;
  return { name: name ?? figureColumnName(type, value) ?? '?column?', star: false, ...(known === undefined ? {} : { type: known }) };
}

/** The name Postgres gives an expression (FigureColname in parse_target.c); undefined where it has none. */
export function figureColumnName(type: string, value: Tree): string | undefined {
  const last = (field: string): string | undefined => listAt(value, field).flatMap((item) => textAt(treeAt(item, 'String'), 'sval') ?? []).at(-1);
  const inner = (field: string): string | undefined => figureColumnName(...unwrap(treeAt(value, field)));
  switch (type) {
    case 'ColumnRef': return last('fields');
    case 'FuncCall': return last('funcname');
    case 'TypeCast': return inner('arg') ?? typeNameOf(treeAt(value, 'typeName'));
    case 'CollateClause': return inner('arg');
    case 'A_Indirection': return last('indirection') ?? inner('arg');
    case 'CoalesceExpr': return 'coalesce';
    case 'MinMaxExpr': return textAt(value, 'op') === 'IS_LEAST' ? 'least' : 'greatest';
    case 'CaseExpr': return inner('defresult') ?? 'case';
    case 'A_ArrayExpr': return 'array';
    case 'RowExpr': return 'row';
    case 'A_Expr': return textAt(value, 'kind') === 'AEXPR_NULLIF' ? 'nullif' : undefined;
    case 'SubLink': return textAt(value, 'subLinkType') === 'EXISTS_SUBLINK' ? 'exists' : undefined;
    default: return undefined;
  }
}

const typeNameOf = (typeName: Tree | undefined): string | undefined => listAt(typeName, 'names').flatMap((item) => textAt(treeAt(item, 'String'), 'sval') ?? []).at(-1);
