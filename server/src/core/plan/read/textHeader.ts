/** A node of EXPLAIN's JSON form while it is put together. */
export type DraftNode = Record<string, unknown>;

/** `(cost=0.00..1.00 rows=1 width=4) (actual time=0.01..0.02 rows=1 loops=1)` behind a node's name. */
export interface NodeHeader {
  /** What stands before the figures. */
  readonly name: string;
  readonly figures: DraftNode;
}

const COST = /^\(cost=([\d.]+)\.\.([\d.]+) rows=(\d+) width=(\d+)\)$/;
const ACTUAL = /^\(actual (?:time=([\d.]+)\.\.([\d.]+) )?rows=([\d.]+) loops=(\d+)\)$/;
/** Lines of that length are conditions. */
const MAX_HEADER = 4000;

/** Reads a line as a node with its figures; undefined where it has none. A wrapped line may have lost blanks or got some. */
export function readHeader(line: string): NodeHeader | undefined {
  if (line.length > MAX_HEADER || !line.endsWith(')')) return undefined;
  const figures: DraftNode = {};
  let rest = line;
  let found = false;
  const actualAt = Math.max(rest.lastIndexOf('(actual '), rest.lastIndexOf('(never executed)'));
  const costBefore = rest.lastIndexOf('(cost=');
  if (actualAt > 0 && actualAt > costBefore) {
    const part = rest.slice(actualAt);
    const match = ACTUAL.exec(part);
    if (match) {
      if (match[1] !== undefined) Object.assign(figures, { 'Actual Startup Time': Number(match[1]), 'Actual Total Time': Number(match[2]) });
      Object.assign(figures, { 'Actual Rows': Number(match[3]), 'Actual Loops': Number(match[4]) });
      found = true;
    } else if (part === '(never executed)') {
      Object.assign(figures, { 'Actual Startup Time': 0, 'Actual Total Time': 0, 'Actual Rows': 0, 'Actual Loops': 0 });
      found = true;
    }
    if (found) rest = rest.slice(0, actualAt).trimEnd();
  }
  const cost = costBefore > 0 ? COST.exec(rest.slice(costBefore)) : null;
  if (cost) {
    Object.assign(figures, { 'Startup Cost': Number(cost[1]), 'Total Cost': Number(cost[2]), 'Plan Rows': Number(cost[3]), 'Plan Width': Number(cost[4]) });
    rest = rest.slice(0, costBefore).trimEnd();
    found = true;
  }
  return found ? { name: rest.trim(), figures } : undefined;
}

const KNOWN = /^(?:Parallel |Async |Partial |Finalize )*(?:Result|ProjectSet|Append|Merge Append|Recursive Union|BitmapAnd|BitmapOr|Gather|Gather Merge|Materialize|Memoize|Sort|Incremental Sort|Group|Aggregate|GroupAggregate|HashAggregate|MixedAggregate|WindowAgg|Unique|(?:Hash)?SetOp (?:Except|Intersect)(?: All)?|LockRows|Limit|Hash|Nested Loop(?: .+ Join)?|(?:Hash|Merge)(?: [A-Z][a-z]+){0,2} Join|Custom Scan \(.+\)(?: on .+)?|(?:Insert|Update|Delete|Merge|Foreign Insert|Foreign Update|Foreign Delete|Foreign Scan|Seq Scan|Sample Scan|Tid Scan|Tid Range Scan|Subquery Scan|Function Scan|Table Function Scan|Values Scan|CTE Scan|Named Tuplestore Scan|WorkTable Scan|Bitmap Heap Scan|Bitmap Index Scan) on .+|Index (?:Only )?Scan(?: Backward)? using .+ on .+|Foreign Scan|Custom Scan)$/;

/** Is this the name of a node, as EXPLAIN (COSTS OFF) prints it? */
export const isNodeName = (name: string): boolean => name.length <= MAX_HEADER && KNOWN.test(name);

/** A node that names what it reads: hardly anything else does. */
export const isQualifiedNode = (line: string): boolean => / (?:on|using) \S/.test(line);

/** Keys of the JSON form for a node's name as text has it: `Parallel Seq Scan on public.orders o`. */
export function readNodeName(name: string): DraftNode {
  let rest = name;
  const node: DraftNode = { 'Node Type': '', 'Parallel Aware': false, 'Async Capable': false };
  const take = (prefix: string): boolean => {
    if (!rest.startsWith(prefix)) return false;
    rest = rest.slice(prefix.length);
    return true;
  };
  if (take('Parallel ')) node['Parallel Aware'] = true;
  if (take('Async ')) node['Async Capable'] = true;
  const partial = take('Partial ') ? 'Partial' : take('Finalize ') ? 'Finalize' : 'Simple';
  return { ...node, ...aggregateOf(rest, partial) ?? joinOf(rest) ?? setOperationOf(rest) ?? writeOf(rest) ?? scanOf(rest) ?? { 'Node Type': rest } };
}

const STRATEGIES: Readonly<Record<string, string>> = { Aggregate: 'Plain', GroupAggregate: 'Sorted', HashAggregate: 'Hashed', MixedAggregate: 'Mixed' };

const aggregateOf = (name: string, partial: string): DraftNode | undefined =>
  Object.hasOwn(STRATEGIES, name) ? { 'Node Type': 'Aggregate', Strategy: STRATEGIES[name], 'Partial Mode': partial } : undefined;

function joinOf(name: string): DraftNode | undefined {
  const match = /^(?:(Nested Loop)|(Hash|Merge))(?: (Left|Right|Full|Semi|Anti|Right Semi|Right Anti))?( Join)?$/.exec(name);
  if (!match || (match[1] === undefined ? match[4] === undefined : (match[3] === undefined) !== (match[4] === undefined))) return undefined;
  return { 'Node Type': match[1] ?? `${match[2] ?? ''} Join`, 'Join Type': match[3] ?? 'Inner' };
}

function setOperationOf(name: string): DraftNode | undefined {
  const match = /^(Hash)?SetOp (.+)$/.exec(name);
  return match ? { 'Node Type': 'SetOp', Strategy: match[1] === undefined ? 'Sorted' : 'Hashed', Command: match[2] } : undefined;
}

function writeOf(name: string): DraftNode | undefined {
  const match = /^(Foreign )?(Insert|Update|Delete|Merge) on (.+)$/.exec(name);
  return match ? { 'Node Type': match[1] === undefined ? 'ModifyTable' : 'Foreign Scan', Operation: match[2], ...relationOf(match[3] ?? '') } : undefined;
}

function scanOf(name: string): DraftNode | undefined {
  const index = /^(Index Scan|Index Only Scan)( Backward)? using /.exec(name);
  if (index) {
    const found = takeName(name, index[0].length);
    return { 'Node Type': index[1], 'Scan Direction': index[2] === undefined ? 'Forward' : 'Backward', 'Index Name': found.name, ...relationOf(name.slice(found.end).replace(/^ on /, '')) };
  }
  const match = /^(Bitmap Index Scan|Custom Scan \(.+?\)|[A-Z][A-Za-z ]*? Scan)(?: on (.+))?$/.exec(name);
  if (!match) return undefined;
  const [, type = '', target = ''] = match;
  if (type === 'Bitmap Index Scan') return { 'Node Type': type, 'Index Name': takeName(target, 0).name };
  const provider = /^Custom Scan \((.+)\)$/.exec(type)?.[1];
  if (provider !== undefined) return { 'Node Type': 'Custom Scan', 'Custom Plan Provider': provider, ...(target === '' ? {} : relationOf(target)) };
  if (target === '') return { 'Node Type': type };
  const key = { 'CTE Scan': 'CTE Name', 'WorkTable Scan': 'CTE Name', 'Function Scan': 'Function Name', 'Table Function Scan': 'Table Function Name', 'Named Tuplestore Scan': 'Tuplestore Name' }[type];
  if (['Values Scan', 'Subquery Scan'].includes(type)) return { 'Node Type': type, Alias: takeName(target, 0).name };
  return { 'Node Type': type, ...relationOf(target, key) };
}

/** `public.orders o` as keys. */
export function relationOf(text: string, key = 'Relation Name'): DraftNode {
  const first = takeName(text, 0);
  const second = text[first.end] === '.' ? takeName(text, first.end + 1) : undefined;
  const name = second?.name ?? first.name;
  const alias = text.slice((second ?? first).end).trim();
  return { [key]: name, ...(second ? { Schema: first.name } : {}), Alias: alias === '' ? name : takeName(alias, 0).name };
}

/** The identifier at an offset, without its quotes. */
function takeName(text: string, at: number): { readonly name: string; readonly end: number } {
  const pattern = /"((?:[^"]|"")*)"|[^\s."]+/y;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (!match) return { name: text.slice(at).trim(), end: text.length };
  return { name: match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'), end: pattern.lastIndex };
}
