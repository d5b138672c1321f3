import type { TaggedHole } from '../../libraries/adapter';
import type { HoleKind } from '../../sql/source';
import { hostSpan } from '../../text/span';
import { countPieces, maxPieces, negated, plainText, type HoleExpression, type TextPart } from '../shared/textParts';
import type { SyntaxNode } from '../syntax';
import type { Declaration, Scopes } from './scopes';
import { collectSteps, type Step } from './steps';
import { callParts, isFunction, spanOf, unwrap } from './syntaxTools';

/** Rebuilds texts of one file. */
export interface StringReader {
  /** Parts of an expression that is text; undefined when it is not, or not known to be. */
  parts(node: SyntaxNode): StringParts | undefined;
  /** Parts of a tagged template whose tag gives its interpolations a meaning. */
  tagged(template: SyntaxNode, hole: (expression: SyntaxNode) => TaggedHole | undefined): StringParts;
}

export interface StringParts {
  readonly parts: readonly TextPart[];
  /** False when text is added by code that was not followed (a loop, another function). */
  readonly complete: boolean;
}

type Whole = { parts: TextPart[]; complete: boolean };
const maxDepth = 12;
/** Tags that return their text unchanged or only without indentation. */
const plainTags = /^(String\.raw|dedent|outdent|stripIndent|stripIndents|raw|oneLine)$/;

/** @param expression describes a host expression that becomes a hole. */
export function createStringReader(scopes: Scopes, expression: (node: SyntaxNode) => HoleExpression): StringReader {
  const verbatim = (start: number, end: number, source: string): TextPart => ({ kind: 'text', form: 'verbatim', text: source, span: hostSpan(start, end) });
  const hole = (node: SyntaxNode, kind?: HoleKind): Whole => ({ parts: [{ kind: 'hole', expression: expression(node), hole: kind }], complete: true });

  /** Characters of a string or template between its quotes. */
  const fragments = (node: SyntaxNode, substitution: (node: SyntaxNode) => Whole): Whole => {
    const parts: TextPart[] = [];
    let complete = true;
    let at = node.startIndex + 1;
    const end = node.endIndex - 1;
    const text = node.text;
    const plain = (to: number): void => {
      if (to > at) parts.push(verbatim(at, to, text.slice(at - node.startIndex, to - node.startIndex)));
    };
    for (const child of node.namedChildren) {
      if (child.type === 'string_fragment') continue;
      plain(child.startIndex);
      at = child.endIndex;
      if (child.type === 'escape_sequence') parts.push({ kind: 'text', form: 'escaped', text: unescape(child.text), span: spanOf(child) });
      else if (child.type === 'template_substitution') {
        const inner = child.namedChildren.find((candidate) => candidate.type !== 'comment');
        if (!inner) continue;
        const whole = substitution(inner);
        const [only] = whole.parts;
        const direct = whole.parts.length === 1 && only?.kind === 'hole' && only.expression.span.start >= child.startIndex && only.expression.span.end <= child.endIndex;
        parts.push(...(direct ? [{ ...only, slot: spanOf(child) }] : whole.parts));
        complete &&= whole.complete;
      }
    }
    plain(end);
    return { parts, complete };
  };

  /** Text of an expression inside other text: what is not known to be text becomes a hole. */
  const inText = (node: SyntaxNode, depth: number): Whole => read(node, depth, true) ?? hole(unwrap(node));

  const choice = (condition: SyntaxNode, then: Whole, otherwise: Whole): Whole =>
    countPieces(then.parts) + countPieces(otherwise.parts) > maxPieces
      ? { parts: then.parts, complete: false }
      : {
          parts: [{ kind: 'choice', condition: { text: condition.text, span: spanOf(condition) }, then: then.parts, otherwise: otherwise.parts }],
          complete: then.complete && otherwise.complete,
        };

  const read = (written: SyntaxNode, depth: number, inside: boolean): Whole | undefined => {
    const node = unwrap(written);
    if (depth > maxDepth) return undefined;
    switch (node.type) {
      case 'string':
        return fragments(node, (inner) => hole(inner));
      case 'template_string':
        return fragments(node, (inner) => inText(inner, depth + 1));
      case 'number':
        return inside ? { parts: [verbatim(node.startIndex, node.endIndex, node.text)], complete: true } : undefined;
      case 'binary_expression':
        return binary(node, depth);
      case 'ternary_expression': {
        const [condition, yes, no] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
        if (!condition || !yes || !no) return undefined;
        const then = read(yes, depth + 1, inside) ?? emptyText(yes);
        const otherwise = read(no, depth + 1, inside) ?? emptyText(no);
        if (!then && !otherwise) return undefined;
        return choice(unwrap(condition), then ?? hole(unwrap(yes)), otherwise ?? hole(unwrap(no)));
      }
      case 'identifier': {
        const declaration = scopes.find(node.text, node);
        return declaration ? variable(declaration, node, depth, inside) : undefined;
      }
      case 'member_expression':
        return member(node, depth, inside);
      case 'call_expression':
        return call(node, depth, inside);
      default:
        return undefined;
    }
  };

  const binary = (node: SyntaxNode, depth: number): Whole | undefined => {
    const operator = node.childForFieldName('operator')?.type;
    const left = node.childForFieldName('left');
    const right = node.childForFieldName('right');
    if (!left || !right) return undefined;
    if (operator === '||' || operator === '??') {
      const fallback = read(right, depth + 1, true);
      const first = read(left, depth + 1, true);
      return first && fallback && plainText(fallback.parts) === '' ? first : undefined;
    }
    if (operator === '&&') {
      const then = read(right, depth + 1, true);
      return then ? choice(unwrap(left), then, { parts: [], complete: true }) : undefined;
    }
    if (operator !== '+') return undefined;
    const operands: SyntaxNode[] = [];
    let current: SyntaxNode = node;
    while (current.type === 'binary_expression' && current.childForFieldName('operator')?.type === '+') {
      const [first, second] = [current.childForFieldName('left'), current.childForFieldName('right')];
      if (!first || !second) break;
      operands.unshift(second);
      current = unwrap(first);
    }
    operands.unshift(current);
    const wholes = operands.map((operand) => (operand.type === 'number' ? undefined : read(operand, depth + 1, false)));
    if (!wholes.some(Boolean)) return undefined;
    return join(operands.map((operand, index) => wholes[index] ?? inText(operand, depth + 1)));
  };

  /** Text of a variable where it is used: initial value and the writes in between. */
  const variable = (declaration: Declaration, use: SyntaxNode, depth: number, inside: boolean): Whole | undefined => {
    if (declaration.kind !== 'variable' || declaration.path.length > 0) return undefined;
    const steps = collectSteps(declaration, use);
    if (!steps) return undefined;
    const start = declaration.value ? read(declaration.value, depth + 1, inside && steps.length === 0 && declaration.constant) : emptyText(undefined);
    if (!start && !steps.some((step) => step.kind === 'write')) return undefined;
    return applySteps(declaration.name, start, steps, depth, use);
  };

  const applySteps = (name: string, initial: Whole | undefined, steps: readonly Step[], depth: number, use: SyntaxNode): Whole | undefined => {
    let whole = initial;
    for (const step of steps) {
      if (step.kind === 'write') whole = applyWrite(name, whole, step.node, depth);
      else if (step.kind === 'repeat') {
        const after = applySteps(name, whole, step.steps, depth, use);
        whole = after && { parts: after.parts, complete: false };
      } else {
        const then = applySteps(name, whole, step.then, depth, use);
        const otherwise = applySteps(name, whole, step.otherwise, depth, use);
        if (step.thenLeaves && step.otherwiseLeaves) continue;
        if (step.thenLeaves) whole = otherwise;
        else if (step.otherwiseLeaves) whole = then;
        else {
          if (!then || !otherwise) return undefined;
          const common = whole ? sharedPrefix(whole.parts, then.parts, otherwise.parts) : 0;
          const chosen = choice(step.condition, { parts: then.parts.slice(common), complete: then.complete }, { parts: otherwise.parts.slice(common), complete: otherwise.complete });
          whole = { parts: [...then.parts.slice(0, common), ...chosen.parts], complete: chosen.complete };
        }
      }
      if (!whole || countPieces(whole.parts) > 2 * maxPieces) return undefined;
    }
    return whole;
  };

  const applyWrite = (name: string, before: Whole | undefined, write: SyntaxNode, depth: number): Whole | undefined => {
    const right = write.childForFieldName('right');
    if (!right || (write.type !== 'assignment_expression' && write.type !== 'augmented_assignment_expression')) return undefined;
    if (write.type === 'augmented_assignment_expression') {
      const operator = write.childForFieldName('operator')?.type;
      if (operator === '??=' || operator === '||=') return before;
      return operator === '+=' && before ? join([before, inText(right, depth + 1)]) : undefined;
    }
    // `sql = sql + …` and `sql = `${sql} …``: the name inside stands for the text so far.
    const value = unwrap(right);
    const rest = (operand: SyntaxNode): Whole => (operand.type === 'identifier' && operand.text === name && before ? before : inText(operand, depth + 1));
    if (value.type === 'template_string') return fragments(value, rest);
    if (value.type === 'binary_expression' && value.childForFieldName('operator')?.type === '+') {
      const operands: SyntaxNode[] = [];
      let current = value;
      while (current.type === 'binary_expression') {
        const [first, second] = [current.childForFieldName('left'), current.childForFieldName('right')];
        if (!first || !second) return undefined;
        operands.unshift(second);
        current = unwrap(first);
      }
      return join([current, ...operands].map(rest));
    }
    return read(value, depth + 1, false);
  };

  /** `QUERIES.list` where the object is a constant of this file. */
  const member = (node: SyntaxNode, depth: number, inside: boolean): Whole | undefined => {
    const object = node.childForFieldName('object');
    const property = node.childForFieldName('property')?.text;
    const declaration = object?.type === 'identifier' ? scopes.find(object.text, object) : undefined;
    const value = declaration?.constant && declaration.path.length === 0 && declaration.value ? unwrap(declaration.value) : undefined;
    if (value?.type !== 'object') return undefined;
    for (const pair of value.namedChildren) {
      const key = pair.type === 'pair' ? pair.childForFieldName('key') : null;
      const text = pair.childForFieldName('value');
      if (key && text && (key.text === property || key.text.slice(1, -1) === property)) return read(text, depth + 1, inside);
    }
    return undefined;
  };

  const call = (node: SyntaxNode, depth: number, inside: boolean): Whole | undefined => {
    const parts = callParts(node);
    if (!parts) return undefined;
    const { callee, args, template } = parts;
    if (template) return plainTags.test(callee.text) ? read(template, depth, inside) : undefined;
    const object = callee.type === 'member_expression' ? callee.childForFieldName('object') : null;
    const method = callee.type === 'member_expression' ? callee.childForFieldName('property')?.text : undefined;
    if (object && method === 'join') return joined(object, args[0], depth);
    if (object && (method === 'trim' || method === 'trimEnd' || method === 'trimStart' || method === 'toString')) return read(object, depth + 1, inside);
    if (object && method === 'concat') {
      const first = read(object, depth + 1, false);
      return first ? join([first, ...args.map((arg) => inText(arg, depth + 1))]) : undefined;
    }
    if (callee.type === 'identifier') return helper(callee, depth);
    return undefined;
  };

  /** A function of this file whose only statement returns text. */
  const helper = (callee: SyntaxNode, depth: number): Whole | undefined => {
    const declaration = scopes.find(callee.text, callee);
    const fn = declaration?.value && declaration.constant && declaration.path.length === 0 ? unwrap(declaration.value) : undefined;
    if (!fn || !isFunction(fn)) return undefined;
    const body = fn.childForFieldName('body');
    if (!body) return undefined;
    if (body.type !== 'statement_block') return read(body, depth + 2, false);
    const statements = body.namedChildren.filter((child) => child.type !== 'comment');
    const only = statements.length === 1 && statements[0]?.type === 'return_statement' ? statements[0].namedChildren[0] : undefined;
    return only ? read(only, depth + 2, false) : undefined;
  };

  /** `[a, b].join(' ')`, also of an array variable filled by `push`. */
  const joined = (array: SyntaxNode, separatorNode: SyntaxNode | undefined, depth: number): Whole | undefined => {
    const separator = separatorNode ? read(separatorNode, depth + 1, true) : { parts: [{ kind: 'text', form: 'rendered', text: ',' } satisfies TextPart], complete: true };
    if (!separator) return undefined;
    const elements = arrayElements(unwrap(array), depth);
    if (!elements) return undefined;
    const parts: TextPart[] = [];
    let first = true;
    const between = (): readonly TextPart[] => separator.parts.map((part) => (part.kind === 'text' ? { kind: 'text', form: 'rendered', text: part.text, span: part.span } : part));
    for (const element of elements.list) {
      const own = element.whole.parts;
      const piece = first ? own : [...between(), ...own];
      parts.push(...(element.condition ? [{ kind: 'choice', condition: element.condition, then: piece, otherwise: [] } satisfies TextPart] : piece));
      first = false;
    }
    return { parts, complete: elements.complete && elements.list.every((element) => element.whole.complete) };
  };

  interface Element { readonly whole: Whole; readonly condition?: { readonly text: string; readonly span: ReturnType<typeof spanOf> } }

  const arrayElements = (node: SyntaxNode, depth: number): { list: Element[]; complete: boolean } | undefined => {
    if (node.type === 'call_expression') {
      // `.filter(Boolean)` keeps the texts that are there.
      const parts = callParts(node);
      const object = parts?.callee.type === 'member_expression' && parts.callee.childForFieldName('property')?.text === 'filter' ? parts.callee.childForFieldName('object') : null;
      return object && parts?.args[0]?.text === 'Boolean' ? arrayElements(unwrap(object), depth) : undefined;
    }
    if (node.type === 'array') {
      const list: Element[] = [];
      for (const child of node.namedChildren) {
        if (child.type === 'comment') continue;
        if (child.type === 'spread_element') return undefined;
        const inner = unwrap(child);
        if (inner.type === 'binary_expression' && inner.childForFieldName('operator')?.type === '&&') {
          const [condition, value] = [inner.childForFieldName('left'), inner.childForFieldName('right')];
          if (condition && value) list.push({ whole: inText(value, depth + 1), condition: { text: condition.text, span: spanOf(condition) } });
        } else list.push({ whole: inText(child, depth + 1) });
      }
      return { list, complete: true };
    }
    if (node.type !== 'identifier') return undefined;
    const declaration = scopes.find(node.text, node);
    const value = declaration?.kind === 'variable' && declaration.path.length === 0 && declaration.value ? unwrap(declaration.value) : undefined;
    const initial = value?.type === 'array' ? arrayElements(value, depth + 1) : undefined;
    if (!declaration || !initial) return undefined;
    const steps = collectSteps(declaration, node);
    if (!steps) return { list: initial.list, complete: false };
    const list = [...initial.list];
    let complete = true;
    const apply = (all: readonly Step[], condition: Element['condition']): void => {
      for (const step of all) {
        if (step.kind === 'repeat') {
          complete = false;
          apply(step.steps, condition);
        } else if (step.kind === 'choice') {
          const own = spanOf(step.condition);
          apply(step.then, { text: condition ? `${condition.text} && ${step.condition.text}` : step.condition.text, span: own });
          apply(step.otherwise, { text: condition ? `${condition.text} && ${negated(step.condition.text)}` : negated(step.condition.text), span: own });
        } else {
          const pushed = step.node.type === 'call_expression' ? callParts(step.node) : undefined;
          if (!pushed || pushed.callee.childForFieldName('property')?.text !== 'push') complete = false;
          else for (const arg of pushed.args) list.push({ whole: inText(arg, depth + 1), condition });
        }
      }
    };
    apply(steps, undefined);
    return { list, complete };
  };

  const tagged = (template: SyntaxNode, decide: (expression: SyntaxNode) => TaggedHole | undefined): StringParts => {
    const substitute = (written: SyntaxNode, depth: number): Whole => {
      const node = unwrap(written);
      if (depth > maxDepth) return hole(node, 'fragment');
      if (node.type === 'ternary_expression') {
        const [condition, yes, no] = [node.childForFieldName('condition'), node.childForFieldName('consequence'), node.childForFieldName('alternative')];
        // Only where a branch is SQL: `${flag ? 1 : 2}` is one parameter.
        if (condition && yes && no && [yes, no].some((branch) => isInline(unwrap(branch)))) return choice(unwrap(condition), substitute(yes, depth + 1), substitute(no, depth + 1));
      }
      if (node.type === 'binary_expression' && node.childForFieldName('operator')?.type === '&&') {
        const [condition, then] = [node.childForFieldName('left'), node.childForFieldName('right')];
        if (condition && then && isInline(unwrap(then))) return choice(unwrap(condition), substitute(then, depth + 1), { parts: [], complete: true });
      }
      const decided = decide(node);
      if (decided && 'inline' in decided) return fragments(decided.inline, (inner) => substitute(inner, depth + 1));
      if (decided) return hole(node, decided.kind);
      if (node.type === 'identifier') {
        const declaration = scopes.find(node.text, node);
        const value = declaration?.kind === 'variable' && declaration.path.length === 0 ? declaration.value : undefined;
        if (declaration && value && hasInline(unwrap(value))) {
          const steps = collectSteps(declaration, node);
          const start = substitute(value, depth + 1);
          if (steps?.length === 0) return start;
          const known = steps && taggedSteps(declaration.name, start, steps, depth);
          return known ?? { parts: hole(node, 'fragment').parts, complete: false };
        }
      }
      if (node.type === 'call_expression' && callParts(node)?.callee.type === 'identifier') {
        const body = helperBody(callParts(node)?.callee);
        if (body && hasInline(body)) return substitute(body, depth + 2);
      }
      return hole(node, 'value');
    };
    const isInline = (node: SyntaxNode): boolean => {
      const decided = decide(node);
      return decided !== undefined && 'inline' in decided;
    };
    const hasInline = (node: SyntaxNode): boolean => isInline(node) || (node.type === 'ternary_expression' && ['consequence', 'alternative'].some((field) => {
      const branch = node.childForFieldName(field);
      return branch !== null && isInline(unwrap(branch));
    }));
    const helperBody = (callee: SyntaxNode | undefined): SyntaxNode | undefined => {
      const declaration = callee ? scopes.find(callee.text, callee) : undefined;
      const fn = declaration?.constant && declaration.value && declaration.path.length === 0 ? unwrap(declaration.value) : undefined;
      const body = fn && isFunction(fn) ? fn.childForFieldName('body') : null;
      if (!body) return undefined;
      if (body.type !== 'statement_block') return unwrap(body);
      const statements = body.namedChildren.filter((child) => child.type !== 'comment');
      const value = statements.length === 1 && statements[0]?.type === 'return_statement' ? statements[0].namedChildren[0] : undefined;
      return value ? unwrap(value) : undefined;
    };
    /** `where = sql`${where} AND …`` under conditions. */
    const taggedSteps = (name: string, initial: Whole, steps: readonly Step[], depth: number): Whole | undefined => {
      let whole = initial;
      for (const step of steps) {
        if (step.kind === 'repeat') return undefined;
        if (step.kind === 'write') {
          const right = step.node.type === 'assignment_expression' ? step.node.childForFieldName('right') : null;
          const decided = right ? decide(unwrap(right)) : undefined;
          if (!decided || !('inline' in decided)) return undefined;
          const before = whole;
          whole = fragments(decided.inline, (inner) => (unwrap(inner).type === 'identifier' && inner.text === name ? before : substitute(inner, depth + 1)));
          continue;
        }
        const then = taggedSteps(name, whole, step.then, depth);
        const otherwise = taggedSteps(name, whole, step.otherwise, depth);
        if (!then || !otherwise) return undefined;
        if (step.thenLeaves) whole = otherwise;
        else if (step.otherwiseLeaves) whole = then;
        else {
          const common = sharedPrefix(whole.parts, then.parts, otherwise.parts);
          whole = { parts: [...then.parts.slice(0, common), ...choice(step.condition, { parts: then.parts.slice(common), complete: true }, { parts: otherwise.parts.slice(common), complete: true }).parts], complete: whole.complete && then.complete && otherwise.complete };
        }
      }
      return whole;
    };
    return fragments(template, (inner) => substitute(inner, 0));
  };

  return { parts: (node) => read(node, 0, false), tagged };
}

/** `''`, `undefined`, `null` and a missing initial value add no text. */
function emptyText(node: SyntaxNode | undefined): Whole | undefined {
  return node === undefined || /^(undefined|null|''|""|``)$/.test(node.text) ? { parts: [], complete: true } : undefined;
}

function join(wholes: readonly Whole[]): Whole {
  if (wholes.reduce((sum, whole) => sum + countPieces(whole.parts), 0) > 2 * maxPieces) return { parts: wholes[0]?.parts ?? [], complete: false };
  return { parts: wholes.flatMap((whole) => whole.parts), complete: wholes.every((whole) => whole.complete) };
}

function sharedPrefix(base: readonly TextPart[], a: readonly TextPart[], b: readonly TextPart[]): number {
  let common = 0;
  while (common < base.length && base[common] === a[common] && base[common] === b[common]) common++;
  return common;
}

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', 0: '\0' };

/** The characters an escape sequence of JavaScript stands for. */
function unescape(sequence: string): string {
  const body = sequence.slice(1);
  const code = /^u\{([0-9a-f]+)\}$/i.exec(body) ?? /^u([0-9a-f]{4})$/i.exec(body) ?? /^x([0-9a-f]{2})$/i.exec(body);
  if (code?.[1]) {
    const value = Number.parseInt(code[1], 16);
    return value <= 0x10ffff ? String.fromCodePoint(value) : '';
  }
  if (/^[\r\n\u2028\u2029]/.test(body)) return '';
  return simpleEscapes[body] ?? body;
}
