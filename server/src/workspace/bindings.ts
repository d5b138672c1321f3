import path from 'node:path';
import ignore from 'ignore';
import type { Catalog } from '../core/catalog/model';
import type { HostFile } from '../core/hosts/ir';
import type { Fix, LintSettings } from '../core/lint/rule';
import { defaultSettings } from '../core/lint/defaults';
import type { SqlAnalyser } from '../core/sql/ports';
import type { Twin } from '../twin/twin';
import { loadCatalog, type CatalogState } from './catalogs';
import { isInside, relativePath, toPath } from './paths';
import { createPlanning, type Planning } from './planning';
import { toLintSettings, type UserSettings } from './settings';

/** The catalog of a connected database, and the files that speak to it. */
export interface LiveDatabase {
  readonly name: string;
  readonly catalog: Catalog;
  /** Patterns in `.gitignore` syntax; absolute ones name their own folder. Left out: every file that no other database claims. */
  readonly paths?: readonly string[];
}

/** One database of a workspace folder: which files speak to it, what is known of it, and its planner. */
export interface Binding {
  /** Undefined for the files that no database claims. */
  readonly name: string | undefined;
  /** Name of the open connection to it. */
  readonly connection: string | undefined;
  readonly settings: LintSettings;
  readonly state: CatalogState;
  readonly planning: Planning;
}

export interface Bindings {
  /** Of the files that no database claims; always there. */
  readonly default: Binding;
  readonly all: readonly Binding[];
  /** The database that a document speaks to. */
  of(uri: string): Binding;
}

export interface BindingsRequest {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly settings: UserSettings;
  readonly sql: SqlAnalyser;
  readonly files: Iterable<HostFile>;
  readonly live: readonly LiveDatabase[];
  readonly expected: NonNullable<Fix['creates']>;
  readonly twin: Twin | undefined;
  /** What configuration files tell of the connections. */
  readonly told: Pick<LintSettings, 'pooler' | 'lockTimeout'>;
  /** Of the last load: a binding of the same name keeps its planner's answers. */
  readonly previous?: Bindings;
}

interface Claim {
  readonly name: string | undefined;
  readonly patterns: readonly string[];
  readonly schema?: readonly string[];
  readonly live?: LiveDatabase;
}

/** Loads the catalog of every database that the configuration or an open connection binds to files of this folder. */
export async function loadBindings(request: BindingsRequest): Promise<Bindings> {
  const { folder, settings, previous } = request;
  const claims = collectClaims(request);
  const matchers = claims.map((claim) => ({ claim, matches: matcher(folder, claim.patterns) }));
  const claimOf = (file: string): Claim | undefined => matchers.find(({ matches }) => matches(file))?.claim;
  const files = [...request.files];
  const twin = settings.planner === 'off' ? undefined : request.twin;
  const known = [...(previous?.all ?? [])];
  /** Of the binding of this name before, for one binding only: two databases of one name have schemas of their own. */
  const reusedPlanning = (name: string | undefined): Planning | undefined => {
    const at = known.findIndex((binding) => binding.name === name && binding.planning.twin === twin);
    return at < 0 ? undefined : known.splice(at, 1)[0]?.planning;
  };
  const load = async (claim: Claim): Promise<Binding> => {
    const own = claims.length === 0 ? () => true : (file: string | undefined): boolean => file !== undefined && (claimOf(file) ?? rest) === claim;
    const user: UserSettings = claim.schema ? { ...settings, schema: claim.schema } : settings;
    const state = await loadCatalog({
      folder, settings: user, sql: request.sql, live: claim.live?.catalog, database: claim.name, expected: request.expected,
      paths: request.paths.filter(own), files: files.filter((file) => own(toPath(file.uri))),
    });
    const planning = reusedPlanning(claim.name) ?? createPlanning(twin);
    planning.use(state.catalog);
    return { name: claim.name, connection: claim.live?.name, state, planning, settings: { ...toLintSettings(user, defaultSettings, state.migrations), ...request.told } };
  };
  const rest: Claim = { name: undefined, patterns: [], live: request.live.filter((database) => !database.paths).at(-1) };
  const [last, ...named] = await Promise.all([rest, ...claims].map(load));
  const byClaim = new Map(claims.map((claim, i) => [claim, named[i]] as const));
  const memo = new Map<string, Binding>();
  const find = (uri: string): Binding => {
    const file = toPath(uri);
    const claim = file === undefined ? undefined : claimOf(file);
    return (claim && byClaim.get(claim)) ?? last!;
  };
  return {
    default: last!, all: [last!, ...named],
    of(uri) {
      let binding = memo.get(uri);
      if (!binding) memo.set(uri, (binding = find(uri)));
      return binding;
    },
  };
}

/** Databases of the configuration first, each with the live catalog of its name; then connections with paths of their own. */
function collectClaims({ folder, settings, live }: BindingsRequest): readonly Claim[] {
  const configured = (settings.databases ?? []).filter((database) => database.paths.length > 0).map((database): Claim => ({
    name: database.name, patterns: database.paths, schema: database.schema, live: live.find((other) => other.name === database.name),
  }));
  const connected = [...live].reverse().filter((database) => database.paths?.length && !configured.some((claim) => claim.name === database.name)).map((database): Claim => ({
    name: database.name, patterns: (database.paths ?? []).filter((pattern) => concerns(folder, pattern)), live: database,
  }));
  return [...configured, ...connected.filter((claim) => claim.patterns.length > 0)];
}

/** An absolute pattern names its own folder; a relative one belongs to every workspace folder. */
const concerns = (folder: string, pattern: string): boolean => !path.isAbsolute(pattern) || isInside(folder, pattern) || isInside(pattern, folder);

function matcher(folder: string, patterns: readonly string[]): (file: string) => boolean {
  if (patterns.some((pattern) => path.isAbsolute(pattern) && isInside(pattern, folder))) return () => true;
  const rules = ignore().add(patterns.map((pattern) => (path.isAbsolute(pattern) ? relativePath(folder, pattern) : pattern)));
  return (file) => {
    const relative = relativePath(folder, file);
    return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative) && rules.ignores(relative);
  };
}
