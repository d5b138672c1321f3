import type { Connection, Location } from 'vscode-languageserver/node';
import { declarationIn, keyOfModel, mentionsIn, type Target } from '../../core/editing/place';
import type { HostSpan } from '../../core/text/span';
import { createPositionMapper } from '../convert';
import type { Session } from '../session';
import { clientUriOf, foundAt, openedAt, textOfDocument, type Opened } from './target';

/** From a table or column to the statement of its migration or schema file, and to the model that declares it. */
export function registerDefinition(connection: Connection, session: () => Session | undefined): void {
  connection.onDefinition(async ({ textDocument, position }): Promise<Location[]> => {
    const active = session();
    const opened = openedAt(active, textDocument.uri);
    const found = opened && foundAt(opened, position);
    if (!active || !opened || !found) return [];
    return Promise.all((await declarationsOf(active, opened, found.target)).map(async ({ uri, span }) => {
      const text = (await textOfDocument(active, uri)) ?? '';
      return { uri: clientUriOf(active, uri), range: (active.documents.get(uri)?.positions ?? createPositionMapper(text, active.encoding)).toRange(span) };
    }));
  });
}

/** Where a table or column is declared, the migration first. */
export async function declarationsOf(session: Session, { project, document, file }: Pick<Opened, 'project' | 'document' | 'file'>, target: Target): Promise<readonly { readonly uri: string; readonly span: HostSpan }[]> {
  const binding = project.bindingOf(file.uri);
  const catalog = binding.state.catalog;
  const result: { uri: string; span: HostSpan }[] = [];
  const site = target.column === undefined ? target.table?.definedAt : target.table?.columnSites?.get(target.column) ?? target.table?.definedAt;
  const declaring = [...project.files.values()].filter((candidate) => candidate.models.some((model) => model.table !== '' && keyOfModel(model, catalog) === target.key) && project.bindingOf(candidate.uri) === binding);
  if (site && !declaring.some(({ uri }) => uri === site.uri)) {
    const text = site.uri === file.uri ? document.text : await textOfDocument(session, site.uri);
    const isSql = project.files.get(site.uri)?.language === 'sql' || site.uri.endsWith('.sql');
    if (text !== undefined && site.span.start <= text.length) result.push({ uri: site.uri, span: declarationIn(text, site.span, target, isSql) });
  }
  for (const candidate of declaring) {
    const text = await textOfDocument(session, candidate.uri);
    const models = mentionsIn({ ...candidate, sites: [] }, text, target, catalog).filter(({ declares }) => declares);
    result.push(...models.slice(0, 1).map(({ span }) => ({ uri: candidate.uri, span })));
  }
  return result;
}
