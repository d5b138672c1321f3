import type { FilePlan, NewFile } from './renderMigration';

type Place = (file: string) => string;

const camel = (name: string): string => name.split('_').map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
const plainName = String.raw`("(?:[^"]|"")+"|[\w$.]+)`;
const createIndex = new RegExp(String.raw`^\s*create\s+(unique\s+)?index\s+(concurrently\s+)?(if\s+not\s+exists\s+)?${plainName}\s+on\s+((?:"(?:[^"]|"")+"|\w+)(?:\.(?:"(?:[^"]|"")+"|\w+))?)\s*(?:using\s+(\w+)\s*)?\((.*?)\)\s*(?:include\s*\(([^()]*)\)\s*)?(?:where\s+(.*?))?\s*;?\s*$`, 'is');
const validate = new RegExp(String.raw`^\s*alter\s+table\s+((?:"(?:[^"]|"")+"|\w+)(?:\.(?:"(?:[^"]|"")+"|\w+))?)\s+validate\s+constraint\s+${plainName}\s*;?\s*$`, 'i');

const unquoted = (name: string): string => name.replaceAll(/"((?:[^"]|"")+)"/g, (_, inner: string) => inner.replaceAll('""', '"'));
const rubyString = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('#{', '\\#{')}"`;
const symbol = (name: string): string => (/^[a-z_]\w*$/.test(name) ? `:${name}` : rubyString(name));

/** `add_index …` where the statement is no more than Rails can say; undefined: it is. */
function addIndex(version: string, statement: string): string | undefined {
  const match = createIndex.exec(statement);
  if (!match || (match[7] ?? '').includes(') ')) return undefined;
  const [, unique, concurrently, guarded, name = '', table = '', method, keys = '', include, where] = match;
  const columns = keys.split(',').map((key) => unquoted(key.trim()));
  const plain = columns.every((column) => /^[a-z_]\w*$/.test(column));
  const list = (names: readonly string[]): string => (names.length === 1 ? symbol(names[0]!) : `[${names.map(symbol).join(', ')}]`);
  // A single key that is no name would be quoted as one.
  if (!plain && !/\W/.test(keys.trim())) return undefined;
  // `include:` came with Rails 7.1.
  if (include !== undefined && Number(version) < 7.1) return undefined;
  return [
    `add_index ${symbol(unquoted(table))}, ${plain ? list(columns) : rubyString(keys.trim())}`, `name: ${rubyString(unquoted(name))}`, ...(unique ? ['unique: true'] : []), ...(method !== undefined && method.toLowerCase() !== 'btree' ? [`using: :${method.toLowerCase()}`] : []),
    ...(include === undefined ? [] : [`include: ${list(include.split(',').map((column) => unquoted(column.trim())))}`]), ...(where === undefined ? [] : [`where: ${rubyString(where)}`]), ...(concurrently ? ['algorithm: :concurrently'] : []), ...(guarded ? ['if_not_exists: true'] : []),
  ].join(', ');
}

function rubyLine(version: string, statement: string): string {
  const known = addIndex(version, statement);
  if (known !== undefined) return known;
  const valid = validate.exec(statement);
  return valid ? `validate_constraint ${symbol(unquoted(valid[1] ?? ''))}, ${symbol(unquoted(valid[2] ?? ''))}` : `execute ${rubyString(statement.replace(/;$/, ''))}`;
}

/** A migration of Rails, in the methods it has for it. @param version of `ActiveRecord::Migration[…]` */
export function renderRails(version: string, plan: FilePlan, at: Place, concurrent: boolean): NewFile {
  const body = (statements: readonly string[], line: (statement: string) => string): string => statements.map((statement) => `    ${line(statement)}\n`).join('');
  const line = (statement: string): string => rubyLine(version, statement);
  const reversible = plan.statements.every((statement) => addIndex(version, statement) !== undefined);
  const methods = reversible ? `  def change\n${body(plan.statements, line)}  end\n` : `  def up\n${body(plan.statements, line)}  end\n\n  def down\n${body(plan.down, (statement) => `execute ${rubyString(statement.replace(/;$/, ''))}`)}  end\n`;
  return { path: at(`${plan.version}_${plan.name}.rb`), text: `class ${camel(plan.name)} < ActiveRecord::Migration[${version}]\n${concurrent ? '  disable_ddl_transaction!\n\n' : ''}${methods}end\n` };
}

const phpString = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A migration of Laravel: Blueprint cannot say CONCURRENTLY in every version, so the statements stand as they are. */
export function renderLaravel(plan: FilePlan, at: Place, concurrent: boolean): NewFile {
  const body = (statements: readonly string[]): string => statements.map((statement) => `        DB::statement(${phpString(statement.replace(/;$/, ''))});\n`).join('');
  const stamp = /^(\d{4})(\d\d)(\d\d)(\d{6})$/.exec(plan.version)?.slice(1).join('_') ?? plan.version;
  return {
    path: at(`${stamp}_${plan.name}.php`),
    text: `<?php

use Illuminate\\Database\\Migrations\\Migration;
use Illuminate\\Support\\Facades\\DB;

return new class extends Migration
{
${concurrent ? '    public $withinTransaction = false;\n\n' : ''}    public function up(): void
    {
${body(plan.statements)}    }

    public function down(): void
    {
${body(plan.down)}    }
};
`,
  };
}
