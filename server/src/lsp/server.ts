import { CodeActionKind, MessageType, ShowMessageNotification, TextDocumentSyncKind, type ClientCapabilities, type Connection, type InitializeParams, type InitializeResult } from 'vscode-languageserver/node';
import { version } from '../../../package.json';
import type { InitializationOptions } from '../../../protocol/requests';
import { createConnections } from '../workspace/connections';
import { createEngine } from '../workspace/engine';
import { canonicalUri } from '../workspace/paths';
import { findPlannerTwin, type Twin } from '../workspace/plannerTwin';
import { negotiateEncoding } from './convert';
import { changeDocument, openDocument } from './documents';
import { registerAdvise } from './features/advise';
import { registerCalibrate } from './features/calibrate';
import { FIX_ALL, registerCodeActions } from './features/codeActions';
import { registerCodeLens } from './features/codeLens';
import { publishDocument, refreshDiagnostics, registerDiagnostics } from './features/diagnostics';
import { COMPLETION_TRIGGERS, registerCompletion } from './features/completion';
import { registerDefinition } from './features/definition';
import { registerExplain, useCatalogs } from './features/explain';
import { registerHealth } from './features/health';
import { registerPlanPanel } from './features/planPanel';
import { registerHover } from './features/hover';
import { registerQueries } from './features/queries';
import { registerReferences } from './features/references';
import { createRest } from './features/rest';
import { createSecondLook } from './features/secondLook';
import { registerSemanticTokens, SEMANTIC_LEGEND } from './features/semanticTokens';
import { createStatementsFeature } from './features/statements';
import { registerSymbols } from './features/symbols';
import { registerWorkspace } from './features/workspace';
import { inBackground, projectOf, type ClientAbilities, type Session } from './session';

/** What a server may be given instead of making it. */
export interface ServerParts {
  readonly twin?: Twin;
}

/** Wires the features to a connection. Everything that a feature needs is in the session, made at `initialize`. */
export function startServer(connection: Connection, parts: ServerParts = {}): void {
  let session: Session | undefined;
  const current = (): Session | undefined => session;

  registerDiagnostics(connection, current);
  registerCodeActions(connection, current);
  registerHover(connection, current);
  registerCompletion(connection, current);
  registerDefinition(connection, current);
  registerReferences(connection, current);
  registerSymbols(connection, current);
  registerSemanticTokens(connection, current);
  const queries = registerQueries(connection, current);
  const rest = createRest(connection, current);
  const statements = createStatementsFeature(connection, current);
  registerCodeLens(connection, current, statements.onActivity);
  registerAdvise(connection, current);
  registerPlanPanel(connection, current);
  registerCalibrate(connection, current);
  registerHealth(connection, current);
  const workspace = registerWorkspace(connection, current, statements.onProject);
  registerExplain(connection, current, () => {
    workspace.sendStatus();
    statements.onConnections();
  });

  const tell = (message: string): void => inBackground(connection, connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Warning, message: `Sargable: ${message}.` }));

  connection.onInitialize(async (params): Promise<InitializeResult> => {
    const options = (params.initializationOptions ?? {}) as Partial<InitializationOptions>;
    const encoding = negotiateEncoding(params.capabilities.general?.positionEncodings);
    session = {
      connection, encoding, options,
      abilities: abilitiesOf(params.capabilities),
      engine: await createEngine(),
      connections: createConnections(), twin: parts.twin ?? findPlannerTwin({ server: options.plannerServer, isTrusted: () => session?.trusted === true, folders: () => [...(session?.projects.keys() ?? [])], say: tell }),
      documents: new Map(), projects: new Map(), results: new Map(), answered: new Set(),
      onPending: createSecondLook(connection, current, workspace.sendStatus),
      settings: {}, trusted: options.trusted ?? true, generation: 0, edits: 0,
    };
    workspace.setFolders(foldersOf(params));
    return {
      serverInfo: { name: 'Sargable', version },
      capabilities: {
        positionEncoding: encoding,
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
        ...(session.abilities.pullDiagnostics ? { diagnosticProvider: { identifier: 'sargable', interFileDependencies: true, workspaceDiagnostics: false } } : {}),
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
        codeLensProvider: {},
        hoverProvider: true,
        completionProvider: { triggerCharacters: COMPLETION_TRIGGERS, resolveProvider: true, completionItem: { labelDetailsSupport: true } },
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        documentSymbolProvider: true,
        workspaceSymbolProvider: true,
        semanticTokensProvider: { documentSelector: [{ language: 'sql' }], legend: SEMANTIC_LEGEND, full: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });

  /** The user is at work: has a database changed meanwhile, or gone? Looks at most every ten seconds and delays nothing. */
  const checkDatabases = (): void => inBackground(connection, (async () => {
    const states = (): string => session?.connections.list().map(({ state }) => state).join() ?? '';
    const before = states();
    const changed = (await session?.connections.checkForChanges()) === true;
    if (session && changed) await useCatalogs(session);
    if (changed || states() !== before) workspace.sendStatus();
  })());

  const unread = new Map<string, string>();
  const tellUnread = (uri: string): void => {
    const reason = session && projectOf(session, uri)?.unread(uri);
    if (reason === undefined) unread.delete(uri);
    else if (unread.get(uri) !== reason) {
      unread.set(uri, reason);
      connection.console.info(`Skipped ${uri}: ${reason}`);
    }
  };

  connection.onInitialized(() => inBackground(connection, workspace.start()));

  connection.onDidOpenTextDocument(({ textDocument }) => {
    if (!session) return;
    const uri = canonicalUri(textDocument.uri);
    session.documents.set(uri, openDocument(textDocument.uri, textDocument.languageId, textDocument.version, textDocument.text, session.encoding));
    session.edits++;
    const active = session;
    const opening = projectOf(session, uri)?.open(uri, textDocument.text, textDocument.languageId);
    workspace.clearPushed(uri);
    checkDatabases();
    // Undefined until then for the first document of a language whose grammar is being loaded.
    const known = projectOf(session, uri)?.isOpen(uri) === true;
    tellUnread(uri);
    inBackground(connection, publishDocument(session, textDocument.uri));
    if (!known) inBackground(connection, opening?.then(() => {
      tellUnread(uri);
      return refreshDiagnostics(active);
    }));
  });
  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
    const uri = canonicalUri(textDocument.uri);
    const known = session?.documents.get(uri);
    if (!session || !known) return;
    const { document, changes } = changeDocument(known, textDocument.version, contentChanges, session.encoding);
    session.documents.set(uri, document);
    session.edits++;
    projectOf(session, uri)?.change(uri, document.text, changes);
    tellUnread(uri);
    workspace.documentChanged(uri);
    queries.onChange();
    checkDatabases();
    rest.changed(uri);
    inBackground(connection, publishDocument(session, textDocument.uri));
  });
  connection.onDidCloseTextDocument(({ textDocument }) => {
    if (!session) return;
    const uri = canonicalUri(textDocument.uri);
    session.documents.delete(uri);
    session.edits++;
    session.results.delete(uri);
    unread.delete(uri);
    queries.onChange();
    inBackground(connection, projectOf(session, uri)?.close(uri));
    if (!session.abilities.pullDiagnostics) void connection.sendDiagnostics({ uri: textDocument.uri, diagnostics: [] });
  });
  connection.onShutdown(async () => {
    rest.stop();
    queries.stop();
    await Promise.all([session?.connections.close(), session?.twin?.stop()]);
  });
}

function abilitiesOf(capabilities: ClientCapabilities): ClientAbilities {
  return {
    pullDiagnostics: capabilities.textDocument?.diagnostic !== undefined,
    refreshDiagnostics: capabilities.workspace?.diagnostics?.refreshSupport === true,
    refreshCodeLens: capabilities.workspace?.codeLens?.refreshSupport === true,
    configuration: capabilities.workspace?.configuration === true,
    workspaceFolders: capabilities.workspace?.workspaceFolders === true,
    watchFiles: capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    progress: capabilities.window?.workDoneProgress === true,
    createFiles: capabilities.workspace?.workspaceEdit?.resourceOperations?.includes('create') === true,
  };
}

function foldersOf(params: InitializeParams): string[] {
  if (params.workspaceFolders) return params.workspaceFolders.map((f) => f.uri);
  return params.rootUri ? [params.rootUri] : [];
}
