import type { HostFile } from '../core/hosts/ir';
import type { TextChange } from '../core/hosts/syntax';
import type { Engine, OpenReader, ReadContext } from './engine';
import type { DocumentLanguage } from './paths';
import { reasonAgainstText, reasonOf } from './textFile';

/** A document that is being edited. A reader that fails on its text costs this document, not the server: it has no file until another text is read. What is too large or minified on disk is not read here either. */
export interface OpenDocument {
  readonly text: string;
  /** Of `text`, always; undefined: see `unread`. */
  readonly file: HostFile | undefined;
  /** Why the text could not be read, in words for the user. */
  readonly unread: string | undefined;
  /** As `OpenReader.partial`. */
  readonly partial: boolean;
  /** As `OpenReader.update`, but it does not throw. */
  update(text: string, changes: readonly TextChange[], context: ReadContext): void;
  dispose(): void;
}

/** @param language its grammar must be loaded */
export function openDocument(engine: Engine, uri: string, text: string, language: DocumentLanguage, context: ReadContext): OpenDocument {
  let reader: OpenReader | undefined;
  let unread: string | undefined;
  const update = (next: string, changes: readonly TextChange[], now: ReadContext): void => {
    unread = reasonAgainstText(uri, next);
    try {
      if (unread !== undefined) {
        reader?.dispose();
        reader = undefined;
      } else if (reader) reader.update(next, changes, now);
      else reader = engine.open(uri, next, language, now);
    } catch (error) {
      // It may stand between the two texts: the next one is read from the beginning.
      reader?.dispose();
      reader = undefined;
      unread = `could not be analysed: ${reasonOf(error)}`;
    }
    text = next;
  };
  update(text, [], context);
  return {
    get text() { return text; },
    get file() { return reader?.file; },
    get unread() { return unread; },
    get partial() { return reader?.partial === true; },
    update,
    dispose: () => reader?.dispose(),
  };
}
