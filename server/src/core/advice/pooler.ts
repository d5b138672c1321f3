import { parseIni } from '../health/pgbouncer/iniFile';
import { givesAway } from '../health/pgbouncer/lintPooler';
import { readIniSettings } from '../health/pgbouncer/poolerSettings';
import type { LintSettings, PoolerEvidence } from '../lint/rule';

export type { PoolerEvidence } from '../lint/rule';

/** What one configuration says: a `pgbouncer.ini`, a `pgcat.toml`, a compose file. @param name of the file, for the reason. */
export function poolerInConfiguration(name: string, text: string): PoolerEvidence | undefined {
  if (name.endsWith('.ini')) {
    const settings = readIniSettings(parseIni(text), name);
    const modes = new Set([settings.value('pool_mode'), ...settings.databases.map(({ poolMode }) => poolMode)]);
    const mode = ['transaction', 'statement'].find((one) => modes.has(one));
    const ports = [portOf(settings.value('listen_port')) ?? DEFAULT_PORT];
    return givesAway(settings) ? { because: `${name}: pool_mode = ${mode ?? ''}`, mode: 'shared', ports } : { because: `${name} configures PgBouncer`, mode: 'session', unproved: true, ports };
  }
  if (name.endsWith('.toml')) return /^\s*pool_mode\s*=\s*"transaction"/m.test(text) ? { because: `${name}: pool_mode = transaction`, mode: 'shared' } : undefined;
  return /\.ya?ml$/.test(name) ? poolerInCompose(name, text) : undefined;
}

const DEFAULT_PORT = 6432;
const POOLERS = /pgbouncer|supavisor|pgcat|odyssey/i;
const portOf = (text: string | undefined): number | undefined => (text !== undefined && /^\d{2,5}$/.test(text) ? Number(text) : undefined);

/** A service of a compose file that runs a pooler, by its image or its name. */
function poolerInCompose(name: string, text: string): PoolerEvidence | undefined {
  for (const { service, body } of servicesOf(text)) {
    const image = /^\s*image\s*:\s*(.*)$/m.exec(body)?.[1];
    if (!POOLERS.test(image ?? service)) continue;
    const mode = /POOL_MODE["']?\s*[:=]\s*["']?(?:\$\{\w+:-)?(\w+)/i.exec(body)?.[1]?.toLowerCase();
    const shared = mode === 'transaction' || mode === 'statement';
    // `"6432:5432"`, `127.0.0.1:6432:5432`, `${PORT:-6432}:5432`, `published: 6432`.
    const ports = [...body.matchAll(/^\s*-\s*["']?(?:[\d.]+:)?(?:\$\{\w+:-)?(\d{2,5})\}?:\d+/gm), ...body.matchAll(/^\s*published\s*:\s*["']?(\d{2,5})/gm)].flatMap((match) => portOf(match[1]) ?? []);
    const hosts = [service, ...[...body.matchAll(/^\s*(?:container_name|hostname)\s*:\s*["']?([\w.-]+)/gm)].map((match) => match[1] ?? '')];
    return { because: shared ? `${name}: POOL_MODE is ${mode}` : `the service ${service} of ${name}`, ...(shared ? { mode: 'shared' } : { unproved: true, ...(mode === 'session' || (mode === undefined && /pgbouncer/i.test(image ?? service)) ? { mode: 'session' as const } : {}) }), ports: ports.length > 0 ? ports : [DEFAULT_PORT], hosts };
  }
  return undefined;
}

/** The services of a compose file with their lines, told by their indentation. */
function servicesOf(text: string): readonly { readonly service: string; readonly body: string }[] {
  const found: { service: string; lines: string[] }[] = [];
  let within = false;
  let indent: number | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, space = '', key, rest] = /^(\s*)([\w.-]+)\s*:(.*)$/.exec(line) ?? [];
    if (space === '' && key !== undefined) {
      within = key === 'services';
      indent = undefined;
    } else if (within && key !== undefined && (indent === undefined || space.length === indent)) {
      indent ??= space.length;
      found.push({ service: key, lines: [rest ?? ''] });
    } else if (within) found.at(-1)?.lines.push(line);
  }
  return found.map(({ service, lines }) => ({ service, body: lines.join('\n') }));
}

const MARKS: readonly (readonly [RegExp, string])[] = [
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`]*[?&]pgbouncer=true/i, 'pgbouncer=true in its URL'],
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`/]*-pooler\.[\w.-]+/i, 'a URL of a pooler'],
  [/\bpostgres(?:ql)?(?:\+\w+)?:\/\/[^\s'"`/]*:6543\b/i, 'a URL with the port of a transaction pooler, 6543'],
];

/**
 * What a text says that connects: a URL with `pgbouncer=true`, a pooler's host or port; host and port of the workspace's own pooler.
 * @param known the pooler that the workspace configures
 */
export function poolerInText(text: string, known?: PoolerEvidence): PoolerEvidence | undefined {
  const mark = MARKS.find(([pattern]) => pattern.test(text));
  if (mark) return { because: mark[1], mode: 'shared' };
  const mode = known?.mode === undefined ? {} : { mode: known.mode };
  for (const [, host = '', port] of [...text.matchAll(/\bpostgres(?:ql)?(?:\+\w+)?:\/\/(?:[^\s'"`/@]*@)?([\w.-]+)(?::(\d+))?/gi), ...text.matchAll(/\bhost["']?\s*[:=]\s*["'`]?([\w.-]+)/gi)]) {
    if (/\bpgbouncer\b/i.test(host)) return { because: 'a URL whose host is called pgbouncer', ...mode };
    if (known?.hosts?.includes(host) === true || (isOwn(known, port) && isHere(host))) return { because: `its URL leads to ${describe(known)}`, ...mode };
  }
  return [...text.matchAll(/(?:\b|(?<!bouncer|pooler)_)port["']?\s*[:=]\s*["'`]?(\d{2,5})\b/gi)].some((match) => isOwn(known, match[1])) ? { because: `its port is that of ${describe(known)}`, ...mode } : undefined;
}

/** A port that only the pooler has: Postgres has 5432. */
const isOwn = (known: PoolerEvidence | undefined, port: string | undefined): boolean => port !== undefined && Number(port) !== 5432 && known?.ports?.includes(Number(port)) === true;
const isHere = (host: string): boolean => /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal)$/.test(host);
/** `the PgBouncer of pgbouncer.ini`. */
const describe = (known: PoolerEvidence | undefined): string => known?.because.replace(/ configures PgBouncer$|: .*$/, '').replace(/^(?=\S+\.\w+$)/, 'the pooler of ') ?? 'the pooler';

/** Of several files of a workspace, by name and text: its pooler, and whether the application is seen to connect through it. */
export function poolerInFiles(files: readonly { readonly name: string; readonly text: string }[]): PoolerEvidence | undefined {
  const configured = files.flatMap(({ name, text }) => poolerInConfiguration(name, text) ?? []);
  const shared = configured.find((one) => one.mode === 'shared');
  if (shared) return shared;
  const known = configured[0];
  for (const { name, text } of files) {
    if (/\.(?:ini|toml)$/.test(name)) continue;
    const lines = text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line)).join('\n');
    // Ports of a compose file are those of all its services: only a URL tells who connects where.
    const told = poolerInText(/\.ya?ml$/.test(name) ? [...lines.matchAll(/\bpostgres(?:ql)?(?:\+\w+)?:\/\/\S+/gi)].map(([url]) => url).join('\n') : lines, known);
    if (told) return { ...told, because: `${name}: ${told.because}`, ...(told.mode === 'session' ? { unproved: true } : {}), ...(known?.ports ? { ports: known.ports } : {}), ...(known?.hosts ? { hosts: known.hosts } : {}) };
  }
  return known;
}

/** The pooler that shares sessions before a document's database: the workspace's, else the one that the document connects to. */
export const findSharingPooler = (settings: LintSettings, text: () => string): PoolerEvidence | undefined => {
  const found = findPooler(settings, text);
  return found?.mode === 'session' ? undefined : found;
};

/** The pooler before a document's database, whether it shares sessions or not. */
export const findPooler = ({ pooler }: LintSettings, text: () => string): PoolerEvidence | undefined =>
  pooler !== undefined && pooler.unproved !== true ? pooler : poolerInText(text(), pooler);
