import type { RawNode } from './planJson';
import { numberIn, plansIn, recordsIn } from './planJson';
import type { BlockCounts } from './planModel';

/** Deeper trees are cut: no planner makes them, and reading one may not exhaust the stack. */
export const MAX_DEPTH = 500;

export const BLOCK_KINDS = ['hit', 'read', 'dirtied', 'written', 'tempRead', 'tempWritten'] as const satisfies readonly (keyof BlockCounts)[];
const BLOCK_KEYS: Readonly<Record<keyof BlockCounts, readonly string[]>> = {
  hit: ['Shared Hit Blocks', 'Local Hit Blocks'], read: ['Shared Read Blocks', 'Local Read Blocks'], dirtied: ['Shared Dirtied Blocks', 'Local Dirtied Blocks'],
  written: ['Shared Written Blocks', 'Local Written Blocks'], tempRead: ['Temp Read Blocks'], tempWritten: ['Temp Written Blocks'],
};
/** 17 tells shared and local blocks apart, 15 temporary files. */
const IO_KEYS = ['I/O Read Time', 'I/O Write Time', 'Shared I/O Read Time', 'Shared I/O Write Time', 'Local I/O Read Time', 'Local I/O Write Time', 'Temp I/O Read Time', 'Temp I/O Write Time'];

/** What is added up over nodes: blocks, and milliseconds of input and output. */
export type Counts = Record<keyof BlockCounts | 'io', number>;
const COUNT_KINDS = [...BLOCK_KINDS, 'io'] as const;

const sumIn = (raw: RawNode, keys: readonly string[]): number => keys.reduce((sum, key) => sum + (numberIn(raw, key) ?? 0), 0);
export const countsIn = (raw: RawNode): Counts => ({
  hit: sumIn(raw, BLOCK_KEYS.hit), read: sumIn(raw, BLOCK_KEYS.read), dirtied: sumIn(raw, BLOCK_KEYS.dirtied), written: sumIn(raw, BLOCK_KEYS.written),
  tempRead: sumIn(raw, BLOCK_KEYS.tempRead), tempWritten: sumIn(raw, BLOCK_KEYS.tempWritten), io: sumIn(raw, IO_KEYS),
});
export const hasBlocks = (raw: RawNode): boolean => numberIn(raw, 'Shared Hit Blocks') !== undefined;
export const hasIo = (raw: RawNode): boolean => IO_KEYS.some((key) => numberIn(raw, key) !== undefined);

/** Takes counts out of others, never below zero. @returns what was left to take */
export function takeCounts(from: Counts, taken: Counts): Counts {
  const left = { ...taken };
  for (const kind of COUNT_KINDS) {
    const part = Math.min(left[kind], Math.max(0, from[kind]));
    from[kind] -= part;
    left[kind] -= part;
  }
  return left;
}

/** The figures of a node while the tree is computed. */
export interface Work {
  readonly raw: RawNode;
  readonly id: number;
  readonly depth: number;
  readonly parent: Work | undefined;
  readonly children: Work[];
  readonly loops: number | undefined;
  readonly processes: number;
  /** Below a Gather: several processes may have run it. */
  readonly inTeam: boolean;
  /** Wall-clock, with everything that ran inside. */
  ms: number;
  /** Inclusive counts, as PostgreSQL gives them; workers are in them. */
  readonly counts: Counts;
  /** Nodes whose time is in this one's; a share for each, below 1 where several nodes read it. */
  readonly inside: { readonly work: Work; share: number }[];
  selfMs: number;
  selfCounts: Counts;
}

/** How many processes run the nodes below a Gather. */
interface Team {
  readonly processes: number;
  /** VERBOSE: workers report their own loops, so a node without such a report ran in the leader alone. */
  readonly reported: boolean;
  /** Below a Parallel Append: its children run side by side, each in some of its processes. */
  readonly atLeast: number;
}

/** All nodes of EXPLAIN's JSON, parents before children. */
export function collectWork(raw: RawNode): readonly Work[] {
  const all: Work[] = [];
  collect(raw, undefined, undefined, all);
  return all;
}

function collect(raw: RawNode, parent: Work | undefined, team: Team | undefined, all: Work[]): Work {
  const loops = numberIn(raw, 'Actual Loops');
  const processes = Math.max(team?.atLeast ?? 1, processesOf(raw, loops ?? 0, team));
  const counts = countsIn(raw);
  const node: Work = {
    raw, id: all.length, depth: (parent?.depth ?? -1) + 1, parent, children: [], loops, processes, inTeam: team !== undefined,
    ms: ((numberIn(raw, 'Actual Total Time') ?? 0) * (loops ?? 0)) / processes,
    counts, inside: [], selfMs: 0, selfCounts: { ...counts },
  };
  all.push(node);
  if (node.depth >= MAX_DEPTH) return node;
  const below = teamBelow(raw, team, processes);
  for (const child of plansIn(raw)) node.children.push(collect(child, node, below, all));
  return node;
}

function teamBelow(raw: RawNode, team: Team | undefined, processes: number): Team | undefined {
  const launched = numberIn(raw, 'Workers Launched');
  if (launched !== undefined) return { processes: launched + (raw['Single Copy'] === true ? 0 : 1) || 1, reported: plansIn(raw).some((child) => reportsWorkers(child, 0)), atLeast: 1 };
  return team !== undefined && raw['Node Type'] === 'Append' && raw['Parallel Aware'] === true ? { ...team, atLeast: processes } : team;
}

const workerLoops = (raw: RawNode): readonly number[] => recordsIn(raw, 'Workers').flatMap((worker) => numberIn(worker, 'Actual Loops') ?? []);
const reportsWorkers = (raw: RawNode, depth: number): boolean => workerLoops(raw).length > 0 || (depth < MAX_DEPTH && plansIn(raw).some((child) => reportsWorkers(child, depth + 1)));

/** Processes that ran a node; its loops are counted over all of them, and they run side by side. */
function processesOf(raw: RawNode, loops: number, team: Team | undefined): number {
  if (team === undefined || loops === 0) return 1;
  const workers = workerLoops(raw);
  if (workers.length === 0) return team.reported ? 1 : Math.max(1, Math.min(team.processes, loops));
  const ran = workers.filter((count) => count > 0);
  const inLeader = loops > ran.reduce((sum, count) => sum + count, 0) ? 1 : 0;
  return Math.max(1, ran.length + inLeader);
}
