import type { Twin } from '../../server/src/twin/twin';

/** The twin that the tests of one process share. */
export function sharedTwin(): Twin | undefined {
  return undefined;
}
