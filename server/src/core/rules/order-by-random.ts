import { orderExpression } from '../advice/keyset';
import { isRandom } from '../advice/random';
import { bindColumn, isSystemRelation, tableOf, type Scope } from '../advice/scope';
import { blockSize, describeRows } from '../advice/size';
import { collectPins } from '../advice/pins';
import type { StatementRule } from '../lint/rule';
import type { QueryBlock } from '../sql/model';

const SCHEMA = 'CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL);';

/** Sorting a table by chance to take a few of its rows. */
export const orderByRandom: StatementRule = {
  id: 'order-by-random',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'text',
  summary: 'ORDER BY random() reads and sorts every row',
  docs: {
    why: 'No index holds a random order: a number is drawn for each row of the table, all of them are sorted, and LIMIT keeps a few. A random position in the primary key (`WHERE id >= $1 ORDER BY id LIMIT 1`) or `TABLESAMPLE SYSTEM_ROWS` reads only what it returns.',
    bad: [{ language: 'sql', schema: SCHEMA, assume: { products: 500_000 }, code: 'SELECT id, name FROM products ORDER BY random() LIMIT 5;' }],
    good: [
      { language: 'sql', schema: SCHEMA, assume: { products: 500_000 }, code: 'SELECT id, name FROM products TABLESAMPLE SYSTEM (0.1) LIMIT 5;' },
      { language: 'sql', schema: SCHEMA, assume: { products: 400 }, code: 'SELECT id, name FROM products ORDER BY random() LIMIT 5;' },
    ],
    whenNot: 'Small tables, and rows that an index has narrowed to a few.',
  },
  options: {},
  check(context) {
    const { model, settings } = context;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) {
      const item = block.orderBy.find((o) => isRandom(orderExpression(block, o) ?? o.expression));
      const tables = block.relations.filter((r) => r.kind === 'table');
      if (!item || tables.length === 0 || tables.some(isSystemRelation) || isSampled(block, model.text)) continue;
      const size = blockSize(scope, block, settings);
      if (size === 'small' || size === 'medium') continue;
      const narrowed = isNarrowed(scope, block);
      const rows = tables.map((r) => describeRows(tableOf(context.catalog, r), settings)).filter((r) => r !== undefined);
      context.report({
        at: { sql: item.span },
        severity: narrowed ? 'hint' : size === 'large' ? undefined : 'info',
        message: `Every row${narrowed ? ' that the conditions leave' : ` of ${tables.map((r) => r.name).join(', ')}`} is given a random number and sorted${block.limit ? ' for the few that LIMIT keeps' : ''}.`,
        because: rows.length > 0 ? `${rows.join('; ')}.` : undefined,
        confidence: size === 'large' ? 'statistics' : 'text',
        evidence: { tables: tables.map((r) => r.name), size, narrowed },
      });
    }
  },
};

/** Is a column of a table held to one value or a list? Then the rows that are sorted may be few. */
function isNarrowed(scope: Scope, block: QueryBlock): boolean {
  const pins = collectPins(scope, block);
  return block.relations.some((_, index) => pins.columns(index).size > 0) ||
    block.conjuncts.some((c) => c.clause === 'where' && !c.negated && ['=', 'in', 'any'].includes(c.operator) && c.left?.column !== undefined && bindColumn(scope, block, c.left.column) !== undefined);
}

/** `TABLESAMPLE` reads a part of the table. */
const isSampled = ({ clauses }: QueryBlock, text: string): boolean => clauses.from !== undefined && /\btablesample\b/i.test(text.slice(clauses.from.span.start, clauses.from.span.end));
