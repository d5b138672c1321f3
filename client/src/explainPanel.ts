import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { AdviceVerdict, FromPanel, PanelContent, PanelOrigin, PanelState, PlanToJudge, PlanValues, ShownPlan, ToPanel, WhatIf, WhatIfOptions } from '../../protocol/webview';
import { renderPage } from './panelPage';
import { branchOf, type GitExtension } from './gitBranch';
import { createSourceLink } from './explainSource';
import { createPlanHistory } from './planHistory';
import type { Server } from './server';

/** Where the shown query stands, and what the panel's buttons do. */
export interface PanelSource {
  readonly label: string;
  readonly origin?: PanelOrigin;
  /** A database is connected. */
  isConnected(): boolean;
  reveal?(): Promise<void>;
  explainAgain?(analyze: boolean): Promise<void>;
  explainFor?(values: readonly PlanValues[]): Promise<void>;
  askWhatIf?(): Promise<WhatIfOptions>;
  whatIf?(change: WhatIf): Promise<void>;
  verifyAdvice?(change: WhatIf): Promise<AdviceVerdict>;
}

/** The panel beside the editor; there is one, and it is reused. */
export interface ExplainPanel extends vscode.Disposable {
  /** Opens the panel if needed and replaces what it shows. */
  show(content: Exclude<PanelContent, { kind: 'plan' }>, source?: PanelSource): void;
  /** Shows a plan and keeps it in the history of its query; with `compareWith`, which is kept too, beside that one. */
  showPlan(shown: ShownPlan, source?: PanelSource, compareWith?: ShownPlan): void;
  /** Runs work that the panel's button can cancel; the panel says for how long it runs. */
  working<T>(title: string, work: (token: vscode.CancellationToken) => Promise<T>): Promise<T>;
  /** Says in the panel why something could not be done, beside what it shows. */
  complain(message: string): void;
  /** Set once: how a panel that VS Code brings back finds its query again, and what a pasted plan becomes. */
  handlers: PanelHandlers;
}

export interface PanelHandlers {
  sourceAt?(origin: PanelOrigin): PanelSource;
  /** Of a plan from elsewhere that tells its statement. */
  sourceOfText?(sql: string): PanelSource;
  paste?(text: string): void;
  /** What a plan shows with the schema at hand; undefined: none is known. `origin`: where its query stands. */
  findInPlan?(request: PlanToJudge, origin: PanelOrigin | undefined): Promise<readonly object[] | undefined>;
}

const VIEW = 'sargable.explain';

/** Creates the panel's keeper; the webview itself is made when something is shown for the first time. */
export function createExplainPanel(context: vscode.ExtensionContext, server: Server): ExplainPanel {
  const folder = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  const history = createPlanHistory(context.workspaceState);
  let panel: vscode.WebviewPanel | undefined;
  let content: PanelContent = { kind: 'empty' };
  let source: PanelSource | undefined;
  let running: { readonly title: string; readonly since: number; readonly cancel: vscode.CancellationTokenSource } | undefined;

  const post = (message: ToPanel): void => void panel?.webview.postMessage(message);
  const link = createSourceLink(server, { onPlaces: (nodes) => post({ type: 'places', nodes }), onCaret: (node) => post({ type: 'caret', node }) });
  const shownPlan = (): ShownPlan | undefined => (content.kind === 'plan' ? content.shown : undefined);

  const send = (): void => {
    post({ type: 'show', content });
    post({ type: 'busy', ...(running ? { title: running.title, forMs: Date.now() - running.since } : {}) });
    link.follow(shownPlan(), source?.origin);
  };
  /** The same plan with what changed around it. */
  const refresh = (): void => {
    if (content.kind !== 'plan') return;
    content = { ...content, history: history.of(content.shown) };
    post({ type: 'show', content });
  };
  const planContent = (shown: ShownPlan, compareWith?: string): PanelContent => ({
    kind: 'plan', shown, history: history.of(shown), ...(compareWith === undefined ? {} : { compareWith }), ...(source?.origin ? { sourceLabel: source.label, origin: source.origin } : {}),
    abilities: { source: source?.origin !== undefined, explain: source?.explainAgain !== undefined, connected: source?.isConnected() ?? false },
  });

  const sourceFor = (sql: string | undefined): PanelSource | undefined => source ?? (sql === undefined ? undefined : self.handlers.sourceOfText?.(sql));

  const receive = async (message: FromPanel): Promise<void> => {
    switch (message.type) {
      case 'ready': return send();
      case 'revealSource': return source?.reveal?.();
      case 'selectNode': return link.select(message.node, message.reveal);
      case 'explainAgain': return source?.explainAgain?.(message.analyze);
      case 'explainFor': return source?.explainFor?.(message.values);
      case 'askWhatIf': {
        const options = await sourceFor(message.sql)?.askWhatIf?.();
        return post({ type: 'whatIfOptions', options: options ?? { candidates: [], existing: [], settings: {}, problem: 'The statement of this plan is not known here.' } });
      }
      case 'whatIf': return sourceFor(message.sql)?.whatIf?.(message.change);
      case 'verifyAdvice': {
        const verdict = await sourceFor(message.sql)?.verifyAdvice?.(message.change).catch((error: unknown) => ({ reason: error instanceof Error ? error.message : String(error) }));
        return post({ type: 'verdict', key: message.key, verdict: verdict ?? { reason: 'the statement of this plan is not known here' } });
      }
      case 'findInPlan': {
        const findings = await self.handlers.findInPlan?.(message.request, source?.origin);
        return findings && post({ type: 'findings', key: message.key, findings });
      }
      case 'cancel': return running?.cancel.cancel();
      case 'showPlan': {
        const wanted = content.kind === 'plan' ? content.history.find(({ id }) => id === message.id) : undefined;
        if (wanted) { content = planContent(wanted); send(); }
        return;
      }
      case 'pin':
      case 'forget': {
        const shown = shownPlan();
        if (!shown) return;
        if (message.type === 'pin') history.pin(shown, message.id, message.pinned);
        else history.forget(shown, message.id);
        return refresh();
      }
      case 'paste': return self.handlers.paste?.(message.text);
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage(`${message.what} copied`, 3000);
        return;
      case 'save': return saveFile(message, source?.origin);
    }
  };

  const adopt = (created: vscode.WebviewPanel): vscode.WebviewPanel => {
    created.webview.options = { enableScripts: true, enableCommandUris: false, localResourceRoots: [folder] };
    const resource = (name: string): string => created.webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    created.webview.html = renderPage({ title: 'Query Plan', root: 'div', pictures: true, nonce: randomBytes(16).toString('base64'), cspSource: created.webview.cspSource, script: resource('explain.js'), style: resource('explainStyle.css') });
    created.webview.onDidReceiveMessage((message: FromPanel) => {
      receive(message).catch((error: unknown) => post({ type: 'problem', message: error instanceof Error ? error.message : String(error) }));
    });
    created.onDidDispose(() => {
      running?.cancel.cancel();
      link.follow(undefined, undefined);
      panel = undefined;
    });
    return created;
  };

  const display = (next: PanelContent): void => {
    content = next;
    if (panel) {
      const coversSource = panel.viewColumn !== undefined && vscode.window.activeTextEditor?.viewColumn === panel.viewColumn;
      panel.reveal(coversSource ? vscode.ViewColumn.Beside : undefined, true);
      send();
    } else {
      panel = adopt(vscode.window.createWebviewPanel(VIEW, 'Query Plan', { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true })); // the page asks for its content when it is ready
    }
  };

  const serializer = vscode.window.registerWebviewPanelSerializer(VIEW, {
    async deserializeWebviewPanel(restored, state: PanelState | undefined) {
      source = state?.origin ? self.handlers.sourceAt?.(state.origin) : undefined;
      const kept = state?.content;
      content = kept?.kind === 'plan' ? planContent(kept.shown) : kept ?? { kind: 'empty' };
      panel = adopt(restored);
    },
  });

  const self: ExplainPanel = {
    handlers: {},
    show(next, nextSource) {
      source = nextSource;
      display(next);
    },
    showPlan(shown, nextSource, compareWith) {
      source = nextSource;
      const branch = source?.origin && branchOf(vscode.extensions.getExtension<GitExtension['exports']>('vscode.git'), vscode.Uri.parse(source.origin.uri, true));
      const here = (plan: ShownPlan): ShownPlan => (branch === undefined ? plan : { ...plan, branch });
      if (compareWith) history.add(here(compareWith));
      history.add(here(shown));
      display(planContent(here(shown), compareWith?.id));
    },
    async working(title, work) {
      running?.cancel.cancel();
      const mine = { title, since: Date.now(), cancel: new vscode.CancellationTokenSource() };
      running = mine;
      post({ type: 'busy', title });
      try {
        return await work(mine.cancel.token);
      } finally {
        if (running === mine) {
          running = undefined;
          post({ type: 'busy' });
        }
        mine.cancel.dispose();
      }
    },
    complain: (message) => post({ type: 'problem', message }),
    dispose() {
      serializer.dispose();
      link.dispose();
      panel?.dispose();
    },
  };
  return self;
}

async function saveFile({ name, content, encoding }: Extract<FromPanel, { type: 'save' }>, origin: PanelOrigin | undefined): Promise<void> {
  const folder = origin ? vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(origin.uri, true)) : vscode.workspace.workspaceFolders?.[0];
  const target = await vscode.window.showSaveDialog({ title: 'Save the Plan', ...(folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, name) } : {}) });
  if (!target) return;
  await vscode.workspace.fs.writeFile(target, Buffer.from(content, encoding));
  vscode.window.setStatusBarMessage(`Saved ${vscode.workspace.asRelativePath(target)}`, 3000);
}
