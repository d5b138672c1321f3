import { ownText } from './ownText';

/**
 * Remembers what follows from a text alone. At a keystroke all statements of a document but one are the same as before.
 * Two generations: once `maxCharacters` came in, what was not asked for in all that time goes.
 * @param compute pure; the text it is given is no slice of a document and may be kept.
 */
export function createTextMemo<T>(maxCharacters: number, compute: (text: string) => T): (text: string) => T {
  let recent = new Map<string, T>();
  let older: ReadonlyMap<string, T> = new Map();
  let characters = 0;
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    const own = ownText(text);
    const value = older.get(text) ?? compute(own);
    characters += own.length;
    if (characters > maxCharacters) {
      older = recent;
      recent = new Map();
      characters = own.length;
    }
    recent.set(own, value);
    return value;
  };
}
