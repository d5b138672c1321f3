import type { HostFile } from '../hosts/ir';
import type { SerializerField, SerializerIr, SerializerUse, TemplatePath } from '../hosts/templateIr';
import type { HostSpan } from '../text/span';
import type { FlowGraph, PathStep } from './flow';
import { RowReader, type ReadPlace, type TemplateRead } from './rowReads';
import { templateIndex, type FoundSerializer, type TemplateIndex } from './templateIndex';
import { createVersioned } from './versioned';
import { valueFrom, type TemplateRow, type TemplateRows, type TemplateValue } from './templateValues';

const MAX_DEPTH = 6;
/** Relations of relations that a client of GraphQL may ask for; deeper ones say nothing new. */
const MAX_ASKED = 1;

/**
 * What the serializers of a file read of each row that a list shows, as far as the views tell what the rows are: nested
 * serializers, `source=`, related fields, methods. One entry per field. Silent where the rows' query may have options that were not seen.
 */
export function collectSerializerReads(flow: FlowGraph, file: HostFile): readonly TemplateRead[] {
  if ((file.serializers ?? []).length === 0) return [];
  const known = showings(flow);
  let all = known.get('');
  if (!all) known.set('', (all = readAll(flow)));
  return all.get(file.uri) ?? [];
}

type ReadsByDocument = ReadonlyMap<string, readonly TemplateRead[]>;

/** One reading of all uses serves the files of all serializers. */
const showings = createVersioned<'', ReadsByDocument>();

function readAll(flow: FlowGraph): ReadsByDocument {
  const index = templateIndex(flow);
  const found = new Map<string, Map<string, TemplateRead>>();
  for (const home of index.shows) {
    for (const use of home.serializerUses ?? []) {
      for (const read of new Showing(flow, index, home, use).run()) {
        const own = found.get(read.uri) ?? new Map<string, TemplateRead>();
        found.set(read.uri, own);
        const key = `${read.span.start}:${read.span.end}`;
        const known = own.get(key);
        if (!known || (known.conditional && !read.conditional)) own.set(key, read);
      }
    }
  }
  return new Map([...found].map(([uri, own]) => [uri, [...own.values()].sort((a, b) => a.span.start - b.span.start)]));
}

/** Relations that the model's own fields are, not the other ends of others'. */
function declaredRelations({ model }: TemplateRow): readonly string[] {
  const declared = new Set(model.django?.fields.map((one) => one.name));
  return model.relations.filter((relation) => declared.has(relation.property)).map((relation) => relation.property);
}

class Showing extends RowReader {
  constructor(flow: FlowGraph, index: TemplateIndex, private readonly home: HostFile, private readonly use: SerializerUse) {
    super(flow, index);
  }

  run(): readonly TemplateRead[] {
    const found = this.index.serializer(this.use.serializer, this.home.uri);
    const { model } = this.use.value;
    const given = model?.name === '' ? { ...this.use.value, model: { ...model, name: found?.serializer.graph?.model ?? '' } } : this.use.value;
    const value = valueFrom(this.flow, this.index.models, this.home, given);
    const trail: readonly PathStep[] = [{ uri: this.home.uri, span: this.use.span, label: 'shows' }];
    const place: ReadPlace = { file: this.home, conditional: this.use.chosen === true, trail };
    if (found?.serializer.graph?.optimised === true && this.index.optimised) return [];
    if (found && value && !this.index.choosesRows(this.use.bases ?? [])) this.value(value, found, this.use.span, place, 0);
    return this.found;
  }

  private value(value: TemplateValue, found: FoundSerializer, span: HostSpan, place: ReadPlace, depth: number): void {
    if (value.kind === 'manager') this.rows(value.rows, found, span, place, depth);
    else if (value.kind === 'rows') this.rows(value, found, span, place, depth);
    else this.row(value, found, place, depth);
  }

  private rows(rows: TemplateRows, found: FoundSerializer, span: HostSpan, place: ReadPlace, depth: number): void {
    const few = (rows.size ?? Infinity) <= 5;
    const loop = few ? rows.loop : depth === 0 ? { uri: place.file.uri, span, text: this.use.serializer, shown: true as const } : { uri: place.file.uri, span, text: rows.path.map((step) => step.property).join('.') };
    this.row({ kind: 'row', model: rows.model, source: rows.source, path: rows.path, ...(rows.from ? { from: rows.from } : {}), ...(loop ? { loop } : {}) }, found, place, depth);
  }

  private row(row: TemplateRow, { file, serializer }: FoundSerializer, outer: ReadPlace, depth: number): void {
    if (depth > (serializer.graph ? MAX_ASKED : MAX_DEPTH)) return;
    const place: ReadPlace = { ...outer, file };
    if (serializer.graph && serializer.complete) return this.asked(row, serializer, place, depth);
    const { fields, listed, complete, deep } = this.inherited({ file, serializer }, 0);
    if (!complete) return;
    for (const { field, from } of fields) this.field(row, field, { ...place, file: from }, depth);
    if (deep > 0) {
      const own = new Set(fields.map(({ field }) => field.name));
      for (const { name, span, from } of listed) for (const property of name === '*' ? declaredRelations(row) : [name]) if (!own.has(property)) this.whole(row, property, span, { ...place, file: from }, deep);
      return;
    }
    // Keys of a row are columns; those of other tables' rows are read there.
    const many = (name: string): boolean => this.index.relation(row.model, name)?.many === true;
    const shown = listed.flatMap(({ name, span, from }) => (name === '*' ? declaredRelations(row).filter(many).map((property) => ({ name: property, span, from })) : [{ name, span, from }]));
    for (const { name, span, from } of shown) if (many(name) && fields.every(({ field }) => field.name !== name)) this.read(row, [name], 'key', span, { ...place, file: from });
  }

  /** Relations that a client may ask of each row: those whose model has a type, and fields that name one. */
  private asked(row: TemplateRow, { listed, fields }: SerializerIr, place: ReadPlace, depth: number): void {
    const names = listed.flatMap(({ name, span }) => (name === '*' ? row.model.relations.map(({ property }) => ({ name: property, span })) : [{ name, span }]));
    const shown = [...names.map((one) => ({ ...one, type: undefined })), ...fields.map(({ name, span, serializer }) => ({ name, span, type: serializer }))];
    for (const { name, span, type } of shown) {
      const relation = this.index.relation(row.model, name);
      const found = relation && (type === undefined ? this.index.graphType(relation.model, place.file.uri) : this.index.serializer(type, place.file.uri));
      const value = found?.serializer.graph ? this.read(row, [name], 'nested', span, place) : undefined;
      if (found && value) this.value(value, found, span, place, depth + 1);
    }
  }

  /** A relation that `depth` shows with all its fields, and theirs one less deep. */
  private whole(row: TemplateRow, property: string, span: HostSpan, place: ReadPlace, deep: number): void {
    const relation = this.index.relation(row.model, property);
    if (!relation) return;
    if (deep === 0) {
      if (relation.many) this.read(row, [property], 'key', span, place);
      return;
    }
    const value = this.read(row, [property], 'nested', span, place);
    const rows = value?.kind === 'manager' ? value.rows : value;
    if (!rows) return;
    const inner: TemplateRow = { kind: 'row', model: rows.model, source: rows.source, path: rows.path, ...(rows.from ? { from: rows.from } : {}), ...(rows.kind === 'rows' ? { loop: { uri: place.file.uri, span, text: rows.path.map((step) => step.property).join('.') } } : rows.loop ? { loop: rows.loop } : {}) };
    for (const next of declaredRelations(inner)) this.whole(inner, next, span, place, deep - 1);
  }

  private inherited({ file, serializer }: FoundSerializer, depth: number): { readonly fields: readonly { readonly field: SerializerField; readonly from: HostFile }[]; readonly listed: readonly (SerializerIr['listed'][number] & { readonly from: HostFile })[]; readonly complete: boolean; readonly deep: number } {
    const bases = depth > 4 ? [] : serializer.bases.flatMap((base) => { const found = this.index.serializer(base, file.uri); return found ? [this.inherited(found, depth + 1)] : []; });
    const own = serializer.fields.map((field) => ({ field, from: file }));
    const names = new Set(own.map(({ field }) => field.name));
    return {
      fields: [...own, ...bases.flatMap((base) => base.fields.filter(({ field }) => !names.has(field.name)))],
      listed: serializer.listed.length > 0 ? serializer.listed.map((one) => ({ ...one, from: file })) : bases.flatMap((base) => base.listed),
      deep: serializer.depth ?? 0,
      complete: serializer.complete && bases.every((base) => base.complete),
    };
  }

  private field(row: TemplateRow, field: SerializerField, place: ReadPlace, depth: number): void {
    if (field.kind === 'method') {
      const fn = field.functionId === undefined ? undefined : place.file.functions[field.functionId];
      if (fn) this.ownReads(row, fn, { uri: place.file.uri, span: fn.nameSpan, label: fn.name }, field.span, place, 0);
      return;
    }
    const nested = field.kind === 'nested' && field.serializer !== undefined ? this.index.serializer(field.serializer, place.file.uri) : undefined;
    if (field.kind === 'nested' && field.source.length === 0) {
      if (nested) this.row(row, nested, place, depth + 1);
      return;
    }
    const value = this.read(row, field.source, field.kind, field.span, place);
    if (value && nested) this.value(value, nested, field.span, place, depth + 1);
  }

  /** Walks to a field's value; the key of a row that a column points to is there without it. */
  private read(row: TemplateRow, source: readonly string[], kind: SerializerField['kind'], span: HostSpan, place: ReadPlace): TemplateValue | undefined {
    const pathOf = (names: readonly string[]): TemplatePath => ({ steps: ['self', ...names].map((name) => ({ name, span, called: false })), span, filters: [] });
    if (kind === 'key') {
      const owner = this.follow(row, pathOf(source.slice(0, -1)), 1, place);
      if (owner?.kind !== 'row' || this.index.relation(owner.model, source.at(-1) ?? '')?.many !== true) return undefined;
    }
    const path = pathOf(source);
    const value = this.follow(row, path, 1, place);
    if (value?.kind === 'manager') this.send(value.rows, path, place);
    else if (value?.kind === 'rows') this.send(value, path, place);
    else if (value?.kind === 'row' && kind === 'text') this.method(value, '__str__', span, place, 0);
    return value;
  }
}
