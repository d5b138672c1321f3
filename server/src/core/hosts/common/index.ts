import { adaptersFor } from '../../libraries';
import { readLaravelMigration } from '../../libraries/laravelMigrations/laravelMigration';
import { commonModelReaders, readModels } from '../../libraries/models';
import { readRailsMigration } from '../../libraries/railsMigrations/railsMigration';
import { collectLineStarts } from '../../text/lineIndex';
import { readFileRole } from '../fileRole';
import type { DeclarationReader, HostEnvironment, HostReader } from '../host';
import type { HostContext, LibraryAdapter } from '../../libraries/adapter';
import type { AttributeRead, CallIr, HostFile, ImportIr, Loop, ModelIr, QuerySite } from '../ir';
import type { SequencedMigration } from '../migrationIr';
import { indexModels } from '../models';
import { readByExcerpt, type PlacedReading, type Surroundings } from '../shared/excerpt';
import { csharpSpec } from '../csharp/csharpSpec';
import { goSpec } from '../go/goSpec';
import { javaSpec } from '../java/javaSpec';
import { phpSpec } from '../php/phpSpec';
import { rubySpec } from '../ruby/rubySpec';
import { rustSpec } from '../rust/rustSpec';
import { readSuppressions } from '../suppressions';
import type { CommonLanguage, SyntaxNode } from '../syntax';
import { isConditional, readCalls } from './calls';
import { createContext } from './context';
import type { LanguageSpec } from './forms';
import { localsOf, readClasses, readFunctions, type Classes, type Links } from './functions';
import { readLoops } from './loops';
import { readNames, type Names } from './names';
import { commonParts } from './parts';
import { mayShare, readShared } from './sharedRead';
import { createSharedView, type SharedView } from './sharedView';
import { readRenders } from './renders';
import { collectDrafts, readSites } from './sites';
import { readSource, type Source } from './source';
import { collectErrors, spanOf } from './syntaxTools';

/** What is asked of a file before its queries are. */
function open(spec: LanguageSpec, uri: string, text: string, root: SyntaxNode, environment: HostEnvironment, around?: Surroundings): Opened {
  const source = readSource(root, spec);
  const classes = readClasses(source);
  const names = readNames(source, (node) => classes.fieldsAt(node), (name, at) => classes.isMember(name, at));
  const placed = source.imports.flatMap((node) => {
    const form = source.form(node);
    return form?.kind === 'import' ? form.imports.map((item) => ({ item, at: node.startIndex })) : [];
  });
  const imports = placed.map(({ item }) => item);
  const declared = readModels(commonModelReaders, { uri, text, root, known: environment.models, source });
  const models = around ? declared.filter((model) => around.isAffected(model.span.start)) : declared;
  const home = spec.packageOf(root, uri);
  const shared = environment.shared && createSharedView(environment.shared, { uri, language: spec.language, package: home, imports }, source, classes);
  const context = createContext(uri, text, { source, names, classes, imports, ...(shared ? { shared } : {}) }, environment, indexModels(around ? [...around.models, ...models] : models));
  return { source, classes, names, imports, importsAt: placed.map(({ at }) => at), declared, models, home, shared, context };
}

interface Opened {
  readonly source: Source;
  readonly classes: Classes;
  readonly names: Names;
  readonly imports: readonly ImportIr[];
  readonly importsAt: readonly number[];
  readonly declared: readonly ModelIr[];
  /** Of an excerpt: those of what is read again. */
  readonly models: readonly ModelIr[];
  readonly home: string;
  readonly shared: SharedView | undefined;
  readonly context: HostContext;
}

const createDeclarations = (spec: LanguageSpec): DeclarationReader => (uri, text, tree, environment) => {
  const { source, names, classes, models, home, context } = open(spec, uri, text, tree.root, environment);
  const shared = readShared(source, names, classes, context);
  return { models: readFileRole(uri, text) === 'migration' ? [] : models, package: home, ...(shared ? { shared } : {}) };
};

const createReader = (spec: LanguageSpec): HostReader => {
  const language = commonParts(spec);
  return (uri, text, tree, environment, memory): HostFile => {
    const adapters = environment.foreign === undefined ? adaptersFor(spec.language, text) : [];
    const role = readFileRole(uri, text);
    const declares = commonModelReaders.some((reader) => reader.marks.test(text));
    // A migration is read as one; methods that stand outside of their types say something of models, too.
    const key = role === 'migration' || (declares && spec.methodsApart) ? undefined : [...adapters.map((adapter) => adapter.id), declares, role, mayShare(text)].join();
    const file = readByExcerpt({ language, tree, text, key, memory, read: (root, around) => readModule(spec, uri, text, root, environment, adapters, around) });
    return { ...file, lines: collectLineStarts(text), errors: collectErrors(tree.root, (node) => spec.forms[node.type]?.(node)?.kind === 'import').map(spanOf) };
  };
};

function readModule(spec: LanguageSpec, uri: string, text: string, root: SyntaxNode, environment: HostEnvironment, adapters: readonly LibraryAdapter[], around: Surroundings | undefined): PlacedReading {
  const role = readFileRole(uri, text);
  const { source, names, classes, imports, importsAt, declared, models, home, shared: others, context } = open(spec, uri, text, root, environment, around);
  const shared = readShared(source, names, classes, context);
  const { drafts, builders } = environment.foreign === undefined ? collectDrafts(source, context, adapters) : { drafts: [], builders: [] };
  const sites = readSites(drafts, source);
  const migration = role === 'migration' && environment.foreign === undefined ? readSequencedMigration(uri, source) : undefined;
  const siteOfCall = new Map(sites.flatMap((site): [number, number][] => (site.callId === undefined ? [] : [[site.callId, site.id]])));
  const links: Links = {
    callOf: (node) => source.callId(node),
    siteOf(node) {
      const id = source.callId(node);
      return id === undefined ? undefined : siteOfCall.get(id);
    },
  };
  const calls = readCalls(source, names).map((call): CallIr => ({ ...call, siteId: siteOfCall.get(call.id) }));
  // A relation that is only built sends its statement when it is walked.
  const siteOfNode = new Map(drafts.map(({ node }, id) => [node.id, id]));
  const renders = role === 'application' || role === 'script' ? readRenders({ uri, source, names, siteOf: (node) => siteOfNode.get(node.id) }) : [];
  const shown = new Set(renders.flatMap(({ values }) => values.map(({ value }) => value.siteId)));
  const loops = readLoops(source, names, resultLinks(source, names, { ...links, siteOf: (node) => siteOfNode.get(node.id) })).map((loop) => withRows(loop, source));
  const file: HostFile = {
    uri,
    language: spec.language,
    role,
    package: home,
    sites: sites.map((site) => asWalked(site, loops, shown)),
    ...(renders.length > 0 ? { renders } : {}),
    loops,
    functions: readFunctions(source, names, classes, links),
    classes: classes.list,
    calls,
    imports,
    exports: [],
    models: role === 'migration' ? [] : models,
    ...(shared ? { shared } : {}),
    ...(others && others.asks.size > 0 ? { asks: [...others.asks] } : {}),
    ...(migration ? { migration } : {}),
    ...(role === 'migration' && environment.foreign !== undefined ? { foreign: true as const } : {}),
    locals: localsOf(undefined, source, names, links),
    attributeReads: readAttributeReads(source, loops),
    suppressions: readSuppressions(source.comments.map((comment) => ({ text: comment.text, span: spanOf(comment) }))),
    errors: [],
  };
  const tied = source.classes.filter((node) => declared.some((model) => node.startIndex <= model.span.start && model.span.start < node.endIndex));
  return { file, imports: importsAt, builders, tied: tied.map((node) => node.startIndex) };
}

/** A migration of Rails or Laravel. */
const readSequencedMigration = (uri: string, source: Source): SequencedMigration | undefined =>
  source.spec.language === 'ruby' ? (/clickhouse[^/]*\/[^/]*$/i.test(uri) ? undefined : readRailsMigration(source)) : source.spec.language === 'php' ? readLaravelMigration(source) : undefined;

/** A chain that only builds is sent by the loop or template that walks it; elsewhere code that was not seen may add to it. */
function asWalked(site: QuerySite, loops: readonly Loop[], shown: ReadonlySet<number | undefined>): QuerySite {
  if (site.executes !== 'no' || site.chain.length === 0) return site;
  if (loops.some((loop) => loop.iterable?.siteId === site.id)) return { ...site, executes: 'yes', fetches: 'many' };
  // A template walks it as it is: rules on the statement still wait for what may be added, those on its rows do not.
  return { ...site, complete: false, ...(shown.has(site.id) && site.complete ? { filtered: true as const } : {}) };
}

/** A name or a chain that stands for a query's rows leads to the query. */
function resultLinks(source: Source, names: Names, links: Links): Links {
  return {
    callOf: links.callOf,
    siteOf(node) {
      let current = node;
      for (let depth = 0; depth < 4; depth++) {
        const own = links.siteOf(current);
        if (own !== undefined) return own;
        const form = source.form(current);
        if (form?.kind === 'call' && form.receiver && source.spec.lookThrough.test(form.name.text)) current = source.unwrap(form.receiver);
        else if (form?.kind === 'name') {
          const found = names.bindings(form.name, current);
          const before = found?.list.filter((binding) => binding.start < node.startIndex && binding.kind === 'assign') ?? [];
          const last = before.at(-1);
          if (!last?.value || last.index !== 0) return undefined;
          current = source.unwrap(last.value);
        } else return undefined;
      }
      return undefined;
    },
  };
}

/** In a walk over a cursor the element is what is taken from it: `rows.Scan(&id)`, `rs.getLong(1)`. */
function withRows(loop: Loop, source: Source): Loop {
  if (loop.kind !== 'for-of' || loop.iterable === undefined || loop.elements.length !== 1 || loop.elements[0] !== loop.iterable.text.replace(/^\$/, '')) return loop;
  const node = source.loops[loop.id];
  const scanned = node ? scannedNames(node, loop.iterable.text, source) : [];
  return scanned.length === 0 ? loop : { ...loop, elements: [...loop.elements, ...scanned] };
}

function scannedNames(loop: NonNullable<Source['loops'][number]>, rows: string, source: Source): string[] {
  const found = new Set<string>();
  const visit = (node: typeof loop): void => {
    const form = source.form(node);
    const scans = form?.kind === 'call' && /Scan|scan/.test(form.name.text) && (form.receiver?.text === rows || form.args.some((argument) => argument.node.text === rows));
    if (scans) for (const argument of form.args) {
      const name = /^&?\s*([A-Za-z_]\w*)/.exec(argument.node.text)?.[1];
      if (name !== undefined && name !== rows) found.add(name);
    }
    for (const child of node.namedChildren) visit(child);
  };
  visit(loop);
  return [...found];
}

/** Attributes read of a loop's element, also where a method without arguments reads one (Ruby, Java's getters). */
function readAttributeReads(source: Source, loops: readonly Loop[]): AttributeRead[] {
  if (loops.length === 0) return [];
  const reads: AttributeRead[] = [];
  const nodes = [...source.members, ...source.calls.filter((node) => source.callForm(node)?.args.length === 0)];
  for (const node of nodes.sort((a, b) => a.startIndex - b.startIndex)) {
    const form = source.form(node);
    const object = form?.kind === 'member' ? form.object : form?.kind === 'call' ? form.receiver : undefined;
    const property = form?.kind === 'member' || form?.kind === 'call' ? form.name : undefined;
    const name = object && source.form(source.unwrap(object));
    if (!property || name?.kind !== 'name') continue;
    const ids = source.loopsOf(node);
    const loopId = ids.find((id) => loops[id]?.elements.includes(name.name));
    if (loopId === undefined) continue;
    const fn = source.functionOf(node);
    reads.push({ name: name.name, property: property.text, span: spanOf(node), functionId: fn && source.functionId(fn), loopIds: ids, loopId, conditional: isConditional(node, source) });
  }
  return reads;
}

const specs = { go: goSpec, java: javaSpec, ruby: rubySpec, php: phpSpec, csharp: csharpSpec, rust: rustSpec } satisfies Readonly<Record<CommonLanguage, LanguageSpec>>;

/** What other files are told of a file of these languages, by language. */
export const declareCommon: Readonly<Record<CommonLanguage, DeclarationReader>> = {
  go: createDeclarations(specs.go),
  java: createDeclarations(specs.java),
  ruby: createDeclarations(specs.ruby),
  php: createDeclarations(specs.php),
  csharp: createDeclarations(specs.csharp),
  rust: createDeclarations(specs.rust),
};

/** The readers of the languages that share one, by language. */
export const readCommon: Readonly<Record<CommonLanguage, HostReader>> = {
  go: createReader(specs.go),
  java: createReader(specs.java),
  ruby: createReader(specs.ruby),
  php: createReader(specs.php),
  csharp: createReader(specs.csharp),
  rust: createReader(specs.rust),
};
