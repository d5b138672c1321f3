/** Messages between the extension and the EXPLAIN panel. */

/** What the panel shows. */
export type PanelContent =
  | { readonly kind: 'loading'; readonly title: string; readonly sql?: string }
  | {
      readonly kind: 'plan';
      readonly plan: Readonly<Record<string, unknown>>;
      readonly sql: string;
      readonly analyzed: boolean;
      readonly parameterTypes: readonly string[];
      /** Values that were used, as text; undefined: a generic plan. */
      readonly parameters?: readonly (string | null)[];
      readonly notes: readonly string[];
      readonly connectionLabel: string;
      /** Shown as the way back: `src/orders.ts:12`. */
      readonly sourceLabel?: string;
    }
  | { readonly kind: 'message'; readonly severity: 'error' | 'info'; readonly title: string; readonly message: string; readonly details: readonly string[]; readonly sql?: string };

/** Extension to panel. */
export type ToPanel = { readonly type: 'show'; readonly content: PanelContent };

/** Panel to extension. */
export type FromPanel =
  | { readonly type: 'ready' }
  | { readonly type: 'revealSource' }
  | { readonly type: 'explainAgain'; readonly analyze: boolean }
  | { readonly type: 'copyPlan' };
