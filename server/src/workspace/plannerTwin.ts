import { existsSync } from 'node:fs';
import path from 'node:path';
import { createTwin } from '../twin';
import type { Twin } from '../twin/twin';
import { createLocalTwin } from './localTwin';

export type { Twin, TwinStatus } from '../twin/twin';

/** The twin's program stands beside the bundle. */
const script = path.join(__dirname, 'twin.js');

export interface PlannerOptions {
  /**
   * `local`: a Postgres of this machine plans where it is of the server's own major version. It evaluates names and expressions
   * of the workspace, so only the user chooses it (a flag, a setting of the machine), never a file of the workspace. Default `embedded`.
   */
  readonly server?: 'embedded' | 'local';
  /** As long as this is false the embedded planner serves. */
  readonly isTrusted?: () => boolean;
  /** Folders of the workspace. */
  readonly folders?: () => readonly string[];
  /** Told, once, why the embedded planner serves. */
  readonly say?: (message: string) => void;
}

/** The planner twin of a process. Starts nothing: the first question does. */
export function createPlannerTwin({ server, isTrusted = () => true, folders = () => [], say = () => undefined }: PlannerOptions = {}): Twin {
  const embedded = createTwin({ script });
  return server === 'local' ? createLocalTwin({ embedded, isTrusted, outside: folders, say }) : embedded;
}

/** As `createPlannerTwin`; undefined where its program is missing (run from sources): verdicts rest on the schema then. */
export const findPlannerTwin = (options: PlannerOptions): Twin | undefined => (existsSync(script) ? createPlannerTwin(options) : undefined);
