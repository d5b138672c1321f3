import { readDetail } from './textDetails';
import type { DraftNode } from './textHeader';

/**
 * Reads a line that belongs to the plan as a whole: planning, execution, triggers, JIT, settings.
 * @param block what `Planning:`, `JIT:` or `Serialization:` above began; its lines stand below it
 * @returns true: read; an object: the line begins a block, whose lines go there; false: another kind of line
 */
export function readSummary(document: DraftNode, line: string, block: DraftNode | undefined): boolean | DraftNode {
  const time = /^(Planning|Execution) Time: ([\d.]+) ms$/i.exec(line) ?? /^Total (runtime): ([\d.]+) ms$/.exec(line);
  if (time) {
    document[/^p/i.test(time[1] ?? '') ? 'Planning Time' : 'Execution Time'] = Number(time[2]);
    return true;
  }
  if (line === 'Planning:' || line === 'JIT:') return start(document, line.slice(0, -1));
  const serialization = /^Serialization: (?:time=([\d.]+) ms  )?output=(\d+)kB  format=(\w+)$/.exec(line);
  if (serialization) return Object.assign(start(document, 'Serialization'), serialization[1] === undefined ? {} : { Time: Number(serialization[1]) }, { 'Output Volume': Number(serialization[2]), Format: serialization[3] });
  const trigger = /^Trigger (.+): (?:time=([\d.]+) )?calls=(\d+)$/.exec(line);
  if (trigger) return readTrigger(document, trigger[1] ?? '', trigger[2], Number(trigger[3]));
  const settings = /^Settings: (.+)$/s.exec(line)?.[1];
  if (settings !== undefined) {
    document['Settings'] = Object.fromEntries([...settings.matchAll(/([\w.]+) = '((?:[^']|'')*)'/g)].map(([, name = '', value = '']) => [name, value.replaceAll("''", "'")]));
    return true;
  }
  const identifier = /^Query Identifier: (-?\d+)$/.exec(line)?.[1];
  if (identifier !== undefined) {
    // Beyond what a number holds exactly.
    document['Query Identifier'] = Number.isSafeInteger(Number(identifier)) ? Number(identifier) : identifier;
    return true;
  }
  if (block === undefined) return false;
  if (/^(?:Buffers|I\/O Timings|Memory): /.test(line)) return readDetail(block, line);
  return readJit(block, line);
}

function start(document: DraftNode, key: string): DraftNode {
  const block: DraftNode = {};
  document[key] = block;
  return block;
}

/** `orders_log on orders` where several tables are written, `for constraint c on t` where it checks a foreign key. */
function readTrigger(document: DraftNode, text: string, ms: string | undefined, calls: number): true {
  const [, name = text, relation] = /^(.+) on (.+)$/.exec(text) ?? [];
  const [, trigger = '', constraint] = /^(.*?) ?\bfor constraint (.+)$/.exec(name) ?? [, name];
  const entry: DraftNode = { ...(trigger === '' ? {} : { 'Trigger Name': trigger }), ...(constraint === undefined ? {} : { 'Constraint Name': constraint }), ...(relation === undefined ? {} : { Relation: relation }), ...(ms === undefined ? {} : { Time: Number(ms) }), Calls: calls };
  ((document['Triggers'] ??= []) as DraftNode[]).push(entry);
  return true;
}

function readJit(block: DraftNode, line: string): boolean {
  const functions = /^Functions: (\d+)$/.exec(line)?.[1];
  const options = /^Options: (.+)$/.exec(line)?.[1];
  const timing = /^Timing: (.+)$/.exec(line)?.[1];
  if (functions !== undefined) block['Functions'] = Number(functions);
  else if (options !== undefined) block['Options'] = Object.fromEntries([...options.matchAll(/(\w+) (true|false)/g)].map(([, name = '', value]) => [name, value === 'true']));
  else if (timing !== undefined) block['Timing'] = readTiming(timing);
  else return false;
  return true;
}

/** 17: `Generation 1.2 ms (Deform 0.5 ms), …`. */
function readTiming(text: string): DraftNode {
  const deform = /\(Deform ([\d.]+) ms\)/.exec(text)?.[1];
  const times: DraftNode = Object.fromEntries([...text.replace(/ \(Deform [^)]*\)/, '').matchAll(/(\w+) ([\d.]+) ms/g)].map(([, name = '', ms]) => [name, Number(ms)]));
  return deform === undefined ? times : { ...times, Generation: { Deform: Number(deform), Total: times['Generation'] } };
}
