import { readFileRole } from '../core/hosts/fileRole';
import type { Declarations, HostEnvironment } from '../core/hosts/host';
import type { HostFile, ModelIr } from '../core/hosts/ir';
import type { ModelIndex } from '../core/hosts/models';
import { readPrismaSchema } from '../core/hosts/prismaSchema';
import { declareCommon, readCommon } from '../core/hosts/common';
import { sharedSql, type SharedIndex } from '../core/hosts/common/shared';
import { declarePython, readPython } from '../core/hosts/python';
import { surfaceOf as pythonSurface } from '../core/hosts/python/surface';
import type { ReadingMemory } from '../core/hosts/shared/excerpt';
import { readSqlAgain, readSqlFile, type SqlMemory } from '../core/hosts/sqlFile';
import { readTemplate } from '../core/hosts/template';
import { isCommonLanguage, type HostLanguage, type SyntaxParser, type SyntaxTree, type TextChange } from '../core/hosts/syntax';
import { declareTypeScript, readTypeScript } from '../core/hosts/typescript';
import { mayShow, surfaceOf as scriptSurface } from '../core/hosts/typescript/surface';
import { isForeignPath, isForeignSql, isForeignSqlPath } from '../core/sql/foreignDialect';
import type { SqlAnalyser } from '../core/sql/ports';
import { splitStatements } from '../core/sql/split';
import { createSqlAnalyser } from '../parser/sql/analyser';
import { createSyntaxParser } from '../parser/treeSitter';
import { createAside, type Aside } from './aside';
import { isForeignFile, type Databases } from './databases';
import { relativePath, toPath, type DocumentLanguage } from './paths';

/** The parsers of one process, shared by every project in it. */
export interface Engine {
  readonly sql: SqlAnalyser;
  /** Can documents of this language be read? Grammars that most workspaces do without are loaded when `ensure` asks for them. */
  isReady(language: DocumentLanguage): boolean;
  /** Loads what reading the language takes; to be waited for before `read` and `open`. Rejects where the grammar's file is missing. */
  ensure(language: DocumentLanguage): Promise<void>;
  /** Reads one document. Never throws on bad input. */
  read(uri: string, text: string, language: DocumentLanguage, context?: ReadContext): HostFile;
  /** What `read` would tell of the document's models and surface, for a fraction of its time. */
  declarations(uri: string, text: string, language: DocumentLanguage, context?: ReadContext): Declarations;
  /** What `read` would tell of the document's surface alone. The language's grammar must be loaded. */
  surface(text: string, language: DocumentLanguage): string | undefined;
  /** Reads a document that is being edited; its syntax tree is kept and re-parsed incrementally. */
  open(uri: string, text: string, language: DocumentLanguage, context?: ReadContext): OpenReader;
}

/** What is known around a document. */
export interface ReadContext {
  /** ORM models declared anywhere in the workspace. */
  readonly models?: ModelIndex;
  /** Other files of the workspace; absent: imports are not followed. */
  readonly modules?: ModuleTexts;
  /** What files of the languages with packages tell each other. */
  readonly shared?: SharedIndex;
  /** Workspace folder: a file's role is told by its path below it, not by where the folder happens to lie. */
  readonly folder?: string;
  /** Which database the parts of the workspace speak to. */
  readonly databases?: Databases;
}

/** Imports by uri, and surfaces as they are kept. */
export interface ModuleTexts {
  resolve(from: string, module: string): string | undefined;
  surface(uri: string): string | undefined;
}

export interface OpenReader {
  readonly file: HostFile;
  /** `file` was put together from an earlier reading and what an edit may have changed: `update` without changes reads it whole. */
  readonly partial: boolean;
  /** @param changes in order, each in offsets of the text before it. */
  update(text: string, changes: readonly TextChange[], context?: ReadContext): HostFile;
  dispose(): void;
}

export async function createEngine(): Promise<Engine> {
  const [sql, syntax] = await Promise.all([createSqlAnalyser(), createSyntaxParser()]);
  const aside = createAside(syntax);
  const engine: Engine = {
    sql,
    isReady: (language) => !isHost(language) || syntax.isLoaded(language),
    ensure: async (language) => { if (isHost(language)) await syntax.load(language); },
    read(uri, text, language, context = {}) {
      if (!isHost(language)) return readPlain(uri, text, language, context);
      const tree = syntax.parse(language, text);
      try {
        return readTree(uri, text, language, tree, context, aside);
      } finally {
        tree.dispose();
      }
    },
    declarations(uri, text, language, context = {}) {
      if (!isHost(language)) return engine.read(uri, text, language, context);
      const tree = syntax.parse(language, text);
      try {
        const declare = language === 'python' ? declarePython : isCommonLanguage(language) ? declareCommon[language] : declareTypeScript;
        const told = declare(uri, text, tree, around(uri, language, context, aside));
        return { ...told, models: withUri(told.models, uri) };
      } finally {
        tree.dispose();
      }
    },
    surface(text, language) {
      if (!isHost(language) || isCommonLanguage(language) || (language !== 'python' && !mayShow(text))) return undefined;
      const tree = syntax.parse(language, text);
      try {
        return (language === 'python' ? pythonSurface : scriptSurface)(tree.root, text);
      } finally {
        tree.dispose();
      }
    },
    open: (uri, text, language, context = {}) => (isHost(language) ? openHost(syntax, uri, text, language, context, aside) : openPlain(uri, text, language, context)),
  };
  return engine;
}

type PlainLanguage = Exclude<DocumentLanguage, HostLanguage>;

const isHost = (language: DocumentLanguage): language is HostLanguage => language !== 'sql' && language !== 'prisma' && language !== 'template';

function readPlain(uri: string, text: string, language: PlainLanguage, context: ReadContext, memory?: SqlMemory): HostFile {
  if (language === 'template') return withRole(readTemplate(uri, text), text, context);
  const path = toPath(uri);
  const declared = path !== undefined && isForeignFile(context.databases, path, language === 'prisma' ? 'prisma' : 'sql');
  if (declared || (language === 'sql' && (isForeignSql(text) || isNamedForeign(uri, context, isForeignSqlPath)))) return withRole(readForeignFile(uri, language === 'prisma' ? 'prisma' : 'sql'), text, context);
  return withRole(language === 'prisma' ? readPrismaSchema(uri, text) : withShared(readSqlFile(uri, text, environment(context), memory), text), text, context);
}

/** What code may embed of an SQL file. */
function withShared(file: HostFile, text: string): HostFile {
  const shared = sharedSql(file.uri, text);
  return shared ? { ...file, shared } : file;
}

/** Is the file named after another database? The folders above the workspace say nothing. */
function isNamedForeign(uri: string, { folder }: ReadContext, isForeign = isForeignPath): boolean {
  const path = toPath(uri);
  return isForeign(path === undefined || folder === undefined ? uri : relativePath(folder, path));
}

/** A file of another database's SQL: nothing in it is Postgres' business. */
const readForeignFile = (uri: string, language: 'sql' | 'prisma'): HostFile => ({
  uri, language, role: 'application', foreign: true, sites: [], loops: [], functions: [], classes: [], calls: [], imports: [], exports: [], models: [], suppressions: [], errors: [],
});

/** Only the tree itself outlives the read. */
function readTree(uri: string, text: string, language: HostLanguage, tree: SyntaxTree, context: ReadContext, aside: Aside, memory?: ReadingMemory): HostFile {
  const reader = language === 'python' ? readPython : isCommonLanguage(language) ? readCommon[language] : readTypeScript;
  const file = withRole(reader(uri, text, tree, around(uri, language, context, aside), memory), text, context);
  tree.release();
  return file;
}

const around = (uri: string, language: HostLanguage, context: ReadContext, aside: Aside): HostEnvironment =>
  ({ ...environment(context, language === 'python' ? undefined : toPath(uri), isCommonLanguage(language) ? 'common' : 'script'), ...(isNamedForeign(uri, context) ? { foreign: 'all' } : {}), modules: context.modules && aside.modules(context.modules, language) });

function environment({ models, shared, databases }: ReadContext, path?: string, kind: 'script' | 'common' = 'script'): HostEnvironment {
  const foreign = path === undefined ? undefined : isForeignFile(databases, path, kind) ? 'all' : databases?.foreignPrisma && kind === 'script' ? 'prisma' : undefined;
  return { split: splitStatements, models: models ?? new Map(), ...(shared ? { shared } : {}), ...(foreign ? { foreign } : {}) };
}

const withUri = (models: readonly ModelIr[], uri: string): readonly ModelIr[] => models.map((model) => ({ ...model, uri }));

function withRole(read: HostFile, text: string, { folder }: ReadContext): HostFile {
  const file = read.models.length === 0 ? read : { ...read, models: withUri(read.models, read.uri) };
  const path = folder === undefined ? undefined : toPath(file.uri);
  return path === undefined || folder === undefined ? file : { ...file, role: readFileRole(relativePath(folder, path), text) };
}

function openPlain(uri: string, text: string, language: PlainLanguage, context: ReadContext): OpenReader {
  const memory: SqlMemory = { partial: false };
  let known = context;
  let file = readPlain(uri, text, language, context, memory);
  return {
    get file() { return file; },
    get partial() { return memory.partial; },
    update(next, changes, now = known) {
      const again = changes.length > 0 && now.databases === known.databases ? readSqlAgain(next, environment(now), memory) : undefined;
      if (!again) Object.assign(memory, { last: undefined, partial: false });
      known = now;
      file = again ? withRole(withShared(again, next), next, now) : readPlain(uri, next, language, now, memory);
      return file;
    },
    dispose: () => undefined,
  };
}

function openHost(syntax: SyntaxParser, uri: string, text: string, language: HostLanguage, context: ReadContext, aside: Aside): OpenReader {
  const memory: ReadingMemory = { partial: false };
  let tree = syntax.parse(language, text);
  let known = context;
  let file = readTree(uri, text, language, tree, context, aside, memory);
  return {
    get file() { return file; },
    get partial() { return memory.partial; },
    update(next, changes, now = known) {
      const previous = tree;
      tree = syntax.parse(language, next, changes.length > 0 ? { tree: previous, edits: changes } : undefined);
      if (tree !== previous) previous.dispose();
      // Nothing was typed, or the workspace is another: what the file takes from others may have changed.
      if (changes.length === 0 || now.models !== known.models || now.shared !== known.shared || now.databases !== known.databases) memory.last = undefined;
      known = now;
      file = readTree(uri, next, language, tree, now, aside, memory);
      return file;
    },
    dispose: () => tree.dispose(),
  };
}
