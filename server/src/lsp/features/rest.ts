import type { Connection } from 'vscode-languageserver/node';
import { inBackground, projectOf, type Session } from '../session';
import { refreshDiagnostics } from './diagnostics';

/** How long the keyboard must rest before a document is read whole. Milliseconds. */
const REST = 700;

/**
 * While a document is typed in, what an edit cannot have changed is taken over from its last reading. When the keyboard rests it is
 * read whole; where that gives something else, it is published again, and the documents that may hang on it with it.
 */
export function createRest(connection: Connection, session: () => Session | undefined): { changed(uri: string): void; stop(): void } {
  const timers = new Map<string, NodeJS.Timeout>();
  const rest = async (uri: string): Promise<void> => {
    timers.delete(uri);
    const active = session();
    const document = active?.documents.get(uri);
    if (!active || !document || projectOf(active, uri)?.readWhole(uri) !== true) return;
    await refreshDiagnostics(active);
  };
  return {
    changed(uri) {
      clearTimeout(timers.get(uri));
      timers.set(uri, setTimeout(() => inBackground(connection, rest(uri)), REST));
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
