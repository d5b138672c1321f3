import type { SqlText } from './bodyText';
import type { Bind, BindOrigin, Loop, LocalIr, QuerySite } from '../ir';

/** Offsets of the statement that holds the routine. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** One query of a routine, before it has an id. */
export interface SiteDraft {
  /** Undefined: SQL that only the running program knows. */
  readonly sql?: SqlText;
  readonly span: Place;
  readonly anchor: Place;
  readonly complete: boolean;
  readonly fetches: QuerySite['fetches'];
  readonly binds: readonly (Omit<Bind, 'span'> & { readonly span: Place })[];
  readonly loops: readonly number[];
  /** Index in the calls: the place's circumstances. */
  readonly call: number;
  readonly resultName?: string;
}

export interface CallDraft {
  /** `?` for the statements of sites. */
  readonly name: string;
  readonly span: Place;
  readonly nameSpan: Place;
  readonly args: readonly { readonly text: string; readonly span: Place; readonly names: readonly string[] }[];
  readonly loops: readonly number[];
  readonly conditional: boolean;
  readonly onError: boolean;
  exitsAfter: boolean;
  site?: number;
  readonly resultName?: string;
}

export interface LoopDraft {
  readonly kind: Loop['kind'];
  readonly span: Place;
  readonly head: Place;
  readonly body: Place;
  readonly parent?: number;
  readonly iterable?: { readonly text: string; readonly span: Place; readonly names: readonly string[]; readonly kind: NonNullable<Loop['iterable']>['kind']; readonly site?: number; readonly size?: number };
  readonly elements: readonly string[];
  readonly condition?: string;
  readonly step?: string;
  readonly assigns: { readonly name: string; readonly names: readonly string[]; readonly span: Place }[];
  readonly exits: { readonly kind: 'break' | 'return' | 'throw'; readonly conditional: boolean; readonly span: Place; readonly condition?: string }[];
}

export type LocalDraft = Omit<LocalIr, 'span'> & { readonly span: Place };

/** What a routine's body holds. */
export interface BodyFacts {
  readonly sites: readonly SiteDraft[];
  readonly calls: readonly CallDraft[];
  readonly loops: readonly LoopDraft[];
  readonly locals: readonly LocalDraft[];
  readonly variables: ReadonlyMap<string, BindOrigin>;
}
