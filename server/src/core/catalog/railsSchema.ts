import { singular } from '../hosts/ruby/railsNames';

/** Rails' names for types, as Postgres has them. */
export const railsTypes: Readonly<Record<string, string>> = {
  string: 'character varying', text: 'text', integer: 'integer', bigint: 'bigint', float: 'double precision', decimal: 'numeric', numeric: 'numeric', datetime: 'timestamp without time zone', timestamp: 'timestamp without time zone', timestamptz: 'timestamp with time zone',
  time: 'time without time zone', date: 'date', binary: 'bytea', boolean: 'boolean', json: 'json', jsonb: 'jsonb', uuid: 'uuid', hstore: 'hstore', inet: 'inet', cidr: 'cidr', macaddr: 'macaddr', tsvector: 'tsvector', citext: 'citext', ltree: 'ltree', xml: 'xml', money: 'money', bit: 'bit', bit_varying: 'bit varying',
  int4range: 'int4range', int8range: 'int8range', numrange: 'numrange', tsrange: 'tsrange', tstzrange: 'tstzrange', daterange: 'daterange', interval: 'interval', oid: 'oid', point: 'point', virtual: 'text',
};

/**
 * `db/schema.rb`, which Rails writes line by line, as DDL: tables, columns, indexes, foreign keys, enums. A type of another
 * name is an extension's and keeps it; lines that add none of these are left out.
 * @returns '' where the file is no dump of Postgres.
 */
export function railsSchemaToSql(text: string): string {
  if (!/ActiveRecord::Schema(?:\[[\d.]+\])?\.define/.test(text) || /\bENGINE=InnoDB|charset: "(?:utf8|latin1)/i.test(text)) return '';
  const statements: string[] = [];
  let table: { name: string; columns: string[]; after: string[] } | undefined;
  for (const line of text.split(/\r?\n/)) {
    const created = /^\s*create_table "([^"]+)"(.*)\bdo \|t\|/.exec(line);
    if (created?.[1] !== undefined) {
      table = { name: created[1], columns: keyColumns(created[2] ?? ''), after: [] };
      continue;
    }
    if (table && /^\s*end\s*$/.test(line)) {
      statements.push(`CREATE TABLE ${quoted(table.name)} (${table.columns.join(', ')});`, ...table.after);
      table = undefined;
      continue;
    }
    const inside = table && /^\s*t\.(\w+) (.+)$/.exec(line);
    if (table && inside?.[1] !== undefined) {
      const rest = inside[2] ?? '';
      if (inside[1] === 'index') table.after.push(...indexOf(table.name, rest));
      else if (!/^(?:check_constraint|exclusion_constraint|unique_constraint|foreign_key)$/.test(inside[1])) table.columns.push(...columnOf(inside[1], rest));
      else if (inside[1] === 'unique_constraint') table.after.push(...uniqueOf(table.name, rest));
      continue;
    }
    const key = /^\s*add_foreign_key "([^"]+)", "([^"]+)"(.*)$/.exec(line);
    if (key?.[1] !== undefined && key[2] !== undefined) statements.push(foreignKeyOf(key[1], key[2], key[3] ?? ''));
    const index = /^\s*add_index "([^"]+)", (.+)$/.exec(line);
    if (index?.[1] !== undefined) statements.push(...indexOf(index[1], index[2] ?? ''));
    const named = /^\s*create_enum "([^"]+)", \[(.*)\]/.exec(line);
    if (named?.[1] !== undefined) statements.push(`CREATE TYPE ${quoted(named[1])} AS ENUM (${names(named[2] ?? '').map((label) => `'${label.replaceAll("'", "''")}'`).join(', ')});`);
    const extension = /^\s*enable_extension "([^"]+)"/.exec(line)?.[1];
    if (extension !== undefined) statements.push(`CREATE EXTENSION IF NOT EXISTS ${quoted(extension.replace(/^.*\./, ''))};`);
  }
  return statements.join('\n');
}

const quoted = (name: string): string => name.split('.').map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
const names = (list: string): string[] => [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
/** The text with what stands in its strings blanked, so that no word of a comment is taken for an option. */
const outsideStrings = (text: string): string => text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (string) => `"${' '.repeat(string.length - 2)}"`);

function option(rest: string, name: string): string | undefined {
  const at = new RegExp(`(?<![\\w$])${name.replaceAll(/[^\w]/g, '\\$&')}: `).exec(outsideStrings(rest));
  const value = at && /^(?:"((?:[^"\\]|\\.)*)"|:?([\w.]+))/.exec(rest.slice(at.index + at[0].length));
  return value?.slice(1).find((one) => one !== undefined);
}

const flag = (rest: string, form: RegExp): boolean => form.test(outsideStrings(rest));

/** Columns in `"email"`, `["a", "b"]`; undefined: an expression in a string. */
const columnsIn = (rest: string): { readonly columns: readonly string[]; readonly expression?: string } => {
  const list = /^\[([^\]]*)\]/.exec(rest);
  if (list) return { columns: names(list[1] ?? '') };
  const [only = ''] = names(rest);
  return /^\w+$/.test(only) ? { columns: [only] } : { columns: [], expression: only.replaceAll('\\"', '"') };
};

/** The key that Rails adds by itself, or the one that is named. */
function keyColumns(rest: string): string[] {
  if (flag(rest, /\bid: false\b/)) return [];
  const several = /\bprimary_key: \[([^\]]*)\]/.exec(rest);
  if (several) return [`PRIMARY KEY (${names(several[1] ?? '').map(quoted).join(', ')})`];
  const type = option(rest, 'id') ?? (/\bid: \{ type: :(\w+)/.exec(rest)?.[1]) ?? 'bigint';
  const limit = type === 'string' ? /\bid: \{[^}]*\blimit: (\d+)/.exec(rest)?.[1] : undefined;
  return [`${quoted(option(rest, 'primary_key') ?? 'id')} ${type === 'serial' ? 'serial' : type === 'bigint' ? 'bigserial' : type === 'integer' ? 'serial' : railsTypes[type] ?? type}${limit === undefined ? '' : `(${limit})`} PRIMARY KEY`];
}

function columnOf(type: string, rest: string): string[] {
  const name = /^"([^"]+)"/.exec(rest)?.[1];
  if (name === undefined) return [];
  const named = type === 'enum' ? option(rest, 'enum_type') : type === 'column' ? names(rest)[1] : type === 'virtual' ? option(rest, 'type') : undefined;
  const base = named === undefined ? railsTypes[type] ?? type : railsTypes[named] ?? (type === 'enum' ? quoted(named) : named);
  const limit = option(rest, 'limit');
  const precision = option(rest, 'precision');
  const sized = base === 'character varying' && limit !== undefined ? `${base}(${limit})` : base === 'integer' && limit !== undefined ? (Number(limit) > 4 ? 'bigint' : Number(limit) < 3 ? 'smallint' : base) : base === 'numeric' && precision !== undefined ? `numeric(${precision}, ${option(rest, 'scale') ?? '0'})` : base;
  return [`${quoted(name)} ${sized}${flag(rest, /\barray: true\b/) ? '[]' : ''}${flag(rest, /\bnull: false\b/) ? ' NOT NULL' : ''}`];
}

function indexOf(table: string, rest: string): string[] {
  const { columns, expression } = columnsIn(rest);
  if (columns.length === 0 && !expression) return [];
  const name = option(rest, 'name') ?? `index_${table.replaceAll('.', '_')}_on_${columns.join('_and_')}`;
  const per = (setting: string, column: string): string | undefined => option(new RegExp(`\\b${setting}: \\{([^}]*)\\}`).exec(rest)?.[1] ?? '', column) ?? (new RegExp(`\\b${setting}: \\{`).test(rest) ? undefined : option(rest, setting));
  const keys = columns.map((column) => `${quoted(column)}${suffix(per('opclass', column))}${suffix(per('order', column)?.replaceAll('_', ' ').toUpperCase())}`);
  const where = option(rest, 'where')?.replaceAll('\\"', '"');
  const include = /\binclude: \[([^\]]*)\]/.exec(rest);
  const method = option(rest, 'using');
  return [`CREATE ${flag(rest, /\bunique: true\b/) ? 'UNIQUE ' : ''}INDEX ${quoted(name)} ON ${quoted(table)}${method === undefined ? '' : ` USING ${method}`} (${expression ? bracketed(expression) : keys.join(', ')})${include ? ` INCLUDE (${names(include[1] ?? '').map(quoted).join(', ')})` : ''}${where === undefined ? '' : ` WHERE ${where}`};`];
}

const suffix = (word: string | undefined): string => (word === undefined ? '' : ` ${word}`);
/** Expressions side by side, as Rails writes them: a name or a call needs no brackets, anything else does. */
const bracketed = (list: string): string =>
  parts(list).map((part) => {
    const [, expression = part, order = ''] = /^(.*?)((?:\s+(?:ASC|DESC|NULLS\s+(?:FIRST|LAST)|\w+_ops))*)$/is.exec(part.trim()) ?? [];
    const plain = /^\w+$/.test(expression) || (/^[\w.]*\(/.test(expression) && closes(expression) === expression.length - 1);
    return `${plain ? expression : `(${expression})`}${order}`;
  }).join(', ');

/** Cut at the commas that stand in no bracket. */
function parts(list: string): readonly string[] {
  const found: string[] = [];
  let [from, depth] = [0, 0];
  for (let i = 0; i < list.length; i++) {
    if (list[i] === '(') depth++;
    else if (list[i] === ')') depth--;
    else if (list[i] === ',' && depth === 0) {
      found.push(list.slice(from, i));
      from = i + 1;
    }
  }
  return [...found, list.slice(from)];
}

/** Where the first bracket of an expression is closed; -1: nowhere. */
function closes(expression: string): number {
  let depth = 0;
  for (let i = expression.indexOf('('); i >= 0 && i < expression.length; i++) {
    if (expression[i] === '(') depth++;
    else if (expression[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

function uniqueOf(table: string, rest: string): string[] {
  const { columns } = columnsIn(rest);
  return columns.length === 0 ? [] : [`ALTER TABLE ${quoted(table)} ADD UNIQUE (${columns.map(quoted).join(', ')});`];
}

function foreignKeyOf(table: string, parent: string, rest: string): string {
  const column = option(rest, 'column') ?? `${singular(parent.replace(/^.*\./, ''))}_id`;
  return `ALTER TABLE ${quoted(table)} ADD FOREIGN KEY (${quoted(column)}) REFERENCES ${quoted(parent)} (${quoted(option(rest, 'primary_key') ?? 'id')})${flag(rest, /\bon_delete: :cascade\b/) ? ' ON DELETE CASCADE' : ''};`;
}
