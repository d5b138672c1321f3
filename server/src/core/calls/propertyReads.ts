import type { AttributeRead, HostFile, Loop } from '../hosts/ir';
import type { FlowGraph, FunctionSummary } from './flow';
import { rowsOf } from './lazyReads';

/** A property that sends a query, read once per element of a loop. */
export interface PropertyRead {
  readonly read: AttributeRead;
  readonly loop: Loop;
  /** `Account.open_loans`. */
  readonly name: string;
  readonly summary: FunctionSummary;
}

const COLLECTION = /^(?:typing\.)?(?:list|List|Sequence|Iterable|Collection|set|Set|tuple|Tuple|QuerySet|Iterator|AsyncIterator)\[\s*['"]?([A-Za-z_][\w.]*)/;

/** Reads of `@property` methods that query, on elements whose class is known: by annotation, or by the query that gave them. */
export function collectPropertyReads(flow: FlowGraph, file: HostFile): readonly PropertyRead[] {
  const found = new Map<string, PropertyRead>();
  for (const read of file.attributeReads ?? []) {
    const loop = file.loops[read.loopId];
    const key = `${read.loopId}.${read.name}.${read.property}`;
    const type = loop && !found.has(key) ? elementType(file, loop) : undefined;
    if (!loop || type === undefined) continue;
    for (const ref of flow.named(file.uri, read.functionId, [...type.split('.'), read.property])) {
      const method = flow.file(ref.uri)?.functions[ref.functionId];
      const summary = flow.summary(ref);
      if (!method?.decorators.some((d) => /(^|\.)(cached_)?property$|hybrid_property$/.test(d)) || !summary || summary.executes === 'no' || summary.access === 'write') continue;
      found.set(key, { read, loop, name: `${type}.${read.property}`, summary });
    }
  }
  return [...found.values()];
}

/** Class of a loop's elements; undefined where it is not written anywhere. */
function elementType(file: HostFile, loop: Loop): string | undefined {
  const text = loop.iterable?.text.trim() ?? '';
  const model = rowsOf(file, loop)?.model;
  if (model !== undefined) return model;
  const fn = loop.functionId === undefined ? undefined : file.functions[loop.functionId];
  const name = /^\w+$/.exec(text)?.[0];
  const annotation = fn?.parameters.find((p) => p.name === name)?.type ?? fn?.locals.find((l) => l.name === name)?.type;
  return COLLECTION.exec(annotation?.trim() ?? '')?.[1];
}
