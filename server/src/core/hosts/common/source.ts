import type { SyntaxNode } from '../syntax';
import type { CallForm, ClassForm, Form, FunctionForm, LanguageSpec, LoopForm } from './forms';
import { isComment } from './syntaxTools';

/** A file seen through its language's table. Lives as long as the tree. */
export interface Source {
  readonly spec: LanguageSpec;
  readonly root: SyntaxNode;
  form(node: SyntaxNode): Form | undefined;
  /** The node behind parentheses, `await`, casts and the like. */
  unwrap(node: SyntaxNode): SyntaxNode;
  /** The node with the parentheses, `await` and casts round it. */
  wrapped(node: SyntaxNode): SyntaxNode;
  readonly functions: readonly SyntaxNode[];
  readonly classes: readonly SyntaxNode[];
  readonly loops: readonly SyntaxNode[];
  readonly calls: readonly SyntaxNode[];
  readonly members: readonly SyntaxNode[];
  readonly comments: readonly SyntaxNode[];
  readonly errors: readonly SyntaxNode[];
  readonly imports: readonly SyntaxNode[];
  functionId(node: SyntaxNode): number | undefined;
  classId(node: SyntaxNode): number | undefined;
  callId(node: SyntaxNode): number | undefined;
  loopId(node: SyntaxNode): number | undefined;
  /** Function whose body (or closure whose text) contains the node; closures that a loop runs belong to their loop. */
  functionOf(node: SyntaxNode): SyntaxNode | undefined;
  classOf(node: SyntaxNode): SyntaxNode | undefined;
  /** Loops of the same function whose turns run the node, innermost first. */
  loopsOf(node: SyntaxNode): readonly number[];
  /** The loop of a call that runs its closure per element. */
  elementLoop(call: SyntaxNode): ElementLoop | undefined;
  functionForm(node: SyntaxNode): FunctionForm | undefined;
  classForm(node: SyntaxNode): ClassForm | undefined;
  callForm(node: SyntaxNode): CallForm | undefined;
  loopForm(node: SyntaxNode): LoopForm | undefined;
}

/** `users.each { |u| … }`, `users.forEach(this::load)`, `array_map(fn ($u) => …, $users)`. */
export interface ElementLoop {
  /** The closure, or the function that is named. */
  readonly run: SyntaxNode;
  readonly closure?: FunctionForm;
  readonly iterable?: SyntaxNode;
  readonly chunks: boolean;
}

export function readSource(root: SyntaxNode, spec: LanguageSpec): Source {
  const forms = new Map<number, Form | null>();
  const form = (node: SyntaxNode): Form | undefined => {
    const make = spec.forms[node.type];
    if (!make) return undefined;
    let known = forms.get(node.id);
    if (known === undefined) forms.set(node.id, (known = make(node) ?? null));
    return known ?? undefined;
  };
  const of = <K extends Form['kind']>(kind: K) => (node: SyntaxNode): Extract<Form, { kind: K }> | undefined => {
    const found = form(node);
    return found?.kind === kind ? (found as Extract<Form, { kind: K }>) : undefined;
  };
  const functionForm = of('function');
  const classForm = of('class');
  const callForm = of('call');
  const loopForm = of('loop');

  const unwrap = (node: SyntaxNode): SyntaxNode => {
    let current = node;
    for (let found = form(current); found?.kind === 'wrap'; found = form(current)) current = found.inner;
    return current;
  };
  const wrapped = (node: SyntaxNode): SyntaxNode => {
    let current = node;
    for (;;) {
      const parent = current.parent;
      const outer = parent && form(parent);
      if (!parent || outer?.kind !== 'wrap' || outer.inner.id !== current.id) return current;
      current = parent;
    }
  };

  const elementLoops = new Map<number, ElementLoop | null>();
  const elementLoop = (node: SyntaxNode): ElementLoop | undefined => {
    let known = elementLoops.get(node.id);
    if (known === undefined) elementLoops.set(node.id, (known = findElementLoop(node) ?? null));
    return known ?? undefined;
  };
  /** Of a closure's body: is it an expression, or does it return one? */
  const givesValue = (body: SyntaxNode): boolean => {
    const returns = (node: SyntaxNode): boolean => {
      const found = form(node);
      if (found?.kind === 'exit') return found.exit === 'return' && found.value !== undefined;
      return found?.kind !== 'function' && found?.kind !== 'class' && node.namedChildren.some(returns);
    };
    return body.type !== 'block' || returns(body);
  };
  function findElementLoop(node: SyntaxNode): ElementLoop | undefined {
    const call = callForm(node);
    const name = call?.name.text ?? '';
    if (!call || (!spec.perElement.test(name) && !spec.chunked.test(name))) return undefined;
    const values = call.args.map((argument) => unwrap(argument.node));
    const at = values.findIndex((value) => functionForm(value) !== undefined || form(value)?.kind === 'reference');
    const run = call.block ?? values[at];
    if (!run) return undefined;
    const closure = functionForm(run);
    // A result that is read as a whole: who is called per row returns nothing, or takes the row's number too.
    if (spec.language === 'java' && name === 'query' && closure?.parameters.length === 1 && closure.body && givesValue(closure.body)) return undefined;
    const other = values.find((_, index) => index !== at);
    const iterable = call.receiver && spec.walkers?.test(call.receiver.text) && other ? other : call.receiver ?? other;
    return { run, closure, iterable, chunks: spec.chunked.test(name) };
  }
  /** Closures that run where they stand are part of what surrounds them. */
  const isInline = (node: SyntaxNode): boolean => {
    const outer = wrapped(node);
    for (let current = outer.parent, depth = 0; current && depth < 3; current = current.parent, depth++) {
      const call = callForm(current);
      if (!call) continue;
      if (call.literal?.id === node.id) return true;
      return elementLoop(current)?.run.id === node.id;
    }
    return false;
  };

  const functions: SyntaxNode[] = [];
  const classes: SyntaxNode[] = [];
  const loops: SyntaxNode[] = [];
  const calls: SyntaxNode[] = [];
  const members: SyntaxNode[] = [];
  const comments: SyntaxNode[] = [];
  const errors: SyntaxNode[] = [];
  const imports: SyntaxNode[] = [];
  const anyErrors = root.hasError;
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'ERROR' || (anyErrors && node.isMissing)) {
      errors.push(node);
      if (node.type === 'ERROR' && node.children.length === 0) return;
    }
    if (isComment(node)) {
      comments.push(node);
      return;
    }
    switch (form(node)?.kind) {
      case 'function':
        if (!isInline(node)) functions.push(node);
        break;
      case 'class':
        classes.push(node);
        break;
      case 'loop':
        loops.push(node);
        break;
      case 'call':
        calls.push(node);
        if (elementLoop(node)) loops.push(node);
        break;
      case 'member':
        members.push(node);
        break;
      case 'import':
        imports.push(node);
        return;
      default:
    }
    for (const next of anyErrors && node.hasError ? node.children : node.namedChildren) visit(next);
  };
  visit(root);

  const index = (list: readonly SyntaxNode[]): Map<number, number> => new Map(list.map((node, id) => [node.id, id]));
  const functionIds = index(functions);
  const classIds = index(classes);
  const callIds = index(calls);
  const loopIds = index(loops);
  const holds = (fn: SyntaxNode, inner: SyntaxNode): boolean => {
    const body = functionForm(fn)?.body;
    return body !== undefined && body.startIndex <= inner.startIndex && inner.endIndex <= body.endIndex;
  };
  const functionOf = (node: SyntaxNode): SyntaxNode | undefined => {
    for (let current = node.parent; current; current = current.parent) if (functionIds.has(current.id) && holds(current, node)) return current;
    return undefined;
  };
  /** The iterable runs once; a condition, like the body, once per turn. */
  const runsPerTurn = (loop: SyntaxNode, node: SyntaxNode): boolean => {
    const within = (part: SyntaxNode | undefined): boolean => part !== undefined && part.startIndex <= node.startIndex && node.endIndex <= part.endIndex;
    const statement = loopForm(loop);
    if (statement) return within(statement.body) || (statement.iterable === undefined && within(statement.condition));
    return within(elementLoop(loop)?.run);
  };
  return {
    spec, root, form, unwrap, wrapped, functions, classes, loops, calls, members, comments, errors, imports, elementLoop, functionOf, functionForm, classForm, callForm, loopForm,
    functionId: (node) => functionIds.get(node.id),
    classId: (node) => classIds.get(node.id),
    callId: (node) => callIds.get(node.id),
    loopId: (node) => loopIds.get(node.id),
    classOf(node) {
      for (let current = node.parent; current; current = current.parent) if (classIds.has(current.id)) return current;
      return undefined;
    },
    loopsOf(node) {
      const found: number[] = [];
      for (let current = node.parent; current; current = current.parent) {
        const id = loopIds.get(current.id);
        if (id !== undefined && runsPerTurn(current, node)) found.push(id);
        if (functionIds.has(current.id) && holds(current, node)) break;
      }
      return found;
    },
  };
}
