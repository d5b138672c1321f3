import { describeDifferences, renderCalibrationMarkdown, summariseCalibration } from '../workspace/calibrate';
import { createConnections, databaseUrl } from '../workspace/connections';
import { createEngine } from '../workspace/engine';
import { createPlannerTwin } from '../workspace/plannerTwin';
import { toPlannerOptions } from './plannerFlag';
import { UsageError } from './usage';

export interface CalibrateOptions {
  /** Which Postgres plans. A flag alone: no file of the workspace may choose it. */
  readonly planner?: 'embedded' | 'local';
  /** `false` from `--no-database`. */
  readonly database?: string | false;
  readonly format: 'text' | 'json' | 'markdown';
}

/** `sargable explain --calibrate`: the twin beside the server. @returns the exit status */
export async function runCalibrate(options: CalibrateOptions): Promise<number> {
  const url = options.database === false ? undefined : databaseUrl(options.database);
  if (url === undefined) throw new UsageError('--calibrate compares the twin with a database: pass --database URL, or set SARGABLE_DATABASE_URL or the PG* variables');
  const [engine, twin, connections] = [await createEngine(), createPlannerTwin(toPlannerOptions(options.planner)), createConnections()];
  try {
    const opened = await connections.connect({ name: 'cli', url });
    if (!opened.ok) throw new UsageError(opened.error);
    const outcome = await connections.calibrate('cli', { twin, analyser: engine.sql });
    if (outcome.kind !== 'calibrated') throw new UsageError(outcome.message);
    const { label, calibration } = outcome;
    const { plans, sameShape, unplanned, costErrorAt } = calibration;
    const differing = describeDifferences(calibration);
    process.stdout.write(options.format === 'markdown' ? renderCalibrationMarkdown(label, calibration)
      : options.format === 'json' ? `${JSON.stringify({ plans, sameShape, unplanned, costErrorMedian: costErrorAt(0.5), costError95: costErrorAt(0.95), differing }, undefined, 2)}\n`
      : [`The planner twin and ${label}`, '', summariseCalibration(calibration), ...differing.flatMap(({ sql, server, twin: planned }) => ['', `  ${sql}`, `    server  ${server}`, `    twin    ${planned}`]), ''].join('\n'));
    return 0;
  } finally {
    await connections.close();
    await twin.stop();
  }
}
