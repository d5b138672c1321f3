import type { StatementModel } from '../../core/sql/model';
import type { SqlSource } from '../../core/sql/source';

export interface ModelCache {
  get(source: SqlSource): StatementModel | undefined;
  set(source: SqlSource, model: StatementModel): StatementModel;
}

/** Above this many characters in all, the oldest models go: a model takes some ten times its text. */
const maxCharacters = 8_000_000;

/** Keeps the models used last, by text, placeholder style and places of interpolations. */
export function createModelCache(maxCount: number): ModelCache {
  const models = new Map<string, StatementModel>();
  /** Hosts hand out the same source object for a text that did not change: no key to build, no text to compare. */
  const bySource = new WeakMap<SqlSource, StatementModel>();
  let characters = 0;
  const remove = (key: string): void => {
    if (models.delete(key)) characters -= key.length;
  };
  return {
    get(source) {
      const known = bySource.get(source);
      if (known) return known;
      const key = keyOf(source);
      const model = models.get(key);
      if (model) {
        models.delete(key);
        models.set(key, model);
        bySource.set(source, model);
      }
      return model;
    },
    set(source, model) {
      const key = keyOf(source);
      remove(key);
      models.set(key, model);
      bySource.set(source, model);
      characters += key.length;
      for (const oldest of models.keys()) {
        if (models.size <= maxCount && characters <= maxCharacters) break;
        remove(oldest);
      }
      return model;
    },
  };
}

const keyOf = ({ text, placeholders, interpolations }: SqlSource): string =>
  `${placeholders}\n${interpolations.map(({ span, kind }) => `${span.start},${kind ?? ''}`).join(';')}\n${text}`;
