import { findModel } from '../hosts/models';
import type { FunctionIr, HostFile, ModelIr, RelationIr } from '../hosts/ir';
import type { TemplatePath } from '../hosts/templateIr';
import { hostSpan, type HostSpan } from '../text/span';
import type { FlowGraph, PathStep } from './flow';
import type { TemplateIndex } from './templateIndex';
import type { ElementPath, LoopPlace, RowSource, TemplateRow, TemplateRows, TemplateValue } from './templateValues';

/** A query that a template sends once per element of a loop. */
export interface TemplateRead {
  /** The document it stands in: a template, a serializer's file. */
  readonly uri: string;
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

/** Where something is read. */
export interface ReadPlace {
  readonly file: HostFile;
  readonly conditional: boolean;
  readonly trail: readonly PathStep[];
}

/** What reading a path of a row sends, as an ORM answers it. Collects what stands in one document, or in all. */
export class RowReader {
  protected readonly found: TemplateRead[] = [];
  private readonly seen = new Set<string>();

  constructor(protected readonly flow: FlowGraph, protected readonly index: TemplateIndex, private readonly target?: string) {}

  /** Walks the steps of a path from a value on. */
  protected follow(start: TemplateValue, path: TemplatePath, from: number, place: ReadPlace): TemplateValue | undefined {
    let value: TemplateValue | undefined = start;
    for (let at = from; at < path.steps.length && value; at++) {
      const step = path.steps[at]!;
      if (step.name === '()') return undefined;
      value = this.step(value, step.name, hostSpan(path.span.start, step.span.end), place);
    }
    return value;
  }

  protected step(value: TemplateValue, name: string, span: HostSpan, place: ReadPlace): TemplateValue | undefined {
    if (value.kind === 'rows') {
      if (value.page && /^(items|object_list)$/.test(name)) return value;
      if (/^\d+$|^(first|last)$/.test(name)) {
        if (value.pending) this.report('count', span, value.pending, place);
        return { kind: 'row', model: value.model, source: value.source, path: value.path, ...(value.from ? { from: value.from } : {}), ...(value.loop ? { loop: value.loop } : {}) };
      }
      if (name === 'all' && value.pending?.relation.loading === 'dynamic') return value;
      if (/^(count|exists\??|sum|maximum|minimum|average|pluck|ids)$/.test(name) && value.pending) this.report('count', span, value.pending, place);
      // Rails' relations are loaded when they are walked.
      if (value.pending && value.model.library === 'active-record' && walks.test(name)) this.report('relation', span, value.pending, place);
      return undefined;
    }
    if (value.kind === 'manager') {
      const { row, relation, rows } = value;
      if (/^(all|iterator|get_queryset)$/.test(name)) return rows;
      if (/^(count|exists|first|last|latest|earliest|get)(\(\))?$/.test(name)) {
        this.report('count', span, { row, relation }, place);
        return /^(first|last|latest|earliest)$/.test(name) ? { kind: 'row', model: rows.model, source: rows.source, path: rows.path, from: { model: row.model, relation }, ...(row.loop ? { loop: row.loop } : {}) } : undefined;
      }
      return undefined;
    }
    const query = value.model.library === 'eloquent' && name.endsWith('()') ? this.index.relation(value.model, name.slice(0, -2)) : undefined;
    const related = query && findModel(this.index.models, query.model, value.model.library, { uri: value.model.uri ?? '' });
    if (query && related) return { kind: 'manager', row: value, relation: query, rows: { kind: 'rows', model: related, source: value.source, path: [...value.path, { property: query.property, many: query.many }], from: { model: value.model, relation: query }, ...(value.loop ? { loop: value.loop } : {}) } };
    const relation = this.index.relation(value.model, name);
    if (!relation) {
      if (!value.model.columns.some((column) => column.property === name)) this.method(value, name, span, place, 0);
      return undefined;
    }
    return this.relationOf(value, relation, span, place);
  }

  /** What a relation of a row gives: a row, rows that are loaded with it, or what is sent later. */
  protected relationOf(row: TemplateRow, relation: RelationIr, span: HostSpan, place: ReadPlace): TemplateValue | undefined {
    const model = findModel(this.index.models, relation.model, row.model.library, { uri: row.model.uri ?? '' });
    if (!model || relation.loading === 'never') return undefined;
    const path = [...row.path, { property: relation.property, many: relation.many }];
    const about = { model, source: row.source, path, from: { model: row.model, relation }, ...(row.loop ? { loop: row.loop } : {}) };
    const lazy = relation.loading === 'dynamic' || (relation.many && (row.model.library === 'django' || row.model.library === 'active-record'));
    if (lazy) {
      const rows: TemplateRows = { kind: 'rows', ...about, pending: { row, relation } };
      return row.model.library === 'django' ? { kind: 'manager', row, relation, rows } : rows;
    }
    if (!isKnown(row, relation)) this.report('relation', span, { row, relation }, place);
    return relation.many ? { kind: 'rows', ...about } : { kind: 'row', ...about };
  }

  /** Walking, printing or testing rows that nothing has loaded sends their query. */
  protected send(rows: TemplateRows, path: TemplatePath, place: ReadPlace): void {
    if (rows.pending) this.report('relation', path.span, rows.pending, place);
  }

  /** A method or property of a row: what it sends itself, and which relations of its own object it reads. */
  protected method(row: TemplateRow, name: string, span: HostSpan, place: ReadPlace, depth: number): void {
    if (!row.loop || depth > 3) return;
    for (const ref of this.flow.named(row.model.uri ?? '', undefined, [row.model.name, name])) {
      const fn = this.flow.file(ref.uri)?.functions[ref.functionId];
      if (!fn || fn.parameters.filter((parameter) => !parameter.optional).length > 1) continue;
      const label = `${row.model.name}.${name}`;
      const summary = this.flow.summary(ref);
      if (summary && summary.executes !== 'no' && summary.access !== 'write') {
        this.push({ uri: place.file.uri, span, kind: 'method', loop: row.loop, model: row.model, path: row.path, source: row.source, method: { name: label, steps: summary.path }, conditional: place.conditional || summary.executes === 'maybe', trail: place.trail }, place, `${label}()`);
        return;
      }
      this.ownReads(row, fn, { uri: ref.uri, span: fn.nameSpan, label }, span, place, depth);
    }
  }

  protected ownReads(row: TemplateRow, fn: FunctionIr, step: PathStep, span: HostSpan, place: ReadPlace, depth: number): void {
    for (const read of fn.selfReads ?? []) {
      const [first = ''] = read.path;
      const inner: ReadPlace = { ...place, conditional: place.conditional || read.conditional };
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

  protected report(kind: TemplateRead['kind'], span: HostSpan, { row, relation }: { readonly row: TemplateRow; readonly relation: RelationIr }, place: ReadPlace): void {
    const { loop, source } = row;
    if (!loop || !source.complete || relation.eager || isKnown(row, relation)) return;
    const path = [...row.path, { property: relation.property, many: relation.many }];
    if (isLoaded(source.eager, path.map((step) => step.property))) return;
    this.push({ uri: place.file.uri, span, kind, loop, model: row.model, relation, path, source, conditional: place.conditional, trail: place.trail }, place, path.map((step) => step.property).join('.'));
  }

  /** Each row and relation once per loop: what has been read stays. */
  private push(read: TemplateRead, place: ReadPlace, what: string): void {
    const key = `${read.loop.uri}#${read.loop.span.start}#${what}#${read.kind === 'method' ? 'm' : ''}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    if (this.target === undefined || place.file.uri === this.target) this.found.push(read);
  }
}

/** A row that was reached through its parent knows the parent. */
function isKnown({ from }: TemplateRow, relation: RelationIr): boolean {
  return from !== undefined && leadsBack(relation, from.model, from.relation);
}

/** Is a relation the other end of the one that leads from a model to its own? */
export const leadsBack = (relation: RelationIr, model: ModelIr, from: RelationIr): boolean =>
  relation.model === model.name && !relation.many && (knownToRails(model, from) || (relation.columns.length > 0 && same(relation.columns, from.references) && same(relation.references, from.columns)));

/** Rails finds the other end of a `has_many` by itself, whose keys are not told. */
const knownToRails = (model: ModelIr, from: RelationIr): boolean => model.library === 'active-record' && from.columns.length === 0;

/** Methods that walk a relation of Rails. */
const walks = /^(?:each\w*|map|flat_map|filter_map|collect|select|reject|sort_by|group_by|index_by|to_a|join|inject|reduce|find|detect|partition|zip|min_by|max_by|in_groups_of|each_slice|reverse|sort)$/;

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((item, at) => item === b[at]);

/** Does a query load a relation along? `*` at the end of a path: whatever is behind it. */
export function isLoaded(eager: readonly string[], path: readonly string[]): boolean {
  const full = path.join('.');
  const last = path.at(-1) ?? '';
  return eager.some((one) => one === full || one === '*' || (one.endsWith('.*') && full.startsWith(one.slice(0, -1))) || one.startsWith(`${full}.`) || one.split('.').at(-1) === last);
}
