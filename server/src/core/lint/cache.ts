import type { QuerySite } from '../hosts/ir';
import { identityOf } from '../hosts/shared/moved';
import type { StatementModel } from '../sql/model';
import type { FindingDraft, LintSettings, Question, Rule, StatementRule } from './rule';
import { hasSignature, toSignature, type SiteSignature } from './siteSignature';

/** What must be equal, beside statement and site, for the drafts of a statement to hold again. */
export interface CacheKey {
  readonly uri: string;
  readonly role: string;
  readonly catalogVersion: string | undefined;
  /** Of the planner's answers: another one after a change of schema or statistics. */
  readonly plannerVersion: string | undefined;
  readonly settings: LintSettings;
  readonly rules: readonly Rule[];
}

/** A draft as it may be kept. Its fixes are computed again where the statement stands: they would hold on to the document. */
export interface CachedDraft {
  readonly rule: StatementRule;
  readonly draft: Omit<FindingDraft, 'fixes'>;
  readonly hasFixes: boolean;
  /** Position among the drafts that the rule reported for the statement: how its fixes are found again. */
  readonly index: number;
}

export interface CachedStatement {
  readonly drafts: readonly CachedDraft[];
  /** What was asked around the statement: where an answer is another one today, nothing holds. */
  readonly answers: ReadonlyMap<Question, boolean>;
  /** Rules to run again: they looked beyond the statement, failed, or wait for the planner. */
  readonly again: readonly StatementRule[];
}

/**
 * Remembers the drafts of statements between two runs over a document. Statement models are cached by text and thus
 * the same object while the text of a statement does not change; a changed statement never finds old drafts, nor does
 * one whose site says something else about it (its values, its chain, who receives the rows).
 */
export interface LintCache {
  get(model: StatementModel, site: QuerySite, key: CacheKey): CachedStatement | undefined;
  set(model: StatementModel, site: QuerySite, key: CacheKey, statement: CachedStatement): void;
}

/** Sites with the same SQL text whose drafts are kept: a query that is written at several places. */
const MAX_SITES = 8;

interface Entry {
  readonly key: CacheKey;
  /** Of the site that was last found to have the signature. */
  identity: object;
  readonly signature: SiteSignature;
  readonly statement: CachedStatement;
}

/** Holds models weakly: nothing to evict. Keep one per workspace. */
export function createLintCache(): LintCache {
  const entries = new WeakMap<StatementModel, readonly Entry[]>();
  const find = (model: StatementModel, site: QuerySite, key: CacheKey): Entry | undefined => {
    const identity = identityOf(site);
    const found = entries.get(model)?.find((entry) => isSameKey(entry.key, key) && (entry.identity === identity || hasSignature(site, entry.signature)));
    if (found) found.identity = identity;
    return found;
  };
  return {
    get: (model, site, key) => find(model, site, key)?.statement,
    set(model, site, key, statement) {
      const known = find(model, site, key);
      const others = (entries.get(model) ?? []).filter((entry) => entry !== known && (entry.key.uri !== key.uri || isSameKey(entry.key, key)));
      entries.set(model, [{ key, identity: identityOf(site), signature: known?.signature ?? toSignature(site), statement }, ...others].slice(0, MAX_SITES));
    },
  };
}

const isSameKey = (a: CacheKey, b: CacheKey): boolean =>
  a.uri === b.uri && a.role === b.role && a.catalogVersion === b.catalogVersion && a.plannerVersion === b.plannerVersion && a.settings === b.settings && a.rules === b.rules;
