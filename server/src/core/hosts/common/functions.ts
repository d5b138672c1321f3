import type { ClassIr, FunctionIr, LocalIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { Names } from './names';
import type { Source } from './source';
import { spanOf } from './syntaxTools';

/** What values are made of: calls and the sites that they send. */
export interface Links {
  callOf(node: SyntaxNode): number | undefined;
  siteOf(node: SyntaxNode): number | undefined;
}

/** The classes of a file: those declared in it, and those that only methods in it belong to (Go, Rust). */
export interface Classes {
  readonly list: readonly ClassIr[];
  /** Class of a function, if it is a method. */
  classId(fn: SyntaxNode): number | undefined;
  fieldsAt(node: SyntaxNode): ReadonlyMap<string, string>;
  isMember(name: string, at: SyntaxNode): boolean;
}

export function readClasses(source: Source): Classes {
  interface Draft { name: string; node: SyntaxNode; bases: Set<string>; implements: Set<string>; fields: Map<string, string>; methods: number[]; methodNames: Set<string>; decorators: readonly string[] }
  const drafts: Draft[] = [];
  const byName = new Map<string, number>();
  const byNode = new Map<number, number>();
  const draftOf = (name: string, node: SyntaxNode): number => {
    let id = byName.get(name);
    if (id === undefined) {
      id = drafts.length;
      byName.set(name, id);
      drafts.push({ name, node, bases: new Set(), implements: new Set(), fields: new Map(), methods: [], methodNames: new Set(), decorators: [] });
    }
    return id;
  };
  for (const node of source.classes) {
    const form = source.classForm(node);
    if (!form) continue;
    const id = draftOf(form.name, node);
    byNode.set(node.id, id);
    const draft = drafts[id];
    if (!draft) continue;
    for (const base of form.bases) draft.bases.add(base);
    for (const one of form.implements ?? []) draft.implements.add(one);
    for (const { name, type } of form.fields) draft.fields.set(name, type);
    if (form.decorators) draft.decorators = form.decorators;
  }
  const classIds = new Map<number, number>();
  source.functions.forEach((node, functionId) => {
    const form = source.functionForm(node);
    if (!form?.name) return;
    let id: number | undefined;
    if (form.owner !== undefined) id = draftOf(form.owner, node);
    else {
      const owner = source.classOf(node);
      const around = source.functionOf(node);
      if (owner && (!around || around.startIndex < owner.startIndex)) id = byNode.get(owner.id);
    }
    const draft = id === undefined ? undefined : drafts[id];
    if (id === undefined || !draft) return;
    classIds.set(node.id, id);
    draft.methods.push(functionId);
    draft.methodNames.add(form.name.text);
    for (const parameter of form.parameters) if (parameter.field && parameter.type !== undefined) draft.fields.set(parameter.name, parameter.type);
  });
  readAssignedFields(source, (node) => {
    const id = ownerOf(node);
    return id === undefined ? undefined : drafts[id]?.fields;
  });
  function ownerOf(node: SyntaxNode): number | undefined {
    for (let fn = source.functionId(node) === undefined ? source.functionOf(node) : node; fn; fn = source.functionOf(fn)) {
      const id = classIds.get(fn.id);
      if (id !== undefined) return id;
    }
    const owner = source.classOf(node);
    return owner && byNode.get(owner.id);
  }
  const empty: ReadonlyMap<string, string> = new Map();
  const lists = drafts.map((draft, id): ClassIr => ({
    id,
    name: draft.name,
    ...(source.spec.constantsNest ? { fullName: fullName(draft.node, source) } : {}),
    span: spanOf(draft.node),
    bases: [...draft.bases],
    ...(draft.implements.size > 0 ? { implements: [...draft.implements] } : {}),
    fields: [...draft.fields].map(([name, type]) => ({ name, type })),
    methods: draft.methods,
    decorators: draft.decorators,
  }));
  return {
    list: lists,
    classId: (fn) => classIds.get(fn.id),
    fieldsAt: (node) => drafts[ownerOf(node) ?? -1]?.fields ?? empty,
    isMember(name, at) {
      const draft = drafts[ownerOf(at) ?? -1];
      return draft !== undefined && (draft.methodNames.has(name) || draft.fields.has(name));
    },
  };
}

/** `this.repo = repo` with a typed parameter, `@repo = UserRepo.new`, `self.repo = …`: the field's type. */
/** With the modules around it. */
function fullName(node: SyntaxNode, source: Source): string {
  const parts: string[] = [];
  for (let current: SyntaxNode | undefined = node; current; current = source.classOf(current)) parts.unshift(current.childForFieldName('name')?.text ?? source.classForm(current)?.name ?? '');
  return parts.join('::').replace(/^::/, '');
}

function readAssignedFields(source: Source, fieldsOf: (node: SyntaxNode) => Map<string, string> | undefined): void {
  const visit = (node: SyntaxNode, parameters: ReadonlyMap<string, string>): void => {
    const form = source.form(node);
    let known = parameters;
    if (form?.kind === 'function') known = new Map([...parameters, ...form.parameters.flatMap(({ name, type }): [string, string][] => (type === undefined ? [] : [[name, type]]))]);
    if (form?.kind === 'assign' && !form.adds) {
      form.targets.forEach((target, index) => {
        const name = fieldName(target, source);
        const value = form.values[index];
        const fields = name !== undefined && value ? fieldsOf(node) : undefined;
        if (name === undefined || !value || !fields || fields.has(name)) return;
        const made = source.form(source.unwrap(value));
        const type = made?.kind === 'name' ? known.get(made.name) : made?.kind === 'call' && made.constructs ? (made.receiver?.text ?? made.name.text) : undefined;
        if (type !== undefined) fields.set(name, type);
      });
    }
    for (const child of node.namedChildren) visit(child, known);
  };
  visit(source.root, new Map());
}

function fieldName(target: SyntaxNode, source: Source): string | undefined {
  const form = source.form(target);
  if (form?.kind === 'field') return form.name;
  if (form?.kind === 'member' && source.form(form.object)?.kind === 'self') return form.name.text;
  // C# and Java assign fields by their bare names.
  return form?.kind === 'name' && source.spec.implicitThis && /^_/.test(form.name) ? form.name : undefined;
}

export function localsOf(fn: SyntaxNode | undefined, source: Source, names: Names, links: Links): LocalIr[] {
  const locals: LocalIr[] = [];
  for (const [name, list] of names.boundIn(fn)) {
    for (const binding of list) {
      if (binding.kind === 'parameter' || binding.kind === 'append') continue;
      const value = binding.value;
      const inner = value && source.unwrap(value);
      const first = binding.index === 0 && binding.kind === 'assign';
      locals.push({
        name,
        names: value ? (binding.kind === 'adds' ? [name, ...names.free(value)] : names.free(value)) : [],
        text: value && binding.kind === 'assign' ? shortText(value.text) : '',
        span: spanOf(binding.node),
        ...(first && inner ? linkOf(inner, links, source) : {}),
        ...(binding.type === undefined ? {} : { type: binding.type }),
      });
    }
  }
  return locals.sort((a, b) => a.span.start - b.span.start);
}

/** A chain's value comes from the call at its end; of `db.query(…).fetch()` the query is the site. */
function linkOf(node: SyntaxNode, links: Links, source: Source): { siteId?: number; callId?: number } {
  const callId = links.callOf(node);
  if (callId === undefined) return {};
  let siteId = links.siteOf(node);
  for (let current = node, depth = 0; siteId === undefined && depth < 3; depth++) {
    const receiver = source.callForm(current)?.receiver;
    if (!receiver) break;
    current = source.unwrap(receiver);
    siteId = links.siteOf(current);
  }
  return { callId, ...(siteId === undefined ? {} : { siteId }) };
}

const shortText = (text: string): string => (text.length > 300 ? text.slice(0, 300) : text);

export function readFunctions(source: Source, names: Names, classes: Classes, links: Links): FunctionIr[] {
  return source.functions.map((node, id): FunctionIr => {
    const form = source.functionForm(node);
    const parent = source.functionOf(node);
    const classId = classes.classId(node);
    const body = form?.body ?? node;
    return {
      id,
      name: form?.name?.text ?? '',
      span: spanOf(node),
      nameSpan: spanOf(form?.name ?? node),
      body: spanOf(body),
      ...(classId === undefined ? {} : { classId }),
      ...(parent ? { parent: source.functionId(parent) } : {}),
      parameters: (form?.parameters ?? []).map((parameter) => ({ name: parameter.name, ...(parameter.type === undefined ? {} : { type: parameter.type }), field: parameter.field === true, optional: parameter.optional === true })),
      async: form?.async === true,
      decorators: form?.decorators ?? [],
      locals: localsOf(node, source, names, links),
      ...(form?.entry === undefined ? {} : { entry: form.entry }),
      ...callbackOf(node, source),
      returns: form?.body ? returnsIn(form.body, source, names) : [],
      guards: form?.body ? guardsOf(form.body, source, names) : [],
    };
  });
}

function callbackOf(node: SyntaxNode, source: Source): Pick<FunctionIr, 'callback'> {
  const outer = source.wrapped(node);
  for (let current = outer.parent, depth = 0; current && depth < 3; current = current.parent, depth++) {
    const form = source.callForm(current);
    if (!form) continue;
    const given = [...form.args.map((argument) => argument.node), ...(form.block ? [form.block] : [])];
    const argument = given.findIndex((candidate) => source.unwrap(candidate).id === node.id);
    const callId = source.callId(current);
    return argument >= 0 && callId !== undefined ? { callback: { callId, argument } } : {};
  }
  return {};
}

function returnsIn(body: SyntaxNode, source: Source, names: Names): FunctionIr['returns'] {
  const found: FunctionIr['returns'][number][] = [];
  const visit = (node: SyntaxNode): void => {
    const form = source.form(node);
    if (form?.kind === 'function' || form?.kind === 'class') return;
    if (form?.kind === 'exit' && form.exit === 'return' && form.value) found.push({ span: spanOf(form.value), names: names.free(form.value), text: shortText(form.value.text) });
    for (const child of node.namedChildren) visit(child);
  };
  visit(body);
  return found;
}

/** `if (cond) return` at the top level of the body. */
function guardsOf(body: SyntaxNode, source: Source, names: Names): FunctionIr['guards'] {
  const statements = body.namedChildren.flatMap((statement) => (statement.type === 'statement_list' ? statement.namedChildren : [statement]));
  return statements.flatMap((written) => {
    const statement = written.type === 'expression_statement' ? written.namedChildren[0] ?? written : written;
    const form = source.form(statement);
    if (form?.kind !== 'if' || !form.condition || !form.then || !endsLeaving(form.then, source)) return [];
    return [{ condition: form.condition.text, names: names.free(form.condition), span: spanOf(statement) }];
  });
}

function endsLeaving(block: SyntaxNode, source: Source): boolean {
  const form = source.form(block);
  if (form?.kind === 'exit') return form.exit !== 'break';
  const last = block.namedChildren.at(-1);
  return last !== undefined && form?.kind !== 'function' && endsLeaving(last, source);
}
