import type { PlannerOptions } from '../workspace/plannerTwin';

export const PLANNER_SERVERS = ['embedded', 'local'] as const;

/** `--planner`, for the twin of a command. */
export const toPlannerOptions = (server: (typeof PLANNER_SERVERS)[number] | undefined): PlannerOptions => ({
  ...(server === undefined ? {} : { server }),
  folders: () => [process.cwd()],
  say: (message) => { process.stderr.write(`sargable: ${message}\n`); },
});
