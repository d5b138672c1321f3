import { quoteIdentifier } from '../../sql/names';
import { collectNodes, holdsDisabledCost, type PlanModel, type PlanNode } from '../planModel';
import { numberIn } from '../planJson';
import type { PlanSeverity } from './types';

/** A plan as findings look at it. */
export interface PlanContext {
  readonly model: PlanModel;
  readonly nodes: readonly PlanNode[];
  /** Times were measured: shares are shares of time, else of cost. */
  readonly timed: boolean;
  /** What shares are of: milliseconds, or units of cost. */
  readonly whole: number;
  /** Rows of the relation that a node reads, where statistics are known. */
  relationRows(node: PlanNode): number | undefined;
  /** Type of a column of the relation that a node reads, where a catalog knows it. */
  columnType(node: PlanNode, column: string): string | undefined;
  /** The table that the relation of a node is a partition of, with the plain columns it is cut by; undefined where it is none, or no catalog knows. */
  partitionKey(node: PlanNode): KnownPartitionKey | undefined;
  /** `hash_mem_multiplier`: how many times `work_mem` a hash table may take. */
  readonly hashMemory: number;
  parentOf(node: PlanNode): PlanNode | undefined;
  /** A foreign key by the constraint's name and the table that is referred to, its schema where the plan tells; undefined where no catalog knows it, or several are called so. */
  foreignKey(constraint: string, referenced: string | undefined, schema?: string): KnownForeignKey | undefined;
}

/** The side of a foreign key that refers. */
export interface KnownForeignKey {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The table is partitioned: its indexes cannot be made CONCURRENTLY. */
  readonly partitioned?: true;
  /** An index finds the rows that refer to one row. */
  readonly indexed: boolean;
}

/** A part below that is not worth reading about (explain.depesz.com colours exclusive time from 10 %). */
export const MIN_SHARE = 0.1;
/** Milliseconds at stake below which a plan is fast enough to be left alone. */
export const MIN_MS = 5;
/** The same for plans that were not run: cost of a hundred blocks read at random (`random_page_cost` 4) and some. */
export const MIN_COST = 500;

export interface KnownPartitionKey {
  /** The partitioned table. */
  readonly table: string;
  readonly columns: readonly string[];
  /** How many there are. */
  readonly partitions: number;
}

export interface FindOptions {
  readonly foreignKey?: PlanContext['foreignKey'];
  readonly relationRows?: PlanContext['relationRows'];
  readonly columnType?: PlanContext['columnType'];
  readonly partitionKey?: PlanContext['partitionKey'];
  /** `server_version_num` of the server that made the plan, where it is known. */
  readonly serverVersion?: number;
}

export function toContext(model: PlanModel, { foreignKey = unknown, relationRows = unknown, columnType = unknown, partitionKey = unknown, serverVersion }: FindOptions = {}): PlanContext {
  const nodes = collectNodes(model.root);
  const parents = new Map<PlanNode, PlanNode>();
  for (const node of nodes) for (const child of node.children) parents.set(child, node);
  return { model, nodes, timed: model.timed, whole: model.timed ? (model.wholeMs ?? 0) : model.root.totalCost, hashMemory: hashMemoryOf(model, serverVersion), parentOf: (node) => parents.get(node), foreignKey, relationRows, columnType, partitionKey };
}

const unknown = (): undefined => undefined;

/** 2 since PostgreSQL 15; where neither the plan nor the caller tells the version, 1: memory that is advised must be enough. */
function hashMemoryOf({ settings, root }: PlanModel, serverVersion: number | undefined): number {
  const set = Number(settings['hash_mem_multiplier']);
  if (set >= 1) return set;
  // Every node of 18 says whether it is disabled.
  const version = serverVersion ?? (root.raw?.['Disabled'] === undefined ? 0 : 180000);
  return version >= 150000 ? 2 : 1;
}

/** What a node has itself. */
export const ownOf = ({ timed }: PlanContext, node: PlanNode): number => (timed ? (node.selfMs ?? 0) : node.selfCost);
/** What a node and everything below have. */
export const allOf = (context: PlanContext, node: PlanNode): number => collectNodes(node).reduce((sum, item) => sum + ownOf(context, item), 0);

/** A part as a share; undefined where it is too small to speak of. */
export function shareOf({ model, whole, timed }: PlanContext, part: number, least = MIN_SHARE): number | undefined {
  if (whole <= 0 || (!timed && holdsDisabledCost(model.root)) || part < (timed ? MIN_MS : MIN_COST)) return undefined;
  const share = Math.min(1, part / whole);
  return share >= least ? share : undefined;
}

export const severityOf = (share: number): PlanSeverity => (share >= 0.5 ? 'high' : share >= 0.2 ? 'medium' : 'low');

export const fact = (node: PlanNode, key: string): number => numberIn(node.raw, key) ?? 0;
export const isScan = (node: PlanNode): boolean => node.relation !== undefined && / Scan\b/.test(node.nodeType) && !/^(?:Parallel )?(?:CTE|Function|Table Function|Subquery|Values|WorkTable|Named Tuplestore|Foreign|Custom|Bitmap Index)/.test(node.nodeType);

/** Scans that do the same on partitions of one table count together; other nodes alone. */
export function groupScans({ nodes, parentOf }: PlanContext): readonly (readonly PlanNode[])[] {
  const groups = new Map<string, PlanNode[]>();
  for (const node of nodes) {
    if (node.neverExecuted || !isScan(node)) continue;
    const parent = parentOf(node);
    const key = parent && /Append/.test(parent.nodeType) ? `${parent.id} ${node.nodeType} ${baseOf(node)} ${filterOf(node) ?? ''}` : `node ${node.id}`;
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return [...groups.values()];
}

/** Name by which the partitions of a table are alike: their alias without its number. */
export const baseOf = (node: PlanNode): string => (node.alias ?? node.relation ?? '').replace(/_\d+$/, '');
/** The relation as a statement names it. */
export const tableOf = (node: PlanNode): string => `${node.schema === undefined ? '' : `${quoteIdentifier(node.schema)}.`}${quoteIdentifier(node.relation ?? '')}`;
export const filterOf = (node: PlanNode): string | undefined => node.conditions.find(({ label }) => label === 'Filter')?.text;
export const conditionOf = (node: PlanNode, label: string): string | undefined => node.conditions.find((condition) => condition.label === label)?.text;

/** `orders`, `12 partitions of events`. */
export function nameOf(group: readonly PlanNode[]): string {
  const [first] = group;
  if (!first) return '';
  return group.length > 1 ? `${group.length} partitions of ${baseOf(first)}` : first.alias !== undefined && first.relation !== undefined && first.alias !== first.relation ? `${first.relation} (${first.alias})` : (first.relation ?? first.alias ?? first.nodeType);
}

export const count = (value: number): string => (value > 0 && value < 1 ? value.toFixed(2) : Math.round(value).toLocaleString('en'));
export const percent = (share: number): string => `${share >= 0.1 ? (share < 1 && share >= 0.995 ? 'over 99' : Math.round(share * 100)) : (share * 100).toFixed(1)} %`;
export const milliseconds = (ms: number): string => (ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms >= 100 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`);
export const size = (kilobytes: number): string => (kilobytes >= 1024 * 1024 ? `${(kilobytes / 1024 / 1024).toFixed(1)} GB` : kilobytes >= 1024 ? `${(kilobytes / 1024).toFixed(kilobytes >= 10_240 ? 0 : 1)} MB` : `${Math.round(kilobytes)} kB`);
