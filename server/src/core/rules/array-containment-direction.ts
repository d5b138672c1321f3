import { positiveConjuncts } from '../advice/comparisons';
import { collectPins } from '../advice/pins';
import { bindColumn, isSystemRelation, withoutCasts, type BoundColumn, type Scope } from '../advice/scope';
import { describeRows, sizeOf } from '../advice/size';
import { sqlFix } from '../advice/sqlFix';
import { coverHoles } from '../advice/holes';
import type { SqlEdit } from '../advice/sqlEdits';
import { isPinnedToOneRow } from '../advice/uniqueness';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { spanText } from '../text/span';

const SCHEMA = 'CREATE TABLE posts (id bigint PRIMARY KEY, tags text[] NOT NULL);\nCREATE INDEX posts_tags ON posts USING gin (tags);';

/** `x = ANY(column)`, which no GIN index answers, though `column @> ARRAY[x]` asks the same. */
export const arrayContainmentDirection: StatementRule = {
  id: 'array-containment-direction',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['safe'],
  summary: 'x = ANY(column) does not use the GIN index of the column',
  docs: {
    why: 'A GIN index on an array answers containment (`@>`, `<@`, `&&`). `x = ANY(tags)` asks the same as `tags @> ARRAY[x]`, but compares x with the elements of every row: the index is not used.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT id FROM posts WHERE $1 = ANY(tags);' }],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM posts WHERE tags @> ARRAY[$1]::text[];' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT id FROM posts WHERE id = ANY($1);' },
    ],
    whenNot: 'Small tables.',
    fixSafety: 'Safe: a row contains the value under the same equality, and neither form finds rows for NULL. Not offered below NOT.',
  },
  options: {},
  check(context) {
    const { model, catalog } = context;
    if (!catalog || model.completeness !== 'full') return;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) for (const conjunct of positiveConjuncts(block.conjuncts)) if (conjunct.operator === 'any') checkConjunct(context, scope, block, conjunct);
  },
};

function checkConjunct(context: StatementContext, scope: Scope, block: QueryBlock, conjunct: Conjunct): void {
  const { left, right } = conjunct;
  const bound = right?.column && bindColumn(scope, block, right.column);
  if (!left || !right || !bound?.table || !bound.definition?.type.endsWith('[]') || isSystemRelation(bound.relation)) return;
  const index = bound.table.indexes.find((i) => i.valid && i.method === 'gin' && i.predicate === undefined && i.keys.some((key) => key.column === bound.column && (key.opclass === undefined || key.opclass === 'array_ops')));
  const size = sizeOf(bound.table, context.settings);
  // A row that another column of the same row is looked for in: no index has that.
  if (!index || size === 'small' || isPinnedToOneRow(scope, block, bound.relationIndex, collectPins(scope, block)) || left.columns.some((c) => bindColumn(scope, block, c)?.relationIndex === bound.relationIndex)) return;
  const rows = describeRows(bound.table, context.settings);
  context.report({
    at: { sql: conjunct.span },
    severity: size === 'large' ? undefined : 'hint',
    message: `${index.name} answers ${bound.column} @> …, not … = ANY(${bound.column}): every row is read.`,
    because: rows && `${rows}.`,
    confidence: size === 'large' ? 'statistics' : 'schema',
    evidence: { table: bound.table.name, column: bound.column, index: index.name },
    fixes: () => sqlFix(context, `Ask ${bound.column} @> ARRAY[…] (the same rows)`, 'safe', contain(scope, block, conjunct, { left, right, bound })),
  });
}

/** `column @> ARRAY[x]::type[]`, the value where it stood. */
function contain(scope: Scope, block: QueryBlock, conjunct: Conjunct, { left, right, bound }: { readonly left: Expression; readonly right: Expression; readonly bound: BoundColumn }): readonly SqlEdit[] | undefined {
  const type = bound.definition?.type ?? '';
  const other = left.column && bindColumn(scope, block, left.column)?.definition;
  // A value of another type might not fit: only what takes the element's type, or has it.
  const bare = withoutCasts(left);
  if (!(bare.kind === 'hole' || bare.kind === 'constant') && !(other && `${other.type}[]` === type)) return undefined;
  if (left.kind === 'cast' && `${left.type ?? ''}[]` !== type) return undefined;
  const value = coverHoles(scope.model, left.span);
  return [
    { span: { start: conjunct.span.start, end: value.start }, text: `${spanText(scope.model.text, right.span)} @> ARRAY[` },
    { span: { start: value.end, end: conjunct.span.end }, text: `]::${type}` },
  ];
}
