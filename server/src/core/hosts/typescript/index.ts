import { adaptersFor } from '../../libraries';
import { readModels, scriptModelReaders } from '../../libraries/models';
import { collectLineStarts } from '../../text/lineIndex';
import type { DeclarationReader, HostReader } from '../host';
import type { HostFile } from '../ir';
import { indexModels } from '../models';
import type { HostLanguage } from '../syntax';
import { createContext } from './context';
import { linkScopes } from './links';
import { readModule } from './modules';
import { createScopes } from './scopes';
import { surfaceOf } from './surface';
import { spanOf } from './syntaxTools';
import { readUnits } from '../shared/readUnits';
import { untouchedSince } from '../shared/units';
import { scriptUnits } from './units';
import { walkFile } from './walk';
import { readFileRole } from '../fileRole';
import { readSuppressions } from '../suppressions';

export const declareTypeScript: DeclarationReader = (uri, text, tree, environment) => ({
  surface: surfaceOf(tree.root, text),
  models: environment.foreign === 'all' ? [] : readModels(scriptModelReaders, { uri, text, root: tree.root, known: environment.models }),
});

/** Reads a TypeScript, TSX or JavaScript file. The grammar's language follows from the name, as the tree's did. */
export const readTypeScript: HostReader = (uri, text, tree, environment, memory): HostFile => {
  const language = languageOf(uri);
  const own = createScopes(tree.root, untouchedSince(memory, text));
  const scopes = linkScopes(own, uri, environment.modules);
  const { surface, models } = declareTypeScript(uri, text, tree, environment);
  const context = createContext(uri, text, language, scopes, environment, indexModels(models));
  const adapters = adaptersFor(language, text).filter((adapter) => environment.foreign !== 'all' && adapter.id !== environment.foreign);
  // A file's own models are read from all of it.
  const key = models.length === 0 ? adapters.map((adapter) => adapter.id).join() : undefined;
  const parts = readUnits({ language: scriptUnits(scopes), root: tree.root, text, key, memory, walk: (assembly) => walkFile(tree.root, context, adapters, assembly), readWhole: () => own.complete() });
  const before = memory?.partial === true ? memory.uses : undefined;
  const uses = [...new Set([...(before ?? []), ...scopes.uses])];
  if (memory) memory.uses = uses;
  return {
    uri,
    language: language === 'python' ? 'typescript' : language,
    role: readFileRole(uri, text),
    ...parts,
    ...readModule(tree.root),
    models,
    ...(surface === undefined ? {} : { surface }),
    ...(uses.length > 0 ? { uses } : {}),
    lines: collectLineStarts(text),
    suppressions: readSuppressions(scopes.comments.map((comment) => ({ text: comment.text, span: spanOf(comment) }))),
    errors: scopes.errors.map(spanOf),
  };
};

function languageOf(uri: string): HostLanguage {
  const extension = /\.([a-z]+)(?:[?#].*)?$/i.exec(uri)?.[1]?.toLowerCase();
  if (extension === 'tsx') return 'tsx';
  return extension === 'js' || extension === 'jsx' || extension === 'mjs' || extension === 'cjs' ? 'javascript' : 'typescript';
}
