import { connections } from './connections';
import type { Probe } from './probe';
import { sequences } from './sequences';

/** The checks on Postgres itself, in the order of the report. */
export const probes: readonly Probe[] = [connections, sequences];
