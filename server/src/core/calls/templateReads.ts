import type { HostFile } from '../hosts/ir';
import { MODEL_PARTIAL, type TemplateBinding, type TemplateNode, type TemplatePath } from '../hosts/templateIr';
import { pluralize, snakeCase } from '../libraries/shared/modelChains';
import type { HostSpan } from '../text/span';
import type { FlowGraph } from './flow';
import { RowReader, type ReadPlace, type TemplateRead } from './rowReads';
import { templateIndex, type Render, type TemplateIndex } from './templateIndex';
import { contextOf, type TemplateRow, type TemplateRows, type TemplateValue } from './templateValues';

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

interface Place extends ReadPlace {
  readonly names: Map<string, TemplateValue>;
  readonly depth: number;
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
}

interface Block {
  readonly body: readonly TemplateNode[];
  readonly file: HostFile;
}

type Macro = Extract<TemplateNode, { kind: 'macro' }> & { readonly file: HostFile };

/** One way in which one view shows the template. */
class Rendering extends RowReader {
  private readonly macros = new Map<string, Macro>();
  private nodes = 0;

  constructor(flow: FlowGraph, index: TemplateIndex, private readonly render: Render, target: string) {
    super(flow, index, target);
  }

  run(): readonly TemplateRead[] {
    const { file, render, template } = this.render;
    if (this.index.choosesRows(render.bases ?? [])) return [];
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
    const [own] = node.bindings;
    if (node.templates[0] === MODEL_PARTIAL) {
      const value = own?.path && this.value(own.path, place);
      if (value) this.ownPartial(node, value, own.path!, place);
      return;
    }
    for (const name of node.templates) {
      const file = this.index.find(name, place.file.uri);
      if (!file || place.depth > MAX_DEPTH) continue;
      const names = this.bound(node.isolated ? instanceVariables(place.names) : place.names, node.bindings, place);
      this.document(file, { names, conditional: place.conditional, trail: [...place.trail, { uri: place.file.uri, span: node.span, label: 'includes' }], depth: place.depth + 1, blocks: new Map() });
      return;
    }
  }

  /** Rails' partial of a row's model, once for each of rows. */
  private ownPartial(node: Extract<TemplateNode, { kind: 'include' }>, value: TemplateValue, path: TemplatePath, place: Place): void {
    if (value.kind === 'manager') return;
    const local = snakeCase(value.model.name);
    const file = this.index.find(`${pluralize(local)}/_${local}`, place.file.uri);
    if (!file || place.depth > MAX_DEPTH) return;
    const { row } = value.kind === 'rows' ? this.elementsOf(value, path, place, node.span, path) : { row: value };
    const names = new Map<string, TemplateValue>([...instanceVariables(place.names), [local, row]]);
    this.document(file, { names, conditional: place.conditional, trail: [...place.trail, { uri: place.file.uri, span: node.span, label: 'includes' }], depth: place.depth + 1, blocks: new Map() });
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

  /** A path that ends here is printed or tested. */
  private show(value: TemplateValue | undefined, { path, printed }: Extract<TemplateNode, { kind: 'read' }>, place: Place): void {
    if (value?.kind === 'rows') this.send(value, path, place);
    else if (value?.kind === 'row' && printed) this.method(value, '__str__', path.span, place, 0);
  }
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

/** What a partial of Rails sees besides what it is given. */
const instanceVariables = (names: Names): Map<string, TemplateValue> => new Map([...names].filter(([name]) => name.startsWith('@')));

const blocksOf = (nodes: readonly TemplateNode[]): readonly Extract<TemplateNode, { kind: 'block' }>[] => nodes.flatMap((node) => (node.kind === 'block' ? [node, ...blocksOf(node.body)] : 'body' in node && node.kind !== 'macro' ? blocksOf(node.body) : []));

/** `{{ block.super }}`, `{{ super() }}` */
const readsParent = (nodes: readonly TemplateNode[]): boolean => nodes.some((node) => (node.kind === 'read' ? (node.path.steps[0]?.name === 'block' && node.path.steps[1]?.name === 'super') || node.path.steps[0]?.name === 'super' : 'body' in node && readsParent(node.body)));
