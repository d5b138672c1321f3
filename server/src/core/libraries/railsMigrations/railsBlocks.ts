import type { FunctionForm } from '../../hosts/common/forms';
import { parts, spanOf } from '../../hosts/common/syntaxTools';
import type { MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { escapeRegExp } from '../../text/regExp';
import { hostSpan, type HostSpan } from '../../text/span';
import { createTableStep, isMap, quoteTable, tableNameOf, textOf, textsOf, type Evaluation } from '../shared/migrationValues';
import { columnSql, indexSql, referenceSql, timestampsSql } from './railsColumns';
import { columnIndex, onTable, operationSteps, readArguments, type Rails, type RailsArguments } from './railsOperations';

interface Inside extends Evaluation {
  readonly rails: Rails;
}

/** What `create_table … do |t|` and `change_table` do; undefined: the call is neither. */
export function blockSteps(node: SyntaxNode, name: string, args: RailsArguments, block: FunctionForm, place: Inside): readonly MigrationStep[] | undefined {
  if (!/^(?:create_table|change_table|create_join_table)$/.test(name)) return undefined;
  const head = hostSpan(node.startIndex, Math.max(args.end ?? node.startIndex, node.startIndex + name.length));
  const table = textOf(args.positional[0]);
  const object = block.parameters[0]?.name;
  if (table === undefined) return [{ span: head, tables: 'any' }];
  if (object === undefined || !block.body) return operationSteps(node, name, args, place.rails);
  const creates = name !== 'change_table';
  const own = name === 'change_table' ? [] : operationSteps(node, name, args, place.rails) ?? [];
  const created = own.find((step) => step.sql?.startsWith('CREATE TABLE'))?.sql;
  const named = created === undefined || name === 'create_table' ? table : /^CREATE TABLE (?:IF NOT EXISTS )?"?([^\s"(]+)/.exec(created)?.[1] ?? table;
  const columns: { sql: string; span: HostSpan }[] = [];
  const steps: MigrationStep[] = [];
  const options = args.options.get('options');
  let understood = (created !== undefined || !creates) && (!args.options.has('options') || typeof options === 'string');
  const mentions = new RegExp(`\\b${escapeRegExp(object)}\\b`);
  const visit = (statement: SyntaxNode): void => {
    const form = place.source.callForm(statement);
    if (form?.receiver?.text !== object) {
      // Its columns are made in another way: a method is given the table, or a condition decides.
      if (statement.type !== 'comment' && mentions.test(statement.text)) understood = false;
      return;
    }
    const given = readArguments(form, place);
    const made = inTable(named, form.name.text, given, place.rails, statement);
    if (made === undefined || given.spread) understood = false;
    if (made === undefined) return;
    if (creates) columns.push(...made.columns.map((sql) => ({ sql, span: spanOf(statement) })));
    else steps.push(...made.columns.map((sql) => ({ span: spanOf(statement), sql: `ALTER TABLE ${quoteTable(named)} ADD COLUMN ${sql}` })));
    steps.push(...made.after.map((sql) => ({ span: spanOf(statement), sql })));
  };
  parts(block.body).forEach(visit);
  const opening = created?.indexOf(' (') ?? -1;
  const force = args.options.has('force') && args.options.get('force') !== false && creates ? [{ span: head, sql: `DROP TABLE IF EXISTS ${quoteTable(named)}${textOf(args.options.get('force')) === 'cascade' ? ' CASCADE' : ''}` }] : [];
  const clause = creates && typeof options === 'string' && /^\s*(?:partition\s+by|inherits|with|tablespace)\b/i.test(options) ? ` ${options}` : '';
  return [...force, ...(created === undefined ? [] : [createTableStep(created.slice(0, opening), created.slice(opening + 2, -1), columns, head, clause)]), ...steps, ...(understood ? [] : [{ span: head, tables: [tableNameOf(named)] }])];
}

/** Operations of `t` that have another name on the connection. */
const renamed: Readonly<Record<string, string>> = { remove: 'remove_columns', rename: 'rename_column', change: 'change_column', change_default: 'change_column_default', change_null: 'change_column_null', remove_index: 'remove_index', rename_index: 'rename_index', remove_references: 'remove_reference', remove_belongs_to: 'remove_reference', remove_timestamps: 'remove_timestamps', remove_foreign_key: 'remove_foreign_key', remove_check_constraint: 'remove_check_constraint', foreign_key: 'add_foreign_key', check_constraint: 'add_check_constraint', unique_constraint: 'add_unique_constraint' };

/** One line of the block. undefined: not understood. */
function inTable(table: string, method: string, args: RailsArguments, rails: Rails, node: SyntaxNode): { readonly columns: readonly string[]; readonly after: readonly string[] } | undefined {
  const { positional, options } = args;
  const names = positional.map(textOf);
  const after = (sql: readonly string[] | undefined): { readonly columns: readonly string[]; readonly after: readonly string[] } | undefined => (sql ? { columns: [], after: sql } : undefined);
  const other = renamed[method];
  if (other !== undefined) {
    const moved = { ...args, positional: [table, ...positional] };
    return after(other === 'add_foreign_key' || other === 'remove_columns' || names[0] !== undefined || options.size > 0 ? onTable(other, table, { args: moved, rails, second: names[0], third: names[1] }) : undefined);
  }
  switch (method) {
    case 'timestamps': return { columns: timestampsSql(options, rails.version), after: [] };
    case 'index': { const sql = indexSql(table, textsOf(positional[0]), options); return sql === undefined ? undefined : { columns: [], after: [sql] }; }
    case 'references': case 'belongs_to': {
      const made = names.includes(undefined) ? undefined : names.map((name) => referenceSql(table, name!, options, rails.version));
      if (made === undefined || made.length === 0 || made.includes(undefined)) return undefined;
      return { columns: made.flatMap((one) => one!.columns), after: made.flatMap((one) => [...one!.after, ...(one!.foreign ? [one!.foreign.sql] : [])]) };
    }
    case 'column': return names[0] === undefined || names[1] === undefined ? undefined : { columns: [columnSql(names[0], names[1], options)], after: columnIndex(table, names[0], options) };
    case 'exclusion_constraint': case 'comment': return { columns: [], after: [] };
    default: return node.type !== 'call' || names.length === 0 || names.includes(undefined) || isMap(positional.at(-1)) ? undefined
      : { columns: names.map((name) => columnSql(name!, method, options)), after: names.flatMap((name) => columnIndex(table, name!, options)) };
  }
}
