import { isRecord, numberIn, plansIn, recordIn, recordsIn, textIn, type RawNode } from './planJson';
import { labelOf } from './planLabels';
import { quoteIdentifier } from '../sql/names';
import { MAX_DEPTH } from './planWork';

/** A plan as EXPLAIN (FORMAT TEXT) prints it, made of its JSON form: for people, mails and other tools that read that form alone. */
export function renderTextForm(document: RawNode): string {
  const lines: string[] = [];
  renderNode(recordIn(document, 'Plan') ?? {}, 0, true, lines);
  const settings = Object.entries(recordIn(document, 'Settings') ?? {});
  if (settings.length > 0) lines.push(`Settings: ${settings.map(([name, value]) => `${name} = '${String(value)}'`).join(', ')}`);
  const planning = recordIn(document, 'Planning');
  const inside = planning ? countLines(planning) : [];
  if (inside.length > 0) lines.push('Planning:', ...inside.map((line) => `  ${line}`));
  const time = (key: string): void => { const ms = numberIn(document, key); if (ms !== undefined) lines.push(`${key}: ${ms.toFixed(3)} ms`); };
  time('Planning Time');
  for (const trigger of recordsIn(document, 'Triggers')) {
    const constraint = textIn(trigger, 'Constraint Name');
    const name = [textIn(trigger, 'Trigger Name'), constraint === undefined ? undefined : `for constraint ${constraint}`].filter(Boolean).join(' ');
    const ms = numberIn(trigger, 'Time');
    lines.push(`Trigger ${name}${textIn(trigger, 'Relation') === undefined ? '' : ` on ${textIn(trigger, 'Relation')}`}: ${ms === undefined ? '' : `time=${ms.toFixed(3)} `}calls=${numberIn(trigger, 'Calls') ?? 0}`);
  }
  lines.push(...jitLines(recordIn(document, 'JIT')));
  time('Execution Time');
  return `${lines.join('\n')}\n`;
}

function renderNode(raw: RawNode, depth: number, root: boolean, lines: string[]): void {
  if (depth > MAX_DEPTH) return;
  const indent = root ? '' : `${' '.repeat(depth)}->  `;
  const inner = ' '.repeat(root ? 2 : depth + 6);
  lines.push(`${indent}${nameOf(raw)}${figuresOf(raw)}`);
  for (const line of detailLines(raw)) lines.push(`${inner}${line}`);
  for (const worker of recordsIn(raw, 'Workers')) {
    const figures = actualOf(worker);
    if (figures !== '') lines.push(`${inner}Worker ${numberIn(worker, 'Worker Number') ?? 0}:  actual ${figures}`);
  }
  for (const child of plansIn(raw)) {
    const subplan = textIn(child, 'Subplan Name');
    const base = root ? 2 : depth + 6;
    if (subplan !== undefined) lines.push(`${' '.repeat(base)}${subplan}`);
    renderNode(child, base + (subplan === undefined ? 0 : 2), false, lines);
  }
}

function nameOf(raw: RawNode): string {
  const index = textIn(raw, 'Index Name');
  const label = labelOf(raw);
  const [schema, relation] = [textIn(raw, 'Schema'), textIn(raw, 'Relation Name') ?? textIn(raw, 'CTE Name') ?? textIn(raw, 'Function Name') ?? textIn(raw, 'Table Function Name') ?? textIn(raw, 'Tuplestore Name')];
  const alias = textIn(raw, 'Alias');
  if (label === 'Bitmap Index Scan' || label === 'Parallel Bitmap Index Scan') return index === undefined ? label : `${label} on ${quoteIdentifier(index)}`;
  const target = relation === undefined ? (alias === undefined ? '' : quoteIdentifier(alias)) : `${schema === undefined ? '' : `${quoteIdentifier(schema)}.`}${quoteIdentifier(relation)}${alias === undefined || alias === relation ? '' : ` ${quoteIdentifier(alias)}`}`;
  return `${label}${index === undefined ? '' : ` using ${quoteIdentifier(index)}`}${target === '' ? '' : ` on ${target}`}`;
}

function figuresOf(raw: RawNode): string {
  const cost = numberIn(raw, 'Total Cost');
  const costs = cost === undefined ? '' : `  (cost=${(numberIn(raw, 'Startup Cost') ?? 0).toFixed(2)}..${cost.toFixed(2)} rows=${numberIn(raw, 'Plan Rows') ?? 0} width=${numberIn(raw, 'Plan Width') ?? 0})`;
  const loops = numberIn(raw, 'Actual Loops');
  return `${costs}${loops === undefined ? '' : loops === 0 ? ' (never executed)' : ` (actual ${actualOf(raw)})`}`;
}

function actualOf(raw: RawNode): string {
  const [loops, rows, ms] = [numberIn(raw, 'Actual Loops'), numberIn(raw, 'Actual Rows'), numberIn(raw, 'Actual Total Time')];
  if (loops === undefined) return '';
  return `${ms === undefined ? '' : `time=${(numberIn(raw, 'Actual Startup Time') ?? 0).toFixed(3)}..${ms.toFixed(3)} `}rows=${rows ?? 0} loops=${loops}`;
}

/** Keys that have a line of their own, as they are: in the order of EXPLAIN. */
const PLAIN = ['Output', 'Inner Unique', 'Workers Planned', 'Workers Launched', 'Single Copy', 'Index Cond', 'Rows Removed by Index Recheck', 'Order By', 'Recheck Cond', 'TID Cond', 'Hash Cond', 'Merge Cond', 'Join Filter', 'Rows Removed by Join Filter', 'Filter', 'Rows Removed by Filter', 'One-Time Filter', 'Sort Key', 'Presorted Key', 'Group Key', 'Cache Key', 'Cache Mode', 'Run Condition', 'Window', 'Function Call', 'Table Function Call', 'Heap Fetches', 'Index Searches', 'Subplans Removed', 'Conflict Resolution', 'Conflict Arbiter Indexes', 'Conflict Filter', 'Rows Removed by Conflict Filter', 'Tuples Inserted', 'Conflicting Tuples', 'Disabled'];

function detailLines(raw: RawNode): readonly string[] {
  const lines = PLAIN.flatMap((key) => {
    const value = raw[key];
    if (value === undefined || value === false || value === '' || (value === 0 && !['Heap Fetches', 'Workers Launched'].includes(key))) return [];
    return [`${key}: ${Array.isArray(value) ? value.map(String).join(', ') : String(value)}`];
  });
  const number = (key: string): number | undefined => numberIn(raw, key);
  if (textIn(raw, 'Sort Method') !== undefined) lines.push(`Sort Method: ${textIn(raw, 'Sort Method')}  ${textIn(raw, 'Sort Space Type') ?? 'Memory'}: ${number('Sort Space Used') ?? 0}kB`);
  const original = (value: number | undefined, before: number | undefined): string => `${value ?? 0}${before === undefined || before === value ? '' : ` (originally ${before})`}`;
  if (number('Hash Buckets') !== undefined) lines.push(`Buckets: ${original(number('Hash Buckets'), number('Original Hash Buckets'))}  Batches: ${original(number('Hash Batches'), number('Original Hash Batches'))}  Memory Usage: ${number('Peak Memory Usage') ?? 0}kB`);
  if (number('HashAgg Batches') !== undefined) lines.push(`${number('Planned Partitions') ? `Planned Partitions: ${number('Planned Partitions')}  ` : ''}Batches: ${number('HashAgg Batches')}  Memory Usage: ${number('Peak Memory Usage') ?? 0}kB${number('Disk Usage') ? `  Disk Usage: ${number('Disk Usage')}kB` : ''}`);
  if (number('Cache Hits') !== undefined) lines.push(`Hits: ${number('Cache Hits')}  Misses: ${number('Cache Misses') ?? 0}  Evictions: ${number('Cache Evictions') ?? 0}  Overflows: ${number('Cache Overflows') ?? 0}  Memory Usage: ${number('Peak Memory Usage') ?? 0}kB`);
  const heap = [['exact', number('Exact Heap Blocks')], ['lossy', number('Lossy Heap Blocks')]].flatMap(([kind, blocks]) => (blocks ? [`${kind}=${blocks}`] : []));
  if (heap.length > 0) lines.push(`Heap Blocks: ${heap.join(' ')}`);
  return [...lines, ...countLines(raw)];
}

function countLines(raw: RawNode): readonly string[] {
  const lines: string[] = [];
  const kinds = (place: string, of: readonly string[], unit: (what: string) => string): string[] => {
    const counts = of.flatMap((what) => { const value = numberIn(raw, unit(what)); return value ? [`${what.toLowerCase()}=${value}`] : []; });
    return counts.length > 0 ? [`${place}${counts.join(' ')}`] : [];
  };
  const blocks = ['Shared', 'Local', 'Temp'].flatMap((place) => kinds(`${place.toLowerCase()} `, ['Hit', 'Read', 'Dirtied', 'Written'], (what) => `${place} ${what} Blocks`));
  if (blocks.length > 0) lines.push(`Buffers: ${blocks.join(', ')}`);
  const io = [...kinds('', ['Read', 'Write'], (what) => `I/O ${what} Time`), ...['Shared', 'Local', 'Temp'].flatMap((place) => kinds(`${place.toLowerCase()} `, ['Read', 'Write'], (what) => `${place} I/O ${what} Time`))];
  if (io.length > 0) lines.push(`I/O Timings: ${io.join(', ')}`);
  return lines;
}

function jitLines(raw: RawNode | undefined): readonly string[] {
  if (!raw) return [];
  const timing = recordIn(raw, 'Timing') ?? {};
  const times = Object.entries(timing).flatMap(([name, value]) => { const ms = isRecord(value) ? numberIn(value, 'Total') : value; return typeof ms === 'number' ? [`${name} ${ms.toFixed(3)} ms`] : []; });
  return ['JIT:', `  Functions: ${numberIn(raw, 'Functions') ?? 0}`, ...(times.length > 0 ? [`  Timing: ${times.join(', ')}`] : [])];
}
