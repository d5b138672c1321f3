import { toWorkloadQueries } from '../core/advice/workloadQueries';
import { renderIndexColumns } from '../core/advice/indexAdvice';
import { tableOf } from '../core/advice/scope';
import { findTable } from '../core/catalog/lookup';
import type { Catalog } from '../core/catalog/model';
import { relationKey } from '../core/catalog/names';
import { isOneStatement, renderIndex } from '../core/catalog/renderDdl';
import type { LintSettings } from '../core/lint/rule';
import type { HypotheticalIndex, PlannedStatement } from '../core/plan/planner';
import { isRecord } from '../core/plan/planJson';
import { tokenize } from '../core/sql/lexer';
import { nameOf } from '../core/sql/names';
import { isPlannerSetting } from '../twin/settings';
import { TwinError, type Twin } from '../twin/twin';
import type { ExplainOutcome } from './explain';
import { describeTwinPlan, refuseInTwin } from './explainTwin';
import type { ExplainableQuery } from './queryAt';

/** A change to plan with: indexes that do not exist, or indexes (`schema.name`) to do without, and settings. */
export interface PlannedChange {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

export type WhatIfOutcome =
  | { readonly kind: 'compared'; readonly before: PlanOutcome; readonly after: PlanOutcome; readonly title: string }
  | Exclude<ExplainOutcome, { readonly kind: 'plan' }>;

/** Of the planner's settings. */
const SETTING_VALUE = /^(?:\d+(?:\.\d+)?\s*(?:B|kB|MB|GB|TB)?|on|off|true|false)$/;

type PlanOutcome = Extract<ExplainOutcome, { readonly kind: 'plan' }>;

/** The twin's plans of one query without and with a change. No database is asked, nothing is executed or written. */
export async function planWhatIf(twin: Twin | undefined, catalog: Catalog | undefined, query: ExplainableQuery, change: PlannedChange): Promise<WhatIfOutcome> {
  const refused = refuseInTwin(twin, catalog, query);
  if (refused) return refused;
  const sql = query.sql.replace(/;\s*$/, '');
  const error = (message: string, code?: string): WhatIfOutcome => ({ kind: 'error', sql: query.sql, message, ...(code === undefined ? {} : { code }) });
  const [add, drop, settings] = [change.add ?? [], change.drop ?? [], change.settings ?? {}];
  if (add.length > 0 && drop.length > 0) return error('Indexes are added or taken away, not both in one plan.');
  const odd = Object.entries(settings).find(([, value]) => !SETTING_VALUE.test(value));
  if (odd) return error(`${odd[0]} takes a number, with a unit where it is a size (64MB), or on and off; not ${odd[1]}.`);
  const strange = Object.keys(settings).find((name) => !isPlannerSetting(name));
  if (strange) return error(`${strange} is no setting of the planner.`);
  const indexes: HypotheticalIndex[] = [];
  for (const text of add) {
    const index = readIndex(text, catalog!);
    if ('problem' in index) return error(index.problem);
    indexes.push(index);
  }
  try {
    const before = await twin!.plan(catalog!, sql);
    const after = indexes.length > 0 ? (await twin!.whatIf(catalog!, sql, [indexes], { settings }))[0] : drop.length > 0 ? await twin!.without(catalog!, sql, drop, { settings }) : await twin!.plan(catalog!, sql, { settings });
    if (!before.explained || !after?.explained) return error('The planner gave no plan for this statement.');
    const unused = after.added.filter((added) => !added.used).map(({ index }) => `The planner does not take the index on ${nameIndex(index)}.`);
    const sizes = after.added.filter((added) => added.used).map(({ index, pages }) => `The index on ${nameIndex(index)} would have about ${Math.max(1, Math.round(pages / 128)).toLocaleString('en')} MB.`);
    const named = { ...after, explained: withNames(after.explained, indexes) };
    return { kind: 'compared', title: titleOf(indexes, drop, settings), before: describeTwinPlan(query, catalog!, before), after: withNotes(describeTwinPlan(query, catalog!, named), [...unused, ...sizes]) };
  } catch (failure) {
    if (!(failure instanceof TwinError)) throw failure;
    return error(failure.kind === 'refused' ? `The twin cannot plan this: ${failure.message}` : failure.message, failure.sqlState);
  }
}

const withNotes = (outcome: PlanOutcome, notes: readonly string[]): PlanOutcome => ({ ...outcome, notes: [...notes, ...outcome.notes] });

function titleOf(indexes: readonly HypotheticalIndex[], drop: readonly string[], settings: Readonly<Record<string, string>>): string {
  const parts = [
    ...(indexes.length > 0 ? [`with an index on ${indexes.map(nameIndex).join(' and on ')}`] : []),
    ...(drop.length > 0 ? [`without ${drop.map(plainName).join(', ')}`] : []),
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
  ];
  return parts.length === 0 ? 'as it is' : parts.join(', ');
}

const plainName = (key: string): string => key.replace(/^public\./, '');
const nameIndex = ({ table, definition }: HypotheticalIndex): string => `${plainName(table)} ${definition.replace(/^USING btree /i, '')}`;

/** In the plan a new index stands under the twin's own name for it. */
function withNames(plan: PlannedStatement['explained'], indexes: readonly HypotheticalIndex[]): Readonly<Record<string, unknown>> {
  const rename = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rename);
    if (!isRecord(value)) return value;
    const index = /^sargable_new_(\d+)$/.exec(typeof value['Index Name'] === 'string' ? value['Index Name'] : '')?.[1];
    const known = index === undefined ? undefined : indexes[Number(index)];
    return { ...Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rename(item)])), ...(known ? { 'Index Name': `new index on ${nameIndex(known)}` } : {}) };
  };
  return rename(plan) as Readonly<Record<string, unknown>>;
}

/** `orders (customer_id)`, `ON orders USING gin (data)` or a whole CREATE INDEX as the planner is asked about it. */
export function readIndex(text: string, catalog: Catalog): HypotheticalIndex | { readonly problem: string } {
  const tokens = tokenize(text);
  const on = tokens.findIndex((token) => token.word === 'on');
  let at = tokens[0]?.word === 'create' ? on + 1 : tokens[0]?.word === 'on' ? 1 : 0;
  if (tokens[0]?.word === 'create' && (on < 0 || !tokens.slice(0, on).some((token) => token.word === 'index'))) return { problem: 'This is no CREATE INDEX.' };
  if (tokens[at]?.word === 'only') at++;
  const names: string[] = [];
  for (; tokens[at] && ['word', 'quoted'].includes(tokens[at]!.kind); at += 2) {
    names.push(nameOf(text, tokens[at]!));
    if (tokens[at + 1]?.word !== '.') { at++; break; }
  }
  const [schema, name] = [names.at(-2), names.at(-1)];
  const table = name === undefined ? undefined : findTable(catalog, { schema, name });
  if (!table) return { problem: names.length === 0 ? 'Say it as: table (column, …)' : `There is no table ${names.join('.')}.` };
  const definition = tokens[at] ? text.slice(tokens[at]!.start).trim().replace(/;\s*$/, '') : '';
  if (!/^(using\s+\w+\s*)?\(/i.test(definition) || !isOneStatement(`create index on ${definition}`)) return { problem: `Say which columns: ${names.join('.')} (column, …)` };
  return { table: relationKey(table.schema, table.name), definition };
}

export interface WhatIfChoices {
  readonly candidates: readonly string[];
  readonly existing: readonly { readonly key: string; readonly definition: string }[];
  readonly settings: Readonly<Record<string, string>>;
  readonly problem?: string;
}

/** What the forms offer: how many index candidates at most. */
const MAX_CANDIDATES = 8;
/** Where the catalog does not say: as PostgreSQL comes. */
const SETTINGS = { work_mem: '4MB', random_page_cost: '4', effective_cache_size: '4GB', max_parallel_workers_per_gather: '2' };

/** What is worth trying on a query: indexes for its conditions, those that are there, and the settings that decide most. */
export function collectWhatIfs(twin: Twin | undefined, catalog: Catalog | undefined, settings: LintSettings, query: ExplainableQuery): WhatIfChoices {
  const refused = refuseInTwin(twin, catalog, query);
  if (refused) return { candidates: [], existing: [], settings: {}, problem: refused.message };
  const [workload] = toWorkloadQueries([{ sql: query.sql, model: query.model, sites: 1 }], catalog!, settings);
  const proposals = workload?.relations.flatMap((relation) => relation.candidates) ?? [];
  const candidates = [...new Set(proposals.map((proposal) => `${plainName(relationKey(proposal.table.schema, proposal.table.name))} ${proposal.method === 'btree' ? '' : `USING ${proposal.method} `}${renderIndexColumns(proposal)}`))];
  const tables = [...new Set(query.model.blocks.flatMap((block) => block.relations.flatMap((relation) => tableOf(catalog, relation) ?? [])))];
  const known = catalog!.server?.settings ?? {};
  return {
    candidates: candidates.slice(0, MAX_CANDIDATES),
    existing: tables.flatMap((table) => table.indexes.map((index) => ({ key: relationKey(table.schema, index.name), definition: renderIndex(table, index).replace(/^CREATE (UNIQUE )?INDEX \S+ ON /, '$1') }))),
    settings: Object.fromEntries(Object.entries(SETTINGS).map(([name, value]) => [name, known[name] ?? value])),
  };
}
