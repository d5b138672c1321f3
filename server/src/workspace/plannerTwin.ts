import path from 'node:path';
import { createTwin } from '../twin';
import type { Twin } from '../twin/twin';

export type { Twin, TwinStatus } from '../twin/twin';

/** The planner twin of a process, as both front ends use it. Starts nothing: the first question does. */
export const createPlannerTwin = (): Twin => createTwin({ script: path.join(__dirname, 'twin.js') });
