import { spawnSync } from 'node:child_process';

const pythons = new Map<string, string | undefined>();

/** A Python that has these modules; undefined where there is none. Asked once each: starting one takes a moment. */
export function findPython(modules: string): string | undefined {
  if (!pythons.has(modules)) pythons.set(modules, ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', `import ${modules}`]).status === 0));
  return pythons.get(modules);
}
