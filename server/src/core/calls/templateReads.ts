import { findModel } from '../hosts/models';
import type { FunctionIr, HostFile, ModelIr, RelationIr } from '../hosts/ir';
import type { TemplateBinding, TemplateNode, TemplatePath } from '../hosts/templateIr';
import { hostSpan, type HostSpan } from '../text/span';
import type { FlowGraph, PathStep } from './flow';
import { templateIndex, type Render, type TemplateIndex } from './templateIndex';
import { contextOf, type ElementPath, type LoopPlace, type RowSource, type TemplateRow, type TemplateRows, type TemplateValue } from './templateValues';

/** A query that a template sends once per element of a loop. */
export interface TemplateRead {
  /** In the template. */
  readonly span: HostSpan;
  /** `relation`: loaded when it is touched; `count`: a query of a manager (`order.items.count`); `method`: a method or property that queries. */
  readonly kind: 'relation' | 'count' | 'method';
  readonly loop: LoopPlace;
  readonly model: ModelIr;
  readonly relation?: RelationIr;
  /** From the rows of the source to the relation. */
  readonly path: ElementPath;
  readonly source: RowSource;
  /** `Order.total` of a method, and the way from it to its query where that is known. */
  readonly method?: { readonly name: string; readonly steps: readonly PathStep[] };
  readonly conditional: boolean;
  /** From the view to the template. */
  readonly trail: readonly PathStep[];
}

/** Nodes that one rendering may run through: a bound against templates that take in each other. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 12;

/**
 * What a template reads in loops that an ORM answers with a query of its own, as far as the code that renders it tells what the
 * names stand for: one entry per place. Silent where the query of the rows may have options that were not seen.
 */
export function collectTemplateReads(flow: FlowGraph, file: HostFile): readonly TemplateRead[] {
  if (!file.template) return [];
  const index = templateIndex(flow);
  const found = new Map<string, TemplateRead>();
  for (const render of index.rendersOf(file.uri)) {
    for (const read of new Rendering(flow, index, render, file.uri).run()) {
      const key = `${read.span.start}:${read.span.end}`;
      const known = found.get(key);
      if (!known || (known.conditional && !read.conditional)) found.set(key, read);
    }
  }
  return [...found.values()].sort((a, b) => a.span.start - b.span.start);
}

type Names = ReadonlyMap<string, TemplateValue>;

interface Place {
  readonly file: HostFile;
  readonly names: Map<string, TemplateValue>;
  readonly conditional: boolean;
  readonly trail: readonly PathStep[];
  readonly depth: number;
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
}

interface Block {
  readonly body: readonly TemplateNode[];
  readonly file: HostFile;
}

type Macro = Extract<TemplateNode, { kind: 'macro' }> & { readonly file: HostFile };

/** One way in which one view shows the template. */
class Rendering {
  private readonly found: TemplateRead[] = [];
  private readonly seen = new Set<string>();
  private readonly macros = new Map<string, Macro>();
  private nodes = 0;

  constructor(private readonly flow: FlowGraph, private readonly index: TemplateIndex, private readonly render: Render, private readonly target: string) {}

  run(): readonly TemplateRead[] {
    const { file, render, template } = this.render;
    const names = contextOf(this.flow, this.index.models, file, render);
    if (names.size === 0) return [];
    this.document(template, { names: new Map(names), conditional: false, trail: [{ uri: file.uri, span: render.span, label: 'renders' }], depth: 0, blocks: new Map() });
    return this.found;
  }

  /** A template with those that it extends: the outermost one is what is shown, with the blocks of the others. */
  private document(file: HostFile, place: Omit<Place, 'file'>): void {
    const { template } = file;
    if (!template || place.depth > MAX_DEPTH) return;
    const parent = template.extends === undefined ? undefined : this.index.find(template.extends, file.uri);
    if (template.extends === undefined || !parent) return this.body(template.nodes, { ...place, file });
    const blocks = new Map(place.blocks);
    for (const node of blocksOf(template.nodes)) blocks.set(node.name, [...(blocks.get(node.name) ?? []), { body: node.body, file }]);
    // What a child sets, imports and defines outside of its blocks counts in them.
    this.body(template.nodes.filter((node) => node.kind === 'bind' || node.kind === 'import' || node.kind === 'macro'), { ...place, file });
    this.document(parent, { ...place, blocks, depth: place.depth + 1 });
  }

  private body(nodes: readonly TemplateNode[], place: Place): void {
    for (const node of nodes) {
      if (++this.nodes > MAX_NODES) return;
      this.node(node, place);
    }
  }

  private node(node: TemplateNode, place: Place): void {
    switch (node.kind) {
      case 'read':
        return void this.show(this.value(node.path, place), node, place);
      case 'branch':
        return this.body(node.body, { ...place, names: new Map(place.names), conditional: true });
      case 'bind':
        return this.bind(place.names, node.name, node.path && this.value(node.path, place));
      case 'scope':
        return this.body(node.body, { ...place, names: this.bound(place.names, node.bindings, place) });
      case 'block': {
        const [first, ...rest] = [...(place.blocks.get(node.name) ?? []), { body: node.body, file: place.file }];
        const withParents = first && rest.length > 0 && readsParent(first.body) ? [first, ...rest] : first ? [first] : [];
        for (const block of withParents) this.body(block.body, { ...place, file: block.file, names: new Map(place.names), depth: place.depth + 1 });
        return;
      }
      case 'include':
        return this.include(node, place);
      case 'loop':
        return this.loop(node, place);
      case 'group': {
        const rows = this.value(node.rows, place);
        if (rows?.kind !== 'rows') return;
        const { row } = this.elementsOf(rows, node.rows, place, node.by.span, node.rows);
        void this.follow(row, node.by, 0, place);
        return;
      }
      case 'macro':
        return void this.macros.set(node.name, { ...node, file: place.file });
      case 'import': {
        const file = this.index.find(node.template, place.file.uri);
        for (const macro of file?.template?.nodes ?? []) {
          if (!file || macro.kind !== 'macro') continue;
          for (const { name, local } of node.names) if (name === macro.name) this.macros.set(local, { ...macro, file });
          if (node.alias !== undefined) this.macros.set(`${node.alias}.${macro.name}`, { ...macro, file });
        }
        return;
      }
    }
  }

  private bind(names: Map<string, TemplateValue>, name: string, value: TemplateValue | undefined): void {
    if (value) names.set(name, value);
    else names.delete(name);
  }

  private bound(names: Names, bindings: readonly TemplateBinding[], place: Place): Map<string, TemplateValue> {
    const inner = new Map(names);
    for (const { name, path } of bindings) this.bind(inner, name, path && this.value(path, place));
    return inner;
  }

  private include(node: Extract<TemplateNode, { kind: 'include' }>, place: Place): void {
    for (const name of node.templates) {
      const file = this.index.find(name, place.file.uri);
      if (!file || place.depth > MAX_DEPTH) continue;
      const names = this.bound(node.isolated ? new Map() : place.names, node.bindings, place);
      this.document(file, { names, conditional: place.conditional, trail: [...place.trail, { uri: place.file.uri, span: node.span, label: 'includes' }], depth: place.depth + 1, blocks: new Map() });
      return;
    }
  }

  private loop(node: Extract<TemplateNode, { kind: 'loop' }>, place: Place): void {
    const rows = node.iterable && this.value(node.iterable, place);
    const names = new Map(place.names);
    for (const name of node.names) names.delete(name);
    if (rows?.kind === 'rows' && node.iterable) {
      const { row } = this.elementsOf(rows, node.iterable, place, node.head, node.iterable);
      if (node.names.length === 1 && node.names[0] !== undefined) names.set(node.names[0], row);
    }
    this.body(node.body, { ...place, names });
  }

  /** The element of rows that are walked here, which sends them where nothing has before. */
  private elementsOf(rows: TemplateRows, path: TemplatePath, place: Place, head: HostSpan, shown: TemplatePath): { readonly row: TemplateRow } {
    this.send(rows, path, place);
    const size = Math.min(rows.size ?? Infinity, path.size ?? Infinity);
    const loop = size <= 5 ? rows.loop : { uri: place.file.uri, span: head, text: shown.steps.map((step) => step.name).filter((name) => name !== '()').join('.') };
    return { row: { kind: 'row', model: rows.model, source: rows.source, path: rows.path, ...(rows.from ? { from: rows.from } : {}), ...(loop ? { loop } : {}) } };
  }

  /** The value of a path, with what reading it sends. */
  private value(path: TemplatePath, place: Place): TemplateValue | undefined {
    const [root] = path.steps;
    if (!root) return undefined;
    const macro = this.macros.get(path.steps.filter((step) => step.name !== '()').map((step) => step.name).join('.'));
    if (macro && path.steps.some((step) => step.called)) return this.call(macro, path, place);
    const start = place.names.get(root.name);
    const end = start && this.follow(start, path, 1, place);
    return end && filtered(end, path);
  }

  private call(macro: Macro, path: TemplatePath, place: Place): undefined {
    if (place.depth > MAX_DEPTH) return;
    const names = new Map<string, TemplateValue>();
    for (const [at, argument] of (path.args ?? []).entries()) {
      const name = argument.name === '' ? macro.parameters[at] : argument.name;
      if (name !== undefined) this.bind(names, name, argument.path && this.value(argument.path, place));
    }
    this.body(macro.body, { ...place, file: macro.file, names, trail: [...place.trail, { uri: place.file.uri, span: path.span, label: `calls \`${macro.name}\`` }], depth: place.depth + 1 });
  }

  /** Walks the steps of a path from a value on. */
  private follow(start: TemplateValue, path: TemplatePath, from: number, place: Place): TemplateValue | undefined {
    let value: TemplateValue | undefined = start;
    for (let at = from; at < path.steps.length && value; at++) {
      const step = path.steps[at]!;
      if (step.name === '()') return undefined;
      value = this.step(value, step.name, hostSpan(path.span.start, step.span.end), place);
    }
    return value;
  }

  private step(value: TemplateValue, name: string, span: HostSpan, place: Place): TemplateValue | undefined {
    if (value.kind === 'rows') {
      if (value.page && /^(items|object_list)$/.test(name)) return value;
      if (/^\d+$|^(first|last)$/.test(name)) {
        if (value.pending) this.report('count', span, value.pending, place);
        return { kind: 'row', model: value.model, source: value.source, path: value.path, ...(value.from ? { from: value.from } : {}), ...(value.loop ? { loop: value.loop } : {}) };
      }
      if (name === 'all' && value.pending?.relation.loading === 'dynamic') return value;
      if (/^(count|exists)$/.test(name) && value.pending) this.report('count', span, value.pending, place);
      return undefined;
    }
    if (value.kind === 'manager') {
      const { row, relation, rows } = value;
      if (/^(all|iterator|get_queryset)$/.test(name)) return rows;
      if (/^(count|exists|first|last|latest|earliest)$/.test(name)) {
        this.report('count', span, { row, relation }, place);
        return /^(first|last|latest|earliest)$/.test(name) ? { kind: 'row', model: rows.model, source: rows.source, path: rows.path, from: { model: row.model, relation }, ...(row.loop ? { loop: row.loop } : {}) } : undefined;
      }
      return undefined;
    }
    const relation = this.index.relation(value.model, name);
    if (!relation) {
      if (!value.model.columns.some((column) => column.property === name)) this.method(value, name, span, place, 0);
      return undefined;
    }
    return this.relationOf(value, relation, span, place);
  }

  /** What a relation of a row gives: a row, rows that are loaded with it, or what is sent later. */
  private relationOf(row: TemplateRow, relation: RelationIr, span: HostSpan, place: Place): TemplateValue | undefined {
    const model = findModel(this.index.models, relation.model, row.model.library, { uri: row.model.uri ?? '' });
    if (!model || relation.loading === 'never') return undefined;
    const path = [...row.path, { property: relation.property, many: relation.many }];
    const about = { model, source: row.source, path, from: { model: row.model, relation }, ...(row.loop ? { loop: row.loop } : {}) };
    const lazy = relation.loading === 'dynamic' || (row.model.library === 'django' && relation.many);
    if (lazy) {
      const rows: TemplateRows = { kind: 'rows', ...about, pending: { row, relation } };
      return row.model.library === 'django' ? { kind: 'manager', row, relation, rows } : rows;
    }
    if (!isKnown(row, relation)) this.report('relation', span, { row, relation }, place);
    return relation.many ? { kind: 'rows', ...about } : { kind: 'row', ...about };
  }

  /** Walking, printing or testing rows that nothing has loaded sends their query. */
  private send(rows: TemplateRows, path: TemplatePath, place: Place): void {
    if (rows.pending) this.report('relation', path.span, rows.pending, place);
  }

  /** A path that ends here is printed or tested. */
  private show(value: TemplateValue | undefined, { path, printed }: Extract<TemplateNode, { kind: 'read' }>, place: Place): void {
    if (value?.kind === 'rows') this.send(value, path, place);
    else if (value?.kind === 'row' && printed) this.method(value, '__str__', path.span, place, 0);
  }

  /** A method or property of a row: what it sends itself, and which relations of its own object it reads. */
  private method(row: TemplateRow, name: string, span: HostSpan, place: Place, depth: number): void {
    if (!row.loop || depth > 3) return;
    for (const ref of this.flow.named(row.model.uri ?? '', undefined, [row.model.name, name])) {
      const fn = this.flow.file(ref.uri)?.functions[ref.functionId];
      if (!fn || fn.parameters.filter((parameter) => !parameter.optional).length > 1) continue;
      const label = `${row.model.name}.${name}`;
      const summary = this.flow.summary(ref);
      if (summary && summary.executes !== 'no' && summary.access !== 'write') {
        this.push({ span, kind: 'method', loop: row.loop, model: row.model, path: row.path, source: row.source, method: { name: label, steps: summary.path }, conditional: place.conditional || summary.executes === 'maybe', trail: place.trail }, place, `${label}()`);
        return;
      }
      this.ownReads(row, fn, { uri: ref.uri, span: fn.nameSpan, label }, span, place, depth);
    }
  }

  private ownReads(row: TemplateRow, fn: FunctionIr, step: PathStep, span: HostSpan, place: Place, depth: number): void {
    for (const read of fn.selfReads ?? []) {
      const [first = ''] = read.path;
      const inner: Place = { ...place, conditional: place.conditional || read.conditional };
      if (!this.index.relation(row.model, first)) {
        if (first !== fn.name) this.method(row, first, span, inner, depth + 1);
        continue;
      }
      const path: TemplatePath = { steps: read.path.map((name) => ({ name, span, called: false })), span, filters: [] };
      const before = this.found.length;
      const value = this.follow(row, { ...path, steps: [{ name: 'self', span, called: false }, ...path.steps] }, 1, inner);
      if (value?.kind === 'rows') this.send(value, path, inner);
      for (let at = before; at < this.found.length; at++) this.found[at] = { ...this.found[at]!, method: { name: step.label, steps: [step] } };
    }
  }

  private report(kind: TemplateRead['kind'], span: HostSpan, { row, relation }: { readonly row: TemplateRow; readonly relation: RelationIr }, place: Place): void {
    const { loop, source } = row;
    if (!loop || !source.complete || relation.eager || isKnown(row, relation)) return;
    const path = [...row.path, { property: relation.property, many: relation.many }];
    if (isLoaded(source.eager, path.map((step) => step.property))) return;
    this.push({ span, kind, loop, model: row.model, relation, path, source, conditional: place.conditional, trail: place.trail }, place, path.map((step) => step.property).join('.'));
  }

  /** Each row and relation once per loop: what has been read stays. */
  private push(read: TemplateRead, place: Place, what: string): void {
    const key = `${read.loop.uri}#${read.loop.span.start}#${what}#${read.kind === 'method' ? 'm' : ''}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    if (place.file.uri === this.target) this.found.push(read);
  }
}

/** A row that was reached through its parent knows the parent. */
function isKnown({ from }: TemplateRow, relation: RelationIr): boolean {
  return from !== undefined && relation.model === from.model.name && relation.columns.length > 0 && same(relation.columns, from.relation.references) && same(relation.references, from.relation.columns);
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((item, at) => item === b[at]);

function isLoaded(eager: readonly string[], path: readonly string[]): boolean {
  const full = path.join('.');
  const last = path.at(-1) ?? '';
  return eager.some((one) => one === full || one === '*' || one.startsWith(`${full}.`) || one.split('.').at(-1) === last);
}

/** What filters make of a value: some give the rows, one of them, or something else. */
function filtered(value: TemplateValue, { filters }: TemplatePath): TemplateValue | undefined {
  let current: TemplateValue | undefined = value;
  for (const filter of filters) {
    if (!current) return undefined;
    if (current.kind === 'manager' && /^(length|count|first|last|list|join|random)$/.test(filter)) return undefined;
    if (/^(dictsort|dictsortreversed|sort|reverse|reversed|list|slice|select|selectattr|reject|rejectattr|unique|default|default_if_none|d|safe|length|count|join|length_is|first|last|random|batch)$/.test(filter)) continue;
    if (current.kind === 'rows' && current.pending) continue;
    if (current.kind !== 'row') current = undefined;
  }
  return current;
}

const blocksOf = (nodes: readonly TemplateNode[]): readonly Extract<TemplateNode, { kind: 'block' }>[] => nodes.flatMap((node) => (node.kind === 'block' ? [node, ...blocksOf(node.body)] : 'body' in node && node.kind !== 'macro' ? blocksOf(node.body) : []));

/** `{{ block.super }}`, `{{ super() }}` */
const readsParent = (nodes: readonly TemplateNode[]): boolean => nodes.some((node) => (node.kind === 'read' ? (node.path.steps[0]?.name === 'block' && node.path.steps[1]?.name === 'super') || node.path.steps[0]?.name === 'super' : 'body' in node && readsParent(node.body)));
