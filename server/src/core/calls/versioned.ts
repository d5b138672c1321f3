import type { FlowGraph } from './flow';

/**
 * A memory of what was found out by following calls from one file into others: empty again after any change of a file.
 * The key alone (a file, a function) does not tell that: what was found may stand in a file that it has nothing to do with.
 * Two versions are kept: a fix is tried on another version of its file, and then the one before holds again.
 */
export function createVersioned<Key, Value>(): (flow: FlowGraph) => Map<Key, Value> {
  interface Version { readonly version: number; readonly map: Map<Key, Value> }
  const known = new WeakMap<FlowGraph, readonly Version[]>();
  return (flow) => {
    const versions = known.get(flow) ?? [];
    const found = versions.find((one) => one.version === flow.version);
    if (found && found === versions[0]) return found.map;
    const newest = found ?? { version: flow.version, map: new Map<Key, Value>() };
    known.set(flow, [newest, ...versions.filter((one) => one !== found)].slice(0, 2));
    return newest.map;
  };
}
