import { hostSpan } from '../../text/span';
import type { ImportIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { ArgumentForm, CallForm, Form, FormatCall, LanguageSpec, ParameterForm, RecordEntry, StringPiece } from '../common/forms';
import { child, entry, escapedText, field, hasToken, lastWord, parts, spanOf, unescape, verbatim } from '../common/syntaxTools';

const wrap = (node: SyntaxNode): Form | undefined => { const inner = parts(node)[0]; return inner ? { kind: 'wrap', inner } : undefined; };
const branch = (node: SyntaxNode): Form => ({ kind: 'branch', parts: parts(node) });
const word = (node: SyntaxNode | undefined): string => node?.text.replace(/^[$\\]+/, '') ?? '';

/** PHP: variables go by their names without `$`; classes by name and `use`. */
export const phpSpec: LanguageSpec = {
  language: 'php',
  forms: {
    class_declaration: classForm,
    interface_declaration: classForm,
    trait_declaration: classForm,
    method_declaration: functionForm,
    function_definition: functionForm,
    anonymous_function: functionForm,
    arrow_function: functionForm,
    variable_name: (node) => (node.text === '$this' ? { kind: 'self' } : { kind: 'name', name: word(node) }),
    name: (node) => ({ kind: 'name', name: node.text }),
    qualified_name: (node) => ({ kind: 'name', name: lastWord(node.text) }),
    relative_scope: (node) => ({ kind: node.text === 'parent' ? 'super' : 'self' }),
    member_call_expression: memberCall,
    nullsafe_member_call_expression: memberCall,
    scoped_call_expression: (node) => {
      const method = field(node, 'name');
      return method ? { kind: 'call', receiver: field(node, 'scope'), name: method, args: argumentsOf(field(node, 'arguments')) } : undefined;
    },
    function_call_expression: (node) => {
      const callee = field(node, 'function');
      return callee ? { kind: 'call', name: callee.type === 'qualified_name' ? parts(callee).at(-1) ?? callee : callee, args: argumentsOf(field(node, 'arguments')) } : undefined;
    },
    object_creation_expression: (node) => {
      const type = parts(node).find((part) => part.type === 'name' || part.type === 'qualified_name');
      return type ? { kind: 'call', name: type.type === 'qualified_name' ? parts(type).at(-1) ?? type : type, args: argumentsOf(child(node, 'arguments')), constructs: true } : undefined;
    },
    member_access_expression: memberForm,
    nullsafe_member_access_expression: memberForm,
    class_constant_access_expression: (node) => { const [object, member] = parts(node); return object && member ? { kind: 'member', object, name: member } : undefined; },
    scoped_property_access_expression: (node) => { const object = field(node, 'scope'); const member = field(node, 'name'); return object && member ? { kind: 'member', object, name: member } : undefined; },
    subscript_expression: (node) => { const object = parts(node)[0]; return object ? { kind: 'index', object } : undefined; },
    string: (node) => ({ kind: 'text', pieces: escapedText(node, /\\[\\']/g, (escape) => escape[1] ?? '', node.startIndex + 1, node.endIndex - 1) }),
    encapsed_string: (node) => ({ kind: 'text', pieces: encapsedPieces(node) }),
    heredoc: (node) => { const body = field(node, 'value'); return { kind: 'text', pieces: body ? encapsedPieces(body) : [] }; },
    nowdoc: (node) => { const body = field(node, 'value') ?? child(node, 'nowdoc_body'); return { kind: 'text', pieces: body ? verbatim(body) : [] }; },
    binary_expression: (node) => (hasToken(node, '.') ? { kind: 'join', parts: parts(node) } : hasToken(node, '&&') || hasToken(node, '||') || hasToken(node, '??') ? { kind: 'branch', parts: parts(node).slice(1) } : undefined),
    parenthesized_expression: wrap,
    cast_expression: (node) => { const inner = field(node, 'value'); return inner ? { kind: 'wrap', inner } : undefined; },
    argument: (node) => { const inner = parts(node).at(-1); return inner ? { kind: 'wrap', inner } : undefined; },
    by_ref: wrap,
    conditional_expression: (node) => {
      const condition = field(node, 'condition');
      const then = field(node, 'body') ?? condition;
      const otherwise = field(node, 'alternative');
      return condition && then && otherwise ? { kind: 'choice', condition, then, otherwise } : undefined;
    },
    array_creation_expression: arrayForm,
    list_literal: (node) => ({ kind: 'list', items: parts(node) }),
    integer: numeric,
    float: numeric,
    boolean: (node) => ({ kind: 'value', value: node.text.toLowerCase() === 'true' }),
    null: () => ({ kind: 'value', value: null }),
    assignment_expression: assignForm,
    augmented_assignment_expression: assignForm,
    const_element: (node) => { const [target, value] = parts(node); return target && value ? { kind: 'assign', targets: [target], values: [value], adds: false } : undefined; },
    if_statement: ifForm,
    else_if_clause: ifForm,
    case_statement: branch,
    default_statement: branch,
    match_conditional_expression: branch,
    catch_clause: (node) => ({ kind: 'handler', all: /^\\?(Exception|Throwable)$/.test(field(node, 'type')?.text ?? ''), body: field(node, 'body') }),
    return_statement: (node) => ({ kind: 'exit', exit: 'return', value: parts(node)[0] }),
    break_statement: () => ({ kind: 'exit', exit: 'break' }),
    throw_expression: () => ({ kind: 'exit', exit: 'throw' }),
    foreach_statement: foreachForm,
    for_statement: countedLoop,
    while_statement: whileLoop,
    do_statement: (node) => {
      const body = field(node, 'body');
      return body ? { kind: 'loop', loop: 'do', elements: [], condition: inside(field(node, 'condition')), body, headEnd: node.startIndex + 2 } : undefined;
    },
    namespace_use_declaration: importForm,
  },
  packageOf: (root) => field(root.namedChildren.find((node) => node.type === 'namespace_definition') ?? root, 'name')?.text ?? '',
  implicitThis: false,
  synchronous: true,
  perElement: /^(each|map|flatMap|mapWithKeys|filter|reject|transform|reduce|array_map|array_walk|array_filter|array_reduce|every|some|contains|keyBy|groupBy|eachById|sortBy|sum|lazyById)$/,
  chunked: /^(chunk|chunkById|chunkMap|eachChunk)$/,
  lookThrough: /^(get|all|toArray|values|collect|array_values|array_keys|array_unique|array_filter|filter|unique|keys|items|fetchAll|fetchAllAssociative|cursor|lazy|lazyById|iterator_to_array|reverse|array_reverse|sortBy|getResult|iterateAssociative)$/,
  appends: /^$/,
  passes: /^(trim|DB\.raw|DB::raw)$/,
  ignoredNames: /^(true|false|null)$/i,
  constants: /^[A-Z][A-Z\d_]*$/,
  format(call: CallForm): FormatCall | undefined {
    const args = call.args.map((argument) => argument.node);
    return !call.receiver && call.name.text === 'sprintf' && args[0] ? { template: args[0], args: args.slice(1), style: 'percent' } : undefined;
  },
};

const inside = (node: SyntaxNode | undefined): SyntaxNode | undefined => (node?.type === 'parenthesized_expression' ? parts(node)[0] ?? node : node);

function numeric(node: SyntaxNode): Form | undefined {
  const value = Number(node.text.replaceAll('_', ''));
  return Number.isNaN(value) ? undefined : { kind: 'value', value };
}

/** Contents, escapes and `$x`, `{$x->y}`. The braces are anonymous nodes round the expression. */
function encapsedPieces(node: SyntaxNode): readonly StringPiece[] {
  return node.namedChildren.flatMap((part): readonly StringPiece[] => {
    if (part.type === 'string_content' || part.type === 'heredoc_content') return escapedText(part, /\\(?:u\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[nrtvef\\$"])/g, unescape);
    if (part.type === 'escape_sequence') return [{ text: unescape(part.text), escaped: true, span: spanOf(part) }];
    if (part.type === 'comment') return [];
    const braced = node.text[part.startIndex - node.startIndex - 1] === '{' && node.text[part.endIndex - node.startIndex] === '}';
    return [{ expression: part, span: braced ? hostSpan(part.startIndex - 1, part.endIndex + 1) : spanOf(part) }];
  });
}

const argumentsOf = (list: SyntaxNode | undefined): readonly ArgumentForm[] =>
  parts(list).flatMap((argument): readonly ArgumentForm[] => {
    const label = field(argument, 'name');
    const value = parts(argument).at(-1);
    return value ? [{ node: value, ...(label ? { name: label.text } : {}) }] : [];
  });

function memberCall(node: SyntaxNode): Form | undefined {
  const method = field(node, 'name');
  return method ? { kind: 'call', receiver: field(node, 'object'), name: method, args: argumentsOf(field(node, 'arguments')) } : undefined;
}

function memberForm(node: SyntaxNode): Form | undefined {
  const object = field(node, 'object');
  const member = field(node, 'name');
  return object && member ? { kind: 'member', object, name: member } : undefined;
}

/** `['a' => 1]` is a record, `[1, 2]` a list. */
function arrayForm(node: SyntaxNode): Form {
  const items = parts(node);
  const pairs = items.map((item) => parts(item)).filter((pair) => pair.length === 2);
  if (pairs.length === 0 || pairs.length < items.length) return { kind: 'list', items: items.flatMap((item) => parts(item).at(-1) ?? []) };
  return {
    kind: 'record',
    entries: items.flatMap((item): RecordEntry[] => {
      const [key, value] = parts(item);
      return key && value ? [entry(key, key.text.replace(/^['"]|['"]$/g, ''), value, item)] : [];
    }),
  };
}

function assignForm(node: SyntaxNode): Form | undefined {
  const left = field(node, 'left');
  const right = field(node, 'right');
  const operator = field(node, 'operator')?.text;
  return left && right ? { kind: 'assign', targets: [left], values: [right], adds: operator !== undefined && operator !== '=' && operator !== '??=' } : undefined;
}

function ifForm(node: SyntaxNode): Form {
  const body = field(node, 'body');
  const otherwise = node.namedChildren.filter((part) => part.type === 'else_clause' || part.type === 'else_if_clause');
  return { kind: 'if', condition: inside(field(node, 'condition')), then: body, otherwise };
}

function parametersOf(list: SyntaxNode | undefined): ParameterForm[] {
  return parts(list).flatMap((parameter): ParameterForm[] => {
    const named = field(parameter, 'name');
    const type = field(parameter, 'type')?.text;
    return named ? [{ name: word(named), ...(type === undefined ? {} : { type: type.replace(/^[?\\]+/, '') }), ...(parameter.type === 'property_promotion_parameter' ? { field: true } : {}), ...(field(parameter, 'default_value') ? { optional: true } : {}) }] : [];
  });
}

function functionForm(node: SyntaxNode): Form {
  return { kind: 'function', name: node.type === 'anonymous_function' || node.type === 'arrow_function' ? undefined : field(node, 'name'), parameters: parametersOf(field(node, 'parameters')), body: field(node, 'body'), returns: field(node, 'return_type')?.text, decorators: parts(field(node, 'attributes')).map((attribute) => attribute.text) };
}

function classForm(node: SyntaxNode): Form | undefined {
  const own = field(node, 'name');
  if (!own) return undefined;
  const bases = (list: SyntaxNode | undefined): string[] => parts(list).map((base) => lastWord(base.text));
  const body = field(node, 'body');
  const members = parts(body);
  const fields = members.filter((member) => member.type === 'property_declaration').flatMap((member) => {
    const type = field(member, 'type')?.text.replace(/^[?\\]+/, '');
    return type === undefined ? [] : member.namedChildren.filter((part) => part.type === 'property_element').map((part) => ({ name: word(field(part, 'name')), type }));
  });
  const traits = members.filter((member) => member.type === 'use_declaration').flatMap(bases);
  return { kind: 'class', name: own.text, bases: [...bases(child(node, 'base_clause')), ...traits], implements: bases(child(node, 'class_interface_clause')), fields };
}

function foreachForm(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const [iterable, target] = parts(node);
  if (!body || !iterable || !target) return undefined;
  const names = target.type === 'pair' ? parts(target).slice().reverse() : [target];
  return { kind: 'loop', loop: 'for-of', elements: names.flatMap((part) => part.text.match(/\$\w+/g) ?? []).map((variable) => variable.slice(1)), iterable, body, headEnd: target.endIndex };
}

function countedLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = field(node, 'condition');
  const start = field(node, 'initialize');
  const counter = start && word(field(start, 'left'));
  const update = field(node, 'update');
  const step = update?.type === 'augmented_assignment_expression' ? field(update, 'right')?.text : undefined;
  if (!body) return undefined;
  const base = { kind: 'loop', body, ...(step === undefined ? {} : { step }), headEnd: (update ?? condition)?.endIndex ?? body.startIndex } as const;
  const bound = condition && field(condition, 'right');
  const walked = bound?.type === 'function_call_expression' && /^(count|sizeof)$/.test(field(bound, 'function')?.text ?? '') ? parts(parts(field(bound, 'arguments'))[0])[0] : undefined;
  return walked && counter ? { ...base, loop: 'for-of', elements: [counter], iterable: walked } : { ...base, loop: 'for', elements: counter ? [counter] : [], condition };
}

/** `while ($row = $stmt->fetch())`. */
function whileLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  let condition = inside(field(node, 'condition'));
  if (!body) return undefined;
  const headEnd = field(node, 'condition')?.endIndex ?? body.startIndex;
  const whole = condition;
  if (condition?.type === 'binary_expression') condition = inside(field(condition, 'left'));
  const value = condition?.type === 'assignment_expression' ? field(condition, 'right') : undefined;
  const rows = value && (value.type === 'member_call_expression' && /^fetch/.test(field(value, 'name')?.text ?? '') ? field(value, 'object') : value.type === 'function_call_expression' && /^pg_fetch_/.test(field(value, 'function')?.text ?? '') ? parts(parts(field(value, 'arguments'))[0])[0] : undefined);
  const target = condition && field(condition, 'left');
  return rows && target ? { kind: 'loop', loop: 'for-of', elements: [word(target)], iterable: rows, body, headEnd } : { kind: 'loop', loop: 'while', elements: [], condition: whole, body, headEnd };
}

function importForm(node: SyntaxNode): Form {
  const prefix = child(node, 'namespace_name')?.text;
  const group = field(node, 'body');
  const clauses = group ? parts(group) : parts(node).filter((part) => part.type === 'namespace_use_clause');
  const imports = clauses.flatMap((clause): ImportIr[] => {
    const path = parts(clause)[0]?.text.replace(/^\\/, '') ?? '';
    const full = group && prefix !== undefined ? `${prefix}\\${path}` : path;
    const alias = field(clause, 'alias')?.text;
    return full === '' ? [] : [{ local: alias ?? lastWord(full), module: full.slice(0, Math.max(0, full.lastIndexOf('\\'))), imported: lastWord(full) }];
  });
  return { kind: 'import', imports };
}
