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
  for (const node of all) if (node.parent !== undefined && runsElsewhere(node.raw)) placeElsewhere(node, node.parent, all);
  widenProcesses(all);
  fitInside(all);
  for (const node of all) node.selfMs = Math.max(0, node.ms - insideMs(node));
}

const insideMs = (node: Work): number => node.inside.reduce((sum, { work, share }) => sum + work.ms * share, 0);

function placeElsewhere(node: Work, owner: Work, all: readonly Work[]): void {
  const cte = /^CTE (.+)$/.exec(textIn(node.raw, 'Subplan Name') ?? '')?.[1];
  if (cte === undefined) {
    const payer = evaluatorOf(node, owner);
    payer.inside.push({ work: node, share: 1 });
    takeCounts(payer.selfCounts, node.counts);
    return;
  }
  const readers = all.filter((other) => textIn(other.raw, 'CTE Name') === cte && textIn(other.raw, 'Node Type') === 'CTE Scan' && other.loops !== 0 && isBelow(other, owner));
  const total = readers.reduce((sum, reader) => sum + reader.ms, 0);
  const read = readers.length === 0 ? 0 : node.ms > total ? total / node.ms : 1;
  let left = node.counts;
  for (const reader of readers) {
    reader.inside.push({ work: node, share: total > 0 ? (read * reader.ms) / total : 1 / readers.length });
    left = takeCounts(reader.selfCounts, left);
  }
  // The end of its workers is waited for in the owner; a CTE that writes goes on behind everything, in no node.
  if (read < 1 && textIn(node.raw, 'Node Type') !== 'ModifyTable') {
    owner.inside.push({ work: node, share: 1 - read });
    takeCounts(owner.selfCounts, left);
  }
}

const isBelow = (node: Work | undefined, ancestor: Work): boolean => node !== undefined && (node === ancestor || isBelow(node.parent, ancestor));

/** The node that first needs an InitPlan's result: the deepest one below the owner whose expressions name it; for workers their Gather. */
function evaluatorOf(initPlan: Work, owner: Work): Work {
  const name = textIn(initPlan.raw, 'Subplan Name') ?? '';
  const number = /^InitPlan (\d+)/.exec(name)?.[1];
  const returned = /\(returns ([^)]*)\)/.exec(name)?.[1]?.split(',').map((parameter) => parameter.trim()) ?? [];
  const patterns = [...(number === undefined ? [] : [new RegExp(`InitPlan ${number}\\)`)]), ...returned.filter((parameter) => /^\$\d+$/.test(parameter)).map((parameter) => new RegExp(`\\${parameter}(?!\\d)`))];
  let found = owner;
  const visit = (node: Work, gather: Work | undefined): void => {
    if (node === initPlan) return;
    const payer = gather ?? node;
    if (payer.depth > found.depth && payer.ms >= initPlan.ms * 0.98 && patterns.some((pattern) => expressionsOf(node.raw).some((text) => pattern.test(text)))) found = payer;
    const below = gather ?? (typeof node.raw['Workers Planned'] === 'number' ? node : undefined);
    for (const child of node.children) visit(child, below);
  };
  visit(owner, undefined);
  return found;
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
