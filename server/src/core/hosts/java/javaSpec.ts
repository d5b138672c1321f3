import type { ImportIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { CallForm, Form, FormatCall, LanguageSpec, ParameterForm } from '../common/forms';
import { child, escapedText, field, hasToken, lastWord, parts, plainArguments, unescape } from '../common/syntaxTools';

const name = (node: SyntaxNode): Form => ({ kind: 'name', name: node.text });
const branch = (node: SyntaxNode): Form => ({ kind: 'branch', parts: parts(node) });

/** Java: classes by name and package, fields by their declared types. */
export const javaSpec: LanguageSpec = {
  language: 'java',
  forms: {
    class_declaration: classForm,
    interface_declaration: classForm,
    record_declaration: classForm,
    enum_declaration: classForm,
    method_declaration: functionForm,
    constructor_declaration: functionForm,
    lambda_expression: lambdaForm,
    identifier: name,
    type_identifier: name,
    this: () => ({ kind: 'self' }),
    super: () => ({ kind: 'super' }),
    method_invocation: (node) => {
      const method = field(node, 'name');
      return method ? { kind: 'call', receiver: field(node, 'object'), name: method, args: plainArguments(field(node, 'arguments')) } : undefined;
    },
    object_creation_expression: (node) => {
      const type = field(node, 'type');
      return type ? { kind: 'call', name: type, args: plainArguments(field(node, 'arguments')), constructs: true } : undefined;
    },
    annotation: (node) => {
      const own = field(node, 'name');
      const args = parts(field(node, 'arguments')).map((argument) => (argument.type === 'element_value_pair' ? { node: field(argument, 'value') ?? argument, name: field(argument, 'key')?.text } : { node: argument }));
      return own ? { kind: 'call', name: own, args } : undefined;
    },
    method_reference: (node) => {
      const [object, method] = parts(node);
      return object && method ? { kind: 'reference', object, name: method } : undefined;
    },
    field_access: (node) => {
      const object = field(node, 'object');
      const member = field(node, 'field');
      return object && member ? { kind: 'member', object, name: member } : undefined;
    },
    string_literal: (node) => ({ kind: 'text', pieces: stringPieces(node) }),
    binary_expression: (node) => (hasToken(node, '+') ? { kind: 'join', parts: parts(node) } : hasToken(node, '&&') || hasToken(node, '||') ? { kind: 'branch', parts: parts(node).slice(1) } : undefined),
    parenthesized_expression: wrap,
    cast_expression: (node) => { const inner = field(node, 'value'); return inner ? { kind: 'wrap', inner } : undefined; },
    ternary_expression: choice,
    array_access: (node) => { const object = field(node, 'array'); return object ? { kind: 'index', object } : undefined; },
    array_initializer: (node) => ({ kind: 'list', items: parts(node) }),
    array_creation_expression: (node) => { const inner = field(node, 'value'); return inner ? { kind: 'wrap', inner } : undefined; },
    decimal_integer_literal: numeric,
    decimal_floating_point_literal: numeric,
    true: () => ({ kind: 'value', value: true }),
    false: () => ({ kind: 'value', value: false }),
    null_literal: () => ({ kind: 'value', value: null }),
    local_variable_declaration: declarationForm,
    field_declaration: declarationForm,
    constant_declaration: declarationForm,
    resource: (node) => {
      const target = field(node, 'name');
      const value = field(node, 'value');
      return target && value ? { kind: 'assign', targets: [target], values: [value], adds: false } : undefined;
    },
    assignment_expression: (node) => {
      const left = field(node, 'left');
      const right = field(node, 'right');
      return left && right ? { kind: 'assign', targets: [left], values: [right], adds: field(node, 'operator')?.text !== '=' } : undefined;
    },
    if_statement: (node) => {
      const alternative = field(node, 'alternative');
      return { kind: 'if', condition: inside(field(node, 'condition')), then: field(node, 'consequence'), otherwise: alternative ? [alternative] : [] };
    },
    switch_block_statement_group: branch,
    switch_rule: branch,
    catch_clause: (node) => ({ kind: 'handler', all: /\b(Exception|Throwable)\s+\w+$/.test(child(node, 'catch_formal_parameter')?.text ?? ''), body: field(node, 'body') }),
    return_statement: (node) => ({ kind: 'exit', exit: 'return', value: parts(node)[0] }),
    break_statement: () => ({ kind: 'exit', exit: 'break' }),
    throw_statement: () => ({ kind: 'exit', exit: 'throw' }),
    enhanced_for_statement: (node) => {
      const body = field(node, 'body');
      const element = field(node, 'name');
      return body ? { kind: 'loop', loop: 'for-of', elements: element ? [element.text] : [], iterable: field(node, 'value'), body } : undefined;
    },
    for_statement: countedLoop,
    while_statement: whileLoop,
    do_statement: (node) => {
      const body = field(node, 'body');
      return body ? { kind: 'loop', loop: 'do', elements: [], condition: inside(field(node, 'condition')), body, headEnd: node.startIndex + 2 } : undefined;
    },
    import_declaration: importForm,
  },
  packageOf: (root) => parts(root.namedChildren.find((node) => node.type === 'package_declaration')).at(-1)?.text ?? '',
  implicitThis: true,
  synchronous: true,
  perElement: /^(query|forEach|forEachOrdered|map|flatMap|mapToObj|mapToLong|mapToInt|filter|peek|anyMatch|allMatch|noneMatch|computeIfAbsent|replaceAll|removeIf|collect)$/,
  chunked: /^$/,
  lookThrough: /^(stream|parallelStream|iterator|toList|collect|filter|sorted|distinct|values|getContent|toArray|asList|reversed|subList|list)$/,
  concurrent: /^$/,
  appends: /^(append)$/,
  passes: /^(StringBuilder|StringBuffer|toString|trim|strip|stripIndent|formatted|String\.valueOf)$/,
  constants: /^[A-Z][A-Z\d_]*$/,
  format,
};

function wrap(node: SyntaxNode): Form | undefined {
  const inner = parts(node)[0];
  return inner ? { kind: 'wrap', inner } : undefined;
}

const inside = (node: SyntaxNode | undefined): SyntaxNode | undefined => (node?.type === 'parenthesized_expression' ? parts(node)[0] ?? node : node);

function numeric(node: SyntaxNode): Form | undefined {
  const value = Number(node.text.replaceAll('_', '').replace(/[lLfFdD]$/, ''));
  return Number.isNaN(value) ? undefined : { kind: 'value', value };
}

function choice(node: SyntaxNode): Form | undefined {
  const condition = field(node, 'condition');
  const then = field(node, 'consequence');
  const otherwise = field(node, 'alternative');
  return condition && then && otherwise ? { kind: 'choice', condition, then, otherwise } : undefined;
}

/** Text blocks hold their escapes unmarked; their common indentation is blank to SQL. */
function stringPieces(node: SyntaxNode): ReturnType<typeof escapedText> {
  const quotes = node.text.startsWith('"""') ? 3 : 1;
  return escapedText(node, /\\(?:u+[0-9a-fA-F]{4}|[0-7]{1,3}|\r?\n|.)/g, (escape) => unescape(escape.replace(/^\\u+/, '\\u')), node.startIndex + quotes, node.endIndex - quotes);
}

function parametersOf(list: SyntaxNode | undefined, promoted = false): ParameterForm[] {
  if (list?.type === 'identifier') return [{ name: list.text }];
  return parts(list).flatMap((parameter): ParameterForm[] => {
    if (parameter.type === 'identifier') return [{ name: parameter.text }];
    const named = field(parameter, 'name') ?? field(child(parameter, 'variable_declarator') ?? parameter, 'name');
    return named ? [{ name: named.text, type: field(parameter, 'type')?.text ?? parts(parameter)[0]?.text, ...(promoted ? { field: true } : {}) }] : [];
  });
}

const annotationsOf = (node: SyntaxNode): readonly SyntaxNode[] => parts(child(node, 'modifiers')).filter((modifier) => /annotation$/.test(modifier.type));
const routes = /^(?:Get|Post|Put|Patch|Delete|Request)Mapping$|^(?:GET|POST|PUT|DELETE|PATCH|Path)$/;

function functionForm(node: SyntaxNode): Form {
  const annotations = annotationsOf(node);
  const route = annotations.map((annotation) => field(annotation, 'name')?.text ?? '').find((word) => routes.test(word));
  return {
    kind: 'function',
    name: field(node, 'name'),
    parameters: parametersOf(field(node, 'parameters')),
    body: field(node, 'body'),
    decorators: annotations.map((annotation) => annotation.text.slice(1)),
    returns: field(node, 'type')?.text,
    ...(route === undefined ? {} : { entry: route }),
  };
}

function lambdaForm(node: SyntaxNode): Form {
  return { kind: 'function', parameters: parametersOf(field(node, 'parameters')), body: field(node, 'body') };
}

function classForm(node: SyntaxNode): Form | undefined {
  const own = field(node, 'name');
  const body = field(node, 'body');
  if (!own) return undefined;
  const types = (list: SyntaxNode | undefined): string[] => parts(list?.type === 'type_list' ? list : child(list ?? node, 'type_list')).map((type) => type.text);
  const superclass = parts(field(node, 'superclass'))[0]?.text;
  const extended = child(node, 'extends_interfaces');
  const implemented = field(node, 'interfaces');
  const fields = parts(body).filter((member) => member.type === 'field_declaration').flatMap((member) => {
    const type = field(member, 'type')?.text ?? '';
    return member.namedChildren.filter((part) => part.type === 'variable_declarator').map((declarator) => ({ name: field(declarator, 'name')?.text ?? '', type }));
  });
  const components = parametersOf(field(node, 'parameters')).flatMap(({ name: component, type }) => (type === undefined ? [] : [{ name: component, type }]));
  return {
    kind: 'class',
    name: own.text,
    bases: [...(superclass === undefined ? [] : [superclass]), ...(extended ? types(extended) : [])],
    implements: implemented ? types(implemented) : [],
    fields: [...fields, ...components],
    decorators: annotationsOf(node).map((annotation) => annotation.text.slice(1)),
  };
}

function declarationForm(node: SyntaxNode): Form {
  const declarators = node.namedChildren.filter((part) => part.type === 'variable_declarator');
  const type = field(node, 'type')?.text;
  const targets = declarators.flatMap((declarator) => field(declarator, 'name') ?? []);
  const values = declarators.flatMap((declarator) => field(declarator, 'value') ?? []);
  return { kind: 'assign', targets, values: values.length === targets.length ? values : [], adds: false, ...(type === undefined || type === 'var' ? {} : { type }) };
}

function countedLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = field(node, 'condition');
  const init = field(node, 'init');
  const counter = init && field(child(init, 'variable_declarator') ?? init, 'name')?.text;
  const update = field(node, 'update');
  const step = update && field(update, 'operator')?.text === '+=' ? field(update, 'right')?.text : undefined;
  if (!body) return undefined;
  const headEnd = (update ?? condition ?? body).endIndex;
  const base = { kind: 'loop', body, ...(step === undefined ? {} : { step }), headEnd: update || condition ? headEnd : body.startIndex } as const;
  const bound = condition && field(condition, 'right');
  const walked = bound && condition && field(condition, 'left')?.text === counter ? (bound.type === 'method_invocation' && /^(size|length)$/.test(field(bound, 'name')?.text ?? '') ? field(bound, 'object') : bound.type === 'field_access' && field(bound, 'field')?.text === 'length' ? field(bound, 'object') : undefined) : undefined;
  return walked && counter !== undefined ? { ...base, loop: 'for-of', elements: [counter], iterable: walked } : { ...base, loop: 'for', elements: counter === undefined ? [] : [counter], condition };
}

/** `while (rs.next())` and `while (it.hasNext())` walk what they ask. */
function whileLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = inside(field(node, 'condition'));
  if (!body) return undefined;
  const rows = condition?.type === 'method_invocation' && /^(next|hasNext)$/.test(field(condition, 'name')?.text ?? '') ? field(condition, 'object') : undefined;
  const headEnd = (field(node, 'condition') ?? body).endIndex;
  return rows?.type === 'identifier' ? { kind: 'loop', loop: 'for-of', elements: [rows.text], iterable: rows, condition, body, headEnd } : { kind: 'loop', loop: 'while', elements: [], condition, body, headEnd };
}

function importForm(node: SyntaxNode): Form {
  const path = parts(node)[0]?.text ?? '';
  const star = hasToken(node, 'asterisk') || child(node, 'asterisk') !== undefined;
  const item: ImportIr = star ? { local: '*', module: path, imported: '*' } : { local: lastWord(path), module: path.slice(0, path.lastIndexOf('.')), imported: lastWord(path) };
  return { kind: 'import', imports: [item] };
}

/** `String.format(template, …)` and `template.formatted(…)`. */
function format(call: CallForm): FormatCall | undefined {
  const args = call.args.map((argument) => argument.node);
  if (call.receiver?.text === 'String' && call.name.text === 'format' && args[0]) return { template: args[0], args: args.slice(1), style: 'percent' };
  return call.name.text === 'formatted' && call.receiver && args.length > 0 ? { template: call.receiver, args, style: 'percent' } : undefined;
}

