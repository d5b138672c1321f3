import { toUri } from '../workspace/paths';
import { MAX_PLANNER_ROUNDS } from '../workspace/planning';
import type { Linted, Project, Skipped } from '../workspace/project';

/** Measures a piece of work under a name; the times of one name are added up. */
export type Stage = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Files whose questions are answered together: so few that the planner forgets none of its answers between two rounds. */
const PORTION = 20;

/** Lints files from disk, the planner's answers waited for. Results are in the order of `files`. */
export async function lintFiles(project: Project, files: readonly string[], stage: Stage, onFile: (done: number) => void): Promise<{ readonly linted: readonly Linted[]; readonly skipped: readonly Skipped[] }> {
  const results = new Map<string, Linted>();
  const skipped: Skipped[] = [];
  let done = 0;
  for (const portion of portions(project, files)) {
    await stage('lint', async () => {
      for (const file of portion) {
        onFile(++done);
        const result = await project.lint(file);
        if ('reason' in result) skipped.push(result);
        else results.set(file, result);
      }
    });
    await stage('plan', () => settle(project, results, portion));
  }
  return { linted: files.flatMap((file) => results.get(file) ?? []), skipped };
}

/** Those that speak to one database stand together: the twin makes each schema once. */
function portions(project: Project, files: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  for (const binding of project.databases) {
    const own = files.filter((file) => project.bindingOf(toUri(file)) === binding);
    for (let at = 0; at < own.length; at += PORTION) all.push(own.slice(at, at + PORTION));
  }
  return all;
}

/** Has the planner answer what the rules asked, and lints again what waited for it. */
async function settle(project: Project, results: Map<string, Linted>, files: readonly string[]): Promise<void> {
  const collectPending = (): (readonly [string, Linted])[] => files.map((file) => [file, results.get(file)] as const).filter((entry): entry is readonly [string, Linted] => entry[1]?.pending === true);
  for (let round = 0; round < MAX_PLANNER_ROUNDS && collectPending().length > 0 && (await project.settle()); round++) {
    for (const [file, result] of collectPending()) results.set(file, project.lookAgain(result));
  }
}
