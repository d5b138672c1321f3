import type { Position } from 'vscode-languageserver/node';
import type { Catalog } from '../../core/catalog/model';
import { targetAt, type FoundTarget } from '../../core/editing/place';
import type { HostFile } from '../../core/hosts/ir';
import type { HostOffset } from '../../core/text/span';
import { canonicalUri, toPath } from '../../workspace/paths';
import type { Project } from '../../workspace/project';
import { readTextFile } from '../../workspace/textFile';
import type { OpenDocument } from '../documents';
import { projectOf, type Session } from '../session';

/** An open document with everything that is known around it. */
export interface Opened {
  readonly document: OpenDocument;
  readonly project: Project;
  readonly file: HostFile;
  readonly catalog: Catalog | undefined;
}

/** Undefined: the document is not open, not read, or the extension is switched off. */
export function openedAt(session: Session | undefined, clientUri: string): Opened | undefined {
  if (!session || session.settings.enable === false) return undefined;
  const uri = canonicalUri(clientUri);
  const document = session.documents.get(uri);
  const project = projectOf(session, uri);
  const file = project?.files.get(uri);
  return document && project && file && !file.foreign ? { document, project, file, catalog: project.catalogOf(uri) } : undefined;
}

/** The table or column under the caret. */
export function foundAt(opened: Opened, position: Position): FoundTarget | undefined {
  return targetAt(opened.file, opened.document.text, opened.document.positions.toOffset(position) as HostOffset, opened.catalog);
}

/** Text of a document as it is open, else as it is on disk; undefined: it cannot be read. */
export async function textOfDocument(session: Session, uri: string): Promise<string | undefined> {
  const open = session.documents.get(uri);
  if (open) return open.text;
  const path = toPath(uri);
  const source = path === undefined ? undefined : await readTextFile(path);
  return source && 'text' in source ? source.text : undefined;
}

/** The URI by which the client knows a document. */
export const clientUriOf = (session: Session, uri: string): string => session.documents.get(uri)?.clientUri ?? uri;
