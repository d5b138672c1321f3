import type { ImportIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { ArgumentForm, CallForm, Form, FormatCall, LanguageSpec, ParameterForm, RecordEntry, StringPiece } from '../common/forms';
import { child, entry, escapedText, field, hasToken, lastWord, literalPieces, parts, spanOf, unescape, verbatim } from '../common/syntaxTools';

const name = (node: SyntaxNode): Form => ({ kind: 'name', name: node.text });
const wrap = (node: SyntaxNode): Form | undefined => { const inner = parts(node)[0]; return inner ? { kind: 'wrap', inner } : undefined; };
const branch = (node: SyntaxNode): Form => ({ kind: 'branch', parts: parts(node) });

/** C#: classes by name and namespace; fields, properties and primary constructors give the types. */
export const csharpSpec: LanguageSpec = {
  language: 'csharp',
  forms: {
    class_declaration: classForm,
    record_declaration: classForm,
    struct_declaration: classForm,
    interface_declaration: classForm,
    method_declaration: functionForm,
    constructor_declaration: functionForm,
    local_function_statement: functionForm,
    lambda_expression: (node) => ({ kind: 'function', parameters: parametersOf(field(node, 'parameters')), body: field(node, 'body'), async: hasModifier(node, 'async') }),
    anonymous_method_expression: (node) => ({ kind: 'function', parameters: parametersOf(field(node, 'parameters')), body: child(node, 'block') }),
    identifier: name,
    implicit_parameter: name,
    this: () => ({ kind: 'self' }),
    base: () => ({ kind: 'super' }),
    invocation_expression: callForm,
    object_creation_expression: creationForm,
    implicit_object_creation_expression: creationForm,
    anonymous_object_creation_expression: anonymousForm,
    initializer_expression: (node) => (parts(node).some((item) => item.type === 'assignment_expression') ? { kind: 'record', entries: assigned(node) } : { kind: 'list', items: parts(node) }),
    array_creation_expression: initialised,
    implicit_array_creation_expression: initialised,
    collection_expression: (node) => ({ kind: 'list', items: parts(node) }),
    member_access_expression: memberForm,
    conditional_access_expression: conditionalAccess,
    element_access_expression: (node) => { const object = field(node, 'expression'); return object ? { kind: 'index', object } : undefined; },
    string_literal: (node) => ({ kind: 'text', pieces: literalPieces(node, { content: /content$/, escape: 'escape_sequence' }) }),
    verbatim_string_literal: (node) => ({ kind: 'text', pieces: escapedText(node, /""/g, () => '"', node.startIndex + 2, node.endIndex - 1) }),
    raw_string_literal: (node) => { const content = child(node, 'raw_string_content'); return { kind: 'text', pieces: content ? verbatim(content) : [] }; },
    interpolated_string_expression: (node) => ({ kind: 'text', pieces: interpolatedPieces(node) }),
    binary_expression: (node) => (hasToken(node, '+') ? { kind: 'join', parts: parts(node) } : hasToken(node, '&&') || hasToken(node, '||') || hasToken(node, '??') ? { kind: 'branch', parts: parts(node).slice(1) } : undefined),
    parenthesized_expression: wrap,
    await_expression: (node) => { const inner = parts(node)[0]; return inner ? { kind: 'wrap', inner, awaits: true } : undefined; },
    cast_expression: (node) => { const inner = field(node, 'value'); return inner ? { kind: 'wrap', inner } : undefined; },
    postfix_unary_expression: (node) => (node.text.endsWith('!') ? wrap(node) : undefined),
    argument: (node) => { const inner = parts(node).at(-1); return inner ? { kind: 'wrap', inner } : undefined; },
    arrow_expression_clause: (node) => ({ kind: 'exit', exit: 'return', value: parts(node)[0] }),
    conditional_expression: (node) => {
      const condition = field(node, 'condition');
      const then = field(node, 'consequence');
      const otherwise = field(node, 'alternative');
      return condition && then && otherwise ? { kind: 'choice', condition, then, otherwise } : undefined;
    },
    integer_literal: numeric,
    real_literal: numeric,
    boolean_literal: (node) => ({ kind: 'value', value: node.text === 'true' }),
    null_literal: () => ({ kind: 'value', value: null }),
    variable_declaration: declarationForm,
    assignment_expression: (node) => {
      const left = field(node, 'left');
      const right = field(node, 'right');
      return left && right ? { kind: 'assign', targets: [left], values: [right], adds: field(node, 'operator')?.text !== '=' } : undefined;
    },
    if_statement: (node) => {
      const alternative = field(node, 'alternative');
      return { kind: 'if', condition: field(node, 'condition'), then: field(node, 'consequence'), otherwise: alternative ? [alternative] : [] };
    },
    switch_section: branch,
    switch_expression_arm: branch,
    catch_clause: (node) => ({ kind: 'handler', all: !child(node, 'catch_filter_clause') && /^(System\.)?Exception\b|^$/.test(field(child(node, 'catch_declaration') ?? node, 'type')?.text ?? ''), body: field(node, 'body') }),
    return_statement: (node) => ({ kind: 'exit', exit: 'return', value: parts(node)[0] }),
    break_statement: () => ({ kind: 'exit', exit: 'break' }),
    throw_statement: () => ({ kind: 'exit', exit: 'throw' }),
    foreach_statement: (node) => {
      const body = field(node, 'body');
      const left = field(node, 'left');
      return body ? { kind: 'loop', loop: hasToken(node, 'await') ? 'for-await' : 'for-of', elements: left ? left.text.match(/[A-Za-z_]\w*/g) ?? [] : [], iterable: field(node, 'right'), body } : undefined;
    },
    for_statement: countedLoop,
    while_statement: whileLoop,
    do_statement: (node) => {
      const body = field(node, 'body');
      return body ? { kind: 'loop', loop: 'do', elements: [], condition: field(node, 'condition'), body, headEnd: node.startIndex + 2 } : undefined;
    },
    using_directive: importForm,
  },
  packageOf(root) {
    const space = root.namedChildren.find((node) => /namespace_declaration$/.test(node.type));
    return (space && field(space, 'name')?.text) ?? '';
  },
  implicitThis: true,
  synchronous: false,
  perElement: /^(ForEach|ForEachAsync|For|ForAsync|Select|SelectMany|SelectAwait|Where|Any|All|ToDictionary|ConvertAll)$/,
  chunked: /^$/,
  lookThrough: /^(ToList|ToArray|AsEnumerable|AsParallel|Where|Distinct|OrderBy|OrderByDescending|Reverse|Values|ToHashSet|AsAsyncEnumerable|AsSpan)$/,
  concurrent: /^(ForEachAsync)$/,
  walkers: /^(?:Parallel|Enumerable|AsyncEnumerable|Array)$/,
  appends: /^(Append|AppendLine)$/,
  passes: /^(StringBuilder|ToString|Trim|FormattableStringFactory\.Create)$/,
  constants: /^[A-Z]\w*$/,
  format(call: CallForm): FormatCall | undefined {
    const args = call.args.map((argument) => argument.node);
    return /^[Ss]tring$/.test(call.receiver?.text ?? '') && call.name.text === 'Format' && args[0] ? { template: args[0], args: args.slice(1), style: 'braces' } : undefined;
  },
};

const hasModifier = (node: SyntaxNode, modifier: string): boolean => node.namedChildren.some((part) => part.type === 'modifier' && part.text === modifier);

function numeric(node: SyntaxNode): Form | undefined {
  const value = Number(node.text.replaceAll('_', '').replace(/[a-zA-Z]+$/, ''));
  return Number.isNaN(value) ? undefined : { kind: 'value', value };
}

/** `$"…{x:N2}…"`, `$@"…""…"`, `$"""…"""`; doubled braces stand for one. */
function interpolatedPieces(node: SyntaxNode): readonly StringPiece[] {
  const start = child(node, 'interpolation_start')?.text ?? '$';
  const isVerbatim = start.includes('@');
  const raw = node.text.startsWith(`${start}"""`);
  return node.namedChildren.flatMap((part): readonly StringPiece[] => {
    if (part.type === 'interpolation') {
      const expression = parts(part).find((inner) => !/brace|format_clause|alignment_clause/.test(inner.type));
      return expression ? [{ expression, span: spanOf(part) }] : [];
    }
    if (part.type === 'escape_sequence') return [{ text: unescape(part.text), escaped: true, span: spanOf(part) }];
    if (part.type !== 'string_content') return [];
    return raw ? verbatim(part) : escapedText(part, isVerbatim ? /\{\{|\}\}|""/g : /\{\{|\}\}|\\(?:u[0-9a-fA-F]{4}|.)/g, (escape) => (escape === '""' ? '"' : /^[{}]/.test(escape) ? escape[0] ?? '' : unescape(escape)));
  });
}

const genericName = (node: SyntaxNode | undefined): SyntaxNode | undefined => (node?.type === 'generic_name' ? parts(node)[0] ?? node : node);
const argumentsOf = (list: SyntaxNode | undefined): readonly ArgumentForm[] =>
  parts(list).flatMap((argument): readonly ArgumentForm[] => {
    const label = field(argument, 'name') ?? child(argument, 'name_colon');
    const value = parts(argument).at(-1);
    return value ? [{ node: value, ...(label && label.id !== value.id ? { name: label.text.replace(/:$/, '') } : {}) }] : [];
  });

function callForm(node: SyntaxNode): Form | undefined {
  const callee = field(node, 'function');
  const args = argumentsOf(field(node, 'arguments'));
  if (!callee) return undefined;
  if (callee.type === 'member_access_expression') {
    const method = genericName(field(callee, 'name'));
    return method ? { kind: 'call', receiver: field(callee, 'expression'), name: method, args } : undefined;
  }
  if (callee.type === 'conditional_access_expression') {
    const binding = child(callee, 'member_binding_expression');
    const method = binding && genericName(field(binding, 'name'));
    return method ? { kind: 'call', receiver: field(callee, 'condition'), name: method, args } : undefined;
  }
  if (callee.type === 'member_binding_expression') {
    const method = genericName(field(callee, 'name'));
    const access = node.parent?.type === 'conditional_access_expression' ? field(node.parent, 'condition') : undefined;
    return method ? { kind: 'call', receiver: access, name: method, args } : undefined;
  }
  const method = genericName(callee);
  return method ? { kind: 'call', name: method, args } : undefined;
}

function creationForm(node: SyntaxNode): Form | undefined {
  const type = genericName(field(node, 'type')) ?? node.children[0];
  const initializer = field(node, 'initializer');
  const args = argumentsOf(field(node, 'arguments'));
  if (initializer && args.length === 0 && parts(initializer).length > 0 && /^(List|HashSet|Collection|IEnumerable)$/.test(type?.text ?? '')) return { kind: 'list', items: parts(initializer) };
  return type ? { kind: 'call', name: type, args, constructs: true, ...(initializer ? { also: [initializer] } : {}) } : undefined;
}

function initialised(node: SyntaxNode): Form | undefined {
  const items = child(node, 'initializer_expression');
  return items ? { kind: 'list', items: parts(items) } : undefined;
}

const assigned = (node: SyntaxNode): readonly RecordEntry[] =>
  parts(node).flatMap((item) => {
    const key = item.type === 'assignment_expression' ? field(item, 'left') : undefined;
    const value = item.type === 'assignment_expression' ? field(item, 'right') : undefined;
    return key && value ? [entry(key, key.text, value, item)] : [];
  });

/** `new { Id = x, y }`: names and values stand side by side, told apart by `=`. */
function anonymousForm(node: SyntaxNode): Form {
  const entries: RecordEntry[] = [];
  const { children } = node;
  for (const [index, part] of children.entries()) {
    if (!/^[{,]$/.test(part.text) || part.namedChildren.length > 0) continue;
    const key = children[index + 1];
    if (!key || key.text === '}') continue;
    const value = children[index + 2]?.text === '=' ? children[index + 3] : key;
    if (value) entries.push(entry(key, lastWord(key.text), value, value.id === key.id ? key : value));
  }
  return { kind: 'record', entries };
}

function memberForm(node: SyntaxNode): Form | undefined {
  const object = field(node, 'expression');
  const member = genericName(field(node, 'name'));
  return object && member ? { kind: 'member', object, name: member } : undefined;
}

/** `a?.B` as `a.B`; a call behind the mark stands for itself. */
function conditionalAccess(node: SyntaxNode): Form | undefined {
  const object = field(node, 'condition');
  const rest = parts(node).at(-1);
  if (!object || !rest) return undefined;
  if (rest.type === 'member_binding_expression') {
    const member = genericName(field(rest, 'name'));
    return member ? { kind: 'member', object, name: member } : undefined;
  }
  return { kind: 'wrap', inner: rest };
}

function parametersOf(list: SyntaxNode | undefined, promoted = false): ParameterForm[] {
  if (list?.type === 'implicit_parameter' || list?.type === 'identifier') return [{ name: list.text }];
  return parts(list).flatMap((parameter): ParameterForm[] => {
    if (parameter.type === 'implicit_parameter' || parameter.type === 'identifier') return [{ name: parameter.text }];
    const named = field(parameter, 'name');
    return named ? [{ name: named.text, type: field(parameter, 'type')?.text, ...(promoted ? { field: true } : {}) }] : [];
  });
}

const attributesOf = (node: SyntaxNode): readonly string[] => node.namedChildren.filter((part) => part.type === 'attribute_list').flatMap((list) => parts(list).map((attribute) => attribute.text));
const routes = /^Http(Get|Post|Put|Patch|Delete)\b|^Route\b/;

function functionForm(node: SyntaxNode): Form {
  const attributes = attributesOf(node);
  const route = attributes.find((attribute) => routes.test(attribute));
  return {
    kind: 'function',
    name: field(node, 'name'),
    parameters: parametersOf(field(node, 'parameters')),
    body: field(node, 'body'),
    async: hasModifier(node, 'async'),
    decorators: attributes,
    returns: field(node, 'returns')?.text ?? field(node, 'type')?.text,
    ...(route === undefined ? {} : { entry: route }),
  };
}

function classForm(node: SyntaxNode): Form | undefined {
  const own = field(node, 'name');
  const body = field(node, 'body');
  if (!own) return undefined;
  const fields = parts(body).flatMap((member): { name: string; type: string }[] => {
    if (member.type === 'property_declaration') return [{ name: field(member, 'name')?.text ?? '', type: field(member, 'type')?.text ?? '' }];
    const declared = member.type === 'field_declaration' ? child(member, 'variable_declaration') : undefined;
    const type = declared && field(declared, 'type')?.text;
    return declared ? declared.namedChildren.filter((part) => part.type === 'variable_declarator').map((declarator) => ({ name: field(declarator, 'name')?.text ?? '', type: type ?? '' })) : [];
  });
  const primary = parametersOf(child(node, 'parameter_list')).flatMap(({ name: parameter, type }) => (type === undefined ? [] : [{ name: parameter, type }]));
  const bases = parts(child(node, 'base_list')).map((base) => base.text.replace(/\(.*$/s, ''));
  return { kind: 'class', name: own.text, bases, fields: [...fields, ...primary], decorators: attributesOf(node) };
}

function declarationForm(node: SyntaxNode): Form {
  const type = field(node, 'type');
  const declarators = node.namedChildren.filter((part) => part.type === 'variable_declarator');
  const targets = declarators.flatMap((declarator) => field(declarator, 'name') ?? child(declarator, 'tuple_pattern') ?? []);
  const values = declarators.flatMap((declarator) => { const value = parts(declarator).at(-1); return value && value.id !== targets[0]?.id && value.type !== 'identifier' ? [value] : value && parts(declarator).length > 1 ? [value] : []; });
  return { kind: 'assign', targets, values: values.length === targets.length ? values : [], adds: false, ...(type && type.type !== 'implicit_type' ? { type: type.text } : {}) };
}

function countedLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = field(node, 'condition');
  const counter = field(child(field(node, 'initializer') ?? node, 'variable_declarator') ?? node, 'name')?.text;
  const update = field(node, 'update');
  const step = update && field(update, 'operator')?.text === '+=' ? field(update, 'right')?.text : undefined;
  if (!body) return undefined;
  const base = { kind: 'loop', body, ...(step === undefined ? {} : { step }), headEnd: (update ?? condition)?.endIndex ?? body.startIndex } as const;
  const bound = condition && field(condition, 'right');
  const walked = bound?.type === 'member_access_expression' && /^(Length|Count)$/.test(field(bound, 'name')?.text ?? '') && condition && field(condition, 'left')?.text === counter ? field(bound, 'expression') : undefined;
  return walked && counter !== undefined ? { ...base, loop: 'for-of', elements: [counter], iterable: walked } : { ...base, loop: 'for', elements: counter === undefined ? [] : [counter], condition };
}

/** `while (reader.Read())`, `while (await reader.ReadAsync())`. */
function whileLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = field(node, 'condition');
  if (!body) return undefined;
  const call = condition?.type === 'await_expression' ? parts(condition)[0] : condition;
  const callee = call?.type === 'invocation_expression' ? field(call, 'function') : undefined;
  const rows = callee?.type === 'member_access_expression' && /^(Read|ReadAsync|MoveNext|MoveNextAsync)$/.test(field(callee, 'name')?.text ?? '') ? field(callee, 'expression') : undefined;
  const headEnd = condition?.endIndex ?? body.startIndex;
  return rows?.type === 'identifier' ? { kind: 'loop', loop: 'for-of', elements: [rows.text], iterable: rows, condition, body, headEnd } : { kind: 'loop', loop: 'while', elements: [], condition, body, headEnd };
}

function importForm(node: SyntaxNode): Form {
  const path = parts(node).at(-1)?.text ?? '';
  const alias = field(node, 'name')?.text;
  const item: ImportIr = alias === undefined ? { local: '*', module: path, imported: '*' } : { local: alias, module: path.slice(0, path.lastIndexOf('.')), imported: lastWord(path) };
  return { kind: 'import', imports: [item] };
}
