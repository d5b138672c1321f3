import type { LibraryId, ModelIr } from './ir';

/** Model declarations of the workspace, by library and name: several ORMs may each have a `User`. */
export type ModelIndex = ReadonlyMap<string, ModelIr>;

const keyOf = (name: string, library: LibraryId): string => `${library} ${name}`;

/** Of two declarations of one name in one library the later has it; Django's are there by `app.Name` too. */
export const indexModels = (models: Iterable<ModelIr>): ModelIndex =>
  new Map([...models].flatMap((model) => [[keyOf(model.name, model.library), model], ...(model.django ? [[keyOf(`${model.django.app}.${model.name}`, model.library), model] as const] : [])] as const));

export const findModel = (index: ModelIndex, name: string, library: LibraryId): ModelIr | undefined => index.get(keyOf(name, library));
