import path from 'node:path';
import type { Connection, Diagnostic } from 'vscode-languageserver/node';
import type { InitializationOptions } from '../../../protocol/requests';
import type { SargableSettings } from '../../../protocol/settings';
import type { Connections } from '../workspace/connections';
import type { Engine } from '../workspace/engine';
import { canonicalUri, toPath } from '../workspace/paths';
import { MAX_PLANNER_ROUNDS } from '../workspace/planning';
import type { Linted, Project } from '../workspace/project';
import type { Twin } from '../workspace/plannerTwin';
import type { Encoding } from './convert';
import type { OpenDocument } from './documents';

/** What the client can do, as far as it changes what we do. */
export interface ClientAbilities {
  readonly pullDiagnostics: boolean;
  readonly refreshDiagnostics: boolean;
  readonly refreshCodeLens: boolean;
  readonly configuration: boolean;
  /** Tells when folders are added or removed; without it those of the start stay. */
  readonly workspaceFolders: boolean;
  readonly watchFiles: boolean;
  readonly progress: boolean;
  readonly createFiles: boolean;
}

/** Everything that lives as long as the server: features read it, `server.ts` and the workspace feature write it. */
export interface Session {
  readonly connection: Connection;
  readonly encoding: Encoding;
  readonly abilities: ClientAbilities;
  readonly options: Partial<InitializationOptions>;
  readonly engine: Engine;
  readonly connections: Connections;
  /** The planner of every project; started by the first question. */
  readonly twin: Twin | undefined;
  /** Open documents by canonical URI. */
  readonly documents: Map<string, OpenDocument>;
  /** Projects by absolute folder path. */
  readonly projects: Map<string, Project>;
  settings: Partial<SargableSettings>;
  trusted: boolean;
  /** Results of open documents, valid while version and generation stand. `round`: raised when the planner's answers came. */
  readonly results: Map<string, { readonly version: number; readonly generation: number; readonly round: number; readonly linted: Linted; /** What the session's edits were when it was last made. */ edits: number; exact?: Linted }>;
  /** Documents whose result waited for answers that have come: they are linted again when next asked for. */
  readonly answered: Set<string>;
  /** Called when a result waits for the planner: the document is to be published again when it has answered. */
  onPending(project: Project): void;
  /** Raised whenever something outside a document changed: catalog, settings, other files. */
  generation: number;
  /** Raised at once when any open document changed; `generation` follows when the keyboard rests. */
  edits: number;
}

/** The project that a document belongs to: the innermost folder around it, else any folder (untitled documents). */
export function projectOf(session: Session, uri: string): Project | undefined {
  const file = toPath(uri);
  let best: Project | undefined;
  for (const project of session.projects.values()) {
    if (file !== undefined && (file === project.folder || file.startsWith(project.folder + path.sep)) && (!best || project.folder.length > best.folder.length)) best = project;
  }
  return best ?? session.projects.get('');
}

/**
 * Lints an open document, or gives the result that still holds. Undefined: not open, switched off, or not read.
 * @param exact a result from before an edit in another document does not hold: its places there may have moved. What is then made stands
 * beside the result that is published, which the client knows by version, generation and round.
 */
export function lintDocument(session: Session, clientUri: string, exact = false): { readonly document: OpenDocument; readonly linted: Linted; readonly round: number } | undefined {
  const uri = canonicalUri(clientUri);
  const document = session.documents.get(uri);
  if (!document || session.settings.enable === false) return undefined;
  const known = session.results.get(uri);
  const holds = known?.version === document.version && known.generation === session.generation;
  const published = holds && !session.answered.has(uri) ? known : undefined;
  if (published && (!exact || published.edits === session.edits)) return { document, linted: (exact ? published.exact : undefined) ?? published.linted, round: published.round };
  const project = projectOf(session, uri);
  const linted = project?.lintOpen(uri);
  if (!published) session.answered.delete(uri);
  if (!project || !linted) return undefined;
  for (const failure of linted.failures) session.connection.console.warn(`The rule ${failure.rule} failed on ${failure.uri}: ${failure.message}`);
  const round = published ? published.round : holds ? known.round + 1 : 0;
  if (published) Object.assign(published, { edits: session.edits, exact: linted });
  else session.results.set(uri, { version: document.version, generation: session.generation, edits: session.edits, round, linted });
  if (linted.pending && round < MAX_PLANNER_ROUNDS) session.onPending(project);
  return { document, linted, round };
}

export type PublishedDiagnostic = Diagnostic & { readonly data: { readonly fingerprint: string } };

/** Lets work that nobody waits for run; what it throws is logged. A connection that closes meanwhile is no fault. */
export function inBackground(connection: Connection, work: Promise<unknown> | void): void {
  work?.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    try {
      if (!/dispos|clos/i.test(message)) connection.console.error(`Unexpected: ${message}`);
    } catch {
      // The client has gone while the work was under way: nobody is there to be told.
    }
  });
}
