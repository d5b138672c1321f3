import type { ImportIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { ArgumentForm, CallForm, Form, FormatCall, LanguageSpec, ParameterForm, StringPiece } from '../common/forms';
import { child, entry, field, hasToken, lastWord, literalPieces, parts, plainArguments, verbatim } from '../common/syntaxTools';

const name = (node: SyntaxNode): Form => ({ kind: 'name', name: node.text });
const value = (node: SyntaxNode): Form | undefined => { const inner = field(node, 'value') ?? parts(node).at(-1); return inner ? { kind: 'wrap', inner } : undefined; };

/** Rust: methods by their `impl`, modules by the last word of a path; what stands in a macro is seen as its first words alone. */
export const rustSpec: LanguageSpec = {
  language: 'rust',
  forms: {
    struct_item: classForm,
    enum_item: classForm,
    trait_item: classForm,
    impl_item: implForm,
    function_item: functionForm,
    function_signature_item: functionForm,
    closure_expression: (node) => ({ kind: 'function', parameters: namesIn(field(node, 'parameters')).map((one) => ({ name: one })), body: field(node, 'body') }),
    identifier: name,
    type_identifier: name,
    scoped_identifier: (node) => ({ kind: 'name', name: field(node, 'name')?.text ?? lastWord(node.text) }),
    self: () => ({ kind: 'self' }),
    call_expression: callForm,
    macro_invocation: macroForm,
    field_expression: (node) => {
      const object = field(node, 'value');
      const member = field(node, 'field');
      return object && member ? { kind: 'member', object, name: member } : undefined;
    },
    index_expression: (node) => { const object = parts(node)[0]; return object ? { kind: 'index', object } : undefined; },
    string_literal: (node) => ({ kind: 'text', pieces: stringPieces(node) }),
    raw_string_literal: (node) => { const content = child(node, 'string_content'); return { kind: 'text', pieces: content ? verbatim(content) : [] }; },
    binary_expression: (node) => (hasToken(node, '+') ? { kind: 'join', parts: parts(node) } : hasToken(node, '&&') || hasToken(node, '||') ? { kind: 'branch', parts: parts(node).slice(1) } : undefined),
    parenthesized_expression: value,
    await_expression: (node) => { const inner = parts(node)[0]; return inner ? { kind: 'wrap', inner, awaits: true } : undefined; },
    try_expression: value,
    reference_expression: value,
    type_cast_expression: (node) => { const inner = field(node, 'value'); return inner ? { kind: 'wrap', inner } : undefined; },
    unary_expression: (node) => (node.text.startsWith('*') ? value(node) : undefined),
    generic_function: (node) => { const inner = field(node, 'function'); return inner ? { kind: 'wrap', inner } : undefined; },
    array_expression: (node) => ({ kind: 'list', items: parts(node) }),
    tuple_expression: (node) => ({ kind: 'list', items: parts(node) }),
    struct_expression: (node) => ({
      kind: 'record',
      entries: parts(field(node, 'body')).flatMap((item) => {
        const key = field(item, 'field') ?? parts(item)[0];
        const held = field(item, 'value') ?? key;
        return key && held ? [entry(key, key.text, held, item)] : [];
      }),
    }),
    integer_literal: numeric,
    float_literal: numeric,
    boolean_literal: (node) => ({ kind: 'value', value: node.text === 'true' }),
    let_declaration: assignForm,
    let_condition: assignForm,
    const_item: constantForm,
    static_item: constantForm,
    assignment_expression: (node) => {
      const left = field(node, 'left');
      const right = field(node, 'right');
      return left && right ? { kind: 'assign', targets: [left], values: [right], adds: false } : undefined;
    },
    compound_assignment_expr: (node) => {
      const left = field(node, 'left');
      const right = field(node, 'right');
      return left && right ? { kind: 'assign', targets: [left], values: [right], adds: true } : undefined;
    },
    if_expression: (node) => {
      const alternative = field(node, 'alternative');
      return { kind: 'if', condition: field(node, 'condition'), then: field(node, 'consequence'), otherwise: alternative ? [alternative] : [] };
    },
    match_arm: (node) => ({ kind: 'branch', parts: parts(node) }),
    return_expression: (node) => ({ kind: 'exit', exit: 'return', value: parts(node)[0] }),
    break_expression: () => ({ kind: 'exit', exit: 'break' }),
    for_expression: (node) => {
      const body = field(node, 'body');
      return body ? { kind: 'loop', loop: 'for-of', elements: namesIn(field(node, 'pattern')), iterable: field(node, 'value'), body } : undefined;
    },
    while_expression: whileLoop,
    loop_expression: (node) => { const body = field(node, 'body'); return body ? { kind: 'loop', loop: 'while', elements: [], body } : undefined; },
    use_declaration: (node) => ({ kind: 'import', imports: importsOf(field(node, 'argument'), '') }),
  },
  // A module is a file; `mod.rs` and `lib.rs` stand for their folder.
  packageOf: (_root, uri) => uri.replace(/\/src\/(?:lib|main)\.rs$|\/mod\.rs$|\.rs$/, ''),
  implicitThis: false,
  methodsApart: true,
  synchronous: false,
  perElement: /^(map|for_each|for_each_concurrent|then|and_then|filter_map|flat_map|try_for_each|try_for_each_concurrent|fold|try_fold|filter|inspect|any|all|find_map)$/,
  chunked: /^$/,
  lookThrough: /^(iter|into_iter|iter_mut|as_slice|to_vec|collect|cloned|copied|enumerate|rev|drain|values|keys|into_values|into_keys|filter|zip|skip|as_ref|clone|stream|try_stream|unwrap|expect|unwrap_or_default)$/,
  concurrent: /^(for_each_concurrent|try_for_each_concurrent)$/,
  appends: /^(push_str|push)$/,
  passes: /^((?:sqlx::)?QueryBuilder(?:::<[^>]*>)?\.(?:new|with_arguments)|String\.from|to_string|to_owned|into|as_str|clone|trim|String::from|AssertSqlSafe)$/,
  binds: /^push_bind$/,
  constants: /^[A-Z][A-Z\d_]*$/,
  ignoredNames: /^(Ok|Err|Some|None|self)$/,
  format: formatOf,
};

function numeric(node: SyntaxNode): Form | undefined {
  const found = Number(node.text.replaceAll('_', '').replace(/[iuf]\d+$|[iu]size$/, ''));
  return Number.isNaN(found) ? undefined : { kind: 'value', value: found };
}

const stringPieces = (node: SyntaxNode): readonly StringPiece[] => literalPieces(node, { content: /^string_content$/, escape: 'escape_sequence' });

function callForm(node: SyntaxNode): Form | undefined {
  let callee = field(node, 'function');
  if (callee?.type === 'generic_function') callee = field(callee, 'function');
  const args = plainArguments(field(node, 'arguments'));
  return callee ? called(callee, args) : undefined;
}

function called(callee: SyntaxNode, args: readonly ArgumentForm[]): Form | undefined {
  if (callee.type === 'field_expression') {
    const method = field(callee, 'field');
    return method ? { kind: 'call', receiver: field(callee, 'value'), name: method, args } : undefined;
  }
  if (callee.type === 'scoped_identifier') {
    const method = field(callee, 'name');
    const path = field(callee, 'path');
    return method ? { kind: 'call', ...(path ? { receiver: path } : {}), name: method, args } : undefined;
  }
  if (callee.type === 'closure_expression') return { kind: 'call', name: callee, args, literal: callee };
  return { kind: 'call', name: callee, args };
}

/** The tokens of a macro, cut at its commas; of each part the first node stands for the whole. */
function macroForm(node: SyntaxNode): Form | undefined {
  const macro = field(node, 'macro');
  const tokens = child(node, 'token_tree');
  if (!macro || !tokens) return undefined;
  const args: ArgumentForm[] = [];
  let open = true;
  for (const part of tokens.children.slice(1, -1)) {
    if (part.text === ',') open = true;
    else if (open && part.namedChildren.length + part.text.length > 0 && !/^[&*]$|^mut$/.test(part.text)) {
      args.push({ node: part });
      open = false;
    }
  }
  return called(macro, args);
}

function assignForm(node: SyntaxNode): Form | undefined {
  const target = field(node, 'pattern');
  const held = field(node, 'value');
  const type = field(node, 'type')?.text;
  return target ? { kind: 'assign', targets: target.type === 'identifier' ? [target] : patternNodes(target), values: held ? [held] : [], adds: false, ...(type === undefined ? {} : { type }) } : undefined;
}

const patternNodes = (pattern: SyntaxNode): readonly SyntaxNode[] => (pattern.type === 'identifier' ? (/^[A-Z]/.test(pattern.text) ? [] : [pattern]) : parts(pattern).flatMap(patternNodes));
const namesIn = (pattern: SyntaxNode | undefined): string[] => (pattern ? (pattern.type === 'parameter' ? namesIn(field(pattern, 'pattern')) : patternNodes(pattern).map((one) => one.text)) : []);

function constantForm(node: SyntaxNode): Form | undefined {
  const target = field(node, 'name');
  const held = field(node, 'value');
  return target && held ? { kind: 'assign', targets: [target], values: [held], adds: false } : undefined;
}

function functionForm(node: SyntaxNode): Form {
  const parameters = parts(field(node, 'parameters')).flatMap((parameter): ParameterForm[] => {
    if (parameter.type !== 'parameter') return [];
    const type = field(parameter, 'type')?.text;
    return namesIn(field(parameter, 'pattern')).map((one) => ({ name: one, ...(type === undefined ? {} : { type }) }));
  });
  return { kind: 'function', name: field(node, 'name'), parameters, body: field(node, 'body'), async: /\basync\b/.test(child(node, 'function_modifiers')?.text ?? ''), returns: field(node, 'return_type')?.text };
}

function classForm(node: SyntaxNode): Form | undefined {
  const own = field(node, 'name');
  const fields = parts(field(node, 'body')).flatMap((member) => {
    const one = member.type === 'field_declaration' ? field(member, 'name') : undefined;
    return one ? [{ name: one.text, type: field(member, 'type')?.text ?? '' }] : [];
  });
  return own ? { kind: 'class', name: own.text, bases: parts(field(node, 'bounds')).map((bound) => lastWord(bound.text)), fields } : undefined;
}

function implForm(node: SyntaxNode): Form | undefined {
  const type = field(node, 'type');
  const trait = field(node, 'trait');
  return type ? { kind: 'class', name: lastWord(type.text), bases: [], implements: trait ? [lastWord(trait.text)] : [], fields: [] } : undefined;
}

/** `while let Some(row) = rows.next().await`. */
function whileLoop(node: SyntaxNode): Form | undefined {
  const body = field(node, 'body');
  const condition = field(node, 'condition');
  if (!body) return undefined;
  const headEnd = condition?.endIndex ?? body.startIndex;
  if (condition?.type === 'let_condition') {
    let held = field(condition, 'value');
    while (held && /^(try_expression|await_expression)$/.test(held.type)) held = parts(held)[0];
    const callee = held?.type === 'call_expression' ? field(held, 'function') : undefined;
    const rows = callee?.type === 'field_expression' && /^(next|try_next|pop|pop_front|recv)$/.test(field(callee, 'field')?.text ?? '') ? field(callee, 'value') : undefined;
    if (rows) return { kind: 'loop', loop: 'for-of', elements: namesIn(field(condition, 'pattern')), iterable: rows, body, headEnd };
  }
  return { kind: 'loop', loop: 'while', elements: [], condition, body, headEnd };
}

function importsOf(node: SyntaxNode | undefined, prefix: string): ImportIr[] {
  if (!node) return [];
  const join = (text: string): string => (prefix === '' ? text : `${prefix}::${text}`);
  switch (node.type) {
    case 'scoped_use_list':
      return importsOf(field(node, 'list'), join(field(node, 'path')?.text ?? ''));
    case 'use_list':
      return parts(node).flatMap((item) => importsOf(item, prefix));
    case 'use_as_clause': {
      const path = join(field(node, 'path')?.text ?? '');
      return [{ local: field(node, 'alias')?.text ?? lastWord(path), module: path.slice(0, Math.max(0, path.lastIndexOf('::'))), imported: lastWord(path) }];
    }
    case 'use_wildcard':
      return [{ local: '*', module: join(parts(node)[0]?.text ?? ''), imported: '*' }];
    case 'self':
      return [{ local: lastWord(prefix), module: prefix, imported: '*' }];
    default: {
      const path = join(node.text);
      return [{ local: lastWord(path), module: path.slice(0, Math.max(0, path.lastIndexOf('::'))), imported: lastWord(path) }];
    }
  }
}

function formatOf(call: CallForm): FormatCall | undefined {
  const args = call.args.map((argument) => argument.node);
  return !call.receiver && call.name.text === 'format' && args[0] ? { template: args[0], args: args.slice(1), style: 'braces' } : undefined;
}
