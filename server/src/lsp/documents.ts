import type { TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import type { TextChange } from '../core/hosts/syntax';
import { createLineIndex } from '../core/text/lineIndex';
import { hostSpan } from '../core/text/span';
import { createPositionMapper, type Encoding, type PositionMapper } from './convert';

/** An open document: the client's URI, its version, its text. Replaced, never changed. */
export interface OpenDocument {
  /** As the client writes it; answers must use the same. */
  readonly clientUri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
  readonly positions: PositionMapper;
}

export const openDocument = (clientUri: string, languageId: string, version: number, text: string, encoding: Encoding): OpenDocument => ({
  clientUri, languageId, version, text, positions: createPositionMapper(text, encoding),
});

/** Applies one `didChange`. The changes come back in offsets, each of the text before it, for incremental parsing. */
export function changeDocument(document: OpenDocument, version: number, events: readonly TextDocumentContentChangeEvent[], encoding: Encoding): { document: OpenDocument; changes: TextChange[] } {
  let { text, positions } = document;
  const changes: TextChange[] = [];
  for (const event of events) {
    const span = 'range' in event ? positions.toSpan(event.range) : hostSpan(0, text.length);
    changes.push({ span, text: event.text });
    text = text.slice(0, span.start) + event.text + text.slice(span.end);
    positions = createPositionMapper(text, encoding, createLineIndex(text));
  }
  return { document: { ...document, version, text, positions }, changes };
}
