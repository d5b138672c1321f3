import type { LibraryId } from '../hosts/ir';
import type { LibraryAdapter } from '../libraries/adapter';

const adapters = new Map<LibraryId, LibraryAdapter>();

/** The adapter of a library, for fixes in its idiom; undefined for SQL files. */
export const findAdapter = (id: LibraryId): LibraryAdapter | undefined => adapters.get(id);
