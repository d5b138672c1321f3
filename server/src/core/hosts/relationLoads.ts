import type { HostSpan } from '../text/span';

/** `await order.customer`, `order.items.load()`, `order.getItems()`, with no options of its own. */
export interface LazyLoad {
  /** Model of the row, its name in the code, and the relation. */
  readonly owner: string;
  readonly row: string;
  readonly property: string;
  readonly many: boolean;
  /** Sends nothing where the relation came with the row, or was loaded before. Others ask again each time. */
  readonly once?: true;
  /** The library collects the loads of one tick: turns at the same time send one statement. */
  readonly batched?: true;
  /** What gives the same where the relation came with the row: host text for the call and its `await`. Absent: the call itself. */
  readonly loaded?: string;
}

/** A relation that is loaded with the rows by a further statement. */
export interface LoadedRelation {
  /** `items`, `items.product`. */
  readonly path: string;
  readonly span: HostSpan;
  /** Undefined where the model is not known. */
  readonly many?: boolean;
  /** `take` or a first-row form stands on it. */
  readonly limited: boolean;
}
