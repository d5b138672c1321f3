import type { FlowGraph } from './flow';

/**
 * A memory of what was found out by following calls from one file into others: empty again after any change of a file.
 * The key alone (a file, a function) does not tell that: what was found may stand in a file that it has nothing to do with.
 */
export function createVersioned<Key, Value>(): (flow: FlowGraph) => Map<Key, Value> {
  const known = new WeakMap<FlowGraph, { readonly version: number; readonly map: Map<Key, Value> }>();
  return (flow) => {
    let entry = known.get(flow);
    if (entry?.version !== flow.version) known.set(flow, (entry = { version: flow.version, map: new Map() }));
    return entry.map;
  };
}
