import { runsElsewhere, textIn } from './planJson';
import type { RawNode } from './planJson';
import { takeCounts, type Work } from './planWork';

/**
 * Fills in what each node did itself. What a node contains is not always what hangs on it: a CTE runs inside its readers, an
 * InitPlan inside the node that first needs it, a CTE that writes and that nobody reads after everything else.
 */
export function attributeWork(all: readonly Work[]): void {
  for (const node of all) {
    if (node.parent === undefined || runsElsewhere(node.raw)) continue;
    node.parent.inside.push({ work: node, share: 1 });
    for (const kind of Object.keys(node.counts) as (keyof Work['counts'])[]) node.parent.selfCounts[kind] -= node.counts[kind];
  }
  const elsewhere = all.filter((node) => node.parent !== undefined && runsElsewhere(node.raw));
  if (elsewhere.length > 0) {
    const [readers, users] = [findReaders(all, elsewhere), findUsers(all)];
    for (const node of elsewhere) {
      if (cteNameOf(node.raw) === undefined) placeInitPlan(node, users);
      else placeCte(node, readers.get(node) ?? []);
    }
  }
  widenProcesses(all);
  fitInside(all);
  for (const node of all) node.selfMs = Math.max(0, node.ms - insideMs(node));
}

const insideMs = (node: Work): number => node.inside.reduce((sum, { work, share }) => sum + work.ms * share, 0);

const cteNameOf = (raw: RawNode): string | undefined => /^CTE (.+)$/s.exec(textIn(raw, 'Subplan Name') ?? '')?.[1];

/** The scans that read each CTE. A name means the CTE of the nearest node around the scan that has one, and not the one the scan is part of. */
function findReaders(all: readonly Work[], elsewhere: readonly Work[]): ReadonlyMap<Work, readonly Work[]> {
  const named = new Map<Work, Map<string, Work>>();
  for (const node of elsewhere) {
    const name = cteNameOf(node.raw);
    if (name === undefined) continue;
    const known = named.get(node.parent!);
    if (known) known.set(name, node);
    else named.set(node.parent!, new Map([[name, node]]));
  }
  const readers = new Map<Work, Work[]>();
  for (const scan of all) {
    const name = textIn(scan.raw, 'CTE Name');
    if (name === undefined || textIn(scan.raw, 'Node Type') !== 'CTE Scan' || scan.loops === 0) continue;
    for (let [child, owner]: [Work | undefined, Work | undefined] = [undefined, scan]; owner; child = owner, owner = owner.parent) {
      const cte = named.get(owner)?.get(name);
      if (cte === undefined || cte === child) continue;
      const list = readers.get(cte);
      if (list) list.push(scan);
      else readers.set(cte, [scan]);
      break;
    }
  }
  return readers;
}

function placeCte(node: Work, readers: readonly Work[]): void {
  const total = readers.reduce((sum, reader) => sum + reader.ms, 0);
  const read = readers.length === 0 ? 0 : node.ms > total ? total / node.ms : 1;
  let left = node.counts;
  for (const reader of readers) {
    reader.inside.push({ work: node, share: total > 0 ? (read * reader.ms) / total : 1 / readers.length });
    left = takeCounts(reader.selfCounts, left);
  }
  // The end of its workers is waited for in the owner; a CTE that writes goes on behind everything, in no node.
  if (read < 1 && textIn(node.raw, 'Node Type') !== 'ModifyTable') {
    node.parent!.inside.push({ work: node, share: 1 - read });
    takeCounts(node.parent!.selfCounts, left);
  }
}

function placeInitPlan(node: Work, users: ReadonlyMap<string, readonly Work[]>): void {
  const payer = evaluatorOf(node, node.parent!, users);
  payer.inside.push({ work: node, share: 1 });
  takeCounts(payer.selfCounts, node.counts);
}

/** The nodes whose expressions name an InitPlan (`InitPlan 1`) or a parameter that one returns (`$0`), in the plan's order. */
function findUsers(all: readonly Work[]): ReadonlyMap<string, readonly Work[]> {
  const users = new Map<string, Work[]>();
  for (const node of all) {
    const named = new Set(expressionsOf(node.raw).flatMap((text) => [...text.matchAll(/InitPlan (\d+)\)|\$\d+/g)].map((match) => match[1] ?? match[0])));
    for (const name of named) {
      const list = users.get(name);
      if (list) list.push(node);
      else users.set(name, [node]);
    }
  }
  return users;
}

/** An InitPlan is named in few nodes, or in every partition alike: the first ones tell. */
const MOST_USERS = 100;

/** The node that first needs an InitPlan's result: the deepest one below the owner whose expressions name it; for workers their Gather. */
function evaluatorOf(initPlan: Work, owner: Work, users: ReadonlyMap<string, readonly Work[]>): Work {
  const name = textIn(initPlan.raw, 'Subplan Name') ?? '';
  const number = /^InitPlan (\d+)/.exec(name)?.[1];
  const returned = /\(returns ([^)]*)\)/.exec(name)?.[1]?.split(',').map((parameter) => parameter.trim()) ?? [];
  const named = [...(number === undefined ? [] : [number]), ...returned.filter((parameter) => /^\$\d+$/.test(parameter))].map((key) => users.get(key)?.slice(0, MOST_USERS) ?? []);
  let found = owner;
  for (const user of [...new Set(named.flat())].sort((a, b) => a.id - b.id)) {
    const payer = payerBelow(user, owner, initPlan);
    if (payer && payer.depth > found.depth && payer.ms >= initPlan.ms * 0.98) found = payer;
  }
  return found;
}

/** Of a node below the owner: the topmost Gather that it runs in, or itself; undefined where it is not below, or part of the InitPlan. */
function payerBelow(user: Work, owner: Work, initPlan: Work): Work | undefined {
  let payer = user;
  for (let node: Work | undefined = user; node; node = node.parent) {
    if (node === initPlan) return undefined;
    if (node !== user && typeof node.raw['Workers Planned'] === 'number') payer = node;
    if (node === owner) return payer;
  }
  return undefined;
}

/** Below a Gather a node takes at least as long as what ran inside it, in whichever process that was. */
function widenProcesses(all: readonly Work[]): void {
  for (const node of [...all].reverse()) if (node.inTeam) node.ms = Math.max(node.ms, insideMs(node));
}

/** What ran side by side, or was rounded up in thousands of loops, takes more time than the node around it: it is given its share of that. */
function fitInside(all: readonly Work[]): void {
  for (const node of all) {
    const sum = insideMs(node);
    if (sum <= node.ms) continue;
    for (const part of node.inside) {
      if (part.share < 1) part.share *= node.ms / sum;
      else shrink(part.work, node.ms / sum);
    }
  }
}

function shrink(node: Work, factor: number): void {
  node.ms *= factor;
  for (const { work, share } of node.inside) if (share === 1) shrink(work, factor);
}

const names = new Set(['Node Type', 'Subplan Name', 'Alias', 'Relation Name', 'Schema', 'Index Name', 'Parent Relationship', 'CTE Name']);
const expressionsOf = (raw: RawNode): readonly string[] =>
  Object.entries(raw).flatMap(([key, value]) => (names.has(key) ? [] : typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []));
