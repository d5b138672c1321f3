import { judgeViews } from '../../core/health/views';
import { quoteIdentifier } from '../../core/sql/names';
import { isoOf, numberOf, textOf } from '../introspectRows';
import { cronJobsQuery, materializedViewsQuery, viewDependenciesQuery } from '../queries/healthObjects';
import { sizedRows, type Probe } from './probe';

export const views: Probe = {
  name: 'views',
  title: 'Materialised views',
  async read(context) {
    const { rows, blind, server } = context;
    const found = await sizedRows(context, materializedViewsQuery);
    const dependencies = found.length === 0 ? [] : await rows(viewDependenciesQuery) ?? [];
    const jobs = found.length === 0 || server.extensions['pg_cron'] === undefined ? undefined : await rows(cronJobsQuery, [], { what: 'the jobs of pg_cron', grant: `GRANT USAGE ON SCHEMA cron TO ${quoteIdentifier(server.user)};\nGRANT SELECT ON cron.job TO ${quoteIdentifier(server.user)};` });
    if (found.length > 0) blind('When a materialised view was last refreshed: no version of the server keeps that.');
    return judgeViews({
      views: found.map((row) => ({
        oid: textOf(row['oid']), schema: textOf(row['schema']), name: textOf(row['name']), populated: row['populated'] === true, bytes: numberOf(row['bytes']) ?? 0, uniqueIndex: row['unique_index'] === true,
        ...(isoOf(row['last_analyze']) === undefined ? {} : { lastAnalyze: isoOf(row['last_analyze']) }),
      })),
      dependencies: dependencies.map((row) => ({ view: textOf(row['view']), reads: textOf(row['reads']), schema: textOf(row['schema']), name: textOf(row['name']), kind: textOf(row['kind']) })),
      ...(jobs ? { jobs: jobs.map((row) => ({ schedule: textOf(row['schedule']), command: textOf(row['command']) })) } : {}),
    });
  },
};
