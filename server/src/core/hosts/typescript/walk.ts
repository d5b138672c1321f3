import { isForeignSql } from '../../sql/foreignDialect';
import type { LibraryAdapter, SiteDraft } from '../../libraries/adapter';
import { wrapperAdapter } from '../../libraries/wrapper';
import { containsSpan, hostSpan } from '../../text/span';
import type { BlockIr, CallIr, ClassIr, FunctionIr, HostFile, LocalIr, Loop, LoopKind, QuerySite } from '../ir';
import { isAwayIn, placeDraft } from '../shared/placement';
import { ASIDE } from '../surface';
import type { SyntaxNode } from '../syntax';
import type { TypeScriptContext } from './context';
import { decoratorsOf, describeEntry, describePerObject, isBackground } from './entries';
import { helperCall, isAwaited } from './execution';
import { observeLocals, readGuards, readMembers, readParameters, readReturns, shortText, type LocalObservation } from './functionFacts';
import { describeIterable, type IterableFacts } from './iterables';
import { observeLoop } from './loopFacts';
import { isJoined, perElementCallback, type PerElement } from './loopForms';
import { callbackOf, collectFields } from './origins';
import { nameFunction, resultNameOf, rootCall } from './ownership';
import { leaves } from './steps';
import { readLoads, readProvisions } from './provisions';
import { wrapperSites } from './wrappers';
import { callParts, callSpan, collectNames, collectPatternNames, isFunction, isInside, keyName, loosePath, spanOf, typeText, unwrap } from './syntaxTools';

type FileParts = Pick<HostFile, 'sites' | 'loops' | 'functions' | 'classes' | 'calls' | 'locals' | 'blocks' | 'exits'>;

/** Where the walk stands. */
interface Frame {
  readonly functionId?: number;
  readonly classId?: number;
  /** Innermost first; loops around a per-element callback go on inside it. */
  readonly loopIds: readonly number[];
  readonly conditional: boolean;
}

const isAsideSpan = (span: { readonly start: number }): boolean => span.start >= ASIDE;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Deeper code is not looked at: the stack is finite. */
const maxDepth = 500;
const callbackNames = /^(Boolean|String|Number|parseInt|parseFloat|BigInt|Symbol|Date|encodeURIComponent|decodeURIComponent)$/;

/**
 * Reads functions, classes, calls, loops and query sites of a file in one walk; ids are indexes.
 * @returns `builders`: offsets of the nodes that build a query which is not sent, or not surely, where it stands
 */
export function walkFile(root: SyntaxNode, context: TypeScriptContext, adapters: readonly LibraryAdapter[]): { readonly parts: FileParts; readonly builders: readonly number[] } {
  const proving = adapters.filter((adapter) => adapter !== wrapperAdapter);
  const guessing = adapters.find((adapter) => adapter === wrapperAdapter);
  const functions: Mutable<FunctionIr>[] = [];
  const classes: Mutable<ClassIr>[] = [];
  const calls: Mutable<CallIr>[] = [];
  const loops: Mutable<Loop>[] = [];
  const blocks: BlockIr[] = [];
  const exits: NonNullable<HostFile['exits']>[number][] = [];
  const drafts: { draft: SiteDraft; node: SyntaxNode; frame: Frame; call?: number }[] = [];
  const functionIds = new Map<number, number>();
  const callIds = new Map<number, number>();
  const callNodes: SyntaxNode[] = [];
  /** Calls that belong to a recognised chain: not asked about again. */
  const consumed = new Set<number>();
  const siteCalls = new Map<number, number>();
  const later: (() => void)[] = [];

  const recognise = (node: SyntaxNode, frame: Frame, call?: number): void => {
    if (consumed.has(node.id)) return;
    const found = readSites(node);
    if (!found) return;
    const continued = found.length > 0 && helperCall(node, context.scopes) !== undefined;
    for (const read of found) {
      // A helper goes on with it: more may be added.
      const draft = continued && read.chain.length > 0 ? { ...read, complete: false } : read;
      // Known by its text alone: a text of another database is no query of ours.
      if (draft.confidence !== 'shape' || !draft.source || !isForeignSql(draft.source.text)) drafts.push({ draft: isAwayIn(draft, isAsideSpan) ? placeDraft(draft, callSpan(node), isAsideSpan) : draft, node, frame, call });
    }
    for (let current: SyntaxNode | undefined = node; current; current = receiverCall(current)) consumed.add(current.id);
  };
  /** By a library, by what a project's function does with its arguments, or by the text alone. */
  const readSites = (node: SyntaxNode): readonly SiteDraft[] | undefined => {
    for (const adapter of proving) {
      const found = adapter.recognise(node, context);
      if (found) return found;
    }
    return wrapperSites(node, context, proving) ?? guessing?.recognise(node, context);
  };

  const addLoop = (kind: LoopKind, node: SyntaxNode, head: ReturnType<typeof spanOf>, body: SyntaxNode, frame: Frame, facts: IterableFacts | undefined, elements: readonly string[], concurrent: boolean, observed: SyntaxNode): number => {
    const id = loops.length;
    const { assigns, ...rest } = observeLoop(observed, body);
    const loop: Mutable<Loop> = { id, kind, span: spanOf(node), head, body: spanOf(body), functionId: frame.functionId, parent: frame.loopIds[0], iterable: facts?.iterable, elements, concurrent, facts: { ...rest, assigns: [] } };
    loops.push(loop);
    later.push(() => {
      loop.facts = { ...rest, assigns: assigns.map(({ name, names, node: at, value }) => ({ name, names, span: spanOf(at), calls: callsIn(value) })) };
      const site = facts?.source ? siteCalls.get(facts.source.id) : undefined;
      if (loop.iterable && site !== undefined) {
        const direct = facts?.source !== undefined && isInside(facts.source, node);
        loop.iterable = { ...loop.iterable, kind: loop.iterable.kind === 'call' || loop.iterable.kind === 'local' ? 'query' : loop.iterable.kind, ...(direct ? { siteId: site } : {}) };
      }
    });
    return id;
  };
  const callsIn = (value: SyntaxNode): number[] => callNodes.flatMap((node, id) => (isInside(node, value) ? [id] : []));

  const visitFunction = (fn: SyntaxNode, frame: Frame, depth: number): void => {
    const body = fn.childForFieldName('body') ?? fn;
    const named = nameFunction(fn);
    const id = functions.length;
    functionIds.set(fn.id, id);
    const per = perElementCallback(fn);
    const perObject = describePerObject(fn);
    const passed = callbackOf(fn);
    const callId = passed ? callIds.get(passed.call.id) : undefined;
    const method = fn.type === 'method_definition' || /field_definition$/.test(fn.parent?.type ?? '');
    functions.push({
      id,
      name: named.name,
      span: spanOf(fn),
      nameSpan: spanOf(named.node),
      body: spanOf(body),
      ...(method && fn.parent?.type !== 'object' && frame.classId !== undefined ? { classId: frame.classId } : {}),
      ...(named.owner === undefined ? {} : { owner: named.owner }),
      parent: frame.functionId,
      parameters: readParameters(fn),
      async: fn.children.some((child) => child.type === 'async'),
      decorators: fn.type === 'method_definition' ? decoratorsOf(fn).map((decorator) => decorator.replace(/^@/, '')) : [],
      locals: [],
      entry: describeEntry(fn),
      ...(perObject === undefined ? {} : { perObject }),
      ...(isBackground(fn) ? { background: true as const } : {}),
      ...(passed && callId !== undefined ? { callback: { callId, argument: passed.argument } } : {}),
      returns: readReturns(fn),
      returnType: typeText(fn.childForFieldName('return_type')),
      guards: readGuards(fn),
    });
    const owner = method && fn.parent?.type !== 'object' && frame.classId !== undefined ? classes[frame.classId] : undefined;
    if (owner) owner.methods = [...owner.methods, id];
    later.push(() => {
      const entry = functions[id];
      if (entry) entry.locals = observeLocals(fn).map(toLocal);
    });
    const loopIds = per ? [callbackLoop(per, fn, body, frame), ...frame.loopIds] : isImmediate(fn) ? frame.loopIds : [];
    const inner: Frame = { functionId: id, classId: frame.classId, loopIds, conditional: false };
    if (fn.type === 'arrow_function') offerRead(body, inner);
    // Defaults of parameters and decorators run outside the body.
    for (const child of fn.namedChildren) visit(child, child.id === body.id ? inner : { ...inner, conditional: true }, depth + 1);
  };

  const callbackLoop = (per: PerElement, fn: SyntaxNode, body: SyntaxNode, frame: Frame): number => {
    const callee = callParts(per.call)?.callee ?? per.call;
    const parameters = fn.childForFieldName('parameter') ?? (fn.childForFieldName('parameters')?.namedChildren.filter((child) => child.type !== 'comment'))?.[per.element];
    const concurrent = per.parallel && (isJoined(per.call) || isAsync(fn)) && !/^(reduce|reduceRight|mapSeries|eachSeries)$/.test(per.method);
    return addLoop('callback', per.call, spanOf(callee), body, frame, describeIterable(per.iterable, context.scopes), parameters ? collectPatternNames(parameters) : [], concurrent, fn);
  };

  /** `ids.map(load)`: the named function is called once per element, though no call to it is written. */
  const visitCallbackName = (node: SyntaxNode, frame: Frame): void => {
    if (node.type !== 'identifier' && node.type !== 'member_expression') return;
    const per = perElementCallback(node);
    const callee = per && !callbackNames.test(node.text) ? loosePath(node) : undefined;
    if (!per || !callee) return;
    const head = spanOf(callParts(per.call)?.callee ?? per.call);
    const loop = addLoop('callback', per.call, head, node, frame, describeIterable(per.iterable, context.scopes), ['(element)'], per.parallel && isJoined(per.call), node);
    const name = node.type === 'member_expression' ? node.childForFieldName('property') ?? node : node;
    const at = hostSpan(node.endIndex, node.endIndex);
    callNodes.push(node);
    calls.push({ id: calls.length, span: spanOf(node), nameSpan: spanOf(name), callee, args: [{ text: '(element)', span: at, names: ['(element)'] }], functionId: frame.functionId, loopIds: [loop, ...frame.loopIds], awaited: isJoined(per.call), conditional: false, exitsAfter: false, constructs: false });
  };

  const visitCall = (node: SyntaxNode, frame: Frame, depth: number): void => {
    const parts = callParts(node);
    if (!parts) return;
    const id = calls.length;
    callIds.set(node.id, id);
    callNodes.push(node);
    const name = parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('property') ?? parts.callee : parts.callee;
    const call: Mutable<CallIr> = {
      id,
      span: callSpan(node),
      nameSpan: spanOf(name),
      callee: loosePath(parts.callee) ?? ['?'],
      args: [],
      functionId: frame.functionId,
      loopIds: frame.loopIds,
      awaited: isAwaited(node),
      conditional: frame.conditional,
      exitsAfter: exitsAfter(node),
      constructs: node.type === 'new_expression',
      resultName: resultNameOf(node),
    };
    const provides = readProvisions(node);
    if (provides) call.provides = provides;
    const loads = readLoads(node);
    if (loads) call.loads = loads;
    calls.push(call);
    recognise(node, frame, id);
    for (const child of node.namedChildren) visit(child, frame, depth + 1);
    for (const arg of parts.args) visitCallbackName(unwrap(arg), frame);
    call.args = parts.args.map((arg) => {
      const fn = functionIds.get(unwrap(arg).id);
      return { text: shortText(arg), span: spanOf(arg), names: collectNames(arg), ...(fn === undefined ? {} : { functionId: fn }) };
    });
  };

  const visitClass = (node: SyntaxNode, frame: Frame, depth: number): void => {
    const id = classes.length;
    const heritage = node.namedChildren.find((child) => child.type === 'class_heritage');
    const name = node.childForFieldName('name')?.text ?? (node.parent?.type === 'variable_declarator' ? node.parent.childForFieldName('name')?.text : undefined) ?? '';
    classes.push({
      id,
      name,
      span: spanOf(node),
      bases: heritage ? basesOf(heritage) : [],
      implements: heritage ? interfacesOf(heritage) : [],
      fields: collectFields(node).map((field) => ({ name: field.name, type: field.type === undefined || (/^(any|unknown)$/.test(field.type) && field.value) ? builtFrom(field.value) : field.type, ...(field.decorators ? { decorators: field.decorators } : {}) })),
      methods: [],
      decorators: decoratorsOf(node).map((decorator) => decorator.replace(/^@/, '')),
    });
    for (const child of node.namedChildren) visit(child, { functionId: frame.functionId, classId: id, loopIds: [], conditional: false }, depth + 1);
  };

  /** Fields that hold something with a name: `interface Context { users: UserService }`. */
  const addInterface = (node: SyntaxNode): void => {
    const body = node.childForFieldName('body') ?? node.childForFieldName('value');
    if (!body || !/^(interface_body|object_type)$/.test(body.type)) return;
    const fields = body.namedChildren.flatMap((member) => {
      const type = member.type === 'property_signature' ? typeText(member.childForFieldName('type')) : undefined;
      const name = type !== undefined && /^[A-Z]\w*[a-z]/.test(type) && type.length < 80 ? keyName(member.childForFieldName('name')) : undefined;
      return name === undefined || type === undefined ? [] : [{ name, type }];
    });
    if (fields.length > 0) classes.push({ id: classes.length, name: node.childForFieldName('name')?.text ?? '', span: spanOf(node), bases: [], fields, methods: [], decorators: [] });
  };

  const visitLoop = (node: SyntaxNode, frame: Frame, depth: number): void => {
    const body = node.childForFieldName('body') ?? node;
    const right = node.type === 'for_in_statement' ? node.childForFieldName('right') : null;
    const left = node.type === 'for_in_statement' ? node.childForFieldName('left') : null;
    const once = right ?? (node.type === 'for_statement' ? node.childForFieldName('initializer') : null);
    const kind: LoopKind = node.type === 'for_statement' ? 'for' : node.type === 'while_statement' ? 'while' : node.type === 'do_statement' ? 'do' : node.children.some((child) => child.type === 'await') ? 'for-await' : node.childForFieldName('operator')?.type === 'in' ? 'for-in' : 'for-of';
    if (once) visit(once, frame, depth + 1);
    const head = node.type === 'do_statement' ? hostSpan(node.startIndex, node.startIndex + 2) : hostSpan(node.startIndex, (node.children.filter((child) => child.type === ')').at(-1) ?? node.childForFieldName('condition') ?? body).endIndex);
    const id = addLoop(kind, node, head, body, frame, right ? describeIterable(right, context.scopes) : undefined, left ? collectPatternNames(left) : [], false, node);
    const inner: Frame = { ...frame, loopIds: [id, ...frame.loopIds], conditional: false };
    for (const child of node.namedChildren) if (child.id !== once?.id && child.id !== left?.id) visit(child, inner, depth + 1);
  };

  const addTry = (node: SyntaxNode, frame: Frame): void => {
    const [body, handler, finalizer] = ['body', 'handler', 'finalizer'].map((name) => node.childForFieldName(name));
    if (body) blocks.push({ kind: 'try', span: spanOf(node), body: spanOf(body), functionId: frame.functionId, handlers: handler ? [spanOf(handler)] : [], ...(finalizer ? { finally: spanOf(finalizer) } : {}), items: [] });
  };

  const visit = (node: SyntaxNode, frame: Frame, depth: number): void => {
    if (node.type === 'return_statement') exits.push({ span: spanOf(node), functionId: frame.functionId });
    if (depth > maxDepth || node.namedChildren.length === 0) return;
    if (node.type === 'try_statement') addTry(node, frame);
    if (isFunction(node)) return visitFunction(node, frame, depth);
    switch (node.type) {
      case 'call_expression':
      case 'new_expression':
        return visitCall(node, frame, depth);
      case 'class_declaration':
      case 'abstract_class_declaration':
      case 'class':
        return visitClass(node, frame, depth);
      case 'for_statement':
      case 'for_in_statement':
      case 'while_statement':
      case 'do_statement':
        return visitLoop(node, frame, depth);
      case 'if_statement':
      case 'ternary_expression': {
        const condition = node.childForFieldName('condition');
        for (const child of node.namedChildren) visit(child, child.id === condition?.id ? frame : { ...frame, conditional: true }, depth + 1);
        return;
      }
      case 'catch_clause':
      case 'switch_case':
      case 'switch_default':
        for (const child of node.namedChildren) visit(child, { ...frame, conditional: true }, depth + 1);
        return;
      case 'binary_expression': {
        const right = node.childForFieldName('right');
        // `` sql<Row>`…` `` with a plain type name is read as two comparisons.
        if (right?.type === 'template_string') recognise(node, frame);
        const lazy = /^(&&|\|\||\?\?)$/.test(node.childForFieldName('operator')?.type ?? '');
        for (const child of node.namedChildren) visit(child, lazy && child.id === right?.id ? { ...frame, conditional: true } : frame, depth + 1);
        return;
      }
      case 'import_statement':
        return;
      case 'type_alias_declaration':
      case 'interface_declaration':
        addInterface(node);
        return;
    }
    offerBuilder(node, frame);
    for (const child of node.namedChildren) visit(child, frame, depth + 1);
  };

  /** `await order.customer`, `return order.customer`, `Promise.all([order.customer, order.items])`, `orders.map((order) => order.customer)`: reading may send. */
  const offerRead = (written: SyntaxNode, frame: Frame): void => {
    const node = unwrap(written);
    if (node.type !== 'member_expression' || consumed.has(node.id)) return;
    for (const adapter of proving) {
      const draft = adapter.recogniseRead?.(node, context);
      if (!draft) continue;
      consumed.add(node.id);
      drafts.push({ draft: frame.conditional ? { ...draft, executes: 'unknown' } : draft, node, frame });
      return;
    }
  };

  /** `await query`, `return query`, `[query, …]`: a builder held in a variable is sent here. */
  const offerBuilder = (node: SyntaxNode, frame: Frame): void => {
    if (!/^(await_expression|return_statement|array)$/.test(node.type)) return;
    for (const child of node.namedChildren) {
      const name = unwrap(child);
      if (node.type !== 'array' || isJoined(name)) offerRead(name, frame);
      const declaration = name.type === 'identifier' ? context.scopes.find(name.text, name) : undefined;
      const value = declaration?.kind === 'variable' && declaration.path.length === 0 && declaration.value ? unwrap(declaration.value) : undefined;
      if (value?.type === 'call_expression' && (node.type !== 'array' || isJoined(name))) recognise(name, frame);
    }
  };

  const toLocal = ({ name, names, text, node, value, type, property }: LocalObservation): LocalIr => {
    const call = value ? rootCall(value) : undefined;
    const site = call ? siteCalls.get(call.id) : undefined;
    const callId = call ? callIds.get(call.id) : undefined;
    const members = readMembers(value);
    return { name, names, text, span: spanOf(node), ...(members ? { members } : {}), ...(site === undefined ? {} : { siteId: site }), ...(callId === undefined ? {} : { callId }), ...(type === undefined ? {} : { type }), ...(property === undefined ? {} : { property }) };
  };

  /** Of a builder in a variable: the last call of its chain. */
  const sentBy = (draft: SiteDraft): number | undefined => {
    const last = draft.chain.at(-1);
    return last && calls.find((call) => call.nameSpan.start === last.nameSpan.start)?.id;
  };

  visit(root, { loopIds: [], conditional: false }, 0);

  const sites: QuerySite[] = [];
  const parts = drafts.flatMap(({ draft }) => draft.consumes ?? []);
  for (const { draft, node, frame, call } of drafts) {
    if (draft.executes === 'no' && (context.absorbed.has(node.id) || parts.some((part) => containsSpan(part, draft.span)))) continue;
    const id = sites.length;
    const callId = call ?? sentBy(draft);
    sites.push({ ...withoutParts(draft), id, functionId: frame.functionId, loopIds: frame.loopIds, callId, resultName: resultNameOf(node) });
    for (let current: SyntaxNode | undefined = node; current; current = receiverCall(current)) if (!siteCalls.has(current.id)) siteCalls.set(current.id, id);
    const sending = callId === undefined ? undefined : calls[callId];
    if (sending && sending.siteId === undefined) sending.siteId = id;
  }
  for (const finish of later) finish();
  const builders = drafts.flatMap(({ draft, node }) => (draft.executes === 'yes' ? [] : [node.startIndex]));
  return { parts: { sites, loops, functions, classes, calls, locals: observeLocals(root).map(toLocal), blocks, exits }, builders };
}

/** What a site keeps of its draft. */
function withoutParts(draft: SiteDraft): Omit<SiteDraft, 'consumes'> {
  // Most have no parts, and an object that lost a property is slow from then on.
  if (draft.consumes === undefined) return draft;
  const copy: Mutable<SiteDraft> = { ...draft };
  delete copy.consumes;
  return copy;
}

/** The call whose result a call's method is called on. */
function receiverCall(node: SyntaxNode): SyntaxNode | undefined {
  const callee = callParts(node)?.callee;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  const inner = object ? unwrap(object) : undefined;
  return inner?.type === 'call_expression' ? inner : undefined;
}

const isAsync = (fn: SyntaxNode): boolean => fn.children.some((child) => child.type === 'async');

/** `(async () => { … })()`, `.then(() => …)`: runs where it stands, with the loops around it. */
function isImmediate(fn: SyntaxNode): boolean {
  let node = fn;
  while (node.parent?.type === 'parenthesized_expression') node = node.parent;
  const parent = node.parent;
  if (parent?.type === 'call_expression' && parent.childForFieldName('function')?.id === node.id) return true;
  const call = parent?.type === 'arguments' ? parent.parent : null;
  const callee = call?.type === 'call_expression' ? callParts(call)?.callee : undefined;
  return callee?.type === 'member_expression' && /^(then|catch|finally)$/.test(callee.childForFieldName('property')?.text ?? '');
}

/** Is the call returned, or followed at once by an unconditional `return`, `break` or `throw` in its block? */
function exitsAfter(node: SyntaxNode): boolean {
  let current: SyntaxNode = node;
  for (let parent = current.parent; parent; current = parent, parent = parent.parent) {
    if (isFunction(parent)) return false;
    if (parent.type === 'return_statement' || parent.type === 'throw_statement') return true;
    if (/^(for_statement|for_in_statement|while_statement|do_statement)$/.test(parent.type)) return false;
    if (parent.type === 'statement_block' || parent.type === 'program' || parent.type === 'switch_case') {
      const siblings = parent.namedChildren.filter((child) => child.type !== 'comment');
      const next = siblings[siblings.findIndex((child) => child.id === current.id) + 1];
      return next !== undefined && leaves(next) && next.type !== 'continue_statement';
    }
  }
  return false;
}

function basesOf(heritage: SyntaxNode): string[] {
  const clause = heritage.namedChildren.find((child) => child.type === 'extends_clause');
  const value = clause ? clause.childForFieldName('value') : heritage.namedChildren.find((child) => child.type !== 'implements_clause');
  if (!value) return [];
  // A mixin call `Auditable(Base)` contributes the mixin and what it is given.
  const call = value.type === 'call_expression' ? callParts(value) : undefined;
  if (call) return [call.callee.text, ...call.args.filter((arg) => arg.type === 'identifier').map((arg) => arg.text)];
  return [value.text];
}

function interfacesOf(heritage: SyntaxNode): string[] {
  const clause = heritage.namedChildren.find((child) => child.type === 'implements_clause');
  return (clause?.namedChildren ?? []).map((type) => type.text.replace(/<[\s\S]*$/, ''));
}

/** Class or factory that a field's initial value is made by; empty when unknown. */
function builtFrom(value: SyntaxNode | undefined): string {
  const call = value ? rootCall(value) : undefined;
  const callee = call ? callParts(call)?.callee : undefined;
  if (call?.type === 'new_expression') return callee?.text ?? '';
  // `inject(UserService)`, `container.resolve(UserService)`: the class itself.
  const provided = call && callee && /(^|\.)(inject|resolve|get)$/.test(callee.text) ? callParts(call)?.args[0] : undefined;
  if (provided?.type === 'identifier' && /^[A-Z]/.test(provided.text)) return provided.text;
  return callee ? `${callee.text}()` : value && /^(identifier|member_expression)$/.test(value.type) ? value.text : '';
}
