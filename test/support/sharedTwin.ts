import { join } from 'node:path';
import { buildTwin } from '../../scripts/twin.mjs';
import { createTwin } from '../../server/src/twin';
import type { Twin } from '../../server/src/twin/twin';

let shared: Promise<Twin> | undefined;

/** The twin that the tests of one process share; its process ends with this one. */
export function sharedTwin(): Promise<Twin> {
  shared ??= buildTwin(join(import.meta.dirname, '../../.cache/twin')).then((script) => createTwin({ script }));
  return shared;
}
