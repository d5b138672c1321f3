import { existsSync } from 'node:fs';
import path from 'node:path';
import { createTwin } from '../twin';
import type { Twin } from '../twin/twin';

export type { Twin, TwinStatus } from '../twin/twin';

/** The twin's program stands beside the bundle. */
const script = path.join(__dirname, 'twin.js');

/** The planner twin of a process. Starts nothing: the first question does. */
export const createPlannerTwin = (): Twin => createTwin({ script });

/** As `createPlannerTwin`; undefined where its program is missing (run from sources): verdicts rest on the schema then. */
export const findPlannerTwin = (): Twin | undefined => (existsSync(script) ? createPlannerTwin() : undefined);
