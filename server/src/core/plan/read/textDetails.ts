import { relationOf, type DraftNode } from './textHeader';

const LISTS = new Set(['Output', 'Sort Key', 'Presorted Key', 'Group Key', 'Hash Key', 'Conflict Arbiter Indexes', 'Params Evaluated']);
const COUNTS = /^(?:Heap Fetches|Index Searches|Rows Removed by .+|Workers Planned|Workers Launched|Subplans Removed|Tuples Inserted|Conflicting Tuples)$/;
const FLAGS = new Set(['Inner Unique', 'Single Copy', 'Disabled', 'Async Capable']);

/** Labels with an expression behind them: their text may run over several lines. */
export const isExpression = (label: string): boolean => LISTS.has(label) || /(?:Cond|Filter|Call|Order By|Cache Key|Sampling|Remote SQL|Window|Run Condition)$/.test(label);

/** Reads a line below a node's name (`Filter: (a = 1)`) into keys of the JSON form. @returns false where it is no such line */
export function readDetail(node: DraftNode, line: string): boolean {
  const target = /^(?:Foreign )?(?:Insert|Update|Delete|Merge) on (.+)$/.exec(line);
  if (target?.[1] !== undefined) {
    ((node['Target Tables'] ??= []) as DraftNode[]).push(relationOf(target[1]));
    return true;
  }
  const match = /^([A-Z][A-Za-z0-9/ ()_-]{0,60}?): ?(.*)$/s.exec(line);
  if (!match) return false;
  const [, label = '', text = ''] = match;
  const special = SPECIAL[label];
  if (special) special(node, text);
  else if (/^(?:Full|Pre)-?sort(?:ed)? Groups$/.test(label)) node[label] = sortGroups(text);
  else if (COUNTS.test(label)) node[label] = Number(text);
  else if (FLAGS.has(label) && /^(?:true|false)$/.test(text)) node[label] = text === 'true';
  else if (label === 'Group Key' || label === 'Hash Key' || (label === 'Sort Key' && isAggregate(node))) addGroupingSet(node, label, text);
  else node[label] = LISTS.has(label) ? splitList(text) : text;
  return true;
}

const SPECIAL: Readonly<Record<string, (node: DraftNode, text: string) => void>> = {
  'Sort Method': (node, text) => {
    const match = /^(.+?)  (Memory|Disk): (\d+)kB$/.exec(text);
    Object.assign(node, match ? { 'Sort Method': match[1], 'Sort Space Used': Number(match[3]), 'Sort Space Type': match[2] } : { 'Sort Method': text });
  },
  Buckets: (node, text) => {
    const buckets = /^(\d+)(?: \(originally (\d+)\))?  Batches: (\d+)(?: \(originally (\d+)\))?  Memory Usage: (\d+)kB/.exec(text);
    if (buckets) Object.assign(node, { 'Hash Buckets': Number(buckets[1]), 'Original Hash Buckets': Number(buckets[2] ?? buckets[1]), 'Hash Batches': Number(buckets[3]), 'Original Hash Batches': Number(buckets[4] ?? buckets[3]), 'Peak Memory Usage': Number(buckets[5]) });
  },
  Batches: (node, text) => readPairs(node, `Batches: ${text}`, { Batches: 'HashAgg Batches', 'Memory Usage': 'Peak Memory Usage', 'Disk Usage': 'Disk Usage' }),
  'Planned Partitions': (node, text) => readPairs(node, `Planned Partitions: ${text}`, { 'Planned Partitions': 'Planned Partitions', Batches: 'HashAgg Batches', 'Memory Usage': 'Peak Memory Usage', 'Disk Usage': 'Disk Usage' }),
  Hits: (node, text) => readPairs(node, `Hits: ${text}`, { Hits: 'Cache Hits', Misses: 'Cache Misses', Evictions: 'Cache Evictions', Overflows: 'Cache Overflows', 'Memory Usage': 'Peak Memory Usage' }),
  Storage: (node, text) => {
    const match = /^(Memory|Disk)  Maximum Storage: (\d+)kB$/.exec(text);
    if (match) Object.assign(node, { Storage: match[1], 'Maximum Storage': Number(match[2]) });
  },
  'Heap Blocks': (node, text) => {
    for (const [, kind, count] of text.matchAll(/(exact|lossy)=(\d+)/g)) node[kind === 'exact' ? 'Exact Heap Blocks' : 'Lossy Heap Blocks'] = Number(count);
  },
  Tuples: (node, text) => {
    for (const [, kind = '', count] of text.matchAll(/(inserted|updated|deleted|skipped)=(\d+)/g)) node[`Tuples ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`] = Number(count);
  },
  Sampling: (node, text) => {
    const match = /^(\S+) \((.*?)\)(?: REPEATABLE \((.*)\))?$/s.exec(text);
    if (match) Object.assign(node, { 'Sampling Method': match[1], 'Sampling Parameters': splitList(match[2] ?? '') }, match[3] === undefined ? {} : { 'Repeatable Seed': match[3] });
  },
  Buffers: (node, text) => {
    for (const kind of text.split(', ')) {
      const [, place = '', counts = ''] = /^(shared|local|temp) (.+)$/.exec(kind) ?? [];
      for (const [, what = '', count] of counts.matchAll(/(hit|read|dirtied|written)=(\d+)/g)) node[`${capital(place)} ${capital(what)} Blocks`] = Number(count);
    }
  },
  'I/O Timings': (node, text) => {
    for (const kind of text.split(', ')) {
      const [, place = '', times = ''] = /^(?:(shared\/local|shared|local|temp) )?(.+)$/.exec(kind) ?? [];
      const prefix = place === '' || place === 'shared/local' ? '' : `${capital(place)} `;
      for (const [, what = '', time] of times.matchAll(/(read|write)=([\d.]+)/g)) node[`${prefix}I/O ${capital(what)} Time`] = Number(time);
    }
  },
  WAL: (node, text) => {
    const keys: Readonly<Record<string, string>> = { records: 'WAL Records', fpi: 'WAL FPI', bytes: 'WAL Bytes', 'buffers full': 'WAL Buffers Full' };
    for (const [, what = '', count] of text.matchAll(/(records|fpi|bytes|buffers full)=(\d+)/g)) node[keys[what] ?? what] = Number(count);
  },
  Memory: (node, text) => {
    const match = /^used=(\d+)kB  allocated=(\d+)kB$/.exec(text);
    if (match) Object.assign(node, { 'Memory Used': Number(match[1]), 'Memory Allocated': Number(match[2]) });
  },
};

const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
const isAggregate = (node: DraftNode): boolean => node['Node Type'] === 'Aggregate';

/** `Batches: 5  Memory Usage: 8kB`: several labels in one line. */
function readPairs(node: DraftNode, line: string, keys: Readonly<Record<string, string>>): void {
  for (const part of line.split(/ {2,}/)) {
    const [, label = '', value] = /^(.+?): (\d+)(?:kB)?$/.exec(part) ?? [];
    const key = Object.hasOwn(keys, label) ? keys[label] : undefined;
    if (key !== undefined) node[key] = Number(value);
  }
}

/** `2  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 27kB` of an incremental sort. */
function sortGroups(text: string): DraftNode {
  const groups: DraftNode = { 'Group Count': Number(/^\d+/.exec(text)?.[0] ?? 0) };
  const methods = /  Sort Methods?: (.+?)(?:  |$)/.exec(text)?.[1];
  if (methods !== undefined) groups['Sort Methods Used'] = methods.split(', ');
  for (const kind of ['Memory', 'Disk']) {
    const match = new RegExp(`Average ${kind}: (\\d+)kB  Peak ${kind}: (\\d+)kB`).exec(text);
    if (match) groups[`Sort Space ${kind}`] = { 'Average Sort Space Used': Number(match[1]), 'Peak Sort Space Used': Number(match[2]) };
  }
  return groups;
}

/** One key is `Group Key`; a second one makes grouping sets of them, as the JSON form has it. */
function addGroupingSet(node: DraftNode, label: string, text: string): void {
  const keys = text === '()' ? [] : splitList(text);
  const sets = node['Grouping Sets'] as DraftNode[] | undefined;
  if (label === 'Group Key' && sets === undefined && node['Group Key'] === undefined && node['Strategy'] !== 'Mixed') {
    node['Group Key'] = keys;
    return;
  }
  const all = sets ?? (node['Group Key'] === undefined ? [] : [{ 'Group Keys': [node['Group Key']] }]);
  delete node['Group Key'];
  const last = all.at(-1);
  if (label === 'Sort Key') all.push({ 'Sort Key': keys });
  else if (label === 'Hash Key') all.push({ 'Hash Keys': [keys] });
  else if (last && last['Hash Keys'] === undefined) last['Group Keys'] = [...((last['Group Keys'] as unknown[] | undefined) ?? []), keys];
  else all.push({ 'Group Keys': [keys] });
  node['Grouping Sets'] = all;
}

/** Items of a list that PostgreSQL wrote with `, ` between them: not inside brackets, strings or quoted names. */
export function splitList(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, at + 1);
      at = end < 0 ? text.length : end;
    } else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (c === ',' && depth <= 0 && text[at + 1] === ' ') {
      items.push(text.slice(start, at));
      start = at + 2;
    }
  }
  items.push(text.slice(start));
  return items;
}
