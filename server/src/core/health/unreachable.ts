import type { HealthCheck, HealthFinding, HealthReport } from './model';

/** Stands for the Postgres that could not be reached in the place of its checks. */
export const POSTGRES_CHECK = { name: 'postgres', title: 'PostgreSQL' } as const;

const UNREACHABLE = 'unreachable';

/** A server that was to be looked at and could not be. @param reason names it and says why; it never holds a password */
export function tellUnreachable(title: string, reason: string): Omit<HealthFinding, 'check'> {
  const named = reason.indexOf(': ');
  const why = named > 0 && title.endsWith(reason.slice(0, named)) ? reason.slice(named + 2) : reason;
  return {
    id: UNREACHABLE, severity: 'critical', subject: title, message: `${title} could not be looked at: ${why.replace(/([^.!?])$/, '$1.')}`, evidence: {},
    recommendation: 'Nothing more is known of it: it may be down, the address or the log-in may be wrong, or the network is in the way.',
  };
}

/** Is one of the servers that were to be looked at missing in a report? */
export const isPartial = ({ checks }: Pick<HealthReport, 'checks'>): boolean => checks.some(({ findings }: Pick<HealthCheck, 'findings'>) => findings.some(({ id }) => id === UNREACHABLE));
