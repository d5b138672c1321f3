import type { QualifiedName, RoutineAlteration, SchemaChange } from '../../../core/catalog/changes';
import type { Routine } from '../../../core/catalog/statistics';
import { quoteIdentifier } from '../../../core/sql/names';
import type { StatementSource } from './source';
import { findAtDepthZero, isWord } from './source';
import type { Tree } from './tree';
import { contentsAt, flagAt, listAt, nameFromParts, numberAt, stringsAt, textAt, treeAt } from './tree';
import { canonicalType } from './types';

/** Arguments and results have no type modifiers: `varchar(20)` is `character varying`. */
const argumentType = (typeName: Tree | undefined): string => canonicalType(typeName === undefined ? undefined : { ...typeName, typmods: [] });

const modeOf = (parameter: Tree): string => (textAt(parameter, 'mode') ?? '').replace('FUNC_PARAM_', '').replace(/^DEFAULT$/, 'IN');
const typeOf = (parameter: Tree): string => argumentType(treeAt(parameter, 'argType'));
const named = (parameter: Tree): string => {
  const name = textAt(parameter, 'name') ?? '';
  return name === '' ? typeOf(parameter) : `${quoteIdentifier(name)} ${typeOf(parameter)}`;
};

const inputsOf = (parameters: readonly Tree[]): readonly string[] => parameters.filter((parameter) => ['IN', 'INOUT', 'VARIADIC'].includes(modeOf(parameter))).map(typeOf);

/** As `pg_get_function_identity_arguments` prints them since PostgreSQL 14. */
const identityArguments = (parameters: readonly Tree[], procedure: boolean): string =>
  parameters.filter((parameter) => modeOf(parameter) !== 'TABLE').map((parameter) => {
    const mode = modeOf(parameter);
    return (mode === 'IN' && !procedure ? '' : `${mode} `) + named(parameter);
  }).join(', ');

/** As `pg_get_function_result` prints it; empty for procedures. */
function resultOf(statement: Tree, parameters: readonly Tree[]): string {
  if (flagAt(statement, 'is_procedure')) return '';
  const table = parameters.filter((parameter) => modeOf(parameter) === 'TABLE');
  if (table.length > 0) return `TABLE(${table.map(named).join(', ')})`;
  const written = treeAt(statement, 'returnType');
  if (written !== undefined) return (flagAt(written, 'setof') ? 'SETOF ' : '') + argumentType(written);
  const outputs = parameters.filter((parameter) => ['OUT', 'INOUT'].includes(modeOf(parameter)));
  return outputs.length === 1 ? typeOf(outputs[0]!) : outputs.length === 0 ? 'void' : 'record';
}

const numberOf = (argument: Tree | undefined): number => {
  const float = textAt(treeAt(argument, 'Float'), 'fval');
  return float === undefined ? numberAt(treeAt(argument, 'Integer'), 'ival') : Number(float);
};

/** The properties that CREATE and ALTER FUNCTION write alike. */
function propertiesOf(options: readonly Tree[]): RoutineAlteration {
  const found: { -readonly [K in keyof RoutineAlteration]: RoutineAlteration[K] } = {};
  for (const option of options) {
    const argument = treeAt(option, 'arg');
    const text = textAt(treeAt(argument, 'String'), 'sval');
    switch (textAt(option, 'defname')) {
      case 'volatility': found.volatility = text as Routine['volatility']; break;
      case 'parallel': found.parallel = text?.toLowerCase() as Routine['parallel']; break;
      case 'strict': found.strict = flagAt(treeAt(argument, 'Boolean'), 'boolval'); break;
      case 'cost': found.cost = numberOf(argument); break;
      case 'rows': found.rows = numberOf(argument); break;
    }
  }
  return found;
}

/** CREATE FUNCTION and CREATE PROCEDURE (`CreateFunctionStmt`). */
export function createRoutine(statement: Tree, source: StatementSource): SchemaChange {
  const procedure = flagAt(statement, 'is_procedure');
  const parameters = contentsAt(statement, 'parameters', 'FunctionParameter');
  const options = contentsAt(statement, 'options', 'DefElem');
  const body = treeAt(statement, 'sql_body');
  const written = options.find((option) => textAt(option, 'defname') === 'language');
  const language = textAt(treeAt(treeAt(written, 'arg'), 'String'), 'sval')?.toLowerCase() ?? 'sql';
  const window = options.some((option) => textAt(option, 'defname') === 'window');
  const returns = resultOf(statement, parameters);
  const tail = language === 'sql' ? tailOf(source, treeAt(body, 'List') !== undefined) : undefined;
  const set = returns.startsWith('SETOF ') || returns.startsWith('TABLE(');
  return {
    type: 'create-routine', name: nameFromParts(stringsAt(statement, 'funcname')), replace: flagAt(statement, 'replace'),
    routine: {
      arguments: identityArguments(parameters, procedure), returns, kind: procedure ? 'procedure' : window ? 'window' : 'function',
      // Defaults of CREATE FUNCTION: 1 for C, 100 for every other language; 1000 rows of a set.
      volatility: 'volatile', parallel: 'unsafe', strict: false, language, cost: ['c', 'internal'].includes(language) ? 1 : 100, rows: set ? 1000 : 0,
      ...propertiesOf(options), inputs: inputsOf(parameters), ...(tail === undefined ? {} : { tail }),
    },
  };
}

/** The statement from the parenthesis after the name. A body in BEGIN ATOMIC holds semicolons of its own. */
function tailOf(source: StatementSource, atomic: boolean): string | undefined {
  const keyword = source.tokens.findIndex((token) => isWord(token, 'function') || isWord(token, 'procedure'));
  const open = findAtDepthZero(source, keyword + 1, source.tokens.length, (token) => token.text === '(');
  const end = atomic ? source.tokens.length : findAtDepthZero(source, open, source.tokens.length, (token) => token.text === ';');
  const [first, last] = [source.tokens[open], source.tokens[end - 1]];
  return keyword < 0 || first === undefined || last === undefined ? undefined : source.text.slice(first.start, last.end).replace(/[;\s]+$/, '');
}

/** CREATE AGGREGATE (a `DefineStmt`) without a final function: its result is its state. Others are left out, their result is another function's. */
export function createAggregate(statement: Tree): readonly SchemaChange[] {
  const definition = contentsAt(statement, 'definition', 'DefElem');
  const option = (name: string): Tree | undefined => treeAt(treeAt(definition.find((item) => textAt(item, 'defname') === name), 'arg'), 'TypeName');
  const state = option('stype');
  if (textAt(statement, 'kind') !== 'OBJECT_AGGREGATE' || state === undefined || option('finalfunc') !== undefined) return [];
  const parameters = listAt(treeAt(listAt(statement, 'args')[0], 'List'), 'items').map((item) => treeAt(item, 'FunctionParameter') ?? {});
  return [{
    type: 'create-routine', name: nameFromParts(stringsAt(statement, 'defnames')), replace: flagAt(statement, 'replace'),
    routine: {
      arguments: identityArguments(parameters, false), returns: argumentType(state), kind: 'aggregate', volatility: 'immutable',
      parallel: (stringsAt(option('parallel'), 'names')[0] ?? 'unsafe') as Routine['parallel'], strict: false, language: 'internal', cost: 1, rows: 0, inputs: inputsOf(parameters),
    },
  }];
}

/** Name and argument types of an `ObjectWithArgs`. */
export function routineReference(object: Tree | undefined): { readonly name: QualifiedName; readonly inputs?: readonly string[] } {
  const name = nameFromParts(stringsAt(object, 'objname'));
  if (flagAt(object, 'args_unspecified')) return { name };
  const parameters = contentsAt(object, 'objfuncargs', 'FunctionParameter');
  return { name, inputs: parameters.length > 0 ? inputsOf(parameters) : contentsAt(object, 'objargs', 'TypeName').map(argumentType) };
}

/** ALTER FUNCTION (`AlterFunctionStmt`): the properties the catalog keeps. */
export function alterRoutine(statement: Tree): readonly SchemaChange[] {
  const alteration = propertiesOf(contentsAt(statement, 'actions', 'DefElem'));
  return Object.keys(alteration).length === 0 ? [] : [{ type: 'alter-routine', ...routineReference(treeAt(statement, 'func')), alteration }];
}
