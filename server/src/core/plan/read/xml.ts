/** What EXPLAIN (FORMAT XML) writes: elements and text, no attribute that matters. */
export interface LooseXml {
  /** One per statement. */
  readonly documents: readonly Record<string, unknown>[];
  /** Offset behind it. */
  readonly end: number;
  /** The text ended inside of an element. */
  readonly cut: boolean;
}

const MAX_DEPTH = 2000;
const LISTS = new Set(['Plans', 'Triggers', 'Workers', 'Target Tables', 'Grouping Sets', 'Group Keys', 'Hash Keys', 'Sort Methods Used']);
const NUMERIC = /(?:Cost|Rows|Width|Time|Loops|Blocks|Buckets|Batches|Usage|Planned|Launched|Used|Allocated|Fetches|Searches|Count|Records|FPI|Bytes|Number|Functions|Generation|Inlining|Optimization|Emission|Total|Deform|Calls|Hits|Misses|Evictions|Overflows|Inserted|Updated|Deleted|Skipped|Tuples|Volume|Partitions|Maximum Storage|Identifier|Full)$|^(?:Rows|Subplans) Removed/;
const FLAGS = new Set(['Parallel Aware', 'Async Capable', 'Disabled', 'Inner Unique', 'Single Copy', 'Inlining', 'Optimization', 'Expressions', 'Deforming']);
const NAMES: Readonly<Record<string, string>> = { 'One Time Filter': 'One-Time Filter' };

interface Element {
  readonly name: string;
  readonly children: { readonly name: string; readonly value: unknown }[];
  text: string;
}

/** Reads `<explain …>` at an offset. Of one that is cut off, what was closed before is kept. Never throws. */
export function readXml(text: string, start: number): LooseXml {
  const open: Element[] = [];
  const documents: Record<string, unknown>[] = [];
  const token = /<(\/?)([A-Za-z][\w.-]*)[^<>]*?(\/?)>|<[!?][^>]*>|([^<]+)/y;
  token.lastIndex = start;
  let end = start;
  const close = (): void => {
    const element = open.pop();
    if (!element) return;
    const value = valueOf(element);
    const isDocument = (element.name === 'Query' || element.name === 'explain') && typeof value === 'object' && value !== null && 'Plan' in value;
    if (isDocument) documents.push(value as Record<string, unknown>);
    else open.at(-1)?.children.push({ name: element.name, value });
  };
  for (let match = token.exec(text); match; match = token.exec(text)) {
    end = token.lastIndex;
    const [, slash, tag, empty, content] = match;
    if (content !== undefined) {
      const element = open.at(-1);
      if (element) element.text += content;
    } else if (tag !== undefined && slash === '/') {
      close();
      if (open.length === 0) return { documents, end, cut: false };
    } else if (tag !== undefined) {
      if (open.length > MAX_DEPTH) break;
      open.push({ name: nameOf(tag), children: [], text: '' });
      if (empty === '/') close();
    }
  }
  const cut = open.length > 0;
  while (open.length > 0) {
    // A text that has no end says nothing sure.
    const last = open.at(-1)!;
    if (last.children.length === 0 && !LISTS.has(last.name)) open.pop();
    else close();
  }
  return { documents, end, cut };
}

const nameOf = (tag: string): string => {
  const name = tag.replace(/^((?:\w+-)?)I-O-/, '$1I/O-').replaceAll('-', ' ');
  return NAMES[name] ?? name;
};

function valueOf({ name, children, text }: Element): unknown {
  if (LISTS.has(name) || (children.length > 0 && children.every((child) => child.name === 'Item'))) return children.map((child) => child.value);
  // Both kinds of groups of an incremental sort have one name here; those that were sorted by all keys come first.
  const groups = children.filter((child) => child.name === 'Incremental Sort Groups');
  const named = (child: Element['children'][number]): string => (child.name === 'Incremental Sort Groups' ? (groups.indexOf(child) === 0 ? 'Full-sort Groups' : 'Pre-sorted Groups') : child.name);
  if (children.length > 0) return Object.fromEntries(children.filter((child) => child.name !== '__proto__').map((child) => [named(child), child.value]));
  const value = decode(text);
  if (FLAGS.has(name) && /^(?:true|false)$/.test(value)) return value === 'true';
  if (NUMERIC.test(name) && /^-?\d+(?:\.\d+)?$/.test(value)) return Number.isSafeInteger(Number(value)) || value.includes('.') ? Number(value) : value;
  if (value.trim() !== '' || !value.includes('\n')) return value;
  return name === 'Group Key' || name === 'Hash Key' ? [] : {};
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const decode = (text: string): string => text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
  if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name]! : whole;
  const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
});
