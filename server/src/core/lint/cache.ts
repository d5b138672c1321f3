import type { StatementModel } from '../sql/model';
import type { FindingDraft, LintSettings, Rule } from './rule';

/** What must be equal for the drafts of a statement to hold again. */
export interface CacheKey {
  readonly uri: string;
  readonly role: string;
  readonly catalogVersion: string | undefined;
  /** Of the planner's answers: another one after a change of schema or statistics. */
  readonly plannerVersion: string | undefined;
  readonly settings: LintSettings;
  readonly rules: readonly Rule[];
}

export interface CachedDraft {
  readonly rule: Rule;
  readonly draft: FindingDraft;
  /** Position among the drafts that the rule reported for the statement: how its fixes are found again. */
  readonly index: number;
}

/**
 * Remembers the drafts of statements between two runs over a document. Statement models are cached by text and thus
 * the same object while the text of a statement does not change; a changed statement never finds old drafts.
 */
export interface LintCache {
  get(model: StatementModel, key: CacheKey): readonly CachedDraft[] | undefined;
  set(model: StatementModel, key: CacheKey, drafts: readonly CachedDraft[]): void;
}

/** Holds models weakly: nothing to evict. Keep one per workspace. */
export function createLintCache(): LintCache {
  const entries = new WeakMap<StatementModel, { readonly key: CacheKey; readonly drafts: readonly CachedDraft[] }>();
  return {
    get(model, key) {
      const entry = entries.get(model);
      if (!entry) return undefined;
      const known = entry.key;
      const same = known.uri === key.uri && known.role === key.role && known.catalogVersion === key.catalogVersion && known.plannerVersion === key.plannerVersion && known.settings === key.settings && known.rules === key.rules;
      return same ? entry.drafts : undefined;
    },
    set(model, key, drafts) {
      entries.set(model, { key, drafts });
    },
  };
}
