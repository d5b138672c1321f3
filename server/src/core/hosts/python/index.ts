import { adaptersFor } from '../../libraries';
import { readAlembicMigration } from '../../libraries/alembic/alembicMigration';
import { readDjangoMigration } from '../../libraries/django/djangoMigration';
import { pythonModelReaders, readModels } from '../../libraries/models';
import { collectLineStarts } from '../../text/lineIndex';
import { readFileRole } from '../fileRole';
import type { DeclarationReader, HostReader } from '../host';
import type { CallIr, HostFile } from '../ir';
import { indexModels } from '../models';
import { readSuppressions } from '../suppressions';
import { readBlocks, readExits } from './blocks';
import { readCalls } from './calls';
import { readClasses } from './classes';
import { createContext } from './context';
import { localsOf, readFunctions, type ValueLinks } from './functions';
import { readLoops } from './loops';
import { linkScopes } from './links';
import { readRenders, renderSources } from './renders';
import { readAttributeReads, readExports, readImports, withSelfReads } from './modules';
import { outlineOf } from './outline';
import { collectScopes } from './scopes';
import { readSerializers } from './serializers';
import { collectDrafts, readSites } from './sites';
import { surfaceOf } from './surface';
import { spanOf } from './syntaxTools';

export const declarePython: DeclarationReader = (uri, text, tree, environment) => {
  const surface = surfaceOf(tree.root, text);
  if (readFileRole(uri, text) === 'migration' || !pythonModelReaders.some((reader) => reader.marks.test(text))) return { surface, models: [] };
  const scopes = linkScopes(collectScopes(tree.root), uri, environment.modules);
  return { surface, models: readModels(pythonModelReaders, { uri, text, root: tree.root, classes: outlineOf(tree.root).classes, scopes, known: environment.models }) };
};

/** Reads a Python file. A migration's own models describe a past schema: they serve its own statements only. Docstrings and other bare strings are never SQL: only what a library call is given is. */
export const readPython: HostReader = (uri, text, tree, environment): HostFile => {
  const role = readFileRole(uri, text);
  const scopes = linkScopes(collectScopes(tree.root), uri, environment.modules);
  const surface = surfaceOf(tree.root, text);
  const outline = outlineOf(tree.root);
  const models = readModels(pythonModelReaders, { uri, text, root: tree.root, classes: outline.classes, scopes, known: environment.models });
  const context = createContext(uri, text, scopes, environment, indexModels(models));
  const sites = readSites(collectDrafts(outline, context, adaptersFor('python', text), scopes), outline);
  const siteOfCall = new Map(sites.flatMap((site): [number, number][] => (site.callId === undefined ? [] : [[site.callId, site.id]])));
  const links: ValueLinks = { outline, siteOfCall };
  const calls = readCalls(outline, scopes).map((call): CallIr => ({ ...call, siteId: siteOfCall.get(call.id) }));
  const loops = readLoops(outline, scopes, links);
  const values = renderSources(uri, outline, scopes, sites);
  const renders = readRenders(text, values);
  const shown = readSerializers(text, values);
  const functions = readFunctions(outline, scopes, calls, links);
  const migration = role === 'migration' || scopes.module.bindings.has('down_revision') ? readAlembicMigration(tree.root, scopes) ?? readDjangoMigration(uri, outline.classes, scopes) : undefined;
  return {
    uri,
    language: 'python',
    role,
    sites,
    loops,
    functions: models.length > 0 || shown.serializers.length > 0 ? withSelfReads(functions, outline) : functions,
    classes: readClasses(outline, scopes),
    calls,
    imports: readImports(tree.root),
    exports: readExports(scopes),
    models: role === 'migration' ? [] : models,
    ...(migration === undefined ? {} : { migration }),
    ...(surface === undefined ? {} : { surface }),
    ...(scopes.uses.size > 0 ? { uses: [...scopes.uses] } : {}),
    lines: collectLineStarts(text),
    locals: localsOf(scopes.module, links),
    ...(renders.length > 0 ? { renders } : {}),
    ...(shown.serializers.length > 0 ? { serializers: shown.serializers } : {}),
    ...(shown.uses.length > 0 ? { serializerUses: shown.uses } : {}),
    attributeReads: readAttributeReads(outline, loops, scopes),
    blocks: readBlocks(outline),
    exits: readExits(outline),
    suppressions: readSuppressions(outline.comments.map((comment) => ({ text: comment.text, span: spanOf(comment) }))),
    errors: outline.errors.map(spanOf),
  };
};
