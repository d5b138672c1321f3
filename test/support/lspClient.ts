import { spawn } from 'node:child_process';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { createConnection, ProposedFeatures, type Diagnostic, type InitializeResult, type PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { statusNotification, type StatusParams } from '../../protocol/requests';
import { startServer } from '../../server/src/lsp/server';
import type { Twin } from '../../server/src/twin/twin';
import { toUri } from '../../server/src/workspace/paths';

export interface LspClientOptions {
  readonly folder?: string;
  /** Several workspace folders. */
  readonly folders?: readonly string[];
  /** `push` leaves pull diagnostics out of the client's capabilities. */
  readonly diagnostics?: 'pull' | 'push';
  readonly positionEncodings?: readonly string[];
  settings?: Record<string, unknown>;
  readonly trusted?: boolean;
  /** A planner; left out, verdicts rest on the schema. */
  readonly twin?: Twin;
  /** False: the client does not tell of workspace folders. */
  readonly workspaceFolders?: boolean;
  /** The server of `dist/`, as an editor starts it: only there is the planner beside it. */
  readonly built?: boolean;
}

/** The server's two ends, and how it is ended. */
function startBuilt(): { up: NodeJS.WritableStream; down: NodeJS.ReadableStream; end(): void } {
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../../dist/cli.js'), 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  return { up: child.stdin, down: child.stdout, end: () => void child.kill() };
}

function startInProcess(twin: Twin | undefined): ReturnType<typeof startBuilt> {
  const up = new PassThrough();
  const down = new PassThrough();
  const server = createConnection(ProposedFeatures.all, new StreamMessageReader(up), new StreamMessageWriter(down));
  startServer(server, twin ? { twin } : {});
  server.listen();
  return { up, down, end: () => server.dispose() };
}

/** A real language server, in this process unless `built`, spoken to over its protocol. */
export async function startLspClient(options: LspClientOptions = {}) {
  const { up, down, end } = options.built ? startBuilt() : startInProcess(options.twin);
  const client = createMessageConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
  const sent: Buffer[] = [];
  down.on('data', (data: Buffer) => sent.push(data));
  const published = new Map<string, PublishDiagnosticsParams>();
  const messages: string[] = [];
  const progress: string[] = [];
  let settings = options.settings ?? {};
  let status: StatusParams | undefined;
  let refreshes = 0;
  const waiting: { readonly test: () => boolean; readonly resolve: () => void }[] = [];
  const check = (): void => waiting.filter((w) => w.test()).forEach((w) => {
    waiting.splice(waiting.indexOf(w), 1);
    w.resolve();
  });
  client.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
    published.set(params.uri, params);
    check();
  });
  client.onNotification('window/showMessage', ({ message }: { message: string }) => {
    messages.push(message);
    check();
  });
  client.onNotification(statusNotification, (params: StatusParams) => {
    status = params;
    check();
  });
  client.onNotification('window/logMessage', () => undefined);
  client.onNotification('$/progress', ({ value }: { value: { message?: string } }) => { if (value.message) progress.push(value.message); });
  client.onRequest('workspace/configuration', ({ items }: { items: readonly unknown[] }) => items.map(() => settings));
  client.onRequest('client/registerCapability', () => null);
  client.onRequest('client/unregisterCapability', () => null);
  client.onRequest('window/workDoneProgress/create', () => null);
  client.onRequest('workspace/diagnostic/refresh', () => {
    refreshes++;
    check();
    return null;
  });
  client.onRequest('workspace/codeLens/refresh', () => null);
  client.listen();

  const rootUri = options.folder ? toUri(options.folder) : null;
  const initialized = await client.sendRequest<InitializeResult>('initialize', {
    processId: process.pid, rootUri, workspaceFolders: options.folders?.map((f) => ({ uri: toUri(f), name: f })) ?? (rootUri ? [{ uri: rootUri, name: 'test' }] : null),
    initializationOptions: { trusted: options.trusted ?? true, version: '0', distPath: '' },
    capabilities: {
      general: options.positionEncodings ? { positionEncodings: options.positionEncodings } : {},
      window: { workDoneProgress: true },
      workspace: { configuration: true, workspaceFolders: options.workspaceFolders ?? true, workspaceEdit: { documentChanges: true, resourceOperations: ['create'] }, diagnostics: { refreshSupport: true }, codeLens: { refreshSupport: true } },
      textDocument: { publishDiagnostics: { versionSupport: true, relatedInformation: true }, ...(options.diagnostics === 'push' ? {} : { diagnostic: {} }) },
    },
  });
  await client.sendNotification('initialized', {});

  /** Resolves when the condition holds; conditions are looked at after every message from the server. */
  const until = (test: () => boolean): Promise<void> => (test() ? Promise.resolve() : new Promise((resolve) => waiting.push({ test, resolve })));
  let version = 0;
  return {
    initialized, published, messages, progress, until,
    get status() { return status; },
    /** How often the server has asked the client to pull again. */
    get refreshes() { return refreshes; },
    /** Everything that the server has sent, as it went over the wire. */
    get wire() { return Buffer.concat(sent).toString('utf8'); },
    ready: () => until(() => status?.state === 'ready'),
    request: <T>(method: string, params: unknown): Promise<T> => client.sendRequest<T>(method, params),
    notify: (method: string, params: unknown): Promise<void> => client.sendNotification(method, params),
    /** Of the server, beside those that are read here. */
    onNotification: (method: string, listener: () => void): void => void client.onNotification(method, () => {
      listener();
      check();
    }),
    open: (uri: string, languageId: string, text: string) => client.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: ++version, text } }),
    change: (uri: string, contentChanges: readonly unknown[]) => client.sendNotification('textDocument/didChange', { textDocument: { uri, version: ++version }, contentChanges }),
    pull: async (uri: string): Promise<readonly Diagnostic[]> => (await client.sendRequest<{ items: Diagnostic[] }>('textDocument/diagnostic', { textDocument: { uri } })).items,
    configure(next: Record<string, unknown>) {
      settings = next;
      return client.sendNotification('workspace/didChangeConfiguration', { settings: null });
    },
    async stop() {
      await client.sendRequest('shutdown');
      // What the server has asked for before is answered; a handler that still waits for it would fail where nobody can catch it.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      client.dispose();
      end();
    },
  };
}

export type LspClient = Awaited<ReturnType<typeof startLspClient>>;
