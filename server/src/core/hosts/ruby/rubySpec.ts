import type { SyntaxNode } from '../syntax';
import type { ArgumentForm, CallForm, Form, FormatCall, LanguageSpec, ParameterForm, RecordEntry, StringPiece } from '../common/forms';
import { child, entry, escapedText, field, hasToken, lastWord, literalPieces, parts } from '../common/syntaxTools';

const branch = (node: SyntaxNode): Form => ({ kind: 'branch', parts: parts(node) });
const wrap = (node: SyntaxNode): Form | undefined => { const inner = parts(node)[0]; return inner ? { kind: 'wrap', inner } : undefined; };

/** Ruby: everything with a dot is a call; blocks stand behind theirs. */
export const rubySpec: LanguageSpec = {
  language: 'ruby',
  forms: {
    class: classForm,
    module: classForm,
    method: functionForm,
    singleton_method: functionForm,
    yield: (node) => { const word = node.children[0]; return word ? { kind: 'call', name: word, args: argumentsOf(child(node, 'argument_list')) } : undefined; },
    lambda: (node) => ({ kind: 'function', parameters: parametersOf(field(node, 'parameters')), body: field(node, 'body') }),
    do_block: blockForm,
    block: blockForm,
    block_argument: sentForm,
    identifier: (node) => ({ kind: 'name', name: node.text }),
    constant: (node) => ({ kind: 'name', name: node.text }),
    scope_resolution: (node) => ({ kind: 'name', name: field(node, 'name')?.text ?? lastWord(node.text) }),
    self: () => ({ kind: 'self' }),
    instance_variable: (node) => ({ kind: 'field', name: node.text.replace(/^@+/, '') }),
    class_variable: (node) => ({ kind: 'field', name: node.text.replace(/^@+/, '') }),
    call: callForm,
    element_reference: (node) => { const object = field(node, 'object'); return object ? { kind: 'index', object } : undefined; },
    string: (node) => ({ kind: 'text', pieces: stringPieces(node) }),
    chained_string: (node) => ({ kind: 'join', parts: parts(node) }),
    heredoc_beginning: (node) => { const body = heredocOf(node); return { kind: 'text', pieces: body ? heredocPieces(body) : [] }; },
    binary: (node) => (hasToken(node, '+') ? { kind: 'join', parts: parts(node) } : hasToken(node, '<<') ? appendForm(node) : hasToken(node, '&&') || hasToken(node, '||') || hasToken(node, 'and') || hasToken(node, 'or') ? { kind: 'branch', parts: parts(node).slice(1) } : undefined),
    parenthesized_statements: wrap,
    conditional: (node) => {
      const condition = field(node, 'condition');
      const then = field(node, 'consequence');
      const otherwise = field(node, 'alternative');
      return condition && then && otherwise ? { kind: 'choice', condition, then, otherwise } : undefined;
    },
    array: (node) => ({ kind: 'list', items: parts(node) }),
    string_array: (node) => ({ kind: 'list', items: parts(node) }),
    symbol_array: (node) => ({ kind: 'list', items: parts(node) }),
    hash: (node) => ({ kind: 'record', entries: pairsOf(parts(node)) }),
    integer: numeric,
    float: numeric,
    simple_symbol: (node) => ({ kind: 'value', value: node.text.slice(1) }),
    true: () => ({ kind: 'value', value: true }),
    false: () => ({ kind: 'value', value: false }),
    nil: () => ({ kind: 'value', value: null }),
    assignment: (node) => assignForm(node, false),
    operator_assignment: (node) => assignForm(node, !/^(\|\||&&)=$/.test(field(node, 'operator')?.text ?? '')),
    left_assignment_list: (node) => ({ kind: 'list', items: parts(node) }),
    right_assignment_list: (node) => ({ kind: 'list', items: parts(node) }),
    if: ifForm,
    elsif: ifForm,
    unless: ifForm,
    if_modifier: modifierForm,
    unless_modifier: modifierForm,
    when: branch,
    else: (node) => (node.parent?.type === 'case' ? branch(node) : undefined),
    in_clause: branch,
    rescue: (node) => ({ kind: 'handler', all: /^$|StandardError|^Exception$/.test(field(node, 'exceptions')?.text ?? ''), body: field(node, 'body') }),
    return: (node) => ({ kind: 'exit', exit: 'return', value: parts(parts(node)[0])[0] }),
    break: () => ({ kind: 'exit', exit: 'break' }),
    for: (node) => {
      const body = field(node, 'body');
      const iterable = parts(field(node, 'value'))[0];
      return body ? { kind: 'loop', loop: 'for-of', elements: field(node, 'pattern')?.text.match(/[a-z_]\w*/g) ?? [], iterable, body } : undefined;
    },
    while: whileLoop,
    until: whileLoop,
    while_modifier: whileLoop,
    until_modifier: whileLoop,
  },
  packageOf: () => '',
  implicitThis: true,
  synchronous: true,
  blocksAreLoops: true,
  constantsNest: true,
  perElement: /^(each|each_with_index|each_with_object|each_entry|each_pair|each_key|each_value|each_char|find_each|map|map!|flat_map|filter_map|collect|select|filter|reject|sum|group_by|index_by|index_with|to_h|to_set|inject|reduce|any\?|all\?|none\?|one\?|detect|find|find_index|partition|sort_by|min_by|max_by|uniq|count|zip|times|upto|downto|each_row|delete_if|keep_if|transform_values|in_threads|tally_by|sum_by|with_index|map_with_index|cycle)$/,
  chunked: /^(each_slice|in_batches|find_in_batches|in_groups_of|each_cons|each_batch|each_slice!)$/,
  lookThrough: /^(to_a|each|lazy|load|reload|values|sort|sort_by|uniq|compact|reverse|select|reject|filter|with_index|each_with_index|to_set|flatten|presence|find_each|all|records|keys|shuffle|first|take|last|map|includes|preload)$/,
  appends: /^(concat|<<)$/,
  passes: /^(squish|strip|strip_heredoc|chomp|freeze|to_s|Arel\.sql|sanitize_sql|sanitize_sql_array|html_safe|dup)$/,
  constants: /^[A-Z][A-Z\d_]*$/,
  walkers: /^Parallel$/,
  ignoredNames: /^(params)$/,
  format(call: CallForm): FormatCall | undefined {
    const args = call.args.map((argument) => argument.node);
    return !call.receiver && /^(format|sprintf)$/.test(call.name.text) && args[0] ? { template: args[0], args: args.slice(1), style: 'percent' } : undefined;
  },
};

function numeric(node: SyntaxNode): Form | undefined {
  const value = Number(node.text.replaceAll('_', ''));
  return Number.isNaN(value) ? undefined : { kind: 'value', value };
}

/** In `'…'` and `%q(…)` only the backslash and the quote are escapes. */
function stringPieces(node: SyntaxNode): readonly StringPiece[] {
  if (!/^(?:'|%q)/.test(node.text)) return literalPieces(node, { content: /^string_content$/, escape: 'escape_sequence', hole: /^interpolation$/ });
  return node.namedChildren.flatMap((part) => escapedText(part, /\\[\\'()[\]{}<>]/g, (escape) => escape[1] ?? ''));
}

const heredocs = new WeakMap<SyntaxNode, Map<number, SyntaxNode>>();

/** The bodies of heredocs stand behind the statement, in the order of their beginnings. */
function heredocOf(node: SyntaxNode): SyntaxNode | undefined {
  let root = node;
  while (root.parent) root = root.parent;
  let known = heredocs.get(root);
  if (!known) {
    known = new Map();
    const beginnings: SyntaxNode[] = [];
    const bodies: SyntaxNode[] = [];
    const visit = (current: SyntaxNode): void => {
      if (current.type === 'heredoc_beginning') beginnings.push(current);
      if (current.type === 'heredoc_body') bodies.push(current);
      for (const inner of current.namedChildren) visit(inner);
    };
    visit(root);
    for (const [index, beginning] of beginnings.entries()) {
      const body = bodies[index];
      if (body) known.set(beginning.id, body);
    }
    heredocs.set(root, known);
  }
  return known.get(node.id);
}

function heredocPieces(body: SyntaxNode): readonly StringPiece[] {
  return literalPieces(body, { content: /^heredoc_content$/, escape: 'escape_sequence', hole: /^interpolation$/ });
}

/** Pairs at the end of an argument list are one record. */
function argumentsOf(list: SyntaxNode | undefined): readonly ArgumentForm[] {
  return parts(list).flatMap((argument): readonly ArgumentForm[] => {
    if (argument.type === 'block_argument') return [];
    if (argument.type !== 'pair') return [{ node: argument }];
    const key = field(argument, 'key');
    const value = field(argument, 'value') ?? key;
    return key && value ? [{ node: value, name: key.text.replace(/^[:"']+|["':]+$/g, '') }] : [];
  });
}

const pairsOf = (items: readonly SyntaxNode[]): readonly RecordEntry[] =>
  items.flatMap((item) => {
    const key = item.type === 'pair' ? field(item, 'key') : undefined;
    const value = item.type === 'pair' ? field(item, 'value') ?? key : undefined;
    return key && value ? [entry(key, key.text.replace(/^[:"']+|["':]+$/g, ''), value, item)] : [];
  });

function callForm(node: SyntaxNode): Form | undefined {
  const method = field(node, 'method');
  const receiver = field(node, 'receiver');
  const block = field(node, 'block');
  if (!method) return undefined;
  const body = block && (field(block, 'body') ?? block);
  if (!receiver && method.text === 'loop' && body) return { kind: 'loop', loop: 'while', elements: [], body };
  const list = field(node, 'arguments');
  const args = argumentsOf(list);
  const run = block ?? parts(list).find((argument) => argument.type === 'block_argument' && parts(argument)[0]?.type === 'simple_symbol');
  return { kind: 'call', ...(receiver ? { receiver } : {}), name: method, args, ...(run ? { block: run } : {}), ...(receiver && (method.text === 'new' || (method.text === 'connect' && receiver.text === 'PG')) ? { constructs: true } : {}) };
}

/** `&:destroy!`: what the call sends to each element of its receiver. */
function sentForm(node: SyntaxNode): Form | undefined {
  const symbol = parts(node)[0];
  const call = node.parent?.parent;
  const receiver = call && field(call, 'receiver');
  if (symbol?.type !== 'simple_symbol' || !receiver) return undefined;
  return { kind: 'call', receiver, name: withoutColon(symbol), args: [] };
}

/** The name in a symbol. */
const withoutColon = (symbol: SyntaxNode): SyntaxNode => ({
  id: symbol.id, type: 'identifier', text: symbol.text.slice(1), startIndex: symbol.startIndex + 1, endIndex: symbol.endIndex, hasError: false, isMissing: false,
  parent: symbol.parent, namedChildren: [], children: [], childForFieldName: () => null,
});

/** The block of `loop` is a loop's body; any other is a function of its call. */
function blockForm(node: SyntaxNode): Form | undefined {
  const call = node.parent;
  if (call?.type === 'call' && !field(call, 'receiver') && field(call, 'method')?.text === 'loop') return undefined;
  if (call?.type === 'lambda') return undefined;
  return { kind: 'function', parameters: parametersOf(field(node, 'parameters')), body: field(node, 'body') };
}

function appendForm(node: SyntaxNode): Form | undefined {
  const left = field(node, 'left');
  const right = field(node, 'right');
  return left?.type === 'identifier' && right && /string|heredoc/.test(right.type) ? { kind: 'assign', targets: [left], values: [right], adds: true } : undefined;
}

function parametersOf(list: SyntaxNode | undefined): ParameterForm[] {
  return parts(list).flatMap((parameter): ParameterForm[] => {
    if (parameter.type === 'identifier') return [{ name: parameter.text }];
    if (parameter.type === 'destructured_parameter') return parametersOf(parameter);
    const named = field(parameter, 'name');
    return named ? [{ name: named.text, ...(field(parameter, 'value') ? { optional: true } : {}) }] : [];
  });
}

/** A method that yields has its block as a last parameter, called `yield`. */
function functionForm(node: SyntaxNode): Form {
  const parameters = parametersOf(field(node, 'parameters'));
  const body = field(node, 'body');
  const yields = body !== undefined && /\byield\b/.test(body.text) && !parts(field(node, 'parameters')).some((parameter) => parameter.type === 'block_parameter');
  return { kind: 'function', name: field(node, 'name'), parameters: yields ? [...parameters, { name: 'yield' }] : parameters, body };
}

/** What is included lends its methods. */
function classForm(node: SyntaxNode): Form | undefined {
  const own = field(node, 'name');
  if (!own) return undefined;
  const superclass = parts(field(node, 'superclass'))[0];
  const included = parts(field(node, 'body')).filter((member) => member.type === 'call' && /^(include|prepend|extend)$/.test(field(member, 'method')?.text ?? '')).flatMap((member) => parts(field(member, 'arguments')).map((argument) => lastWord(argument.text)));
  return { kind: 'class', name: lastWord(own.text), bases: [...(superclass ? [lastWord(superclass.text)] : []), ...included], fields: [] };
}

function assignForm(node: SyntaxNode, adds: boolean): Form | undefined {
  const left = field(node, 'left');
  const right = field(node, 'right');
  if (!left || !right) return undefined;
  const targets = left.type === 'left_assignment_list' ? parts(left) : [left];
  const values = right.type === 'right_assignment_list' ? parts(right) : [right];
  return { kind: 'assign', targets, values, adds };
}

function ifForm(node: SyntaxNode): Form {
  const alternative = field(node, 'alternative');
  return { kind: 'if', condition: field(node, 'condition'), negated: node.type === 'unless', then: field(node, 'consequence'), otherwise: alternative ? [alternative] : [] };
}

function modifierForm(node: SyntaxNode): Form {
  return { kind: 'if', condition: field(node, 'condition'), negated: node.type === 'unless_modifier', then: field(node, 'body'), otherwise: [] };
}

/** `while row = result.next`. */
function whileLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = field(node, 'condition');
  if (!body) return undefined;
  const modifier = node.type.endsWith('_modifier');
  const headEnd = modifier ? node.endIndex : condition?.endIndex ?? body.startIndex;
  const value = condition?.type === 'assignment' ? field(condition, 'right') : undefined;
  const target = condition?.type === 'assignment' ? field(condition, 'left') : undefined;
  if (value?.type === 'call' && target && /^(next|fetch|shift|pop|get_next_result)$/.test(field(value, 'method')?.text ?? '')) {
    const rows = field(value, 'receiver');
    if (rows) return { kind: 'loop', loop: 'for-of', elements: [target.text], iterable: rows, body, headEnd };
  }
  return { kind: 'loop', loop: 'while', elements: [], condition, body, headEnd };
}

