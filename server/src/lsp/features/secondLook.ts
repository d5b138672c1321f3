import type { Connection } from 'vscode-languageserver/node';
import type { Project } from '../../workspace/project';
import { inBackground, projectOf, type Session } from '../session';
import { publishAgain } from './diagnostics';

/** How long the keyboard must rest before the planner is asked: a statement that is being typed has a new text at every key. Milliseconds. */
const REST = 40;

/**
 * The second publish: findings that only the planner can decide come when it has answered, for the documents that waited.
 * A keystroke never waits for it. `onAnswered`: the planner has been asked, so its state may be another.
 */
export function createSecondLook(connection: Connection, session: () => Session | undefined, onAnswered: () => void): (project: Project) => void {
  const waiting = new Set<Project>();
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const projects = [...waiting];
    waiting.clear();
    for (const project of projects) {
      const answered = await project.settle();
      onAnswered();
      const active = session();
      if (!active) continue;
      const uris = [...active.results].filter(([uri, result]) => result.linted.pending && projectOf(active, uri) === project).map(([uri]) => uri);
      // Not asked any more, though a document waits: somebody else has waited for the same answers.
      if (!answered && uris.length === 0) continue;
      for (const uri of uris) active.answered.add(uri);
      await publishAgain(active, uris.flatMap((uri) => active.documents.get(uri)?.clientUri ?? []));
    }
  };

  let last: Promise<void> = Promise.resolve();
  return (project) => {
    waiting.add(project);
    clearTimeout(timer);
    timer = setTimeout(() => inBackground(connection, (last = last.catch(() => undefined).then(look))), REST);
  };
}
