/** Messages between the extension and its panels. */

import type { HealthReport } from './health';

/** For which values a plan was made: any (a generic plan), the most common, rare ones, or chosen by a person. */
export type PlanValues = 'generic' | 'common' | 'rare' | 'chosen';

/** A plan as the panel shows it and as the history of its query keeps it. */
export interface ShownPlan {
  readonly id: string;
  /** What tells it from the others of its query: `generic`, `rare values`, `without orders_customer`, `slow.txt`. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly source: PlanText | PlanJson;
  readonly sql?: string;
  readonly analyzed: boolean;
  readonly parameterTypes: readonly string[];
  /** Values that were used, as text; undefined: a generic plan. */
  readonly parameters?: readonly (string | null)[];
  readonly values?: PlanValues;
  /** What the reader must know, as sentences. */
  readonly notes: readonly string[];
  /** `orders (16.4)`, `the twin of orders`; undefined: a plan from elsewhere. */
  readonly connectionLabel?: string;
  /** Branch of the repository when the plan was made. */
  readonly branch?: string;
  readonly pinned?: boolean;
}

/** A plan that a person brought, in any form that EXPLAIN or auto_explain prints. */
export interface PlanText {
  readonly kind: 'text';
  readonly text: string;
}

/** Element 0 of `EXPLAIN (FORMAT JSON)`. */
export interface PlanJson {
  readonly kind: 'json';
  readonly plan: Readonly<Record<string, unknown>>;
}

/** What can be done with the plan at hand. */
export interface PanelAbilities {
  /** The query stands in a document. */
  readonly source: boolean;
  /** It can be planned again. */
  readonly explain: boolean;
  /** A database is connected: it can be run there, and planned for values. */
  readonly connected: boolean;
}

/** What the panel shows. */
export type PanelContent =
  /** Nothing yet: a plan can be pasted. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'loading'; readonly title: string; readonly sql?: string }
  | {
      readonly kind: 'plan';
      readonly shown: ShownPlan;
      /** Plans of the same query, the newest first, the one shown among them. */
      readonly history: readonly ShownPlan[];
      /** Id of the plan to compare with at once. */
      readonly compareWith?: string;
      /** Shown as the way back: `src/orders.ts:12`. */
      readonly sourceLabel?: string;
      readonly origin?: PanelOrigin;
      readonly abilities: PanelAbilities;
    }
  | {
      readonly kind: 'message';
      readonly severity: 'error' | 'info';
      readonly title: string;
      readonly message: string;
      readonly details: readonly string[];
      readonly sql?: string;
    };

/** What may be tried on the planner twin. */
export interface WhatIfOptions {
  /** Indexes worth trying, as CREATE INDEX would say it: `orders (customer_id, status)`. */
  readonly candidates: readonly string[];
  /** Indexes of the tables that the query reads. */
  readonly existing: readonly { readonly key: string; readonly definition: string }[];
  /** Settings as the twin has them: `work_mem`, `random_page_cost`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Why nothing can be tried; then the lists are empty. */
  readonly problem?: string;
}

/** A change to try; one of the first two, settings beside them. */
export interface WhatIf {
  /** `orders (customer_id)`, or a whole CREATE INDEX. */
  readonly add?: readonly string[];
  /** `schema.name`. */
  readonly drop?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

/** What the planner twin says of advice: the query's cost without and with it, or why it cannot say. */
export type AdviceVerdict =
  | {
      readonly before: number;
      readonly after: number;
      /** The planner takes what is advised. */
      readonly used: boolean;
      /** `the twin of schema.sql, with assumed volumes`. */
      readonly where: string;
    }
  | { readonly reason: string };

/** A plan whose findings are asked for. */
export interface PlanToJudge {
  /** Element 0 of `EXPLAIN (FORMAT JSON)`. */
  readonly plan: Readonly<Record<string, unknown>>;
  /** The planner twin has made it. */
  readonly planned: boolean;
  readonly sql?: string;
}

/** Extension to panel. */
export type ToPanel =
  | { readonly type: 'show'; readonly content: PanelContent }
  /** Something runs for this panel, `forMs` already, and can be cancelled; without a title nothing runs any more. */
  | { readonly type: 'busy'; readonly title?: string; readonly forMs?: number }
  /** Nodes that stand for something in the document. */
  | { readonly type: 'places'; readonly nodes: readonly number[] }
  /** The caret in the document is at what this node stands for. */
  | { readonly type: 'caret'; readonly node: number }
  | { readonly type: 'whatIfOptions'; readonly options: WhatIfOptions }
  | { readonly type: 'verdict'; readonly key: string; readonly verdict: AdviceVerdict }
  /** What `findInPlan` finds with the schema at hand. */
  | { readonly type: 'findings'; readonly key: string; readonly findings: readonly object[] }
  /** The last thing asked for could not be done. */
  | { readonly type: 'problem'; readonly message: string };

/** Panel to extension. */
export type FromPanel =
  | { readonly type: 'ready' }
  | { readonly type: 'revealSource' }
  /** A node was selected: its place is marked in the document. With `reveal` the document is shown there, with the caret at it. */
  | { readonly type: 'selectNode'; readonly node: number; readonly reveal: boolean }
  | { readonly type: 'explainAgain'; readonly analyze: boolean }
  /** Plans for these kinds of values, one after the other. */
  | { readonly type: 'explainFor'; readonly values: readonly PlanValues[] }
  /** `sql`: of a plan from elsewhere. */
  | { readonly type: 'askWhatIf'; readonly sql?: string }
  | { readonly type: 'whatIf'; readonly change: WhatIf; readonly sql?: string }
  /** Answered by `verdict` with the same key. */
  | { readonly type: 'verifyAdvice'; readonly key: string; readonly change: WhatIf; readonly sql?: string }
  /** Answered by `findings` with the same key, where a schema is known. */
  | { readonly type: 'findInPlan'; readonly key: string; readonly request: PlanToJudge }
  | { readonly type: 'cancel' }
  | { readonly type: 'showPlan'; readonly id: string }
  | { readonly type: 'pin'; readonly id: string; readonly pinned: boolean }
  | { readonly type: 'forget'; readonly id: string }
  /** A plan as text was pasted. */
  | { readonly type: 'paste'; readonly text: string }
  | { readonly type: 'copy'; readonly text: string; readonly what: string }
  /** `base64`: bytes of a picture. */
  | { readonly type: 'save'; readonly name: string; readonly content: string; readonly encoding: 'utf8' | 'base64' };

/** What the page leaves behind for VS Code to bring back after a reload. */
export interface PanelState {
  readonly content?: PanelContent;
  /** Where the query stands, so that it can be shown and planned again. */
  readonly origin?: PanelOrigin;
  readonly view?: unknown;
}

/** The place of the query that is shown. */
export interface PanelOrigin {
  readonly uri: string;
  readonly line: number;
  readonly character: number;
}

// ---------------------------------------------------------------- health

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
