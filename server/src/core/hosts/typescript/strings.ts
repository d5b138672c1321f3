import type { TaggedHole } from '../../libraries/adapter';
import { countPieces, maxPieces, negated, plainText, type HoleExpression, type TextPart } from '../shared/textParts';
import type { SqlTexts } from '../shared/sqlTexts';
import type { SyntaxNode } from '../syntax';
import { embeddedSql } from './embeddedSql';
import { returnsOf } from './helpers';
import { enclosingClass, functionOfCallee } from './origins';
import type { Declaration, Scopes } from './scopes';
import { collectSteps, type Step } from './steps';
import { createPieces, emptyText, join, maxDepth, placed, sharedPrefix, type StringParts } from './stringPieces';
import { callParts, spanOf, unwrap } from './syntaxTools';
import { readTagged } from './taggedText';

/** Rebuilds texts of one file. */
export interface StringReader {
  /** Parts of an expression that is text; undefined when it is not, or not known to be. */
  parts(node: SyntaxNode): StringParts | undefined;
  /** Parts of a tagged template whose tag gives its interpolations a meaning. */
  tagged(template: SyntaxNode, hole: (expression: SyntaxNode) => TaggedHole | undefined): StringParts;
}

/** Tags that return their text unchanged or only without indentation. */
const plainTags = /^(String\.raw|dedent|outdent|stripIndent|stripIndents|raw|oneLine)$/;

/** @param expression describes a host expression that becomes a hole. */
const statementCount = (fn: SyntaxNode): number => {
  const body = fn.childForFieldName('body');
  return body?.type === 'statement_block' ? body.namedChildren.filter((child) => child.type !== 'comment').length : 1;
};

export function createStringReader(scopes: Scopes, expression: (node: SyntaxNode) => HoleExpression, sqlTexts?: SqlTexts): StringReader {
  const pieces = createPieces(expression);
  const { verbatim, hole, fragments, choice } = pieces;

  /** Text of an expression inside other text: what is not known to be text becomes a hole. */
  const inText = (node: SyntaxNode, depth: number): StringParts => read(node, depth, true) ?? hole(unwrap(node));

  const read = (written: SyntaxNode, depth: number, inside: boolean): StringParts | undefined => {
    const found = readHere(written, depth, inside);
    const embedded = found === undefined && sqlTexts && /^(?:identifier|member_expression|call_expression|new_expression|await_expression)$/.test(written.type) ? embeddedSql(written, scopes, sqlTexts) : undefined;
    // Its place is in its own file, where it is judged.
    return embedded === undefined ? found : { parts: [{ kind: 'text', form: 'verbatim', text: embedded }], complete: true };
  };

  const readHere = (written: SyntaxNode, depth: number, inside: boolean): StringParts | undefined => {
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
        return declaration ? placed(node, variable(declaration, node, depth, inside)) : undefined;
      }
      case 'member_expression':
        return placed(node, member(node, depth, inside));
      case 'call_expression':
        return placed(node, call(node, depth, inside));
      default:
        return undefined;
    }
  };

  const binary = (node: SyntaxNode, depth: number): StringParts | undefined => {
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
  const variable = (declaration: Declaration, use: SyntaxNode, depth: number, inside: boolean): StringParts | undefined => {
    if (declaration.kind === 'import') {
      const linked = scopes.follow(declaration);
      return linked?.path.length === 0 && linked.declaration.constant ? variable(linked.declaration, linked.declaration.node, depth + 1, inside) : undefined;
    }
    if (declaration.kind !== 'variable' || declaration.path.length > 0) return undefined;
    const steps = collectSteps(declaration, use);
    if (!steps) return undefined;
    const start = declaration.value ? read(declaration.value, depth + 1, inside && steps.length === 0 && declaration.constant) : emptyText(undefined);
    if (!start && !steps.some((step) => step.kind === 'write')) return undefined;
    return applySteps(declaration.name, start, steps, depth, use);
  };

  const applySteps = (name: string, initial: StringParts | undefined, steps: readonly Step[], depth: number, use: SyntaxNode): StringParts | undefined => {
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

  const applyWrite = (name: string, before: StringParts | undefined, write: SyntaxNode, depth: number): StringParts | undefined => {
    const right = write.childForFieldName('right');
    if (!right || (write.type !== 'assignment_expression' && write.type !== 'augmented_assignment_expression')) return undefined;
    if (write.type === 'augmented_assignment_expression') {
      const operator = write.childForFieldName('operator')?.type;
      if (operator === '??=' || operator === '||=') return before;
      return operator === '+=' && before ? join([before, inText(right, depth + 1)]) : undefined;
    }
    // `sql = sql + …` and `sql = `${sql} …``: the name inside stands for the text so far.
    const value = unwrap(right);
    const rest = (operand: SyntaxNode): StringParts => (operand.type === 'identifier' && operand.text === name && before ? before : inText(operand, depth + 1));
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

  /** Value of `this.table` or `Repo.LIST` where the field is `readonly` and has an initial value. */
  const constantField = (object: SyntaxNode, name: string): SyntaxNode | undefined => {
    const declaration = object.type === 'identifier' ? scopes.find(object.text, object) : undefined;
    const owner = object.type === 'this' ? enclosingClass(object) : declaration?.kind === 'class' ? declaration.value : undefined;
    return owner && constantOf(owner, name);
  };
  const constantOf = (owner: SyntaxNode, name: string): SyntaxNode | undefined => {
    for (const field of owner.childForFieldName('body')?.namedChildren ?? []) {
      const key = field.type === 'public_field_definition' || field.type === 'field_definition' ? field.childForFieldName('name') ?? field.childForFieldName('property') : null;
      const fixed = field.children.some((child) => child.type === 'readonly') || /^#?[A-Z][A-Z0-9_]*$/.test(name);
      if (key?.text === name && fixed) return field.childForFieldName('value') ?? undefined;
    }
    return undefined;
  };

  /** `QUERIES.list` where the object is a constant of this file. */
  const member = (node: SyntaxNode, depth: number, inside: boolean): StringParts | undefined => {
    const object = node.childForFieldName('object');
    const property = node.childForFieldName('property')?.text;
    const field = object && property !== undefined ? constantField(object, property) : undefined;
    if (field) return read(field, depth + 1, inside);
    const found = object?.type === 'identifier' ? scopes.find(object.text, object) : undefined;
    const linked = found?.kind === 'import' && property !== undefined ? scopes.follow(found, [property]) : undefined;
    // `queries.LIST` of a namespace.
    if (linked?.path.length === 0) return linked.declaration.constant ? variable(linked.declaration, linked.declaration.node, depth + 1, inside) : undefined;
    const declaration = linked ? linked.declaration : found;
    if (linked && linked.path.length > 1) return undefined;
    if (linked && declaration?.kind === 'class' && declaration.value && property !== undefined) {
      const shared = constantOf(declaration.value, property);
      return shared && read(shared, depth + 1, inside);
    }
    const value = declaration?.constant && declaration.path.length === 0 && declaration.value ? unwrap(declaration.value) : undefined;
    if (value?.type !== 'object') return undefined;
    for (const pair of value.namedChildren) {
      const key = pair.type === 'pair' ? pair.childForFieldName('key') : null;
      const text = pair.childForFieldName('value');
      if (key && text && (key.text === property || key.text.slice(1, -1) === property)) return read(text, depth + 1, inside);
    }
    return undefined;
  };

  const call = (node: SyntaxNode, depth: number, inside: boolean): StringParts | undefined => {
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
    return helper(callee, args, depth);
  };

  /** A function whose only statement returns text; its parameters stand for what it is given. */
  const helper = (callee: SyntaxNode, args: readonly SyntaxNode[], depth: number): StringParts | undefined => {
    const fn = depth < maxDepth ? functionOfCallee(callee, scopes) : undefined;
    const returns = fn && returnsOf(fn);
    const value = returns?.length === 1 ? returns[0]?.value : undefined;
    if (!fn || !value || statementCount(fn) > 1) return undefined;
    return scopes.substitute(fn, args, () => read(value, depth + 2, false));
  };

  /** `[a, b].join(' ')`, also of an array variable filled by `push`. */
  const joined = (array: SyntaxNode, separatorNode: SyntaxNode | undefined, depth: number): StringParts | undefined => {
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

  interface Element { readonly whole: StringParts; readonly condition?: { readonly text: string; readonly span: ReturnType<typeof spanOf> } }

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

  return { parts: (node) => read(node, 0, false), tagged: (template, decide) => readTagged(template, decide, scopes, pieces) };
}
