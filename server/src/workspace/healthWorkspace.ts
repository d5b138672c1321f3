import type { HealthAdvice } from '../core/health/advice';
import { exactKey, looseKey } from '../core/sql/statementKeys';
import { createLineIndex } from '../core/text/lineIndex';
import { adviseWorkspace } from './advise';
import { createConnections } from './connections';
import { createEngine, type Engine } from './engine';
import { relativePath, toPath } from './paths';
import type { Twin } from './plannerTwin';
import { createProject, type Project } from './project';
import type { UserSettings } from './settings';
import { createStatementReader } from './statementReader';
import { collectStatements } from './statementStats';

/** Where the files of a scanned project send a statement as the server prints it: `src/orders.ts:12`, most exact first. */
export function createPlaces(project: Project, { sql }: Pick<Engine, 'sql'>): (statement: string) => readonly string[] {
  const byExact = new Map<string, Set<string>>();
  const byLoose = new Map<string, Set<string>>();
  const add = (map: Map<string, Set<string>>, key: string | undefined, place: string): void => {
    if (key !== undefined) map.set(key, (map.get(key) ?? new Set()).add(place));
  };
  const loose = (text: string): string | undefined => looseKey(text, (plain) => sql.fingerprint(plain));
  for (const [uri, file] of project.files) {
    const path = toPath(uri);
    const text = file.sites.length > 0 ? project.textOf(uri) : undefined;
    if (path === undefined || text === undefined || file.foreign) continue;
    const lines = createLineIndex(text);
    for (const site of file.sites) {
      const place = `${relativePath(project.folder, path)}:${lines.toLineColumn(site.anchor.start).line + 1}`;
      for (const statement of collectStatements(site, sql)) {
        add(byExact, exactKey(statement), place);
        add(byLoose, loose(statement), place);
      }
    }
  }
  return (statement) => {
    const exact = byExact.get(exactKey(statement));
    const key = exact || byLoose.size === 0 ? undefined : loose(statement);
    return [...(exact ?? (key === undefined ? undefined : byLoose.get(key)) ?? [])];
  };
}

/** What the files of a workspace add to a look at their database. */
export interface HealthWorkspace {
  placesOf(statement: string): readonly string[];
  /** Indexes that the queries lack, tried in the twin. Seconds. */
  advise(): Promise<HealthAdvice>;
}

/** Of a scanned project that knows the database's catalog. Its queries are planned in the twin, never sent to the server. */
export function createHealthWorkspace(project: Project, engine: Engine): HealthWorkspace {
  return {
    placesOf: createPlaces(project, engine),
    async advise() {
      const outcome = await adviseWorkspace({ project, engine });
      if (outcome.state === 'unavailable') return { reports: [], problem: outcome.reason };
      const refused = outcome.reports.reduce((sum, { report }) => sum + report.refused.length, 0);
      return { reports: outcome.reports.map(({ report }) => report), ...(refused === 0 ? {} : { problem: `${refused} ${refused === 1 ? 'query' : 'queries'} could not be planned` }) };
    },
  };
}

export interface WorkspaceRequest {
  readonly folder: string;
  readonly settings: UserSettings;
  readonly url: string;
  readonly twin: Twin;
  onProgress?(done: number, total: number): void;
}

/** Reads a folder with the live catalog and counters of its database. Resolves to what went wrong in words where that cannot be. */
export async function readHealthWorkspace({ folder, settings, url, twin, onProgress }: WorkspaceRequest): Promise<HealthWorkspace | { readonly problem: string }> {
  const engine = await createEngine();
  const project = await createProject({ folder, engine, settings, twin });
  const connections = createConnections();
  try {
    const outcome = await connections.connect({ name: 'cli', url });
    if (!outcome.ok) return { problem: outcome.error };
    await project.setLive(connections.catalogs());
    const readings = await createStatementReader(connections).read(0);
    if (readings) await project.setStatements(readings);
  } finally {
    await connections.close();
  }
  await project.scan({ ...(onProgress ? { onProgress } : {}) });
  return createHealthWorkspace(project, engine);
}
