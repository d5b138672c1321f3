import type { RawNode } from './planJson';
import { numberIn, recordIn, recordsIn, textIn } from './planJson';

const megabytes = (kilobytes: number): string => (kilobytes < 1024 ? `${kilobytes} kB` : `${(kilobytes / 1024).toFixed(1)} MB`);

/** What concerns the whole plan: settings, triggers, spills, workers that did not come, parts that cannot return rows. */
export function collectNotes(document: RawNode, nodes: readonly RawNode[]): readonly string[] {
  return [...documentNotes(document), ...new Set(nodes.flatMap(nodeNotes))];
}

function documentNotes(document: RawNode): readonly string[] {
  const settings = Object.entries(recordIn(document, 'Settings') ?? {}).filter(([name]) => name !== 'plan_cache_mode').map(([name, value]) => `${name} = ${String(value)}`);
  const triggers = recordsIn(document, 'Triggers').map((trigger) => {
    const calls = numberIn(trigger, 'Calls') ?? 0;
    return `Trigger ${textIn(trigger, 'Trigger Name') ?? textIn(trigger, 'Constraint Name') ?? ''} on ${textIn(trigger, 'Relation') ?? ''}: ${(numberIn(trigger, 'Time') ?? 0).toFixed(1)} ms in ${calls} ${calls === 1 ? 'call' : 'calls'}`;
  });
  return [...(settings.length > 0 ? [`Planned with ${settings.join(', ')}`] : []), ...triggers];
}

function nodeNotes(raw: RawNode): readonly string[] {
  const notes: string[] = [];
  const launched = numberIn(raw, 'Workers Launched');
  const planned = numberIn(raw, 'Workers Planned') ?? 0;
  if (launched !== undefined && launched < planned) notes.push(`${launched} of ${planned} planned parallel workers were available`);
  if (textIn(raw, 'Sort Space Type') === 'Disk') notes.push(`A sort did not fit work_mem and used ${megabytes(numberIn(raw, 'Sort Space Used') ?? 0)} on disk`);
  const batches = numberIn(raw, 'Hash Batches') ?? numberIn(raw, 'HashAgg Batches') ?? 1;
  if (batches > 1 && (numberIn(raw, 'Disk Usage') ?? 1) > 0) notes.push(`A hash table did not fit work_mem and was split into ${batches} batches on disk`);
  if ((numberIn(raw, 'Lossy Heap Blocks') ?? 0) > 0) notes.push('A bitmap did not fit work_mem and became lossy: rows of whole pages are checked again');
  if (textIn(raw, 'One-Time Filter') === 'false') notes.push('A condition can never be true: that part of the query returns nothing');
  const removed = numberIn(raw, 'Subplans Removed') ?? 0;
  if (removed > 0) notes.push(`${removed} ${removed === 1 ? 'partition was' : 'partitions were'} pruned at the start of the run`);
  return notes;
}
