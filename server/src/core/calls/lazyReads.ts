import { findModel, indexModels, type ModelIndex } from '../hosts/models';
import type { AttributeRead, HostFile, Loop, ModelIr, QuerySite, RelationIr } from '../hosts/ir';
import { containsSpan } from '../text/span';
import type { FlowGraph } from './flow';
import { isLoaded, leadsBack } from './rowReads';

/** A relation that is loaded when the attribute is touched, once per element of a loop. */
export interface LazyRead {
  readonly read: AttributeRead;
  readonly loop: Loop;
  readonly model: ModelIr;
  readonly relation: RelationIr;
  /** The query that gave the elements. */
  readonly site: QuerySite;
  /** Properties from the query's model to the relation: `items.product`. */
  readonly path: readonly { readonly property: string; readonly many: boolean }[];
}

/**
 * Attribute reads in loops that an ORM answers with a query of its own: the loop walks the rows of a statement of this
 * function, its model declares the attribute as a relation, and neither the statement nor the declaration loads it along.
 * One entry per loop and attribute. Silent where the statement may have options that were not seen.
 */
export function collectLazyReads(flow: FlowGraph, file: HostFile): readonly LazyRead[] {
  const reads = file.attributeReads ?? [];
  if (reads.length === 0) return [];
  const models = indexModels([...flow.files()].flatMap((f) => f.models));
  const found = new Map<string, LazyRead>();
  for (const read of reads) {
    const loop = file.loops[read.loopId];
    const key = `${read.loopId}.${read.name}.${read.property}`;
    if (!loop || found.has(key)) continue;
    const source = sourceOf(file, models, loop, 0);
    const relation = source?.model.relations.find((r) => r.property === read.property);
    if (!source || !relation || relation.eager || !source.site.complete || !loadsWhenRead(file, read, relation, source.site)) continue;
    // A row that was reached through its parent knows the parent.
    if (source.from && leadsBack(relation, source.from.model, source.from.relation)) continue;
    const path = [...source.path, { property: read.property, many: relation.many }];
    if (isLoaded(source.site.eager, path.map((p) => p.property))) continue;
    found.set(key, { read, loop, model: source.model, relation, site: source.site, path });
  }
  return [...found.values()];
}

/** Django's managers send nothing until `.all()` is walked; what filters them is a query of its own. Tortoise's relations send where they are awaited. */
const loadsWhenRead = (file: HostFile, read: AttributeRead, relation: RelationIr, site: QuerySite): boolean =>
  site.library === 'tortoise' ? read.awaited === true : !relation.many || site.library !== 'django' || file.calls.some((call) => call.callee.length === 3 && call.callee[2] === 'all' && call.callee[1] === read.property && containsSpan(call.span, read.span));

interface ElementSource {
  readonly model: ModelIr;
  readonly site: QuerySite;
  readonly path: readonly { readonly property: string; readonly many: boolean }[];
  /** The relation of the outer loop's element that is walked. */
  readonly from?: { readonly model: ModelIr; readonly relation: RelationIr };
}

/** The query and model behind a loop's elements; through outer loops too (`for item in order.items`). */
function sourceOf(file: HostFile, models: ModelIndex, loop: Loop, depth: number): ElementSource | undefined {
  const iterable = loop.iterable;
  if (!iterable || depth > 4) return undefined;
  const site = rowsOf(file, loop);
  const model = site?.model === undefined ? undefined : findModel(models, site.model, site.library, { uri: file.uri });
  if (site && model) return { model, site, path: [] };
  const nested = /^([A-Za-z_]\w*)\.([A-Za-z_]\w*)(?:\.all\(\))?$/.exec(iterable.text.trim());
  if (!nested) return undefined;
  for (const outer of file.loops) {
    if (outer.id === loop.id || !containsSpan(outer.body, loop.span) || !outer.elements.includes(nested[1] ?? '')) continue;
    const parent = sourceOf(file, models, outer, depth + 1);
    const relation = parent?.model.relations.find((r) => r.property === nested[2]);
    const inner = parent && relation && findModel(models, relation.model, parent.site.library, { uri: parent.model.uri ?? file.uri });
    if (inner) return { model: inner, site: parent.site, path: [...parent.path, { property: relation.property, many: relation.many }], from: { model: parent.model, relation } };
  }
  return undefined;
}

/** The site whose rows the loop walks: written as the iterable, or held in a variable of the same function. */
export function rowsOf(file: HostFile, loop: Loop): QuerySite | undefined {
  let name = loop.iterable?.text.trim() ?? '';
  if (loop.iterable?.siteId !== undefined) return givesRows(name) ? undefined : file.sites[loop.iterable.siteId];
  const fn = loop.functionId === undefined ? undefined : file.functions[loop.functionId];
  for (let hops = 0; hops < 4; hops++) {
    const bare = /^([A-Za-z_]\w*)(\.(all|scalars|unique|partitions|iterator)\(\))*$/.exec(name)?.[1];
    const locals = fn?.locals.filter((l) => l.name === bare) ?? [];
    const local = locals[0];
    // Assigned twice: the rows may come from anywhere.
    if (bare === undefined || !local || locals.length !== 1) return undefined;
    if (givesRows(local.text)) return undefined;
    if (local.siteId !== undefined) return file.sites[local.siteId];
    name = local.text.trim();
  }
  return undefined;
}

/** `session.execute(select(Order))` gives rows with an instance in each, not the instances. */
const givesRows = (text: string): boolean => /\.execute\(/.test(text) && !/\.scalars?\(/.test(text);
