import { statementsFix, renderDropIndex } from '../advice/indexFix';
import { describeRows, sizeOf } from '../advice/size';
import { normaliseExpression } from '../catalog/expressionText';
import type { Index, IndexKey, Table } from '../catalog/model';
import type { MigrationRule } from '../lint/rule';
import { finalName, reportDeclarations } from '../migrations/declared';

const SCHEMA = 'CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint, created_at timestamptz);';

/** Indexes that another one stands for. */
export const redundantIndex: MigrationRule = {
  id: 'redundant-index',
  scope: 'migration',
  category: 'schema',
  severity: 'info',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'Another index does all that this one does',
  docs: {
    why: 'An index whose keys are the first keys of another one, or the same, answers nothing that the other does not. It is kept up to date at every write, fills the cache and stands in the way of HOT updates.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'CREATE INDEX orders_tenant ON orders (tenant_id);\nCREATE INDEX orders_tenant_created ON orders (tenant_id, created_at);' }],
    good: [{ language: 'sql', schema: SCHEMA, code: 'CREATE INDEX orders_tenant ON orders (tenant_id) WHERE created_at IS NULL;\nCREATE INDEX orders_created ON orders (created_at, tenant_id);\nCREATE INDEX orders_tenant_created ON orders (tenant_id, created_at DESC);' }],
    whenNot: 'A much narrower index of a hot query may be worth its writes. Unique indexes and those of constraints are never reported.',
    fixSafety: 'Writes a new migration with DROP INDEX CONCURRENTLY. Results do not change; check that no hint or monitoring names the index.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    const { catalog, settings } = context;
    // What the folders of later versions drop is not replayed.
    if ((context.migration.place?.versions ?? 0) > 0) return;
    reportDeclarations(context, context.migration.statements.flatMap((statement) => {
      const { command } = statement;
      if (command.type !== 'create-index' || statement.nested || command.name === undefined || command.unique) return [];
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      const index = table?.indexes.find((other) => other.name === command.name);
      if (!table || !index || index.constraint !== undefined || index.unique || !index.valid || (index.definedAt !== undefined && index.definedAt.uri !== context.file.uri)) return [];
      const other = coveredBy(table, index);
      if (other === undefined || sizeOf(table, settings) === 'small') return [];
      // Django makes both for a many-to-many field, and has no way to leave one out.
      if (isPairTable(table) && context.file.imports.some(({ module }) => module.startsWith('django.db'))) return [];
      const rows = describeRows(table, settings);
      const same = other.keys.length === index.keys.length && other.include.length === index.include.length;
      // The index that Django makes for a key is in no file, and its name is not known here.
      const named = context.file.imports.every(({ module }) => !module.startsWith('django.db')) || context.text.includes(index.name);
      const own = named ? index.name : `the index of ${index.keys.map((key) => key.column ?? '').join(', ')}`;
      return [{
        statement, at: command.nameSpan ?? command.keyword, confidence: rows === undefined ? ('schema' as const) : ('statistics' as const),
        message: same ? `${named ? own : `The${own.slice(3)}`} is the same as ${other.name}.` : `${other.name} begins with the keys of ${own} and does all that it does.`,
        because: [rows && `${rows}.`, named ? undefined : '`db_index=False` on the field leaves it out.'].filter(Boolean).join(' ') || undefined, evidence: { table: key, index: index.name, coveredBy: other.name },
        fixes: () => (!named || catalog === undefined || table.kind === 'partitioned' || table.partitionOf !== undefined ? [] : statementsFix(`Drop the index ${index.name}`, `drop_${index.name}`, [renderDropIndex(table, index.name, catalog)], settings)),
      }];
    }));
  },
};

/** A key and two references that are unique together. */
const isPairTable = (table: Table): boolean =>
  table.columns.length === 3 && table.foreignKeys.length === 2 && table.indexes.some((index) => index.unique && index.keys.length === 2 && index.keys.every((key) => table.foreignKeys.some((reference) => reference.columns.length === 1 && reference.columns[0] === key.column)));

/** Of two that are the same, the later one is too many. */
function coveredBy(table: Table, index: Index): Index | undefined {
  const at = table.indexes.indexOf(index);
  return table.indexes.find((other, position) => other !== index && covers(other, index) && (other.keys.length > index.keys.length || other.constraint !== undefined || other.unique || other.include.length > index.include.length || position < at));
}

/** Same kind, same rows, and the keys of the one are the first keys of the other; only a b-tree serves a prefix. */
function covers(other: Index, index: Index): boolean {
  if (!other.valid || other.method !== index.method || other.keys.length < index.keys.length) return false;
  if (other.keys.length > index.keys.length && index.method !== 'btree') return false;
  if (predicateOf(other) !== predicateOf(index)) return false;
  const keys = index.keys.every((key, i) => sameKey(key, other.keys[i]));
  return keys && index.include.every((column) => other.include.includes(column) || other.keys.some((key) => key.column === column));
}

const predicateOf = ({ predicate }: Index): string => (predicate === undefined ? '' : normaliseExpression(predicate));

const sameKey = (a: IndexKey, b: IndexKey | undefined): boolean =>
  b !== undefined && a.column === b.column && (a.expression === undefined ? '' : normaliseExpression(a.expression)) === (b.expression === undefined ? '' : normaliseExpression(b.expression)) &&
  a.opclass === b.opclass && a.collation === b.collation && a.descending === b.descending && a.nullsFirst === b.nullsFirst;
