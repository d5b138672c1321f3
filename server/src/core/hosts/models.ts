import type { LibraryId, ModelIr } from './ir';

/** Model declarations of the workspace, by library and name: several ORMs, and several applications, may each have a `User`. */
export type ModelIndex = ReadonlyMap<string, readonly ModelIr[]>;

/** Where a model's name stands: the document, and the one that the name is imported from. */
export interface ModelUse {
  readonly uri: string;
  readonly from?: string;
}

const keyOf = (name: string, library: LibraryId): string => `${library} ${name}`;

/** Of two declarations of one name in one library and document the later has it; Django's are there by `app.Name` too. */
export function indexModels(models: Iterable<ModelIr>): ModelIndex {
  const index = new Map<string, ModelIr[]>();
  const add = (key: string, model: ModelIr): void => {
    const list = index.get(key);
    const known = list?.findIndex((other) => other.uri === model.uri) ?? -1;
    if (!list) index.set(key, [model]);
    else if (known >= 0) list[known] = model;
    else list.push(model);
  };
  for (const model of models) {
    add(keyOf(model.name, model.library), model);
    if (model.django) add(keyOf(`${model.django.app}.${model.name}`, model.library), model);
  }
  return index;
}

/**
 * The declaration that a name means: of the document it is imported from, of the document itself, else the nearest by
 * path. Undefined where none is, or where two are as near and name different tables.
 */
export function findModel(index: ModelIndex, name: string, library: LibraryId, use?: ModelUse): ModelIr | undefined {
  const all = index.get(keyOf(name, library));
  const [first] = all ?? [];
  if (!all || all.length < 2) return first;
  const exact = all.find((model) => model.uri === use?.from && use?.from !== undefined) ?? all.find((model) => model.uri === use?.uri && use !== undefined);
  if (exact) return exact;
  const near = use?.from ?? use?.uri;
  const ranked = all.map((model) => ({ model, shared: near === undefined || model.uri === undefined ? 0 : sharedFolders(model.uri, near) })).sort((a, b) => b.shared - a.shared);
  const best = ranked.filter(({ shared }) => shared === ranked[0]?.shared).map(({ model }) => model);
  const [only] = best;
  return best.every((model) => model.table === only?.table && model.schema === only.schema) ? only : undefined;
}

function sharedFolders(a: string, b: string): number {
  const [left, right] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)];
  let count = 0;
  while (count < left.length && left[count] === right[count]) count++;
  return count;
}
