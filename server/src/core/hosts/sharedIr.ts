import type { LibraryId, QuerySite } from './ir';

/** What a file of a language with packages (Go, Java, Ruby, PHP, C#, Rust) tells the others, as plain data. */
export interface SharedIr {
  readonly texts: readonly SharedText[];
  readonly senders: readonly SharedSender[];
}

/** A constant that is text. */
export interface SharedText {
  readonly name: string;
  /** Class, interface or module that it is a member of. */
  readonly owner?: string;
  /** Text, and what stands in its holes. */
  readonly parts: readonly (string | { readonly hole: string })[];
  readonly complete: boolean;
  /** The SQL file that it is the content of (`include_str!`, `//go:embed`). */
  readonly file?: string;
}

/** A function that passes a parameter to a query as its text. */
export interface SharedSender {
  readonly name: string;
  readonly owner?: string;
  /** What its owner extends, implements or embeds. */
  readonly bases: readonly string[];
  readonly parameter: number;
  readonly library: LibraryId;
  readonly fetches: QuerySite['fetches'];
}
