import type { ImportIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { CallForm, Form, FormatCall, LanguageSpec, ParameterForm } from '../common/forms';
import { child, entry, field, hasToken, lastWord, literalPieces, parts, plainArguments, verbatim } from '../common/syntaxTools';

const name = (node: SyntaxNode): Form => ({ kind: 'name', name: node.text });
const listed = (node: SyntaxNode | undefined): readonly SyntaxNode[] => (node?.type === 'expression_list' ? parts(node) : node ? [node] : []);

/** Go: methods belong to their receiver's type; a package is a folder. */
export const goSpec: LanguageSpec = {
  language: 'go',
  forms: {
    function_declaration: functionForm,
    method_declaration: functionForm,
    func_literal: functionForm,
    type_spec: typeForm,
    identifier: name,
    type_identifier: name,
    package_identifier: name,
    call_expression: callForm,
    selector_expression: memberForm,
    interpreted_string_literal: (node) => ({ kind: 'text', pieces: literalPieces(node, { content: /content$/, escape: 'escape_sequence' }) }),
    raw_string_literal: (node) => ({ kind: 'text', pieces: verbatim(node, node.startIndex + 1, node.endIndex - 1) }),
    binary_expression: (node) => (hasToken(node, '+') ? { kind: 'join', parts: parts(node) } : /&&|\|\|/.test(field(node, 'operator')?.text ?? '') ? { kind: 'branch', parts: parts(node).slice(1) } : undefined),
    parenthesized_expression: wrap,
    unary_expression: (node) => {
      const operand = field(node, 'operand');
      return operand && /^[&*]/.test(node.text) ? { kind: 'wrap', inner: operand } : numeric(node);
    },
    type_assertion_expression: (node) => { const operand = field(node, 'operand'); return operand ? { kind: 'wrap', inner: operand } : undefined; },
    index_expression: (node) => { const object = field(node, 'operand'); return object ? { kind: 'index', object } : undefined; },
    slice_expression: (node) => { const object = field(node, 'operand'); return object ? { kind: 'index', object } : undefined; },
    int_literal: numeric,
    float_literal: numeric,
    true: () => ({ kind: 'value', value: true }),
    false: () => ({ kind: 'value', value: false }),
    nil: () => ({ kind: 'value', value: null }),
    composite_literal: compositeForm,
    literal_element: wrap,
    expression_list: (node) => (parts(node).length === 1 ? wrap(node) : undefined),
    short_var_declaration: (node) => ({ kind: 'assign', targets: listed(field(node, 'left')), values: listed(field(node, 'right')), adds: false }),
    assignment_statement: (node) => ({ kind: 'assign', targets: listed(field(node, 'left')), values: listed(field(node, 'right')), adds: field(node, 'operator')?.text !== '=' }),
    var_spec: specForm,
    const_spec: specForm,
    if_statement: (node) => {
      const alternative = field(node, 'alternative');
      return { kind: 'if', condition: field(node, 'condition'), then: field(node, 'consequence'), otherwise: alternative ? [alternative] : [] };
    },
    expression_case: (node) => ({ kind: 'branch', parts: parts(node) }),
    default_case: (node) => ({ kind: 'branch', parts: parts(node) }),
    type_case: (node) => ({ kind: 'branch', parts: parts(node) }),
    communication_case: (node) => ({ kind: 'branch', parts: parts(node) }),
    return_statement: (node) => ({ kind: 'exit', exit: 'return', value: parts(node)[0] }),
    break_statement: () => ({ kind: 'exit', exit: 'break' }),
    for_statement: loopForm,
    import_spec: importForm,
  },
  packageOf: (_root, uri) => uri.slice(0, uri.lastIndexOf('/')),
  implicitThis: false,
  methodsApart: true,
  synchronous: true,
  perElement: /^(Map|ForEach|FlatMap|Filter|FilterMap|ParallelMap)$/,
  chunked: /^(FindInBatches)$/,
  lookThrough: /^(Values|All|Keys|Sorted|Collect|Clone|Uniq|Reverse)$/,
  appends: /^(WriteString|Fprintf)$/,
  passes: /^(string|strings\.TrimSpace|[Rr]ebind|\w+\.[Rr]ebind)$/,
  passesFirst: /^sqlx\.(?:In|Named)$/,
  walkers: /^(?:lo|lop|slices|maps|iter|parallel|pie|fn|funk|underscore)$/,
  ignoredNames: /^(ctx|err|nil|_)$/,
  format,
};

function wrap(node: SyntaxNode): Form | undefined {
  const inner = parts(node)[0];
  return inner ? { kind: 'wrap', inner } : undefined;
}

function numeric(node: SyntaxNode): Form | undefined {
  const value = Number(node.text.replaceAll('_', ''));
  return Number.isNaN(value) ? undefined : { kind: 'value', value };
}

function parametersOf(list: SyntaxNode | undefined): ParameterForm[] {
  return parts(list).flatMap((parameter) => {
    const type = field(parameter, 'type')?.text;
    return parameter.namedChildren.filter((part) => part.type === 'identifier' && part.id !== field(parameter, 'type')?.id).map((part) => ({ name: part.text, type }));
  });
}

function functionForm(node: SyntaxNode): Form {
  const receiver = parametersOf(field(node, 'receiver'))[0];
  const owner = field(node, 'receiver');
  return {
    kind: 'function',
    name: field(node, 'name'),
    parameters: parametersOf(field(node, 'parameters')),
    body: field(node, 'body'),
    ...(owner ? { owner: lastWord((parts(owner)[0] ? field(parts(owner)[0] ?? owner, 'type')?.text : undefined) ?? owner.text) } : {}),
    ...(receiver ? { self: receiver.name } : {}),
    returns: field(node, 'result')?.text,
  };
}

/** Only structs: what an interface's methods do is not known here. */
function typeForm(node: SyntaxNode): Form | undefined {
  const struct = field(node, 'type');
  const own = field(node, 'name');
  if (struct?.type !== 'struct_type' || !own) return undefined;
  const bases: string[] = [];
  const fields: { name: string; type: string }[] = [];
  for (const declared of parts(child(struct, 'field_declaration_list'))) {
    const type = field(declared, 'type')?.text;
    if (type === undefined) continue;
    const names = declared.namedChildren.filter((part) => part.type === 'field_identifier');
    // An embedded type lends its methods and is a field under its own name.
    if (names.length === 0) {
      bases.push(type.replace(/^\*/, ''));
      fields.push({ name: lastWord(type), type });
    } else for (const one of names) fields.push({ name: one.text, type });
  }
  return { kind: 'class', name: own.text, bases, fields };
}

function callForm(node: SyntaxNode): Form | undefined {
  let callee = field(node, 'function');
  const args = plainArguments(field(node, 'arguments'));
  if (callee?.type === 'index_expression') callee = field(callee, 'operand');
  if (callee?.type === 'type_instantiation_expression') callee = parts(callee)[0];
  if (!callee) return undefined;
  if (callee.type === 'selector_expression') {
    const receiver = field(callee, 'operand');
    const method = field(callee, 'field');
    return receiver && method ? { kind: 'call', receiver, name: method, args } : undefined;
  }
  if (callee.type === 'func_literal') return { kind: 'call', name: callee, args, literal: callee };
  return { kind: 'call', name: callee, args };
}

function memberForm(node: SyntaxNode): Form | undefined {
  const object = field(node, 'operand');
  const member = field(node, 'field');
  return object && member ? { kind: 'member', object, name: member } : undefined;
}

/** `[]string{…}` is a list, `User{…}` and `map[…]…{…}` are records. */
function compositeForm(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const type = field(node, 'type');
  const items = parts(body);
  const keyed = items.filter((item) => item.type === 'keyed_element');
  if (/^(slice_type|array_type|implicit_length_array_type)$/.test(type?.type ?? '') || (keyed.length === 0 && items.length > 0)) return { kind: 'list', items: items.map((item) => (item.type === 'keyed_element' ? field(item, 'value') ?? item : item)) };
  return {
    kind: 'record',
    entries: keyed.flatMap((item) => {
      const key = field(item, 'key');
      const value = field(item, 'value');
      return key && value ? [entry(key, key.text.replace(/^["`]|["`]$/g, ''), value, item)] : [];
    }),
  };
}

function specForm(node: SyntaxNode): Form {
  const value = field(node, 'value');
  const type = field(node, 'type')?.text;
  const targets = node.namedChildren.filter((part) => part.type === 'identifier' && part.id !== field(node, 'type')?.id);
  return { kind: 'assign', targets, values: listed(value), adds: false, ...(type === undefined ? {} : { type }) };
}

function loopForm(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  if (!body) return undefined;
  const head = parts(node).find((part) => part.id !== body.id);
  if (head?.type === 'range_clause') {
    const right = field(head, 'right');
    const [key, value] = listed(field(head, 'left')).map((target) => target.text);
    const elements = [value, key].filter((one): one is string => one !== undefined && one !== '_');
    return { kind: 'loop', loop: 'for-of', elements, iterable: right, body };
  }
  if (head?.type === 'for_clause') {
    const condition = field(head, 'condition');
    const counter = listed(field(field(head, 'initializer') ?? head, 'left'))[0]?.text;
    const update = field(head, 'update');
    const step = update && field(update, 'operator')?.text === '+=' ? field(update, 'right')?.text : undefined;
    const walked = condition && /^(\w+)\s*<\s*len\(/.test(condition.text) ? field(field(condition, 'right') ?? condition, 'arguments') : undefined;
    const iterable = walked && parts(walked)[0];
    if (iterable && counter !== undefined) return { kind: 'loop', loop: 'for-of', elements: [counter], iterable, body, ...(step === undefined ? {} : { step }), headEnd: head.endIndex };
    return { kind: 'loop', loop: 'for', elements: counter === undefined ? [] : [counter], condition, body, ...(step === undefined ? {} : { step }), headEnd: head.endIndex };
  }
  const rows = head && rowWalk(head);
  if (rows) return { kind: 'loop', loop: 'for-of', elements: [rows.text], iterable: rows, condition: head, body, headEnd: head.endIndex };
  return { kind: 'loop', loop: 'while', elements: [], condition: head, body };
}

/** `rows` of `rows.Next()`. */
function rowWalk(condition: SyntaxNode): SyntaxNode | undefined {
  const call = condition.type === 'call_expression' ? field(condition, 'function') : undefined;
  return call?.type === 'selector_expression' && /^(Next|Scan)$/.test(field(call, 'field')?.text ?? '') && field(call, 'operand')?.type === 'identifier' ? field(call, 'operand') : undefined;
}

function importForm(node: SyntaxNode): Form {
  const path = (field(node, 'path')?.text ?? '').replace(/^["`]|["`]$/g, '');
  const alias = field(node, 'name')?.text;
  const own = path.split('/').filter((part) => !/^v\d+$/.test(part)).at(-1) ?? path;
  const item: ImportIr = { local: alias === '.' ? '*' : alias ?? own.replace(/^go-|[.-]go$|\.v\d+$/g, ''), module: path, imported: '*' };
  return { kind: 'import', imports: alias === '_' ? [] : [item] };
}

function format(call: CallForm): FormatCall | undefined {
  const name = call.receiver ? `${call.receiver.text}.${call.name.text}` : call.name.text;
  const [template, ...rest] = call.args.map((argument) => argument.node);
  return name === 'fmt.Sprintf' && template ? { template, args: rest, style: 'percent' } : undefined;
}

