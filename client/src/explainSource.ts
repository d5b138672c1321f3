import * as vscode from 'vscode';
import { planPlacesRequest, type NodePlace, type PlanPlacesParams, type PlanPlacesResult } from '../../protocol/requests';
import type { PanelOrigin, ShownPlan } from '../../protocol/webview';
import type { Server } from './server';

/** Between the plan that is shown and the document of its query, both ways. */
export interface SourceLink extends vscode.Disposable {
  /** Another plan is shown; undefined: none whose query stands in a document. */
  follow(shown: ShownPlan | undefined, origin: PanelOrigin | undefined): void;
  /** Marks what a node stands for; with `reveal` goes there. */
  select(node: number, reveal: boolean): Promise<void>;
}

export interface SourceLinkEvents {
  /** Nodes that stand for something in the document. */
  onPlaces(nodes: readonly number[]): void;
  /** The caret is at what a node stands for. */
  onCaret(node: number): void;
}

/** An edit is over when nothing was typed for so long. Milliseconds. */
const EDIT_SETTLES = 400;

export function createSourceLink(server: Server, events: SourceLinkEvents): SourceLink {
  const mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('editor.findMatchHighlightBackground'),
    border: '1px solid',
    borderColor: new vscode.ThemeColor('focusBorder'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.findMatchForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
  });
  let followed: { readonly plan: Readonly<Record<string, unknown>>; readonly sql: string; origin: PanelOrigin } | undefined;
  let places: readonly NodePlace[] = [];
  let selected: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let asked = 0;

  const editors = (): readonly vscode.TextEditor[] => vscode.window.visibleTextEditors.filter(({ document }) => document.uri.toString() === followed?.origin.uri);
  const rangesOf = (node: number | undefined): readonly vscode.Range[] => places.filter((place) => place.node === node).map(toRange);
  const draw = (): void => {
    for (const editor of vscode.window.visibleTextEditors) editor.setDecorations(mark, editors().includes(editor) ? rangesOf(selected) : []);
  };
  const take = (next: readonly NodePlace[]): void => {
    places = next;
    draw();
    events.onPlaces([...new Set(places.map(({ node }) => node))]);
  };
  const ask = async (): Promise<void> => {
    const mine = ++asked;
    if (!followed) return take([]);
    const { plan, sql, origin } = followed;
    const params: PlanPlacesParams = { uri: origin.uri, position: origin, plan, sql };
    // The server may not run, or run no more: the plan is shown without its places then.
    const result = await server.request<PlanPlacesResult>(planPlacesRequest, params).catch(() => ({ places: [] }));
    if (mine === asked) take(result.places);
  };

  const listeners = [
    vscode.window.onDidChangeVisibleTextEditors(draw),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections, kind }) => {
      const caret = selections[0]?.active;
      if (!caret || kind === undefined || !editors().includes(textEditor)) return;
      const around = places.filter((place) => toRange(place).contains(caret));
      const node = around.sort((a, b) => sizeOf(a, textEditor) - sizeOf(b, textEditor))[0]?.node;
      if (node === undefined || node === selected) return;
      selected = node;
      draw();
      events.onCaret(node);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (!followed || document.uri.toString() !== followed.origin.uri || contentChanges.length === 0) return;
      followed.origin = moved(followed.origin, contentChanges);
      take([]);
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), EDIT_SETTLES);
    }),
  ];

  return {
    follow(shown, origin) {
      followed = shown?.source.kind === 'json' && shown.sql !== undefined && origin ? { plan: shown.source.plan, sql: shown.sql, origin } : undefined;
      selected = undefined;
      void ask();
    },
    async select(node, reveal) {
      selected = node;
      draw();
      const condition = places.find((place) => place.node === node && place.kind === 'condition') ?? places.find((place) => place.node === node);
      const [editor] = editors();
      if (!followed || !condition) return;
      if (!reveal) editor?.revealRange(toRange(condition), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
      else await vscode.window.showTextDocument(vscode.Uri.parse(followed.origin.uri, true), { selection: toRange(condition), viewColumn: editor?.viewColumn ?? vscode.ViewColumn.One });
    },
    dispose() {
      clearTimeout(timer);
      for (const listener of listeners) listener.dispose();
      mark.dispose();
    },
  };
}

const toRange = ({ range: { start, end } }: NodePlace): vscode.Range => new vscode.Range(start.line, start.character, end.line, end.character);
const sizeOf = (place: NodePlace, { document }: vscode.TextEditor): number => document.offsetAt(toRange(place).end) - document.offsetAt(toRange(place).start);

/** The query's place after edits in lines above it. */
function moved(origin: PanelOrigin, changes: readonly vscode.TextDocumentContentChangeEvent[]): PanelOrigin {
  const lines = changes.filter(({ range }) => range.end.line < origin.line).reduce((sum, { range, text }) => sum + text.split('\n').length - 1 - (range.end.line - range.start.line), 0);
  return { ...origin, line: Math.max(0, origin.line + lines) };
}
