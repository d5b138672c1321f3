/** Messages between the extension and the EXPLAIN panel. */

import type { HealthReport } from './health';

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

/** What the panel of a database's health shows. */
export interface HealthContent {
  readonly state: 'looking' | 'report' | 'error';
  /** For `error`: what went wrong. */
  readonly message?: string;
  /** Stays while the next look is taken, and where it failed. */
  readonly report?: HealthReport;
  /** Of the connection: `orders (16.4)`. */
  readonly connectionLabel?: string;
  /** Milliseconds since 1970. */
  readonly checkedAt?: number;
  readonly watching: boolean;
  /** While watching, oldest first. */
  readonly series: readonly ConnectionSample[];
}

/** Sessions of the database at one time. */
export interface ConnectionSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly active: number;
  readonly idle: number;
  readonly idleInTransaction: number;
  /** Waiting for a lock; part of the active ones. */
  readonly waiting: number;
  readonly max: number;
}

/** Extension to the panel of a database's health. */
export type ToHealthPanel =
  | { readonly type: 'show'; readonly content: HealthContent }
  /** Puts the focus on a finding. */
  | { readonly type: 'focus'; readonly id: string; readonly subject: string };

/** The panel of a database's health to the extension. */
export type FromHealthPanel =
  | { readonly type: 'ready' }
  | { readonly type: 'look' }
  | { readonly type: 'watch'; readonly on: boolean }
  | { readonly type: 'copy'; readonly what: 'report' }
  | { readonly type: 'copy'; readonly what: 'statement'; readonly statement: string }
  | { readonly type: 'queries'; readonly table: string }
  | { readonly type: 'migration'; readonly id: string; readonly subject: string };
