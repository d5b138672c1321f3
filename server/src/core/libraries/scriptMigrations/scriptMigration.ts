import type { MigrationStep, SequencedMigration } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Scopes } from '../../hosts/typescript/scopes';
import { callParts, collectPatternNames, isFunction, keyName, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { isList, readStatements, type Ending, type Value } from '../shared/migrationValues';
import { scriptValue, type ScriptPlace } from '../shared/scriptValues';

/** Where a statement of a migration stands. */
export interface Place extends ScriptPlace {
  readonly names: Map<string, Value | undefined>;
  /** Names that hold what `up` is given: the knex, the query interface, a transaction of one of them. */
  readonly handles: Set<string>;
  /** Names that hold the answer to "is it there already?". */
  readonly answers: Set<string>;
  /** False below a condition whose outcome is not known. */
  readonly certain: boolean;
  readonly depth: number;
}

/** What tells the migrations of one library apart, and what its calls do. */
export interface ScriptTool {
  readonly name: 'knex' | 'sequelize';
  /** Does the file use it? By its text. */
  readonly marks: RegExp;
  /** Callees whose result, or whose callback's parameter, is as good as what `up` is given. */
  readonly givesHandle: RegExp;
  /** What a call does; undefined: it is none of the tool's own, and its parts are looked at. */
  readonly operation: (call: SyntaxNode, place: Place) => readonly MigrationStep[] | undefined;
  readonly own: NonNullable<ScriptPlace['own']>;
  readonly transactions: (text: string, calls: readonly SyntaxNode[]) => Pick<SequencedMigration, 'transaction' | 'transacted'>;
}

interface Reader {
  readonly tool: ScriptTool;
  readonly emit: (step: MigrationStep) => void;
}

/** A migration of one of the tools: a module that exports `up`. undefined for any other file. */
export function readScriptMigration(root: SyntaxNode, scopes: Scopes, tools: readonly ScriptTool[]): SequencedMigration | undefined {
  const { text } = root;
  const tool = /\bup\b/.test(text) ? tools.find(({ marks }) => marks.test(text)) : undefined;
  const up = tool && exportedFunction(root, 'up', scopes);
  const body = up?.childForFieldName('body');
  if (!tool || !up || !body) return undefined;
  const steps: MigrationStep[] = [];
  const calls: SyntaxNode[] = [];
  const given = parametersOf(up)[0];
  const place: Place = { scopes, own: tool.own, names: new Map(), handles: new Set(given ? collectPatternNames(given) : []), answers: new Set(), certain: true, depth: 0 };
  const reader: Reader = { tool: { ...tool, operation: (call, at) => { const found = tool.operation(call, at); if (found) calls.push(call); return found; } }, emit: (step) => steps.push(step) };
  readBody(body, place, reader);
  return { tool: tool.name, ...tool.transactions(text, calls), steps: up.hasError ? [...steps, { span: spanOf(up), tables: 'any' }] : steps };
}

/** `exports.up = …`, `export async function up`, `module.exports = { up }`, `export default { async up() {} }`. */
function exportedFunction(root: SyntaxNode, name: string, scopes: Scopes): SyntaxNode | undefined {
  const functionOf = (node: SyntaxNode | null | undefined): SyntaxNode | undefined => {
    const inner = node ? unwrap(node) : undefined;
    if (inner === undefined || isFunction(inner)) return inner;
    const found = inner.type === 'identifier' || inner.type === 'shorthand_property_identifier' ? scopes.find(inner.text, inner) : undefined;
    return found?.kind === 'function' || (found?.kind === 'variable' && found.value && isFunction(unwrap(found.value))) ? found.value && unwrap(found.value) : undefined;
  };
  const inObject = (node: SyntaxNode | null | undefined): SyntaxNode | undefined => {
    let object = node ? unwrap(node) : undefined;
    if (object?.type === 'identifier') object = scopes.find(object.text, object)?.value;
    const member = object?.type === 'object' ? object.namedChildren.find((child) => (child.type === 'shorthand_property_identifier' ? child.text : keyName(child.childForFieldName(child.type === 'pair' ? 'key' : 'name'))) === name) : undefined;
    return member && (isFunction(member) ? member : functionOf(member.type === 'pair' ? member.childForFieldName('value') : member));
  };
  for (const statement of root.namedChildren) {
    if (statement.type === 'export_statement') {
      const found = statement.childForFieldName('declaration') ? functionOf(scopes.top(name)?.value) : inObject(statement.childForFieldName('value')) ?? functionOf(scopes.top(name)?.value);
      if (found) return found;
    }
    const assignment = statement.type === 'expression_statement' ? statement.namedChildren[0] : undefined;
    if (assignment?.type !== 'assignment_expression') continue;
    const target = assignment.childForFieldName('left')?.text ?? '';
    const value = assignment.childForFieldName('right');
    const found = target === `exports.${name}` || target === `module.exports.${name}` ? functionOf(value) : target === 'module.exports' ? inObject(value) : undefined;
    if (found) return found;
  }
  return undefined;
}

export const parametersOf = (fn: SyntaxNode): readonly SyntaxNode[] => {
  const single = fn.childForFieldName('parameter');
  const list = single ? [single] : fn.childForFieldName('parameters')?.namedChildren.filter((child) => child.type !== 'comment') ?? [];
  return list.map((parameter) => parameter.childForFieldName('pattern') ?? parameter);
};

function readBody(body: SyntaxNode, place: Place, reader: Reader): Ending {
  if (body.type !== 'statement_block') {
    readExpression(body, place, reader);
    return 'returned';
  }
  return readStatements(body.namedChildren, place, (statement, at) => readStatement(statement, at, reader));
}

const unsure = (place: Place): Place => ({ ...place, certain: false });

function readStatement(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  switch (statement.type) {
    case 'throw_statement': return 'failed';
    case 'return_statement': readExpression(statement.namedChildren[0], place, reader); return 'returned';
    case 'function_declaration': case 'class_declaration': case 'comment': case 'interface_declaration': case 'type_alias_declaration': return 'on';
    case 'statement_block': return readBody(statement, place, reader);
    case 'if_statement': return readCondition(statement, place, reader);
    case 'for_in_statement': readLoop(statement, place, reader); return 'on';
    case 'try_statement': return readTry(statement, place, reader);
    case 'for_statement': case 'while_statement': case 'do_statement': case 'switch_statement': case 'switch_body': case 'switch_case': case 'switch_default':
      for (const child of statement.namedChildren) readStatement(child, unsure(place), reader);
      return 'on';
    case 'lexical_declaration': case 'variable_declaration':
      for (const declarator of statement.namedChildren) bind(declarator.childForFieldName('name'), declarator.childForFieldName('value'), place, reader);
      return 'on';
    case 'expression_statement': {
      const inner = statement.namedChildren[0];
      if (inner?.type === 'assignment_expression') bind(inner.childForFieldName('left'), inner.childForFieldName('right'), place, reader);
      else readExpression(inner, place, reader);
      return 'on';
    }
    default: readExpression(statement, place, reader); return 'on';
  }
}

/** Asks the database what is there. */
const asks = /\b(?:has(?:Table|Column)|tableExists|columnExists|indexExists|describeTable|showAllTables|showIndex|showConstraint|pgListEnums|columnInfo)\s*\(/;

function bind(target: SyntaxNode | null, value: SyntaxNode | null, place: Place, reader: Reader): void {
  if (target === null || value === null) return;
  const inner = unwrap(value, true);
  if (!isFunction(inner)) readExpression(value, place, reader);
  const names = collectPatternNames(target);
  if (asks.test(value.text)) for (const name of names) place.answers.add(name);
  if (isHandle(inner, place) || (inner.type === 'call_expression' && reader.tool.givesHandle.test(callParts(inner)?.callee.text ?? '') && mentionsHandle(inner, place))) for (const name of names) place.handles.add(name);
  const found = target.type === 'identifier' && !isFunction(inner) ? scriptValue(inner, place) : undefined;
  // A name whose value is not known here is one that the scopes may know: a function, a constant.
  for (const name of names) if (target.type === 'identifier' ? found !== undefined || place.names.has(name) : place.names.has(name)) place.names.set(name, place.certain ? found : undefined);
}

export const isHandle = (node: SyntaxNode | null | undefined, place: Place): boolean => {
  const inner = node ? unwrap(node, true) : undefined;
  if (inner?.type === 'identifier') return place.handles.has(inner.text);
  // Sequelize's own connection sends SQL as the query interface does.
  if (inner?.type === 'member_expression' && inner.childForFieldName('property')?.text === 'sequelize') return isHandle(inner.childForFieldName('object'), place);
  const call = inner?.type === 'call_expression' ? callParts(inner) : undefined;
  return call !== undefined && call.callee.childForFieldName('property')?.text === 'getQueryInterface' && mentionsHandle(inner!, place);
};

function mentionsHandle(node: SyntaxNode, place: Place): boolean {
  return (node.type === 'identifier' && place.handles.has(node.text)) || node.namedChildren.some((child) => mentionsHandle(child, place));
}

/** A `try` that passes the error on is no condition; one that swallows it may have ended anywhere. */
function readTry(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  const handler = statement.childForFieldName('handler');
  const passes = handler === null || /\bthrow\b|process\.exit|\breject\(/.test(handler.text);
  const body = statement.childForFieldName('body');
  const ending = body ? readBody(body, passes ? place : unsure(place), reader) : 'on';
  const final = statement.childForFieldName('finalizer')?.childForFieldName('body');
  if (handler && !passes) readStatement(handler.childForFieldName('body') ?? handler, unsure(place), reader);
  if (final) readBody(final, place, reader);
  return passes ? ending : ending === 'on' ? 'on' : 'unsure';
}

const dialects = /(===?|!==?)\s*['"](pg|postgres|postgresql|cockroachdb|sqlite3?|better-sqlite3|mysql2?|mariadb|mssql|oracledb)['"]/;

function readCondition(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  const condition = statement.childForFieldName('condition');
  const then = statement.childForFieldName('consequence');
  const otherwise = statement.childForFieldName('alternative')?.namedChildren.find((child) => child.type !== 'comment');
  if (!condition || !then) return 'on';
  const text = condition.text;
  const isAnswer = asks.test(text) || [...text.matchAll(/(?<![\w$.])[A-Za-z_$][\w$]*/g)].some(([name]) => place.answers.has(name));
  // Whatever it finds, afterwards what the branch makes is there, and what it drops is not.
  if (isAnswer && !otherwise) return /^\{?\s*return\s*;?\s*\}?$/.test(then.text) ? 'on' : readBranch(then, place, reader);
  const dialect = /dialect|client|driver|DB_/i.test(text) && !/&&|\|\|/.test(text) ? dialects.exec(text) : null;
  if (dialect) {
    const holds = dialect[1]?.startsWith('=') === /^(?:pg|postgres)/.test(dialect[2] ?? '');
    if (holds) return readBranch(then, place, reader);
    return otherwise ? readBranch(otherwise, place, reader) : 'on';
  }
  readExpression(condition, place, reader);
  const endings = [then, ...(otherwise ? [otherwise] : [])].map((branch) => readBranch(branch, unsure(place), reader));
  return endings.some((ending) => ending === 'returned' || ending === 'unsure') ? 'unsure' : 'on';
}

const readBranch = (branch: SyntaxNode, place: Place, reader: Reader): Ending => (branch.type === 'statement_block' ? readBody(branch, place, reader) : readStatement(branch, place, reader));

/** A loop over a list that stands in the code is unrolled. */
function readLoop(statement: SyntaxNode, place: Place, reader: Reader): void {
  const [left, right, body] = ['left', 'right', 'body'].map((name) => statement.childForFieldName(name));
  if (left && right && body) walk(left, scriptValue(right, place), body, place, reader);
}

function walk(pattern: SyntaxNode | undefined, value: Value | undefined, body: SyntaxNode, place: Place, reader: Reader): void {
  const names = pattern ? collectPatternNames(pattern) : [];
  if (!isList(value) || /\b(?:continue|break)\b/.test(body.text)) {
    const unknown = new Map(place.names);
    for (const name of names) unknown.set(name, undefined);
    readBranchOrBody(body, { ...unsure(place), names: unknown }, reader);
    return;
  }
  for (const item of value) {
    const bound = new Map(place.names);
    if (pattern) bindPattern(pattern, item, bound);
    readBranchOrBody(body, { ...place, names: bound }, reader);
  }
}

const readBranchOrBody = (body: SyntaxNode, place: Place, reader: Reader): Ending => (/_statement$|_declaration$/.test(body.type) ? readStatement(body, place, reader) : readBody(body, place, reader));

function bindPattern(pattern: SyntaxNode, value: Value | undefined, into: Map<string, Value | undefined>): void {
  const read = (key: string): Value | undefined => (value instanceof Map ? (value as ReadonlyMap<string, Value | undefined>).get(key) : undefined);
  if (pattern.type === 'identifier' || pattern.type === 'shorthand_property_identifier_pattern') into.set(pattern.text, pattern.type === 'identifier' ? value : read(pattern.text));
  else if (pattern.type === 'array_pattern') pattern.namedChildren.forEach((child, i) => bindPattern(child, isList(value) ? value[i] : undefined, into));
  else if (pattern.type === 'object_pattern') for (const child of pattern.namedChildren) {
    if (child.type === 'pair_pattern') bindPattern(child.childForFieldName('value') ?? child, read(keyName(child.childForFieldName('key')) ?? ''), into);
    else bindPattern(child, value, into);
  } else for (const name of collectPatternNames(pattern)) into.set(name, undefined);
}

function readExpression(written: SyntaxNode | undefined, place: Place, reader: Reader): void {
  if (!written) return;
  const node = unwrap(written, true);
  if (isFunction(node) || node.type.startsWith('class')) return;
  if (node.type === 'call_expression') return readCall(node, place, reader);
  const inner = /^(?:ternary_expression|binary_expression)$/.test(node.type) && !/^[+]$/.test(node.childForFieldName('operator')?.text ?? '') ? unsure(place) : place;
  for (const child of node.namedChildren) readExpression(child, inner, reader);
}

function readCall(node: SyntaxNode, place: Place, reader: Reader): void {
  const call = callParts(node);
  if (!call) return;
  const steps = reader.tool.operation(node, place);
  if (steps) {
    for (const step of steps) put(step, place, reader);
    return;
  }
  const object = call.callee.type === 'member_expression' ? call.callee.childForFieldName('object') : null;
  const method = call.callee.childForFieldName('property')?.text ?? '';
  if (object) readExpression(object, place, reader);
  if (call.callee.type === 'identifier' && readOwnFunction(node, call.callee, call.args, place, reader)) return;
  for (const argument of call.args) {
    const fn = unwrap(argument);
    if (!isFunction(fn)) readExpression(argument, place, reader);
    else readCallback(fn, object, method, place, reader);
  }
}

/** What a call runs its callback with: a transaction, the answer of a promise, the elements of a list. */
function readCallback(fn: SyntaxNode, object: SyntaxNode | null, method: string, place: Place, reader: Reader): void {
  const body = fn.childForFieldName('body');
  const parameters = parametersOf(fn);
  if (!body) return;
  if (/^(?:map|forEach|flatMap)$/.test(method) && object) return walk(parameters[0], scriptValue(object, place), body, place, reader);
  const at: Place = { ...place, names: new Map(place.names), handles: new Set(place.handles), answers: new Set(place.answers) };
  const names = parameters.flatMap((parameter) => collectPatternNames(parameter));
  if (reader.tool.givesHandle.test(`.${method}`) && object && mentionsHandle(object, place)) for (const name of names) at.handles.add(name);
  else if (/^(?:then|tap)$/.test(method)) for (const name of names) { if (object && asks.test(object.text)) at.answers.add(name); }
  // Anything else may call it or not.
  readBody(body, /^(?:transaction|then|tap|finally)$/.test(method) ? at : unsure(at), reader);
}

/** A function of the file is read where it is called; one from elsewhere may do anything with the handle it is given. True where nothing is left to read. */
function readOwnFunction(node: SyntaxNode, callee: SyntaxNode, args: readonly SyntaxNode[], place: Place, reader: Reader): boolean {
  const found = place.scopes.find(callee.text, callee);
  const value = found && (found.kind === 'function' || found.kind === 'variable') ? found.value : undefined;
  const fn = value && isFunction(unwrap(value)) ? unwrap(value) : undefined;
  const body = fn?.childForFieldName('body');
  const given = args.map((argument) => isHandle(argument, place) || /(?:^|\.)(?:schema|sequelize)$/.test(argument.text) && mentionsHandle(argument, place));
  if (!fn || !body || place.depth > 4) {
    if (given.includes(true)) put({ span: spanOf(node), tables: 'any' }, place, reader);
    return given.includes(true);
  }
  const at: Place = { ...place, names: new Map(place.names), handles: new Set(place.handles), answers: new Set(place.answers), depth: place.depth + 1 };
  parametersOf(fn).forEach((parameter, i) => {
    const pattern = parameter.type === 'assignment_pattern' ? parameter.childForFieldName('left') ?? parameter : parameter;
    if (given[i] && pattern.type === 'identifier') at.handles.add(pattern.text);
    else bindPattern(pattern, args[i] ? scriptValue(args[i], place) : undefined, at.names);
  });
  readBody(body, at, reader);
  return true;
}

function put(step: MigrationStep, place: Place, reader: Reader): void {
  if (step.sql === undefined && step.tables === undefined) return;
  reader.emit(place.certain ? step : { ...step, uncertain: true });
}

const data = /^\s*(?:insert|update|delete|select|with|lock|analyze|vacuum|comment|grant|revoke|truncate|notify|call|copy|set\s+(?:local\s+|session\s+)?(?!search_path)\w+|explain|show|refresh|begin|commit|rollback|start)\b/i;

/** SQL text that the migration sends. @param written as it stands, where it is not known as a whole */
export function sentText(node: SyntaxNode, sql: string | undefined, written: string): MigrationStep {
  const span = spanOf(node);
  if (sql === undefined) return data.test(written.replace(/^[\s'"`]+/, '')) ? { span } : { span, tables: 'any' };
  return data.test(sql.replace(/^(?:\s*--[^\n]*\n)+/, '')) ? { span } : { span, sql, raw: true };
}
