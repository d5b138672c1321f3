import { cache } from './cache';
import { connections } from './connections';
import { disk } from './disk';
import { indexes } from './indexes';
import { locks } from './locks';
import { partitions } from './partitions';
import type { Probe } from './probe';
import { replication } from './replication';
import { sequences } from './sequences';
import { settings } from './settings';
import { statements } from './statements';
import { tables } from './tables';
import { views } from './views';

/** The checks on Postgres itself, in the order of the report: what stands still first. */
export const probes: readonly Probe[] = [connections, locks, replication, tables, indexes, statements, cache, sequences, partitions, views, settings, disk];
