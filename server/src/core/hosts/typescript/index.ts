import { adaptersFor } from '../../libraries';
import { readModels, scriptModelReaders } from '../../libraries/models';
import { knexMigrations } from '../../libraries/scriptMigrations/knexMigration';
import { readScriptMigration } from '../../libraries/scriptMigrations/scriptMigration';
import { sequelizeMigrations } from '../../libraries/scriptMigrations/sequelizeMigration';
import { collectLineStarts } from '../../text/lineIndex';
import type { DeclarationReader, HostEnvironment, HostReader } from '../host';
import type { HostFile, ModelIr } from '../ir';
import { indexModels } from '../models';
import type { HostLanguage, SyntaxNode, SyntaxTree } from '../syntax';
import { createContext } from './context';
import { linkScopes } from './links';
import { readModule } from './modules';
import { collectErrors, createScopes } from './scopes';
import { surfaceOf } from './surface';
import { spanOf } from './syntaxTools';
import { readByExcerpt, type PlacedReading } from '../shared/excerpt';
import { scriptParts } from './parts';
import { walkFile } from './walk';
import { createSqlTexts } from '../shared/sqlTexts';
import { readFileRole } from '../fileRole';
import { readSuppressions } from '../suppressions';

export const declareTypeScript: DeclarationReader = (uri, text, tree, environment) => ({
  surface: surfaceOf(tree.root, text),
  models: readOwnModels(uri, text, tree, environment),
});

const readOwnModels = (uri: string, text: string, tree: SyntaxTree, environment: HostEnvironment): readonly ModelIr[] =>
  environment.foreign === 'all' ? [] : readModels(scriptModelReaders, { uri, text, root: tree.root, known: environment.models });

/** Reads a TypeScript, TSX or JavaScript file. The grammar's language follows from the name, as the tree's did. */
export const readTypeScript: HostReader = (uri, text, tree, environment, memory): HostFile => {
  const language = languageOf(uri);
  const surface = surfaceOf(tree.root, text, memory);
  const models = readOwnModels(uri, text, tree, environment);
  const adapters = adaptersFor(language, text).filter((adapter) => environment.foreign !== 'all' && adapter.id !== environment.foreign);
  const role = readFileRole(uri, text);
  // A file's own models are read from all of it, and so is a migration.
  const key = models.length === 0 && role !== 'migration' ? [...adapters.map((adapter) => adapter.id), role].join() : undefined;
  const read = (root: SyntaxNode): PlacedReading => {
    const scopes = linkScopes(createScopes(root), uri, environment.modules);
    const migration = role === 'migration' && environment.foreign !== 'all' ? readScriptMigration(root, scopes, [sequelizeMigrations, knexMigrations]) : undefined;
    const sqlTexts = environment.shared && createSqlTexts(environment.shared, uri);
    const { parts, builders } = walkFile(root, createContext(uri, text, language, scopes, environment, indexModels(models), sqlTexts), adapters);
    const file: HostFile = {
      uri,
      language: language === 'python' ? 'typescript' : language,
      role,
      ...parts,
      imports: [],
      exports: [],
      models,
      ...(migration === undefined ? {} : { migration }),
      ...(scopes.uses.size > 0 ? { uses: [...scopes.uses] } : {}),
      ...(sqlTexts && sqlTexts.asks.size > 0 ? { asks: [...sqlTexts.asks] } : {}),
      suppressions: readSuppressions(scopes.comments.map((comment) => ({ text: comment.text, span: spanOf(comment) }))),
      errors: [],
    };
    return { file, imports: [], builders, tied: [] };
  };
  return {
    ...readByExcerpt({ language: scriptParts, tree, text, key, memory, read }),
    ...readModule(tree.root),
    ...(surface === undefined ? {} : { surface }),
    lines: collectLineStarts(text),
    errors: collectErrors(tree.root).map(spanOf),
  };
};

function languageOf(uri: string): HostLanguage {
  const extension = /\.([a-z]+)(?:[?#].*)?$/i.exec(uri)?.[1]?.toLowerCase();
  if (extension === 'tsx') return 'tsx';
  return extension === 'js' || extension === 'jsx' || extension === 'mjs' || extension === 'cjs' ? 'javascript' : 'typescript';
}
