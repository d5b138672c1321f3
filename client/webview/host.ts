import type { FromPanel, PanelContent, PanelState } from '../../protocol/webview';

/** What VS Code gives the page to talk to the extension. */
declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void; getState(): PanelState | undefined; setState(state: PanelState): void };

const api = acquireVsCodeApi();

export const post = (message: FromPanel): void => api.postMessage(message);

/** The views of a plan. */
export const tabs = ['plan', 'sums', 'compare', 'whatif', 'values', 'sql', 'text', 'json', 'export'] as const;
export type Tab = (typeof tabs)[number];
export type Metric = 'time' | 'buffers' | 'cost' | 'rows';

/** How the user looks at plans; it stays when another plan is shown. */
export interface View {
  readonly tab: Tab;
  readonly metric?: Metric;
  /** What two plans are compared by. */
  readonly diffMetric?: Metric;
  readonly sort?: { readonly column: string; readonly descending: boolean };
  /** The chart is put away. */
  readonly chartHidden?: boolean;
  readonly explainTerms: boolean;
  readonly allFindings: boolean;
}

const initial: View = { tab: 'plan', explainTerms: true, allFindings: false };
let state: PanelState & { readonly view?: View } = (api.getState() as (PanelState & { readonly view?: View }) | undefined) ?? {};

export const view = (): View => ({ ...initial, ...state.view });

/** Changes how plans are looked at, and keeps it over a reload. */
export function setView(change: Partial<View>): void {
  state = { ...state, view: { ...view(), ...change } };
  api.setState(state);
}

/** A plan larger than this many characters is not brought back. */
const MAX_KEPT = 2_000_000;

/** Another plan begins with its tree, whatever was looked at before; while plans of one query come in for several values, they stay side by side. */
export function beginWith(planId: string | undefined, sameQuery: boolean): void {
  const known = state.content?.kind === 'plan' ? state.content.shown.id : undefined;
  if (known !== planId && !(sameQuery && view().tab === 'values')) setView({ tab: 'plan' });
}

/** Keeps what is shown over a reload. A plan made for values is not: VS Code writes the state to disk, and values may be personal data. */
export function keepContent(content: PanelContent): void {
  const keeps = content.kind === 'empty' || (content.kind === 'plan' && content.shown.parameters === undefined && JSON.stringify(content.shown.source).length <= MAX_KEPT);
  const origin = content.kind === 'plan' ? content.origin : undefined;
  const kept: PanelContent = content.kind === 'plan' && !keeps
    ? { kind: 'message', severity: 'info', title: 'This plan was not kept', message: 'It was made for values, and values are not written to disk. Explain the query again.', details: [] }
    : content.kind === 'plan' ? { ...content, history: [], compareWith: undefined } : content.kind === 'empty' ? content : { kind: 'empty' };
  state = { content: kept, ...(origin ? { origin } : {}), view: view() };
  api.setState(state);
}

/** Says something to who cannot see it happen. */
export function announce(text: string): void {
  const region = document.getElementById('announcer');
  if (region) region.textContent = text;
}
