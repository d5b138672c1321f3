import type { MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { quoteIdentifier } from '../../sql/names';
import { hostSpan, type HostSpan } from '../../text/span';
import { createTableStep, isList, isMap, isRaw, quoteTable, tableNameOf, textOf, textsOf, type Value } from '../shared/migrationValues';
import { scriptValue } from '../shared/scriptValues';
import { columnType, defaultOf, namedIndex, predicateOf, timestampsOf } from './knexColumns';
import { parametersOf, type Place } from './scriptMigration';

export interface Blueprint {
  readonly span: HostSpan;
  readonly table: string;
  readonly way: 'create' | 'createIfNot' | 'alter';
  readonly fn: SyntaxNode;
}

export interface BuilderLink {
  readonly name: string;
  readonly values: readonly (Value | undefined)[];
  readonly args: readonly SyntaxNode[];
}

/** What the lines of a callback do, in the order in which knex sends it. */
interface Draft {
  readonly table: string;
  readonly creates: boolean;
  readonly columns: { sql: string; span: HostSpan }[];
  /** Sent before the table is made: types. */
  readonly before: MigrationStep[];
  /** `.alter()` of a column. */
  readonly altered: MigrationStep[];
  readonly after: MigrationStep[];
  primary?: string;
  understood: boolean;
}

/** `createTable('t', (t) => …)` and `alterTable` as the statements that knex sends to Postgres, each with the line that it comes from. */
export function blueprintSteps({ span, table, way, fn }: Blueprint, place: Place): readonly MigrationStep[] {
  // The call's name and its table: the lines have places of their own.
  const head = hostSpan(span.start, Math.max(span.start + 1, fn.startIndex > span.start && fn.startIndex < span.end ? fn.startIndex : span.end));
  const draft: Draft = { table, creates: way !== 'alter', columns: [], before: [], altered: [], after: [], understood: true };
  const parameter = parametersOf(fn)[0];
  const body = fn.childForFieldName('body');
  const object = parameter?.type === 'identifier' ? parameter.text : parameter ? undefined : 'this';
  if (body && object !== undefined) {
    // The key that the table is made with decides whether its counter is one.
    draft.primary = draft.creates ? primaryKeyOf(body, object, table, place) : undefined;
    readLines(body, object, place, draft);
  } else draft.understood = false;
  const key = draft.primary === undefined ? [] : [{ sql: draft.primary, span: head }];
  const made = draft.creates ? [createTableStep(`CREATE TABLE ${way === 'createIfNot' ? 'IF NOT EXISTS ' : ''}${quoteTable(table)}`, '', [...draft.columns, ...key], head)]
    : draft.columns.map((column): MigrationStep => ({ span: column.span, sql: `ALTER TABLE ${quoteTable(table)} ADD COLUMN ${column.sql}` }));
  return [...draft.before, ...made, ...draft.altered, ...draft.after, ...(draft.understood ? [] : [{ span: head, tables: [tableNameOf(table)] }])];
}

/** `constraint t_pkey primary key (…)` of the first `primary()` of the callback. */
function primaryKeyOf(body: SyntaxNode, object: string, table: string, place: Place): string | undefined {
  let found: string | undefined;
  const visit = (node: SyntaxNode): void => {
    if (found !== undefined) return;
    const links = chainOf(node, object, place);
    if (!links) return node.namedChildren.forEach(visit);
    const at = links.findIndex((link) => link.name === 'primary');
    const link = links[at];
    if (!link || /increments/i.test(links[0]?.name ?? '')) return;
    const [columns, option] = at === 0 ? [textsOf(link.values[0]), link.values[1]] : [textsOf(links[0]?.values[0]), link.values[0]];
    const name = textOf(option) ?? (isMap(option) ? textOf(option.get('constraintName')) : undefined) ?? `${table.slice(table.indexOf('.') + 1)}_pkey`;
    if (columns) found = `CONSTRAINT ${quoteIdentifier(name)} PRIMARY KEY (${columns.map(quoteIdentifier).join(', ')})${deferred(option)}`;
  };
  visit(body);
  return found;
}

const deferred = (option: Value | undefined): string => {
  const value = isMap(option) ? textOf(option.get('deferrable')) : undefined;
  return value === undefined ? '' : ` DEFERRABLE INITIALLY ${value.toUpperCase()}`;
};

function readLines(body: SyntaxNode, object: string, place: Place, draft: Draft): void {
  const mentions = new RegExp(`(?<![\\w$.])${object.replaceAll('$', '\\$')}(?![\\w$])`);
  const visit = (statement: SyntaxNode, at: Place): void => {
    if (statement.type === 'comment' || !mentions.test(statement.text)) return;
    const inner = /^(?:expression_statement|return_statement)$/.test(statement.type) ? statement.namedChildren[0] : statement;
    const call = inner && unwrap(inner, true);
    const links = call && chainOf(call, object, at);
    if (call && links) return readLine(links, call, at, draft);
    if (statement.type === 'statement_block') return statement.namedChildren.forEach((child) => visit(child, at));
    const loop = call ? loopOf(call, at) : undefined;
    if (loop) {
      for (const item of loop.items) visit(loop.body, { ...at, names: new Map([...at.names, [loop.name, item]]) });
      return;
    }
    const own = call?.type === 'call_expression' ? ownFunction(call, object, at) : undefined;
    if (own && at.depth < 5) return readLines(own.body, own.object, { ...at, depth: at.depth + 1, names: own.names }, draft);
    draft.understood = false;
  };
  visit(body, place);
}

/** `for (const name of ['a', 'b'])`, `['a', 'b'].forEach((name) => …)`, where the list is known. */
function loopOf(node: SyntaxNode, place: Place): { readonly items: readonly (Value | undefined)[]; readonly name: string; readonly body: SyntaxNode } | undefined {
  if (node.type === 'for_in_statement') {
    const items = scriptValue(node.childForFieldName('right') ?? undefined, place);
    const name = node.childForFieldName('left');
    const body = node.childForFieldName('body');
    return isList(items) && name?.type === 'identifier' && body ? { items, name: name.text, body } : undefined;
  }
  const call = callParts(node);
  const fn = call?.args[0] && unwrap(call.args[0]);
  const parameter = fn && isFunction(fn) ? parametersOf(fn)[0] : undefined;
  const items = call?.callee.childForFieldName('property')?.text === 'forEach' ? scriptValue(call.callee.childForFieldName('object') ?? undefined, place) : undefined;
  const body = fn?.childForFieldName('body');
  return isList(items) && parameter?.type === 'identifier' && body ? { items, name: parameter.text, body } : undefined;
}

/** A function of the file that is given the table. */
function ownFunction(call: SyntaxNode, object: string, place: Place): { readonly body: SyntaxNode; readonly object: string; readonly names: Place['names'] } | undefined {
  const parts = callParts(call);
  const found = parts?.callee.type === 'identifier' ? place.scopes.find(parts.callee.text, parts.callee) : undefined;
  const fn = found?.value && unwrap(found.value);
  const body = fn && isFunction(fn) ? fn.childForFieldName('body') : undefined;
  const parameters = fn && isFunction(fn) ? parametersOf(fn) : [];
  const at = parts?.args.findIndex((argument) => unwrap(argument).text === object) ?? -1;
  const own = parameters[at];
  if (!parts || !body || own?.type !== 'identifier') return undefined;
  const names = new Map(place.names);
  parameters.forEach((parameter, i) => { if (i !== at && parameter.type === 'identifier') names.set(parameter.text, scriptValue(parts.args[i], place)); });
  return { body, object: own.text, names };
}

/** `t.string('a').notNullable()`: its calls in order; undefined where it does not begin with the table. */
function chainOf(node: SyntaxNode, object: string, place: Place): readonly BuilderLink[] | undefined {
  const links: BuilderLink[] = [];
  for (let current: SyntaxNode | null = node; current?.type === 'call_expression';) {
    const parts = callParts(current);
    const receiver = parts?.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
    if (!parts || !receiver) return undefined;
    links.unshift({ name: parts.callee.childForFieldName('property')?.text ?? '', values: parts.args.map((argument) => scriptValue(argument, place)), args: parts.args });
    if (receiver.text === object) return links;
    current = unwrap(receiver);
  }
  return undefined;
}

const list = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ');

function readLine(links: readonly BuilderLink[], call: SyntaxNode, place: Place, draft: Draft): void {
  const span = spanOf(call);
  const [first, ...rest] = links;
  if (!first) return;
  const { name, values } = first;
  const alter = `ALTER TABLE ${quoteTable(draft.table)}`;
  const send = (sql: string | undefined): void => { if (sql === undefined) draft.understood = false; else draft.after.push({ span, sql }); };
  const columns = textsOf(values[0]);
  const ifExists = name.endsWith('IfExists') ? 'IF EXISTS ' : '';
  switch (name.replace(/IfExists$/, '')) {
    case 'timestamps': for (const sql of timestampsOf(values)) draft.columns.push({ sql, span }); return;
    case 'primary': if (!draft.creates) send(columns && `${alter} ADD CONSTRAINT ${quoteIdentifier(textOf(values[1]) ?? (isMap(values[1]) ? textOf(values[1].get('constraintName')) : undefined) ?? `${draft.table.slice(draft.table.indexOf('.') + 1)}_pkey`)} PRIMARY KEY (${list(columns)})${deferred(values[1])}`); return;
    case 'index': case 'unique': return send(keySql(draft.table, name, values[0], values.slice(1), first.args[name === 'index' ? 2 : 1], place));
    case 'foreign': return send(columns && foreignSql(draft.table, columns, textOf(values[1]), rest));
    case 'dropColumn': case 'dropColumns': { const names = textsOf(values.flatMap((value) => (isList(value) ? value : [value]))); return send(names && `${alter} ${names.map((one) => `DROP COLUMN ${quoteIdentifier(one)}`).join(', ')}`); }
    case 'dropTimestamps': return send(`${alter} ${(values[0] === true ? ['createdAt', 'updatedAt'] : ['created_at', 'updated_at']).map((one) => `DROP COLUMN ${quoteIdentifier(one)}`).join(', ')}`);
    case 'renameColumn': { const [from, to] = [textOf(values[0]), textOf(values[1])]; return send(from === undefined || to === undefined ? undefined : `${alter} RENAME ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`); }
    case 'setNullable': case 'dropNullable': { const column = textOf(values[0]); return send(column === undefined ? undefined : `${alter} ALTER COLUMN ${quoteIdentifier(column)} ${name === 'setNullable' ? 'DROP' : 'SET'} NOT NULL`); }
    case 'dropPrimary': return send(`${alter} DROP CONSTRAINT ${ifExists}${quoteIdentifier(textOf(values[0]) ?? `${draft.table.slice(draft.table.indexOf('.') + 1)}_pkey`)}`);
    case 'dropUnique': case 'dropForeign': { const own = textOf(values[1]) ?? (columns && namedIndex(draft.table, columns, name.startsWith('dropUnique') ? 'unique' : 'foreign')); return send(own === undefined ? undefined : `${alter} DROP CONSTRAINT ${ifExists}${quoteIdentifier(own)}`); }
    case 'dropIndex': { const own = textOf(values[1]) ?? (columns && namedIndex(draft.table, columns, 'index')); const { schema } = tableNameOf(draft.table); return send(own === undefined ? undefined : `DROP INDEX ${schema === undefined ? '' : `${quoteIdentifier(schema)}.`}${quoteIdentifier(own)}`); }
    case 'check': { const [predicate, own] = [textOf(values[0]), textOf(values[2])]; if (predicate === undefined || first.args[1] && !/^(?:\[\]|\{\}|undefined|null)$/.test(first.args[1].text)) return send(undefined); if (draft.creates) draft.columns.push({ sql: `${own === undefined ? '' : `CONSTRAINT ${own} `}CHECK (${predicate})`, span }); else if (own === undefined) send(undefined); else send(`${alter} ADD CONSTRAINT ${own} CHECK(${predicate})`); return; }
    case 'dropChecks': { const names = textsOf(values.flatMap((value) => (isList(value) ? value : [value]))); return send(names && `${alter} ${names.map((one) => `DROP CONSTRAINT ${one}`).join(', ')}`); }
    case 'comment': case 'queryContext': case 'engine': case 'charset': case 'collate': return;
    default: return readColumn(links, call, place, draft);
  }
}

/** A line that makes or alters a column. */
function readColumn(links: readonly BuilderLink[], call: SyntaxNode, place: Place, draft: Draft): void {
  const [first, ...rest] = links;
  const span = spanOf(call);
  const counter = /increments$/i.test(first?.name ?? '');
  const column = textOf(first?.values[0]) ?? (counter && first?.values.length === 0 ? 'id' : undefined);
  const type = first && column !== undefined ? columnType(first, column, draft.table) : undefined;
  if (!first || column === undefined || !type) {
    draft.understood = false;
    return;
  }
  if (type.before !== undefined) draft.before.push({ span, sql: type.before });
  const quoted = quoteIdentifier(column);
  const link = (...names: readonly string[]): BuilderLink | undefined => rest.find((one) => names.includes(one.name));
  const value = link('defaultTo', 'default', 'defaultsTo');
  const alters = link('alter');
  const nullable = rest.findLast((one) => /^(?:nullable|notNullable|notNull)$/.test(one.name));
  const required = nullable !== undefined && (nullable.name !== 'nullable' || nullable.values[0] === false);
  const byDefault = value ? defaultOf(value.values[0], first.name) : undefined;
  if (rest.some((one) => /^check[A-Z]/.test(one.name) || /^(?:check|alterType|drop)$/.test(one.name))) draft.understood = false;
  if (alters) {
    const alter = `ALTER TABLE ${quoteTable(draft.table)} ALTER COLUMN ${quoted}`;
    const options = alters.values[0];
    const keeps = (key: string): boolean => isMap(options) && options.get(key) === false;
    const texts = [
      'DROP DEFAULT', ...(keeps('alterNullable') ? [] : ['DROP NOT NULL']), ...(keeps('alterType') ? [] : [`TYPE ${type.sql} USING (${quoted}::${/^enum?$/.test(first.name) ? 'text::' : ''}${type.sql})`]),
      ...(value && byDefault !== undefined ? [`SET DEFAULT ${byDefault}`] : []), ...(required && !keeps('alterNullable') ? ['SET NOT NULL'] : []),
    ];
    draft.altered.push(...texts.map((text): MigrationStep => ({ span, sql: `${alter} ${text}` })));
  } else {
    const own = counter ? (type.key && draft.primary === undefined ? ' PRIMARY KEY' : '') : `${type.key && draft.primary === undefined ? ' PRIMARY KEY' : ''}${nullable ? (required ? ' NOT NULL' : ' NULL') : ''}${value && byDefault !== undefined ? ` DEFAULT ${byDefault}` : ''}`;
    draft.columns.push({ sql: `${quoted} ${type.sql}${own}`, span });
  }
  for (const one of rest) {
    if (counter) continue;
    if (one.name === 'index' || one.name === 'unique') {
      const sql = keySql(draft.table, one.name, [column], one.values, one.args[one.name === 'index' ? 1 : 0], place);
      if (sql === undefined) draft.understood = false;
      else draft.after.push({ span, sql });
    } else if (one.name === 'primary' && !draft.creates) draft.after.push({ span, sql: `ALTER TABLE ${quoteTable(draft.table)} ADD CONSTRAINT ${quoteIdentifier(textOf(one.values[0]) ?? `${draft.table.slice(draft.table.indexOf('.') + 1)}_pkey`)} PRIMARY KEY (${quoted})` });
  }
  if (link('references')) {
    const sql = foreignSql(draft.table, [column], undefined, rest);
    if (sql === undefined) draft.understood = false;
    else draft.after.push({ span, sql });
  }
}

/** @param given name and options, as they stand behind the columns @param optionsNode the options, where a predicate may stand */
function keySql(table: string, kind: string, columns: Value | undefined, given: readonly (Value | undefined)[], optionsNode: SyntaxNode | undefined, place: Place): string | undefined {
  const items = isList(columns) ? columns : [columns];
  if (!items.every((item) => typeof item === 'string' || isRaw(item))) return undefined;
  const expressions = items.map((item) => (isRaw(item) ? item.sql : quoteIdentifier(item as string))).join(', ');
  const options = given.find(isMap);
  const name = textOf(given[0]) ?? textOf(options?.get('indexName')) ?? (items.every((item) => typeof item === 'string') ? namedIndex(table, items as readonly string[], kind) : undefined);
  if (name === undefined) return undefined;
  const predicate = options?.has('predicate') ? predicateOf(optionsNode, place) : '';
  // Options that are not known may hold anything.
  if (predicate === undefined || (optionsNode !== undefined && /^(?:object|identifier|call_expression)$/.test(optionsNode.type) && options === undefined && textOf(given.at(-1)) === undefined)) return undefined;
  const target = `${quoteTable(table)}`;
  const own = quoteIdentifier(name);
  if (kind === 'unique') {
    const constraint = options?.get('useConstraint') ?? (options?.has('deferrable') === true || predicate === '');
    return constraint ? `ALTER TABLE ${target} ADD CONSTRAINT ${own} UNIQUE (${expressions})${deferred(options)}` : `CREATE UNIQUE INDEX ${own} ON ${target} (${expressions})${predicate}`;
  }
  const method = textOf(given[1]) ?? textOf(options?.get('storageEngineIndexType'));
  const unique = textOf(options?.get('indexType'))?.toLowerCase() === 'unique' ? 'UNIQUE ' : '';
  return `CREATE ${unique}INDEX ${own} ON ${target}${method === undefined ? '' : ` USING ${method}`} (${expressions})${predicate}`;
}

function foreignSql(table: string, columns: readonly string[], name: string | undefined, rest: readonly BuilderLink[]): string | undefined {
  const given = (...names: readonly string[]): Value | undefined => rest.find((one) => names.includes(one.name))?.values[0];
  const references = given('references');
  const dotted = typeof references === 'string' && references.includes('.') ? references.split('.') : undefined;
  const parent = textOf(given('inTable', 'on')) ?? dotted?.[0];
  const keys = dotted ? [dotted[1] ?? ''] : textsOf(references);
  if (parent === undefined || !keys) return undefined;
  const own = textOf(given('withKeyName')) ?? name ?? namedIndex(table, columns, 'foreign');
  const action = (link: string): string => { const value = textOf(given(link)); return value === undefined ? '' : ` ON ${link.slice(2).toUpperCase()} ${value.toUpperCase()}`; };
  const deferral = textOf(given('deferrable'));
  return `ALTER TABLE ${quoteTable(table)} ADD CONSTRAINT ${quoteIdentifier(own)} FOREIGN KEY (${list(columns)}) REFERENCES ${quoteTable(parent)} (${list(keys)})${action('onUpdate')}${action('onDelete')}${deferral === undefined ? '' : ` DEFERRABLE INITIALLY ${deferral.toUpperCase()}`}`;
}
