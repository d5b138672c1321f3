import type { LintSettings } from '../lint/rule';

/** Why a pool that gives the server connection away after each transaction is taken to stand before the database. */
export interface PoolerEvidence {
  /** Where it says so: `pgbouncer.ini: pool_mode = transaction`. Never a URL. */
  readonly because: string;
}

const MARKS: readonly (readonly [RegExp, string])[] = [
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`]*[?&]pgbouncer=true/i, 'pgbouncer=true in its URL'],
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`/]*\bpgbouncer\b[^\s'"`/]*/i, 'a URL whose host is called pgbouncer'],
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`/]*-pooler\.[\w.-]+/i, 'a URL of a pooler'],
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`/]*:6543\b/i, 'a URL with the port of a transaction pooler, 6543'],
];

/** What a document's own text says: a URL with `pgbouncer=true`, a pooler's host or port. */
export function poolerInText(text: string): PoolerEvidence | undefined {
  const mark = MARKS.find(([pattern]) => pattern.test(text));
  return mark && { because: mark[1] };
}

/** What a configuration file says: a `pgbouncer.ini`, a compose file, an environment. @param name of the file, for the reason. */
export function poolerInConfiguration(name: string, text: string): PoolerEvidence | undefined {
  if (/\.ini$/.test(name)) return /^\s*pool_mode\s*=\s*(transaction|statement)\b/m.test(text) ? { because: `${name}: pool_mode = ${/^\s*pool_mode\s*=\s*(\w+)/m.exec(text)?.[1] ?? ''}` } : undefined;
  if (/\.ya?ml$/.test(name)) return /pgbouncer|supavisor|pgcat|odyssey/i.test(text) && /POOL_MODE["']?\s*[:=]\s*["']?transaction/i.test(text) ? { because: `${name}: POOL_MODE is transaction` } : undefined;
  const found = text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line)).map(poolerInText).find((evidence) => evidence !== undefined);
  return found && { because: `${name}: ${found.because}` };
}

/** Of the workspace, else of the document. */
export const findPooler = (settings: LintSettings, text: () => string): PoolerEvidence | undefined => settings.pooler ?? poolerInText(text());
