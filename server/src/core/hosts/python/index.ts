import { adaptersFor } from '../../libraries';
import { readAlembicMigration } from '../../libraries/alembic/alembicMigration';
import { readDjangoMigration } from '../../libraries/django/djangoMigration';
import { pythonModelReaders, readModels } from '../../libraries/models';
import { collectLineStarts } from '../../text/lineIndex';
import { collectErrors } from '../common/syntaxTools';
import { readFileRole } from '../fileRole';
import type { LibraryAdapter } from '../../libraries/adapter';
import type { DeclarationReader, HostEnvironment, HostReader } from '../host';
import type { CallIr, HostFile } from '../ir';
import { indexModels } from '../models';
import { readByExcerpt, type PlacedReading, type Surroundings } from '../shared/excerpt';
import { createSqlTexts } from '../shared/sqlTexts';
import type { SyntaxNode } from '../syntax';
import { readSuppressions } from '../suppressions';
import { readBlocks, readExits } from './blocks';
import { readCalls } from './calls';
import { readClasses } from './classes';
import { createContext } from './context';
import { localsOf, readFunctions, type ValueLinks } from './functions';
import { readLoops } from './loops';
import { linkScopes } from './links';
import { readRenders, renderSources, rendersTemplates } from './renders';
import { readAttributeReads, readExports, readImports, withSelfReads } from './modules';
import { outlineOf } from './outline';
import { pythonParts } from './parts';
import { collectScopes } from './scopes';
import { readGraphTypes, showsGraphTypes } from './graphTypes';
import { readSerializers, showsSerializers } from './serializers';
import { collectDrafts, readSites } from './sites';
import { surfaceOf } from './surface';
import { field, spanOf } from './syntaxTools';

export const declarePython: DeclarationReader = (uri, text, tree, environment) => {
  const surface = surfaceOf(tree.root, text);
  if (readFileRole(uri, text) === 'migration' || !pythonModelReaders.some((reader) => reader.marks.test(text))) return { surface, models: [] };
  const scopes = linkScopes(collectScopes(tree.root), uri, environment.modules);
  return { surface, models: readModels(pythonModelReaders, { uri, text, root: tree.root, classes: outlineOf(tree.root).classes, scopes, known: environment.models }) };
};

/** Reads a Python file. A migration's own models describe a past schema: they serve its own statements only. Docstrings and other bare strings are never SQL: only what a library call is given is. */
export const readPython: HostReader = (uri, text, tree, environment, memory): HostFile => {
  const adapters = adaptersFor('python', text);
  const surface = surfaceOf(tree.root, text, memory);
  const role = readFileRole(uri, text);
  // What the whole text tells: whether classes show rows, or declare models.
  const shows = [pythonModelReaders.some((reader) => reader.marks.test(text)), rendersTemplates(text), showsSerializers(text), showsGraphTypes(text)];
  const file = readByExcerpt({
    language: pythonParts, tree, text, memory,
    // A migration is read as one.
    key: role === 'migration' ? undefined : [...adapters.map((adapter) => adapter.id), ...shows, role].join(),
    read: (root, around) => readModule(uri, text, root, environment, adapters, shows.includes(true), around),
  });
  return {
    ...file,
    ...(surface === undefined ? {} : { surface }),
    lines: collectLineStarts(text),
    errors: collectErrors(tree.root).map(spanOf),
  };
};

function readModule(uri: string, text: string, root: SyntaxNode, environment: HostEnvironment, adapters: readonly LibraryAdapter[], shows: boolean, around: Surroundings | undefined): PlacedReading {
  const role = readFileRole(uri, text);
  const scopes = linkScopes(collectScopes(root), uri, environment.modules);
  const outline = outlineOf(root);
  const declared = readModels(pythonModelReaders, { uri, text, root, classes: outline.classes, scopes, known: environment.models });
  const models = around ? declared.filter((model) => around.isAffected(model.span.start)) : declared;
  const sqlTexts = environment.shared && createSqlTexts(environment.shared, uri);
  const context = createContext(uri, text, scopes, environment, indexModels(around ? [...around.models, ...models] : models), sqlTexts);
  const { drafts, builders } = collectDrafts(outline, context, adapters, scopes);
  const sites = readSites(drafts, outline);
  const siteOfCall = new Map(sites.flatMap((site): [number, number][] => (site.callId === undefined ? [] : [[site.callId, site.id]])));
  const links: ValueLinks = { outline, siteOfCall };
  const calls = readCalls(outline, scopes).map((call): CallIr => ({ ...call, siteId: siteOfCall.get(call.id) }));
  const loops = readLoops(outline, scopes, links);
  const values = renderSources(uri, outline, scopes, sites);
  const renders = readRenders(text, values);
  const [shown, graph] = [readSerializers(text, values), readGraphTypes(text, values)];
  const types = [...shown.serializers, ...graph.types].sort((a, b) => a.at - b.at);
  const functions = readFunctions(outline, scopes, calls, links);
  const imports = readImports(root);
  const showsRows = around ? around.file.models.length > 0 || around.file.serializers !== undefined : models.length > 0 || types.length > 0;
  const migration = around ? undefined : role === 'migration' || scopes.module.bindings.has('down_revision') ? readAlembicMigration(root, scopes) ?? readDjangoMigration(uri, outline.classes, scopes) : undefined;
  const file: HostFile = {
    uri,
    language: 'python',
    role,
    sites,
    loops,
    functions: showsRows ? withSelfReads(functions, outline) : functions,
    classes: readClasses(outline, scopes),
    calls,
    imports: imports.map(({ item }) => item),
    exports: around ? around.file.exports : readExports(scopes),
    models: role === 'migration' ? [] : models,
    ...(migration === undefined ? {} : { migration }),
    ...(scopes.uses.size > 0 ? { uses: [...scopes.uses] } : {}),
    ...(sqlTexts && sqlTexts.asks.size > 0 ? { asks: [...sqlTexts.asks] } : {}),
    locals: localsOf(scopes.module, links),
    ...(renders.length > 0 ? { renders } : {}),
    ...(types.length > 0 ? { serializers: types.map(({ serializer }) => serializer) } : {}),
    ...(shown.uses.length + graph.uses.length > 0 ? { serializerUses: [...shown.uses, ...graph.uses] } : {}),
    attributeReads: readAttributeReads(outline, loops, scopes),
    blocks: readBlocks(outline),
    exits: readExits(outline),
    suppressions: readSuppressions(outline.comments.map((comment) => ({ text: comment.text, span: spanOf(comment) }))),
    errors: [],
  };
  return { file, imports: imports.map(({ at }) => at), serializers: types.map(({ at }) => at), builders, tied: shows ? outline.classes.flatMap((node) => (field(node, 'superclasses') ? [node.startIndex] : [])) : [] };
}
