import type { AlembicMigration, MigrationStep } from '../../hosts/migrationIr';
import type { Scopes } from '../../hosts/python/scopes';
import { argumentsOf, calleeName, field, isFunction, parameterNames, parts, pathOf, receiverOf, spanOf, targetNames, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { operationSteps, type BatchTable } from './alembicOperations';
import { elementsOf, isNone, resolved, textsValue, textValue, type Values } from './alembicValues';
import { createEnumSql, typeSql } from '../sqlalchemy/sqlalchemyDdl';

/** Where a statement stands. */
interface Place {
  readonly values: Values;
  /** False below a condition whose outcome is not known. */
  readonly certain: boolean;
  /** Names of `batch_alter_table`'s operations. */
  readonly batches: ReadonlyMap<string, BatchTable>;
  readonly depth: number;
}

type Emit = (step: MigrationStep) => void;

/** An Alembic revision: a module with `revision` and `down_revision` and an `upgrade` function. undefined for any other file. */
export function readAlembicMigration(root: SyntaxNode, scopes: Scopes): AlembicMigration | undefined {
  const values: Values = { scopes, names: new Map() };
  const assigned = (name: string): SyntaxNode | undefined => scopes.module.bindings.get(name)?.at(-1)?.value;
  const revision = textValue(assigned('revision'), values);
  const upgrade = scopes.module.bindings.get('upgrade')?.at(-1)?.node;
  if (revision === undefined || !scopes.module.bindings.has('down_revision') || upgrade?.type !== 'function_definition') return undefined;
  const before = [revisionsOf(assigned('down_revision'), values), revisionsOf(assigned('depends_on'), values)];
  const steps: MigrationStep[] = [];
  const body = field(upgrade, 'body');
  if (body) readBlock(body, { values, certain: true, batches: new Map(), depth: 0 }, (step) => steps.push(step));
  return { tool: 'alembic', revision, after: before.every((list) => list !== undefined) ? before.flat() : undefined, steps: root.hasError ? [...steps, { span: spanOf(upgrade), tables: 'any' }] : steps };
}

/** None, one revision or a tuple of them. */
function revisionsOf(node: SyntaxNode | undefined, values: Values): readonly string[] | undefined {
  if (node === undefined || isNone(node)) return [];
  const one = textValue(node, values);
  return one === undefined ? textsValue(node, values) : [one];
}

/** How a block ends: it goes on, it returns, or it may have returned. */
type Ending = 'on' | 'returned' | 'unsure';

function readBlock(block: SyntaxNode, place: Place, emit: Emit): Ending {
  let certain = place.certain;
  for (const statement of parts(block)) {
    const ending = readStatement(statement, { ...place, certain }, emit);
    if (ending === 'returned') return 'returned';
    if (ending === 'unsure') certain = false;
  }
  return certain === place.certain ? 'on' : 'unsure';
}

function readStatement(statement: SyntaxNode, place: Place, emit: Emit): Ending {
  const block = field(statement, 'body');
  switch (statement.type) {
    case 'return_statement': case 'raise_statement': readCalls(statement, place, emit); return 'returned';
    case 'function_definition': case 'class_definition': case 'decorated_definition': return 'on';
    case 'with_statement': return block ? readBlock(block, withBatches(statement, place, emit), emit) : 'on';
    case 'if_statement': return readCondition(statement, place, emit);
    case 'for_statement': return readLoop(statement, place, emit);
    case 'while_statement': case 'try_statement': case 'match_statement': {
      for (const child of parts(statement)) readNested(child, { ...place, certain: false }, emit);
      return 'on';
    }
    default: readCalls(statement, place, emit); return 'on';
  }
}

/** Everything below a statement whose course is not followed. */
function readNested(node: SyntaxNode, place: Place, emit: Emit): void {
  if (node.type === 'block') readBlock(node, place, emit);
  else if (node.type.endsWith('_clause')) for (const child of parts(node)) readNested(child, place, emit);
  else readCalls(node, place, emit);
}

function withBatches(statement: SyntaxNode, place: Place, emit: Emit): Place {
  const batches = new Map(place.batches);
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'block') return;
    const call = node.type === 'as_pattern' ? parts(node)[0] : undefined;
    const name = node.type === 'as_pattern' ? targetNames(parts(node)[1])[0] : undefined;
    if (call?.type === 'call' && name !== undefined && calleeName(call)?.text === 'batch_alter_table') {
      const { positional, keyword } = argumentsOf(call);
      batches.set(name, { name: textValue(positional[0] ?? keyword.get('table_name'), place.values), schema: textValue(keyword.get('schema') ?? positional[1], place.values) });
    }
    for (const child of node.namedChildren) visit(child);
  };
  for (const child of parts(statement)) {
    visit(child);
    if (child.type !== 'block') readCalls(child, place, emit);
  }
  return { ...place, batches };
}

/** Of conditions only those about the dialect and the offline mode are decided: Postgres, online. */
function decided(condition: SyntaxNode | undefined): boolean | undefined {
  const text = condition?.text.replaceAll(/\s+/g, ' ') ?? '';
  const dialect = /^(?:[\w.]|\(\))*dialect(?:\.name)? (==|!=) ["'](\w+)["']$/.exec(text);
  if (dialect) return (dialect[1] === '==') === (dialect[2] === 'postgresql');
  if (/^(?:[\w.]+\.)?is_offline_mode\(\)$/.test(text)) return false;
  return /^not (?:[\w.]+\.)?is_offline_mode\(\)$/.test(text) ? true : undefined;
}

/**
 * A guard that asks whether something is there already (`if not table_exists('t'):`). Whatever it finds, afterwards the
 * history has had its effect: what it makes is there, what it drops is not.
 */
function isGuard(statement: SyntaxNode): 'runs' | 'passes' | undefined {
  const condition = unwrap(field(statement, 'condition') ?? statement);
  const negated = condition.type === 'not_operator';
  const call = unwrap(negated ? field(condition, 'argument') ?? condition : condition);
  if (call.type !== 'call' || !/exists?$|^has_(?:table|column|index)$/.test(calleeName(call)?.text ?? '') || !parts(field(call, 'arguments') ?? call).some((argument) => argument.type === 'string')) return undefined;
  if (parts(statement).some((child) => child.type === 'elif_clause' || child.type === 'else_clause')) return undefined;
  const leaves = parts(field(statement, 'consequence') ?? statement).every((child) => child.type === 'return_statement');
  return leaves ? (negated ? undefined : 'passes') : 'runs';
}

function readCondition(statement: SyntaxNode, place: Place, emit: Emit): Ending {
  const branches = [statement, ...parts(statement).filter((child) => child.type === 'elif_clause' || child.type === 'else_clause')];
  const endings: Ending[] = [];
  const guard = isGuard(statement);
  const guarded = guard === 'runs' ? field(statement, 'consequence') : undefined;
  if (guard !== undefined) return guarded ? readBlock(guarded, place, emit) : 'on';
  let { certain } = place;
  for (const branch of branches) {
    const condition = branch.type === 'else_clause' ? undefined : field(branch, 'condition');
    const body = branch.type === 'else_clause' ? field(branch, 'body') : field(branch, 'consequence');
    const outcome = branch.type === 'else_clause' ? true : decided(condition);
    if (outcome === false || !body) continue;
    if (condition) readCalls(condition, place, emit);
    if (outcome === true && certain === place.certain && endings.length === 0) return readBlock(body, place, emit);
    certain = false;
    endings.push(readBlock(body, { ...place, certain: false }, emit));
    if (outcome === true) break;
  }
  return endings.some((ending) => ending !== 'on') ? 'unsure' : 'on';
}

/** A loop over a list that stands in the file is unrolled. */
function readLoop(statement: SyntaxNode, place: Place, emit: Emit): Ending {
  const body = field(statement, 'body');
  const names = targetNames(field(statement, 'left'));
  const items = elementsOf(field(statement, 'right'), place.values);
  if (!body) return 'on';
  const leaves = /\b(?:break|continue|return)\b/.test(body.text);
  const turns = items?.map((item) => (names.length === 1 ? [resolved(item, place.values)] : elementsOf(item, place.values)));
  if (leaves || !turns?.every((turn) => turn?.length === names.length)) {
    readBlock(body, { ...place, certain: false }, emit);
    return 'on';
  }
  for (const turn of turns) readBlock(body, { ...place, values: { ...place.values, names: new Map([...place.values.names, ...names.map((name, index) => [name, turn![index]!] as const)]) } }, emit);
  return 'on';
}

/** Every call of an expression or simple statement, in the order in which they stand. */
function readCalls(node: SyntaxNode, place: Place, emit: Emit): void {
  if (isFunction(node)) return;
  const inner = node.type === 'conditional_expression' || node.type === 'boolean_operator' || node.type.endsWith('comprehension') ? { ...place, certain: false } : place;
  if (node.type === 'call' && readCall(node, inner, emit)) return;
  for (const child of node.namedChildren) readCalls(child, inner, emit);
}

/** True where its arguments need no look of their own. */
function readCall(call: SyntaxNode, place: Place, emit: Emit): boolean {
  const { values } = place;
  const receiver = receiverOf(call);
  const name = calleeName(call)?.text ?? '';
  const put = (step: MigrationStep): void => {
    if (step.sql !== undefined || step.tables !== undefined) emit(place.certain ? step : { ...step, uncertain: true });
  };
  const batch = receiver?.type === 'identifier' ? place.batches.get(receiver.text) : undefined;
  if (batch !== undefined || (receiver && isOperations(receiver, values))) {
    if (name === 'execute') put(executed(call, values));
    else for (const step of operationSteps(call, name, batch, values)) put(step);
    return name !== 'get_bind' && name !== 'get_context' && name !== 'execute';
  }
  if (receiver && /^(?:execute|exec_driver_sql|scalar|scalars)$/.test(name)) {
    put(executed(call, values));
    return false;
  }
  if (receiver && /^(?:create|drop|create_all|drop_all)$/.test(name)) {
    const type = typeSql(receiver, values);
    if (type.enum !== undefined) put({ span: spanOf(call), sql: name === 'create' ? createEnumSql(type.enum) : `DROP TYPE ${type.sql}` });
    else if (type.sql === 'unknown' && givesConnection(call)) put({ span: spanOf(call), tables: 'any' });
    return false;
  }
  if (receiver === undefined) return readOwnFunction(call, name, place, emit, put);
  return false;
}

/** `op` of `from alembic import op`, whatever its name. */
function isOperations(receiver: SyntaxNode, values: Values): boolean {
  const path = pathOf(receiver);
  if (path === undefined || path.length > 2) return false;
  const bound = values.scopes.module.bindings.get(path[0] ?? '')?.at(-1)?.import;
  if (bound === undefined) return false;
  return path.length === 1 ? /^alembic/.test(bound.module) && bound.imported === 'op' || bound.module === 'alembic.op' : bound.module === 'alembic' && path[1] === 'op';
}

const connections = /^(?:op|bind|conn|connection|op\.get_bind\(\)|bind=.*|connection=.*)$/;
const givesConnection = (call: SyntaxNode): boolean => parts(field(call, 'arguments') ?? call).some((argument) => connections.test(argument.text));

/** Functions that are given a connection and leave tables, columns and indexes as they are. */
const readers = new Set(['Session', 'sessionmaker', 'scoped_session', 'inspect', 'sync_trigger', 'drop_trigger', 'print', 'isinstance', 'str', 'automap_base', 'MetaData', 'Table', 'Inspector']);

/** A function of this file is read where it is called; one from elsewhere may do anything with the connection it is given. */
function readOwnFunction(call: SyntaxNode, name: string, place: Place, emit: Emit, put: Emit): boolean {
  const { values } = place;
  const own = values.scopes.module.bindings.get(name);
  const definition = own?.length === 1 && own[0]?.kind === 'function' ? own[0].node : undefined;
  const body = definition && field(definition, 'body');
  if (!body) {
    if (!readers.has(name) && givesConnection(call)) put({ span: spanOf(call), tables: 'any' });
    return false;
  }
  if (place.depth > 4) put({ span: spanOf(call), tables: 'any' });
  else {
    const { positional, keyword } = argumentsOf(call);
    const bound = parameterNames(field(definition, 'parameters')).flatMap((parameter, index): (readonly [string, SyntaxNode])[] => {
      const given = keyword.get(parameter) ?? positional[index];
      return given === undefined ? [] : [[parameter, resolved(given, values)]];
    });
    readBlock(body, { ...place, values: { ...values, names: new Map(bound) }, depth: place.depth + 1 }, emit);
  }
  return false;
}

const data = /^\s*(?:insert|update|delete|select|with|lock|analyze|vacuum|comment|grant|revoke|truncate|notify|set\s+(?:local\s+)?\w*timeout)\b/i;
/** SQLAlchemy's own statements on rows. */
const dataCalls = /\b(?:select|insert|update|delete|values|where|query)\s*\(|\bsession\b/;

/** `op.execute(…)`, `connection.execute(…)`: SQL text, or a statement of SQLAlchemy, which changes rows only. */
function executed(call: SyntaxNode, values: Values): MigrationStep {
  const { positional, keyword } = argumentsOf(call);
  const span = spanOf(call);
  const statement = positional[0] ?? keyword.get('sqltext') ?? keyword.get('statement');
  if (statement === undefined) return { span };
  const sql = textValue(statement, values);
  if (sql !== undefined) return { span, sql };
  const inner = resolved(statement, values);
  return startsAsData(inner, values) || dataCalls.test(inner.text) ? { span } : { span, tables: 'any' };
}

/** Text with parts that only the program knows, given directly or by a name: does it change rows, whatever they are? */
function startsAsData(node: SyntaxNode, values: Values): boolean {
  const start = /^(?:[\w.]+\(\s*)*[frFR]{0,2}["']{1,3}([^]*)$/.exec(node.text)?.[1];
  if (start !== undefined) return data.test(start);
  const name = /^(?:[\w.]+\(\s*)*(\w+)\s*\)*(?:\.bindparams\([^]*)?$/.exec(node.text)?.[1];
  const bindings = name === undefined ? undefined : values.scopes.resolve(name, node)?.bindings;
  return bindings !== undefined && bindings.length > 0 && bindings.every((binding) => {
    const value = binding.kind === 'assign' && binding.value ? /^(?:[\w.]+\(\s*)*[frFR]{0,2}["']{1,3}([^]*)$/.exec(unwrap(binding.value).text)?.[1] : undefined;
    return value !== undefined && data.test(value);
  });
}
