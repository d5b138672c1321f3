import { findColumn } from '../catalog/lookup';
import type { Index } from '../catalog/model';
import { operatorVerdict } from '../catalog/operatorSupport';
import type { ColumnRef, Conjunct, StatementModel } from '../sql/model';
import type { PlaceholderStyle } from '../sql/source';
import { spanText } from '../text/span';
import { coverHoles } from './holes';
import type { ReadRelation } from './relationDemand';
import type { SqlEdit } from './sqlEdits';

/** Functions behind operators of jsonb: the operator is looked up in an index, the function never is. */
const OPERATORS: Readonly<Record<string, string>> = { jsonb_exists: '?', jsonb_exists_any: '?|', jsonb_exists_all: '?&', jsonb_contains: '@>' };

/** `jsonb_exists(data, 'a')`, though an index answers `data ? 'a'`. */
export interface JsonbCall {
  readonly conjunct: Conjunct;
  readonly column: ColumnRef;
  readonly name: string;
  readonly operator: string;
  readonly index: Index;
}

export function findJsonbCall({ table, owns }: Pick<ReadRelation, 'table' | 'owns'>, conjunct: Conjunct): JsonbCall | undefined {
  const { operator: form, negated, left } = conjunct;
  const name = form === 'boolean' && !negated && conjunct.clause !== 'having' && left?.kind === 'function' ? left.name ?? '' : '';
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  const [searched, wanted] = left?.args ?? [];
  const column = searched?.column;
  if (operator === undefined || left?.args?.length !== 2 || !column || !wanted || wanted.columns.length > 0 || !owns(column) || findColumn(table, column.column)?.type !== 'jsonb') return undefined;
  const predicate = { key: column.column, column: column.column, operator, negated: false, text: '' };
  const index = table.indexes.find((i) => i.valid && i.method === 'gin' && i.predicate === undefined && i.keys.some((key) => key.column === column.column && operatorVerdict('gin', key, predicate, 'jsonb') === 'yes'));
  return index && { conjunct, column, name, operator, index };
}

/** The operator in place of the call; undefined where its question mark would be read as a parameter. */
export function callToOperator(model: StatementModel, { conjunct, operator }: JsonbCall, placeholders: PlaceholderStyle): readonly SqlEdit[] | undefined {
  const [searched, wanted] = conjunct.left?.args ?? [];
  if (!searched || !wanted || (operator.includes('?') && placeholders === 'question')) return undefined;
  return [{ span: conjunct.span, text: `${spanText(model.text, searched.span)} ${operator} ${spanText(model.text, coverHoles(model, wanted.span))}` }];
}
