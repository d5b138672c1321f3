import type { Source } from '../../hosts/common/source';
import { field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { MigrationStep, SequencedMigration } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { inTransaction, isList, isMap, quoteTable, readStatements, tableNameOf, textOf, textsOf, valueOf, type Ending, type Value } from '../shared/migrationValues';
import { quoteIdentifier } from '../../sql/names';
import { blueprintSteps, type Laravel } from './laravelBlueprint';

interface Place {
  readonly names: Map<string, Value | undefined>;
  /** False below a condition whose outcome is not known. */
  readonly certain: boolean;
  readonly depth: number;
}

interface Reader {
  readonly source: Source;
  readonly laravel: Laravel;
  readonly methods: ReadonlyMap<string, SyntaxNode>;
  /** Closures that variables hold. */
  readonly closures: Map<string, SyntaxNode>;
  readonly emit: (step: MigrationStep) => void;
}

/** A migration of Laravel: a class below `Migration` with `up()`. undefined for any other file, and for one that names a connection to another database. */
export function readLaravelMigration(source: Source): SequencedMigration | undefined {
  const { text } = source.root;
  if (!/\bextends\s+\\?(?:[\w\\]+\\)?Migration\b/.test(text) || /\$connection\s*=\s*['"](?:mysql|mariadb|sqlite|sqlsrv|mongodb|clickhouse)\w*['"]/i.test(text)) return undefined;
  const methods = new Map(source.functions.flatMap((fn): [string, SyntaxNode][] => { const name = source.functionForm(fn)?.name?.text; return name === undefined ? [] : [[name, fn]]; }));
  const up = methods.get('up');
  const body = up && field(up, 'body');
  if (!up || !body) return undefined;
  const disabled = /\$withinTransaction\s*=\s*false\b/.test(text);
  const members = up.parent;
  const names = new Map<string, Value | undefined>();
  for (const member of members ? parts(members) : []) bindMember(member, names, source);
  const steps: MigrationStep[] = [];
  // A class that sets it already is not given it again.
  const laravel: Laravel = { source, ...(/\$withinTransaction\b/.test(text) || members === null ? {} : { disable: { at: members.startIndex + 1, text: '\n    public $withinTransaction = false;\n' } }) };
  const reader: Reader = { source, laravel, methods, closures: new Map(), emit: (step) => steps.push(step) };
  readBody(body, { names, certain: true, depth: 0 }, reader);
  return { tool: 'laravel', transaction: !disabled, steps: up.hasError ? [...steps, { span: spanOf(up), tables: 'any' }] : inTransaction(steps, parts(body).length, laravel.disable) };
}

/** Properties and constants of the class: `$this->table`, `self::TABLE`. */
function bindMember(member: SyntaxNode, names: Map<string, Value | undefined>, source: Source): void {
  for (const element of parts(member)) {
    if (element.type === 'property_element') names.set((field(element, 'name')?.text ?? '').replace(/^\$/, ''), valueOf(field(element, 'default_value') ?? parts(element)[1], { source, names }));
    else if (element.type === 'const_element') names.set(parts(element)[0]?.text ?? '', valueOf(parts(element)[1], { source, names }));
  }
}

const readBody = (body: SyntaxNode, place: Place, reader: Reader): Ending => readStatements(parts(body), place, (statement, at) => readStatement(statement, at, reader));

function readStatement(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  const { source } = reader;
  switch (statement.type) {
    case 'throw_expression': return 'failed';
    case 'return_statement': readExpression(parts(statement)[0], place, reader); return 'returned';
    case 'function_definition': case 'class_declaration': return 'on';
    case 'compound_statement': return readBody(statement, place, reader);
    case 'if_statement': return readCondition(statement, place, reader);
    case 'foreach_statement': { readLoop(statement, place, reader); return 'on'; }
    case 'try_statement': case 'catch_clause': case 'finally_clause': case 'switch_statement': case 'while_statement': case 'for_statement': case 'case_statement': case 'switch_block': case 'default_statement': case 'else_clause': case 'else_if_clause':
      for (const child of parts(statement)) readStatement(child, { ...place, certain: false }, reader);
      return 'on';
    case 'expression_statement': {
      const inner = parts(statement)[0];
      const form = inner && source.form(inner);
      if (inner?.type === 'throw_expression') return 'failed';
      if (form?.kind === 'assign') {
        const target = form.targets[0] && source.form(form.targets[0]);
        const name = target?.kind === 'name' ? target.name : target?.kind === 'member' ? target.name.text.replace(/^\$/, '') : undefined;
        const closure = form.values[0] && source.unwrap(form.values[0]);
        if (name !== undefined && closure && source.functionForm(closure)) {
          reader.closures.set(name, closure);
          return 'on';
        }
        if (name !== undefined) place.names.set(name, form.adds ? undefined : valueOf(form.values[0], { source, names: place.names }));
      }
      readExpression(inner, place, reader);
      return 'on';
    }
    default: readExpression(statement, place, reader); return 'on';
  }
}

/** `if (! Schema::hasTable('t'))`: whatever it finds, afterwards what the branch makes is there, and what it drops is not. */
const guard = /\bhas(?:Table|Columns?|Index)\s*\(/;
const drivers = /getDriverName\(\)|DB_CONNECTION|database\.default|\$driver\b|\$connection\b/;

function readCondition(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  const form = reader.source.form(statement);
  if (form?.kind !== 'if' || !form.then) return 'on';
  const condition = form.condition?.text ?? '';
  if (form.otherwise.length === 0 && guard.test(condition) && !/&&|\|\|/.test(condition)) return /^\{?\s*return\b/.test(form.then.text) ? 'on' : readStatement(form.then, place, reader);
  const driver = drivers.test(condition) && !/&&|\|\|/.test(condition) ? /(===?|!==?)\s*['"](\w+)['"]/.exec(condition) : null;
  if (driver) {
    const holds = driver[1]?.startsWith('=') === (driver[2] === 'pgsql');
    if (holds) return readStatement(form.then, place, reader);
    for (const branch of form.otherwise) for (const child of parts(branch)) readStatement(child, place, reader);
    return 'on';
  }
  const endings = [form.then, ...form.otherwise].map((branch) => readStatement(branch, { ...place, certain: false }, reader));
  return endings.some((ending) => ending === 'returned' || ending === 'unsure') ? 'unsure' : 'on';
}

/** A loop over a list that stands in the file is unrolled. */
function readLoop(statement: SyntaxNode, place: Place, reader: Reader): void {
  const form = reader.source.loopForm(statement);
  if (!form?.iterable) return;
  const value = valueOf(form.iterable, { source: reader.source, names: place.names });
  const items = isList(value) ? value : isMap(value) ? [...value] : undefined;
  const known = items !== undefined && !/\b(?:continue|break|return)\b/.test(form.body.text) && (form.elements.length === 1 || isMap(value));
  if (!known) {
    readStatement(form.body, { ...place, certain: false, names: new Map(place.names) }, reader);
    return;
  }
  for (const item of items) {
    const bound = new Map(place.names);
    // `foreach ($map as $key => $value)` gives the value first.
    if (form.elements.length === 1) bound.set(form.elements[0]!, isMap(value) && isList(item) ? item[1] : item);
    else if (isList(item)) form.elements.forEach((name, i) => bound.set(name, item[1 - i]));
    readStatement(form.body, { ...place, names: bound }, reader);
  }
}

const schemaFacade = /^\\?(?:[\w\\]+\\)?Schema\b/;
const database = /^\\?(?:[\w\\]+\\)?DB\b/;
const otherConnection = /connection\(\s*['"](?:mysql|mariadb|sqlite|sqlsrv|mongodb|clickhouse)/i;

function readExpression(node: SyntaxNode | undefined, place: Place, reader: Reader): void {
  if (!node) return;
  const { source } = reader;
  const form = source.callForm(node);
  if (!form) {
    if (source.functionForm(node)) return;
    for (const child of parts(node)) readExpression(child, place, reader);
    return;
  }
  const name = form.name.text;
  const receiver = form.receiver?.text ?? '';
  const evaluation = { source, names: place.names };
  if (otherConnection.test(receiver)) return;
  if (schemaFacade.test(receiver) || /^\$(?:schema|builder)$/.test(receiver)) {
    const values = form.args.map((argument) => valueOf(argument.node, evaluation));
    const closure = form.args.map((argument) => source.unwrap(argument.node)).map((argument) => { const variable = source.form(argument); return variable?.kind === 'name' ? reader.closures.get(variable.name) ?? argument : argument; }).find((argument) => source.functionForm(argument));
    for (const step of schemaSteps(node, name, values, closure, place, reader)) put(step, place, reader);
    return;
  }
  if (database.test(receiver) && /^(?:statement|unprepared|insert|update|delete)$/.test(name)) {
    if (/^(?:statement|unprepared)$/.test(name)) put(executed(node, valueOf(form.args[0]?.node, evaluation), form.args[0]?.node.text ?? ''), place, reader);
    return;
  }
  if (database.test(receiver) && name === 'transaction') {
    const closure = form.args[0] && source.functionForm(source.unwrap(form.args[0].node));
    if (closure?.body) readBody(closure.body, { ...place, names: new Map(place.names) }, reader);
    return;
  }
  if (receiver === '$this') return readOwn(name, node, place, reader, form.args.map((argument) => valueOf(argument.node, evaluation)));
  readExpression(form.receiver, place, reader);
  // Rows are walked: what a closure does to the schema may not run.
  for (const argument of form.args) {
    const closure = source.functionForm(source.unwrap(argument.node));
    if (closure?.body) readBody(closure.body, { ...place, certain: false, names: new Map(place.names) }, reader);
  }
}

function schemaSteps(node: SyntaxNode, name: string, values: readonly (Value | undefined)[], closure: SyntaxNode | undefined, place: Place, reader: Reader): readonly MigrationStep[] {
  const span = spanOf(node);
  const table = textOf(values[0]);
  const second = textOf(values[1]);
  const drop = (text: string): readonly MigrationStep[] => [{ span, sql: text }];
  switch (name) {
    case 'create': case 'table': case 'createIfNotExists': {
      const form = closure && reader.source.functionForm(closure);
      if (table === undefined || !form?.body) return [{ span, tables: table === undefined ? 'any' : [tableNameOf(table)] }];
      return blueprintSteps({ node, table, creates: name !== 'table', object: form.parameters[0]?.name ?? 'table', body: form.body, names: place.names }, reader.laravel);
    }
    case 'drop': case 'dropIfExists': return table === undefined ? [{ span, tables: 'any' }] : drop(`DROP TABLE ${name === 'drop' ? '' : 'IF EXISTS '}${quoteTable(table)}`);
    case 'rename': return table === undefined || second === undefined ? [{ span, tables: 'any' }] : drop(`ALTER TABLE ${quoteTable(table)} RENAME TO ${quoteIdentifier(second)}`);
    case 'dropColumns': { const columns = textsOf(values[1]); return table === undefined || !columns ? [{ span, tables: table === undefined ? 'any' : [tableNameOf(table)] }] : drop(`ALTER TABLE ${quoteTable(table)} ${columns.map((column) => `DROP COLUMN ${quoteIdentifier(column)}`).join(', ')}`); }
    case 'whenTableHasColumn': case 'whenTableDoesntHaveColumn': return [{ span, tables: table === undefined ? 'any' : [tableNameOf(table)] }];
    default: return [];
  }
}

const data = /^\s*['"]?\s*(?:insert|update|delete|select|with|lock|analyze|vacuum|comment|grant|revoke|truncate|notify|set)\b/i;

function executed(node: SyntaxNode, value: Value | undefined, written: string): MigrationStep {
  const sql = typeof value === 'object' && value !== null && 'sql' in value ? value.sql : textOf(value);
  if (sql === undefined) return data.test(written) ? { span: spanOf(node) } : { span: spanOf(node), tables: 'any' };
  return data.test(sql) && !/lock_timeout/i.test(sql) ? { span: spanOf(node) } : { span: spanOf(node), sql };
}

/** A method of the migration is read where it is called; one that it inherits may do anything. */
function readOwn(name: string, node: SyntaxNode, place: Place, reader: Reader, values: readonly (Value | undefined)[]): void {
  const method = reader.methods.get(name);
  const form = method && reader.source.functionForm(method);
  if (form?.body && place.depth < 5) {
    const names = new Map(place.names);
    form.parameters.forEach((parameter, i) => names.set(parameter.name, values[i]));
    readBody(form.body, { ...place, names, depth: place.depth + 1 }, reader);
  } else if (!method && /table|column|index|schema|migrat|key/i.test(name) && !/^(?:get|has|is|find)/.test(name)) put({ span: spanOf(node), tables: 'any' }, place, reader);
}

function put(step: MigrationStep, place: Place, reader: Reader): void {
  if (step.sql === undefined && step.tables === undefined) return;
  reader.emit(place.certain ? step : { ...step, uncertain: true });
}
