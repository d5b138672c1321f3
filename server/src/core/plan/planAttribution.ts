import { runsElsewhere, textIn } from './planJson';
import type { RawNode } from './planJson';
import type { BlockKind, Work } from './planTree';

/** Takes the time and buffers of CTEs and InitPlans out of the nodes in which they really ran. */
export function attributeInside(all: readonly Work[]): void {
  for (const node of all) {
    if (!runsElsewhere(node.raw) || node.parent === undefined) continue;
    const cte = /^CTE (.+)$/.exec(textIn(node.raw, 'Subplan Name') ?? '')?.[1];
    const readers = cte === undefined ? [] : all.filter((other) => textIn(other.raw, 'CTE Name') === cte && textIn(other.raw, 'Node Type') === 'CTE Scan');
    const scope = node.parent;
    const within = readers.filter((reader) => isBelow(reader, scope));
    if (within.length > 0) takeFrom(within, node);
    else takeFrom([cte === undefined ? evaluatorOf(node, scope) : scope], node);
  }
}

const isBelow = (node: Work | undefined, ancestor: Work): boolean => node !== undefined && (node === ancestor || isBelow(node.parent, ancestor));

/** Shares out what ran among its readers: time by their own time, blocks to the first that has them. */
function takeFrom(readers: readonly Work[], inner: Work): void {
  const total = readers.reduce((sum, reader) => sum + reader.totalMs, 0);
  for (const reader of readers) reader.self.ms -= total > 0 ? (inner.totalMs * reader.totalMs) / total : inner.totalMs / readers.length;
  for (const kind of ['hit', 'read', 'temp'] satisfies BlockKind[]) {
    let left = inner.blocks[kind];
    for (const reader of readers) {
      const taken = Math.min(left, Math.max(0, reader.self[kind]));
      reader.self[kind] -= taken;
      left -= taken;
    }
  }
}

/** The node that first needs an InitPlan's result: the deepest one below the owner whose expressions name it. */
function evaluatorOf(initPlan: Work, owner: Work): Work {
  const name = textIn(initPlan.raw, 'Subplan Name') ?? '';
  const number = /^InitPlan (\d+)/.exec(name)?.[1];
  const returned = /\(returns ([^)]*)\)/.exec(name)?.[1]?.split(',').map((parameter) => parameter.trim()) ?? [];
  const patterns = [...(number === undefined ? [] : [new RegExp(`InitPlan ${number}\\)`)]), ...returned.map((parameter) => new RegExp(`\\${parameter}(?!\\d)`))];
  let found = owner;
  const visit = (node: Work): void => {
    if (node === initPlan) return;
    const takesPart = node.totalMs >= initPlan.totalMs * 0.98;
    if (node.depth > found.depth && takesPart && patterns.some((pattern) => expressionsOf(node.raw).some((text) => pattern.test(text)))) found = node;
    node.children.forEach(visit);
  };
  visit(owner);
  return found;
}

const names = new Set(['Node Type', 'Subplan Name', 'Alias', 'Relation Name', 'Schema', 'Index Name', 'Parent Relationship', 'CTE Name']);
const expressionsOf = (raw: RawNode): readonly string[] =>
  Object.entries(raw).flatMap(([key, value]) => (names.has(key) ? [] : typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []));
