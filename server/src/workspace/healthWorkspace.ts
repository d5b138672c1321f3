import type { AdviceReport } from '../core/advice/adviceReport';
import { exactKey, looseKey } from '../core/sql/statementKeys';
import { createLineIndex } from '../core/text/lineIndex';
import type { Engine } from './engine';
import { relativePath, toPath } from './paths';
import type { Project } from './project';
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

/** Indexes for the queries of the workspace, as the check of the indexes takes them. */
export interface AdvisedForHealth {
  readonly reports: readonly AdviceReport[];
  /** Why there is no advice. */
  readonly problem?: string;
}
