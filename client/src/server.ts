import * as vscode from 'vscode';
import { LanguageClient, RevealOutputChannelOn, State, TransportKind, WorkDoneProgress, type LanguageClientOptions, type ServerOptions } from 'vscode-languageclient/node';
import { statusNotification, trustGrantedNotification, type InitializationOptions, type StatusParams } from '../../protocol/requests';
import { withoutPasswords } from './traceChannel';

/** Templates of Django, Jinja, Rails and Laravel, whatever language the editor takes them for. */
const templates = ['**/{templates,template,jinja,jinja2}/**/*.{html,htm,txt,xml}', '**/views/**/*.html', '**/*.{djhtml,jinja,jinja2,j2,erb,blade.php}'] as const;

/** Languages with queries in them; schema.prisma is matched by name because its language comes with another extension. */
export const languages = ['sql', 'typescript', 'typescriptreact', 'javascript', 'javascriptreact', 'python', 'go', 'java', 'ruby', 'php', 'csharp', 'rust'] as const;

/** The language server as the rest of the client sees it. */
export interface Server extends vscode.Disposable {
  /** Rejects if the server can't be started; the user has been told then. */
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Sends a custom request. Rejects when the server isn't running, when it fails, and on cancellation. */
  request<Result>(method: string, params: object, token?: vscode.CancellationToken): Promise<Result>;
  /** Listens to the work-done progress of a token. */
  onProgress(token: string, listener: (value: { readonly message?: string; readonly percentage?: number }) => void): vscode.Disposable;
  /** Listens to a custom notification without parameters. */
  onNotification(method: string, listener: () => void): vscode.Disposable;
  /** Fires each time the server has (re)started and answers requests. */
  readonly onRunning: vscode.Event<void>;
  readonly onStopped: vscode.Event<void>;
  readonly onStatus: vscode.Event<StatusParams>;
}

/** Sets up the client of dist/server.js, which runs in its own Node process and is spoken to over IPC. */
export function createServer(context: vscode.ExtensionContext, output: vscode.LogOutputChannel): Server {
  const running = new vscode.EventEmitter<void>();
  const stopped = new vscode.EventEmitter<void>();
  const status = new vscode.EventEmitter<StatusParams>();
  const client = new LanguageClient('sargable', 'Sargable', serverOptions(context), clientOptions(context, output));

  const subscriptions: vscode.Disposable[] = [
    running,
    stopped,
    status,
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) running.fire();
      if (newState === State.Stopped) stopped.fire();
    }),
    client.onNotification(statusNotification, (params: StatusParams) => status.fire(params)),
    vscode.workspace.onDidChangeConfiguration((event) => { if (event.affectsConfiguration('sargable.plannerServer') && client.isRunning()) void client.restart(); }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void client.sendNotification(trustGrantedNotification)),
  ];

  return {
    onRunning: running.event,
    onStopped: stopped.event,
    onStatus: status.event,
    start: () => client.start(),
    stop: () => client.stop(),
    restart: () => client.restart(),
    // An undefined token would go over the wire as a second parameter, in the place of the server's own token.
    request: (method, params, token) => (token ? client.sendRequest(method, params, token) : client.sendRequest(method, params)),
    onNotification: (method, listener) => client.onNotification(method, listener),
    onProgress: (token, listener) => client.onProgress(WorkDoneProgress.type, token, listener),
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
      void client.dispose();
    },
  };
}

function serverOptions(context: vscode.ExtensionContext): ServerOptions {
  const module = context.asAbsolutePath('dist/server.js');
  // PGPASSWORD names no host: the driver would send it to whichever database a workspace's settings describe.
  // Undefined takes it out of the environment; an empty one would keep the driver from the password file too.
  const env = { PGPASSWORD: undefined };
  // MB. A keystroke makes short-lived facts of a whole file; V8's young generation starts small and would copy them several times (`npm run bench`).
  const young = '--min-semi-space-size=16';
  return {
    run: { module, transport: TransportKind.ipc, options: { env, execArgv: [young] } },
    debug: { module, transport: TransportKind.ipc, options: { env, execArgv: [young, '--nolazy', '--inspect=6011'] } },
  };
}

function clientOptions(context: vscode.ExtensionContext, output: vscode.LogOutputChannel): LanguageClientOptions {
  const initializationOptions = (): InitializationOptions => ({
    trusted: vscode.workspace.isTrusted,
    version: String(context.extension.packageJSON.version),
    // The value of the user, whatever a workspace writes.
    plannerServer: vscode.workspace.getConfiguration('sargable').inspect<InitializationOptions['plannerServer']>('plannerServer')?.globalValue ?? 'embedded',
    distPath: context.asAbsolutePath('dist'),
  });
  return {
    documentSelector: [
      ...['file', 'untitled'].flatMap((scheme) => languages.map((language) => ({ scheme, language }))),
      { scheme: 'file', pattern: '**/*.prisma' },
      ...templates.map((pattern) => ({ scheme: 'file', pattern })),
    ],
    outputChannel: output,
    traceOutputChannel: withoutPasswords(output),
    revealOutputChannelOn: RevealOutputChannelOn.Never, // a failed request is logged; it is no reason to interrupt
    initializationOptions,
    middleware: {
      workspace: {
        // The server has no use for the databases: it is told where to connect by `sargable/connect` alone.
        async configuration(params, token, next) {
          const sections = await next(params, token);
          return Array.isArray(sections) ? sections.map(withoutDatabases) : sections;
        },
      },
    },
  };
}

function withoutDatabases(section: unknown): unknown {
  if (typeof section !== 'object' || section === null || !('databases' in section)) return section;
  return { ...section, databases: [] };
}
