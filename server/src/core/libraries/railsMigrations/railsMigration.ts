import { field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { Source } from '../../hosts/common/source';
import type { MigrationStep, SequencedMigration } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { inTransaction, isList, readStatements, valueOf, type Ending, type Value } from '../shared/migrationValues';
import { blockSteps } from './railsBlocks';
import { operationSteps, readArguments, type Rails } from './railsOperations';

/** Where a statement stands. */
interface Place {
  readonly names: Map<string, Value | undefined>;
  /** False below a condition whose outcome is not known. */
  readonly certain: boolean;
  readonly assured: boolean;
  /** Name of the object of `reversible`, whose `up` runs and whose `down` does not. */
  readonly directions: ReadonlySet<string>;
  readonly depth: number;
}

interface Reader {
  readonly source: Source;
  readonly rails: Rails;
  readonly methods: ReadonlyMap<string, SyntaxNode>;
  readonly emit: (step: MigrationStep) => void;
}

const superclass = /\bMigration\b(?:\[(\d+)\.(\d+)\])?/;

/** A migration of ActiveRecord: a class below `ActiveRecord::Migration[…]` with `change` or `up`. undefined for any other file. */
export function readRailsMigration(source: Source): SequencedMigration | undefined {
  const node = source.classes.find((one) => superclass.test(field(one, 'superclass')?.text ?? ''));
  const body = node && field(node, 'body');
  const version = superclass.exec((node && field(node, 'superclass')?.text) ?? '');
  if (!node || !body || /clickhouse/i.test(field(node, 'superclass')?.text ?? '')) return undefined;
  const methods = new Map(source.functions.filter((fn) => source.classOf(fn)?.id === node.id).flatMap((fn): [string, SyntaxNode][] => { const name = source.functionForm(fn)?.name?.text; return name === undefined ? [] : [[name, fn]]; }));
  const start = methods.get('up') ?? methods.get('change');
  const run = start && field(start, 'body');
  if (!run) return undefined;
  const disabled = parts(body).some((member) => member.text.startsWith('disable_ddl_transaction!'));
  const indent = /[^\n]*$/.exec(source.root.text.slice(0, parts(body)[0]?.startIndex ?? 0))?.[0] ?? '';
  const names = new Map<string, Value | undefined>();
  for (const member of parts(body)) bind(member, names, source);
  const steps: MigrationStep[] = [];
  const rails: Rails = { source, version: version?.[1] === undefined ? 4.2 : Number(`${version[1]}.${version[2]}`), ...(disabled ? {} : { disable: { at: body.startIndex, text: `disable_ddl_transaction!\n\n${/^\s*$/.test(indent) ? indent : '  '}` } }) };
  const reader: Reader = { source, rails, methods, emit: (step) => steps.push(step) };
  readBody(run, { names, certain: true, assured: false, directions: new Set(), depth: 0 }, reader);
  return { tool: 'rails', transaction: !disabled, steps: node.hasError ? [...steps, { span: spanOf(start), tables: 'any' }] : inTransaction(steps, parts(run).length, rails.disable) };
}

function bind(statement: SyntaxNode, names: Map<string, Value | undefined>, source: Source): void {
  const form = source.form(statement);
  if (form?.kind !== 'assign' || form.adds) return;
  form.targets.forEach((target, i) => {
    const name = source.form(target);
    if (name?.kind === 'name' || name?.kind === 'field') names.set(name.name, form.targets.length === form.values.length ? valueOf(form.values[i], { source, names }) : undefined);
  });
}

const readBody = (body: SyntaxNode, place: Place, reader: Reader): Ending => readStatements(parts(body), place, (statement, at) => readStatement(statement, at, reader));

function readStatement(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  switch (statement.type) {
    case 'return': return 'returned';
    case 'method': case 'class': case 'module': case 'lambda': return 'on';
    case 'if': case 'unless': case 'if_modifier': case 'unless_modifier': return readCondition(statement, place, reader);
    case 'begin': case 'parenthesized_statements': case 'body_statement': case 'then': return readBody(statement, place, reader);
    case 'assignment':
      bind(statement, place.names, reader.source);
      readExpression(field(statement, 'right'), place, reader);
      return 'on';
    case 'ensure': return readBody(statement, place, reader);
    case 'rescue': case 'else': case 'case': case 'when': case 'while': case 'until': case 'for': case 'binary': case 'conditional':
      for (const child of parts(statement)) readStatement(child, { ...place, certain: false }, reader);
      return 'on';
    default:
      if (statement.type === 'call' && field(statement, 'method')?.text === 'raise') return 'failed';
      readExpression(statement, place, reader);
      return 'on';
  }
}

/** `if index_exists?(…)`: whatever it finds, afterwards what the branch makes is there, and what it drops is not. */
const guard = /\b(?:table|column|index|index_name|foreign_key|check_constraint|view|data_source)_exists\?|\bextension_enabled\?/;
const dialect = /\badapter_name\b|\bpostgres/i;

function readCondition(statement: SyntaxNode, place: Place, reader: Reader): Ending {
  const form = reader.source.form(statement);
  if (form?.kind !== 'if') return 'on';
  const condition = form.condition?.text ?? '';
  const branches = [...(form.then ? [form.then] : []), ...form.otherwise];
  if (form.otherwise.length === 0 && form.then && guard.test(condition) && !/&&|\|\||\band\b|\bor\b/.test(condition)) {
    const leaves = /^return\b/.test(form.then.text.trim());
    if (!leaves) return readStatement(form.then, place, reader);
    // `return unless table_exists?`: the rest has had its effect; `return if column_exists?` likewise.
    return 'on';
  }
  if (dialect.test(condition) && form.then && !/&&|\|\||\band\b|\bor\b/.test(condition)) {
    const ours = /postg/i.test(condition) !== (/!=|!~/.test(condition) !== (form.negated === true));
    if (/^return\b/.test(form.then.text.trim())) return ours ? 'returned' : 'on';
    for (const branch of ours ? [form.then] : form.otherwise) readStatement(branch, { ...place, certain: false }, reader);
    return 'on';
  }
  const endings = branches.map((branch) => readStatement(branch, { ...place, certain: false }, reader));
  return endings.some((ending) => ending === 'returned' || ending === 'unsure') ? 'unsure' : 'on';
}

/** Methods that change no table, column or index. */
const harmless = /^(?:say|puts|p|print|pp|raise|require|require_relative|include|extend|private|reset_column_information|sleep|lambda|proc|attr_\w+|freeze|load|loop|binding|set_(?:role|config)|create_(?:function|trigger)|update_(?:function|trigger)|drop_(?:function|trigger)|change_(?:table|column)_comment|index_exists\?|column_exists\?|table_exists\?|foreign_key_exists\?|quote\w*|select_\w+|say_with_time|connection|(?:enable|disable)_\w+!|format|sprintf|rand|Integer|Rails|ENV|announce|now|\w+\?)$/;
/** Blocks that run once, as part of the migration. */
const once = /^(?:safety_assured|say_with_time|transaction|with_lock_retries|suppress_messages|up_only|tap|then|silence|unscoped|with_connection|uncached|disable_statement_timeout|with_lock)$/;
const receivers = /^(?:self|connection|(?:::)?ActiveRecord::(?:Base|Migration)(?:\.connection|\.lease_connection)?|ApplicationRecord\.connection|[A-Z]\w*\.connection|@connection|schema|conn)$/;

function readExpression(node: SyntaxNode | undefined, place: Place, reader: Reader): void {
  if (!node) return;
  const { source } = reader;
  const form = source.callForm(node);
  if (!form) {
    if (node.type === 'identifier') readOwn(node.text, node, place, reader);
    else if (node.type !== 'lambda') for (const child of parts(node)) readExpression(child, place, reader);
    return;
  }
  const name = form.name.text;
  const block = form.block && source.functionForm(form.block);
  const receiver = form.receiver?.text;
  const inside = (changed: Partial<Place>): void => { if (block?.body) readBody(block.body, { ...place, ...changed }, reader); };
  if (receiver !== undefined && place.directions.has(receiver)) {
    if (name === 'up') inside({});
    return;
  }
  if (receiver === undefined || receivers.test(receiver) || once.test(name)) {
    if (name === 'reversible') return inside({ directions: new Set([...place.directions, block?.parameters[0]?.name ?? 'dir']) });
    if (name === 'revert') return put({ span: spanOf(node), tables: 'any' }, place, reader);
    if (once.test(name)) return inside({ assured: place.assured || name === 'safety_assured' });
    if (receiver === undefined || receivers.test(receiver)) {
      const evaluation = { source, names: place.names };
      const args = readArguments(form, evaluation);
      const steps = block?.body && form.block ? blockSteps(node, name, args, block, { ...evaluation, rails: reader.rails }) : operationSteps(node, name, args, reader.rails);
      if (steps) {
        for (const step of steps) put(step, place, reader);
        return;
      }
      if (!block && receiver === undefined) {
        readOwn(name, node, place, reader, form.args.map((argument) => valueOf(argument.node, evaluation)));
        return;
      }
    }
  }
  if (block?.body && form.receiver && /^each(?:_with_index|_pair)?$/.test(name)) return readLoop(form.receiver, block.body, block.parameters.map((parameter) => parameter.name), place, reader);
  readExpression(form.receiver, place, reader);
  if (block?.body) readBody(block.body, { ...place, certain: false, names: new Map(place.names) }, reader);
}

/** A loop over a list that stands in the file is unrolled. */
function readLoop(list: SyntaxNode, body: SyntaxNode, names: readonly string[], place: Place, reader: Reader): void {
  const value = valueOf(list, { source: reader.source, names: place.names });
  const items = isList(value) ? value : value instanceof Map ? [...value] : undefined;
  if (!items || /\b(?:next|break|return)\b/.test(body.text)) {
    readExpression(list, place, reader);
    readBody(body, { ...place, certain: false, names: new Map(place.names) }, reader);
    return;
  }
  for (const item of items) {
    const bound = new Map(place.names);
    names.forEach((name, i) => bound.set(name, names.length === 1 ? item : isList(item) ? item[i] : undefined));
    readBody(body, { ...place, names: bound }, reader);
  }
}

/** A method of the migration is read where it is called; any other may do anything. */
function readOwn(name: string, node: SyntaxNode, place: Place, reader: Reader, values: readonly (Value | undefined)[] = []): void {
  const method = reader.methods.get(name);
  const body = method && field(method, 'body');
  const form = method && reader.source.functionForm(method);
  if (body && form && place.depth < 5) {
    const names = new Map(place.names);
    form.parameters.forEach((parameter, i) => names.set(parameter.name, values[i]));
    readBody(body, { ...place, names, depth: place.depth + 1 }, reader);
  } else if (!body && !harmless.test(name) && !place.names.has(name) && node.type === 'call') put({ span: spanOf(node), tables: 'any' }, place, reader);
}

function put(step: MigrationStep, place: Place, reader: Reader): void {
  if (step.sql === undefined && step.tables === undefined) return;
  reader.emit({ ...step, ...(place.certain ? {} : { uncertain: true as const }), ...(place.assured ? { assured: true as const } : {}) });
}

