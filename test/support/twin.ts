import { join } from 'node:path';
import { buildTwin } from '../../scripts/twin.mjs';
import { createTwin, type TwinOptions } from '../../server/src/twin';
import type { Twin } from '../../server/src/twin/twin';

const folder = join(import.meta.dirname, '../../.cache/twin');
let script: Promise<string> | undefined;

/** The program of the twin's process, built from the sources where they have changed. */
export function twinScript(): Promise<string> {
  script ??= buildTwin(folder);
  return script;
}

/** A twin of the sources. Stop it in `afterAll`. */
export const startTwin = (options: Omit<TwinOptions, 'script'> = {}): Twin => createTwin({ ...options, script: twinScript });

let shared: Twin | undefined;

/** The twin that the tests of one process share; its process ends with this one. */
export const sharedTwin = (): Twin => (shared ??= startTwin());
