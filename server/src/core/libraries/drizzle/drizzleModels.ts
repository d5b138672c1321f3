import type { SchemaChange } from '../../catalog/changes';
import type { Constraint, ForeignKey, Index, IndexKey } from '../../catalog/model';
import { makeObjectName } from '../../catalog/names';
import type { ModelIr } from '../../hosts/ir';
import type { ModelReader, ModelSource } from '../models';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, collectPatternNames, isFunction, keyName, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { builderCalls, objectOf, readDrizzleColumn, sqlText, textOf, type BuilderCall, type DrizzleColumn, type DrizzleNames } from './drizzleColumns';
import { readRelations, withRelations } from './drizzleRelations';

interface TableDraft {
  readonly variable: string;
  readonly name: string;
  readonly schema?: string;
  readonly node: SyntaxNode;
  readonly columns: readonly DrizzleColumn[];
  /** Columns or keys are put in that this file does not hold. */
  readonly open: boolean;
  readonly extra?: SyntaxNode;
}

type Makers = ReadonlyMap<string, { readonly schema?: string; readonly name?: (table: string) => string | undefined }>;

export const drizzleModels: ModelReader<ModelSource> = { library: 'drizzle', marks: /drizzle-orm(\/pg-core|['"](?=[^]*\b(relations|defineRelations(Part)?)\())/, read: readDrizzleModels };

/** Tables of Drizzle for Postgres (`pgTable` of `drizzle-orm/pg-core`), with the enums they use, and relations. */
function readDrizzleModels({ root }: ModelSource): readonly ModelIr[] {
  const builders = importedFrom(root, /^drizzle-orm\/pg-core$/);
  if (builders.size === 0 && importedFrom(root, /^drizzle-orm\/\w+-core$/).size > 0) return [];
  const constants = topLevelConstants(root);
  const tables = builders.size > 0 ? readTables(constants, builders) : [];
  return withRelations(tables, readRelations(constants, tables), root);
}

function readTables(constants: ReadonlyMap<string, SyntaxNode>, builders: ReadonlyMap<string, string>): readonly ModelIr[] {
  const calledAs = (call: BuilderCall | undefined): string | undefined => call && builders.get(call.name);
  const enums = new Map<string, string>();
  const types: SchemaChange[] = [];
  const makers = new Map<string, { readonly schema?: string; readonly name?: (table: string) => string | undefined }>([...builders].filter(([, name]) => name === 'pgTable').map(([local]) => [local, {}]));
  for (const [variable, value] of constants) {
    const calls = builderCalls(value);
    const [first] = calls ?? [];
    if (calls?.length !== 1 || first === undefined) continue;
    const text = textOf(first.args[0]);
    if (calledAs(first) === 'pgSchema' && text !== undefined) makers.set(`${variable}.table`, { schema: text });
    if (calledAs(first) === 'pgTableCreator') makers.set(variable, { name: creatorName(first.args[0]) });
    const labels = unwrap(first.args[1] ?? value);
    if (calledAs(first) !== 'pgEnum' || text === undefined) continue;
    enums.set(variable, /^[a-z_][a-z0-9_$]*$/.test(text) ? text : `"${text}"`);
    const known = labels.type === 'array' ? labels.namedChildren.map(textOf) : [undefined];
    if (known.every((label) => label !== undefined)) types.push({ type: 'create-type', name: { name: text }, definition: { kind: 'enum', labels: known } });
  }
  const drafts = [...constants].flatMap(([variable, value]) => readTable(variable, value, makers, { builders, enums }, constants) ?? []);
  return drafts.map((draft, index) => toModel(draft, drafts, builders, index === 0 ? types : []));
}

/** Local name → imported name. */
function importedFrom(root: SyntaxNode, module: RegExp): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const statement of root.namedChildren) {
    const source = statement.type === 'import_statement' ? statement.childForFieldName('source') : null;
    if (!source || !module.test(keyName(source) ?? '')) continue;
    const visit = (node: SyntaxNode): void => {
      const name = node.type === 'import_specifier' ? node.childForFieldName('name')?.text : undefined;
      if (name !== undefined) found.set(node.childForFieldName('alias')?.text ?? name, name);
      else for (const child of node.namedChildren) visit(child);
    };
    visit(statement);
  }
  return found;
}

function topLevelConstants(root: SyntaxNode): ReadonlyMap<string, SyntaxNode> {
  const found = new Map<string, SyntaxNode>();
  for (const statement of root.namedChildren) {
    const declaration = statement.type === 'export_statement' ? statement.childForFieldName('declaration') : statement;
    if (declaration?.type !== 'lexical_declaration') continue;
    for (const declarator of declaration.namedChildren) {
      const [name, value] = [declarator.childForFieldName('name'), declarator.childForFieldName('value')];
      if (name?.type === 'identifier' && value) found.set(name.text, value);
    }
  }
  return found;
}

/** ``(name) => `app_${name}` `` of `pgTableCreator`. */
function creatorName(node: SyntaxNode | undefined): (table: string) => string | undefined {
  const body = node && isFunction(node) ? node.childForFieldName('body') : undefined;
  const inner = body && unwrap(body);
  if (inner?.type === 'identifier') return (table) => table;
  const holes = inner?.type === 'template_string' ? inner.namedChildren.filter((child) => child.type === 'template_substitution' && child.namedChildren[0]?.type === 'identifier') : [];
  const [hole] = holes;
  if (!inner || holes.length !== 1 || hole === undefined) return () => undefined;
  const [before, after] = [inner.text.slice(1, hole.startIndex - inner.startIndex), inner.text.slice(hole.endIndex - inner.startIndex, -1)];
  return before.includes('${') || after.includes('${') ? () => undefined : (table) => before + table + after;
}

function readTable(variable: string, value: SyntaxNode, makers: Makers, names: DrizzleNames, constants: ReadonlyMap<string, SyntaxNode>): TableDraft | undefined {
  let call = callParts(unwrap(value));
  // `.enableRLS()` and the like stand behind the table's own call.
  for (let hop = 0; hop < 4 && call?.callee.type === 'member_expression' && !makers.has(call.callee.text); hop++) call = callParts(unwrap(call.callee.childForFieldName('object') ?? value));
  const maker = call && makers.get(call.callee.text);
  const written = textOf(call?.args[0]);
  const name = written === undefined ? undefined : maker?.name ? maker.name(written) : written;
  if (!call || maker === undefined || name === undefined) return undefined;
  const columns: DrizzleColumn[] = [];
  let open = false;
  const collect = (node: SyntaxNode | undefined, depth: number): void => {
    const object = objectOf(node);
    if (object === undefined) open = true;
    const items = [...(object?.spreads ?? []).map((spread) => ({ spread, at: spread.startIndex })), ...[...(object?.entries ?? [])].map(([key, entry]) => ({ key, entry, at: entry.startIndex }))];
    for (const item of items.sort((a, b) => a.at - b.at)) {
      if ('spread' in item) {
        collect(depth > 3 ? undefined : constants.get(unwrap(item.spread).text), depth + 1);
        continue;
      }
      const column = readDrizzleColumn(item.key, item.entry, names);
      if (column === undefined) open = true;
      else columns.push(column);
    }
  };
  collect(call.args[1], 0);
  if (columns.length === 0) return undefined;
  return { variable, name, node: value, columns, open, ...(maker.schema === undefined ? {} : { schema: maker.schema }), ...(call.args[2] === undefined ? {} : { extra: call.args[2] }) };
}

function toModel(draft: TableDraft, all: readonly TableDraft[], builders: ReadonlyMap<string, string>, types: readonly SchemaChange[]): ModelIr {
  const table = { ...(draft.schema === undefined ? {} : { schema: draft.schema }), name: draft.name };
  const keys = readExtra(draft, all, builders);
  const primary = draft.columns.filter((column) => column.primary).map((column) => column.definition.name);
  const constraints: Constraint[] = [
    ...(primary.length > 0 ? [{ type: 'primary' as const, columns: primary }] : []),
    ...draft.columns.flatMap(({ definition, unique }) => (unique ? [{ name: unique.name ?? makeObjectName(draft.name, definition.name, 'unique'), type: 'unique' as const, columns: [definition.name], ...(unique.nullsNotDistinct ? { nullsNotDistinct: true } : {}) }] : [])),
    ...keys.constraints,
  ];
  const foreignKeys = [...draft.columns.flatMap((column) => referenceOf(column, all) ?? []), ...keys.foreignKeys];
  return {
    library: 'drizzle', name: draft.variable, table: draft.name, ...(draft.schema === undefined ? {} : { schema: draft.schema }), span: spanOf(draft.node), relations: [],
    columns: draft.columns.map((column) => ({ property: column.key, column: column.definition.name, span: spanOf(column.node) })),
    changes: [
      ...types,
      { type: 'create-table', table, ifNotExists: false, temporary: false, columns: draft.columns.map((column) => column.definition), constraints, foreignKeys, like: [], inherits: [] },
      ...keys.indexes.map((index): SchemaChange => ({ type: 'create-index', table, index, ifNotExists: false, concurrently: false })),
      ...(draft.open || keys.open ? [{ type: 'uncertain' as const, table }] : []),
    ],
  };
}

/** `users.id` as table and column; undefined where the table stands in another file. */
function targetOf(node: SyntaxNode | undefined, all: readonly TableDraft[]): { readonly table: TableDraft; readonly column: string } | undefined {
  const [object, property] = [node?.childForFieldName('object'), node?.childForFieldName('property')];
  const table = all.find((draft) => draft.variable === object?.text);
  const column = table?.columns.find((item) => item.key === property?.text);
  return table && column && { table, column: column.definition.name };
}

function referenceOf(column: DrizzleColumn, all: readonly TableDraft[]): ForeignKey | undefined {
  const body = column.references && isFunction(column.references) ? column.references.childForFieldName('body') : undefined;
  const target = targetOf(body ? unwrap(body) : undefined, all);
  return target && { columns: [column.definition.name], references: { ...(target.table.schema === undefined ? {} : { schema: target.table.schema }), table: target.table.name, columns: [target.column] } };
}

interface ExtraKeys {
  readonly constraints: Constraint[];
  readonly foreignKeys: ForeignKey[];
  readonly indexes: Index[];
  open: boolean;
}

/** The third argument: a function from the table's columns to its indexes and keys, as a list or an object. */
function readExtra(draft: TableDraft, all: readonly TableDraft[], builders: ReadonlyMap<string, string>): ExtraKeys {
  const keys: ExtraKeys = { constraints: [], foreignKeys: [], indexes: [], open: false };
  if (draft.extra === undefined) return keys;
  const body = isFunction(draft.extra) ? draft.extra.childForFieldName('body') : null;
  const result = body?.type === 'statement_block' ? body.namedChildren.find((child) => child.type === 'return_statement')?.namedChildren[0] : body ?? undefined;
  const inner = result && unwrap(result);
  const object = objectOf(inner);
  const items = inner?.type === 'array' ? inner.namedChildren.filter((child) => child.type !== 'comment') : object && object.spreads.length === 0 ? [...object.entries.values()] : undefined;
  const parameters = draft.extra.childForFieldName('parameters') ?? draft.extra.childForFieldName('parameter');
  const own = parameters ? collectPatternNames(parameters)[0] : undefined;
  const columnOf = (node: SyntaxNode): string | undefined => {
    const member = unwrap(node);
    if (member.type !== 'member_expression' || ![own, draft.variable].includes(member.childForFieldName('object')?.text)) return undefined;
    return draft.columns.find((column) => column.key === member.childForFieldName('property')?.text)?.definition.name;
  };
  if (items === undefined) keys.open = true;
  for (const item of items ?? []) if (!readKey(item, draft, all, builders, columnOf, keys)) keys.open = true;
  return keys;
}

type ColumnOf = (node: SyntaxNode) => string | undefined;

/** False where the item is not understood. */
function readKey(item: SyntaxNode, draft: TableDraft, all: readonly TableDraft[], builders: ReadonlyMap<string, string>, columnOf: ColumnOf, keys: ExtraKeys): boolean {
  const calls = builderCalls(item);
  const [first, ...rest] = calls ?? [];
  if (first === undefined) return false;
  const find = (name: string): BuilderCall | undefined => rest.find((call) => call.name === name);
  const columnsOf = (nodes: readonly SyntaxNode[]): readonly string[] | undefined => {
    const names = nodes.map(columnOf);
    return names.every((name) => name !== undefined) ? names : undefined;
  };
  switch (builders.get(first.name)) {
    case 'check':
    case 'pgPolicy': return true;
    case 'primaryKey':
    case 'foreignKey': {
      const options = objectOf(first.args[0])?.entries;
      const listed = unwrap(options?.get('columns') ?? item);
      const columns = columnsOf(options === undefined ? first.args : listed.type === 'array' ? listed.namedChildren : []);
      if (columns === undefined || columns.length === 0) return false;
      const name = textOf(options?.get('name'));
      if (builders.get(first.name) === 'primaryKey') {
        keys.constraints.push({ name: name ?? makeObjectName(draft.name, columns.join('_'), 'pk'), type: 'primary', columns });
        return true;
      }
      const targets = options?.get('foreignColumns')?.namedChildren.map((node) => targetOf(unwrap(node), all)) ?? [];
      const [target] = targets;
      if (target && targets.every((one) => one !== undefined)) keys.foreignKeys.push({ ...(name === undefined ? {} : { name }), columns, references: { ...(target.table.schema === undefined ? {} : { schema: target.table.schema }), table: target.table.name, columns: targets.map((one) => one!.column) } });
      return true;
    }
    case 'unique': {
      const columns = columnsOf(find('on')?.args ?? []);
      if (columns === undefined || columns.length === 0) return false;
      keys.constraints.push({ name: textOf(first.args[0]) ?? makeObjectName(draft.name, columns.join('_'), 'unique'), type: 'unique', columns, ...(find('nullsNotDistinct') ? { nullsNotDistinct: true } : {}) });
      return true;
    }
    case 'index':
    case 'uniqueIndex': {
      const index = readIndex(first, rest, builders.get(first.name) === 'uniqueIndex', draft, columnOf);
      if (index) keys.indexes.push(index);
      return index !== undefined;
    }
    default: return false;
  }
}

function readIndex(first: BuilderCall, rest: readonly BuilderCall[], unique: boolean, draft: TableDraft, columnOf: ColumnOf): Index | undefined {
  const using = rest.find((call) => call.name === 'using');
  const on = using ?? rest.find((call) => call.name === 'on' || call.name === 'onOnly');
  const keys = on?.args.slice(using ? 1 : 0).map((node) => indexKey(node, columnOf));
  const where = rest.find((call) => call.name === 'where')?.args[0];
  const predicate = where && sqlText(where, columnOf);
  const method = using ? textOf(using.args[0]) : 'btree';
  if (keys === undefined || keys.length === 0 || !keys.every((key) => key !== undefined) || (where && predicate === undefined) || method === undefined) return undefined;
  const name = textOf(first.args[0]) ?? makeObjectName(draft.name, keys.map((key) => key.column ?? 'expr').join('_'), 'index');
  return { name, method, unique, valid: true, keys, include: [], ...(predicate === undefined ? {} : { predicate }) };
}

/** `t.a`, `t.a.desc().nullsFirst()`, `t.a.op('gin_trgm_ops')`, sql`lower(${t.a})`. Drizzle writes NULLS LAST where nothing else is said. */
function indexKey(node: SyntaxNode, columnOf: ColumnOf): IndexKey | undefined {
  let inner = unwrap(node);
  const steps: BuilderCall[] = [];
  for (let call = callParts(inner); call && !call.template && call.callee.type === 'member_expression'; call = callParts(inner)) {
    steps.push({ name: call.callee.childForFieldName('property')?.text ?? '', args: call.args });
    inner = unwrap(call.callee.childForFieldName('object') ?? inner);
  }
  const opclass = textOf(steps.find((step) => step.name === 'op')?.args[0]);
  const column = columnOf(inner);
  const expression = column === undefined ? sqlText(inner, columnOf) : undefined;
  const direction = /\s+(asc|desc)(?:\s+nulls\s+(first|last))?$/i.exec(expression ?? '');
  const descending = steps.some((step) => step.name === 'desc') || direction?.[1]?.toLowerCase() === 'desc';
  if (column === undefined && expression === undefined) return undefined;
  const written = expression?.slice(0, direction?.index);
  const bare = written === undefined ? undefined : /^"?([a-z_][a-z0-9_]*)"?$/.exec(written)?.[1];
  const nullsFirst = expression === undefined ? steps.some((step) => step.name === 'nullsFirst') : direction?.[2] === undefined ? descending : direction[2].toLowerCase() === 'first';
  return { ...(column ?? bare ? { column: column ?? bare } : { expression: written }), ...(opclass === undefined ? {} : { opclass }), descending, nullsFirst };
}
