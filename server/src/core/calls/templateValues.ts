import { findModel, type ModelIndex } from '../hosts/models';
import type { HostFile, ModelIr, QuerySite, RelationIr } from '../hosts/ir';
import type { RenderIr, TemplateValueIr } from '../hosts/templateIr';
import type { HostSpan } from '../text/span';
import type { FlowGraph } from './flow';

/** Properties from the rows of a query to a relation. */
export type ElementPath = readonly { readonly property: string; readonly many: boolean }[];

/** What gave a template its rows. */
export interface RowSource {
  readonly file: HostFile;
  readonly span: HostSpan;
  /** Undefined: a generic view reads them by itself, told by its `model`. */
  readonly site?: QuerySite;
  readonly eager: readonly string[];
  /** False: it may have options that were not seen. */
  readonly complete: boolean;
}

export interface LoopPlace {
  readonly uri: string;
  readonly span: HostSpan;
  /** What is walked, or the class that shows each. */
  readonly text: string;
  readonly shown?: true;
}

/** An instance of a model; `loop`: another one in each turn of it. */
export interface TemplateRow {
  readonly kind: 'row';
  readonly model: ModelIr;
  readonly source: RowSource;
  readonly path: ElementPath;
  readonly loop?: LoopPlace;
  /** The relation it was reached by. */
  readonly from?: { readonly model: ModelIr; readonly relation: RelationIr };
}

export interface TemplateRows extends Omit<TemplateRow, 'kind'> {
  readonly kind: 'rows';
  readonly size?: number;
  /** Also an object whose `items` or `object_list` are the rows. */
  readonly page?: true;
  /** Sent when they are walked. */
  readonly pending?: { readonly row: TemplateRow; readonly relation: RelationIr };
}

export type TemplateValue =
  | TemplateRow
  | TemplateRows
  /** Django's related manager: `order.items`. */
  | { readonly kind: 'manager'; readonly row: TemplateRow; readonly relation: RelationIr; readonly rows: TemplateRows };

/** The names of a template's context that stand for rows of a query which is seen. */
export function contextOf(flow: FlowGraph, models: ModelIndex, file: HostFile, render: RenderIr): ReadonlyMap<string, TemplateValue> {
  const names = new Map<string, TemplateValue>();
  for (const { name, value } of render.values) {
    const read = valueFrom(flow, models, file, value);
    if (read) names.set(name, read);
  }
  return names;
}

const single = /^(find|find_by!?|find_sole_by|sole|take|first!|last!|findOrFail|firstOrFail|firstWhere|a?get|get_or_404|first_or_404|a?first|a?last|a?latest|a?earliest|one|one_or_none|scalar|scalar_one|scalar_one_or_none|get_one|one_or_404|get_object_or_404|aget_object_or_404)$/;
const many = /^(paginate|all|scalars|unique|filter|exclude|get_list_or_404|query|filter_by|order_by|limit|offset|options|where|join|outerjoin|distinct|select_related|prefetch_related|annotate|exec|execute|reverse|using|none|only|defer|having|group_by|iterator|get_queryset|\[\])$/;

/** Where a value comes from; undefined: not from a query that is seen. */
export function valueFrom(flow: FlowGraph, models: ModelIndex, file: HostFile, value: TemplateValueIr): TemplateValue | undefined {
  if (value.model) {
    const model = findModel(models, value.model.name, value.model.library, { uri: file.uri });
    return model && shaped(model, { file, span: value.model.span, eager: [], complete: true }, value.shape, value.size);
  }
  const found = value.siteId === undefined ? resultSite(flow, file, value) : { file, site: file.sites[value.siteId] };
  const site = found?.site;
  const model = site?.model === undefined ? undefined : findModel(models, site.model, site.library, { uri: found!.file.uri });
  if (!found || !site || !model || site.access === 'write' || !/^(django|sqlalchemy|active-record|eloquent)$/.test(site.library)) return undefined;
  if (site.chain.some((call) => /^(values|values_list|dates|datetimes|a?aggregate|a?count|a?exists|a?in_bulk|with_entities|add_columns|get_or_create|update_or_create|raw|mappings|tuples|union|group_by|pluck|ids|pick|map|flat_map|filter_map|to_h|index_by|each_with_object|sum|average|minimum|maximum|keyBy|groupBy|mapWithKeys|toArray|select_all)$/.test(call.name))) return undefined;
  const shape = value.shape === 'unknown' ? shapeOf(found.file, site) : value.shape;
  return shape && shaped(model, { file: found.file, span: site.anchor, site, eager: site.eager, complete: site.complete || site.filtered === true }, shape, value.size);
}

function shapeOf(file: HostFile, site: QuerySite): 'rows' | 'row' | undefined {
  const call = site.callId === undefined ? undefined : file.calls[site.callId];
  const last = call?.callee.at(-1) ?? site.chain.at(-1)?.name ?? '';
  if (site.fetches === 'one') return single.test(last) ? 'row' : undefined;
  if (site.chain.length === 0 || site.fetches === 'many' || many.test(last)) return 'rows';
  return single.test(last) ? 'row' : 'rows';
}

function shaped(model: ModelIr, source: RowSource, shape: TemplateValueIr['shape'], size: number | undefined): TemplateValue {
  const about = { model, source, path: [] };
  if (shape === 'row') return { kind: 'row', ...about };
  return { kind: 'rows', ...about, ...(size === undefined ? {} : { size }), ...(shape === 'page' ? { page: true } : {}) };
}

/** The query that a function of the workspace returns: its only `return`. */
function resultSite(flow: FlowGraph, file: HostFile, { callId }: TemplateValueIr): { readonly file: HostFile; readonly site: QuerySite | undefined } | undefined {
  const refs = callId === undefined ? [] : flow.resolve(file.uri, callId);
  const [ref] = refs;
  if (refs.length !== 1 || !ref || ref.confidence === 'low') return undefined;
  const home = flow.file(ref.uri);
  const fn = home?.functions[ref.functionId];
  const [returned] = fn?.returns ?? [];
  if (!home || !fn || !returned || fn.returns.length !== 1) return undefined;
  const direct = home.sites.find((site) => site.span.start === returned.span.start && site.span.end === returned.span.end);
  const locals = fn.locals.filter((local) => local.name === returned.text);
  const [local] = locals;
  const named = local && locals.length === 1 ? (local.siteId === undefined ? home.sites.find((site) => site.functionId === fn.id && local.text !== '' && site.span.start >= local.span.start && site.span.end <= local.span.end) : home.sites[local.siteId]) : undefined;
  // `return session.scalars(select(Order)).all()`: the query is a part of what is returned.
  const inside = direct ?? named ?? home.sites.find((site) => site.functionId === fn.id && site.span.start === returned.span.start && site.span.end <= returned.span.end && /^\.(all|unique|scalars)\(\)(\.all\(\))?$/.test(returned.text.slice(site.span.end - returned.span.start)));
  return { file: home, site: inside };
}
