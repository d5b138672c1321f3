import type { SqlTexts } from '../hosts/shared/sqlTexts';
import type { Bind, ChainArgument, ChainCall, ConditionalPart, LibraryId, ModelIr, QuerySite } from '../hosts/ir';
import type { HostLanguage, SyntaxNode } from '../hosts/syntax';
import type { HoleKind, PlaceholderStyle, SqlSource } from '../sql/source';
import type { Edit } from '../text/edit';
import type { BatchIdiom } from './batch';
import type { SegmentMap } from '../text/segmentMap';
import type { HostSpan } from '../text/span';

/** What a library adapter says of a call it recognises; the host adds ids, loops, function and call. */
export interface SiteDraft {
  readonly library: LibraryId;
  readonly confidence: QuerySite['confidence'];
  /** One draft per statement. Undefined text: opaque. */
  readonly source?: SqlSource;
  readonly map: SegmentMap;
  readonly span: HostSpan;
  readonly anchor: HostSpan;
  readonly executes: QuerySite['executes'];
  readonly access: QuerySite['access'];
  readonly fetches: QuerySite['fetches'];
  readonly binds: readonly Bind[];
  readonly conditional: readonly ConditionalPart[];
  readonly complete: boolean;
  readonly filtered?: true;
  readonly chain: readonly ChainCall[];
  readonly model?: string;
  readonly lazy?: QuerySite['lazy'];
  readonly eager: readonly string[];
  readonly values?: QuerySite['values'];
  readonly entities?: QuerySite['entities'];
  readonly modelNames?: QuerySite['modelNames'];
  /** Where the statement was built, when it came through variables: drafts that lie in one of these are part of this site. */
  readonly consumes?: readonly HostSpan[];
}

/**
 * One client library: recognises its calls, turns them into SQL, edits them in its own idiom.
 * The edits work on the site's data alone (no syntax tree); each returns undefined where it cannot be written safely.
 */
export interface LibraryAdapter {
  readonly id: LibraryId;
  readonly languages: readonly HostLanguage[];
  /** The adapter is asked only in files whose text matches: a file that names nothing of a library costs it nothing. Absent: always. */
  readonly marks?: RegExp;
  /**
   * @param call a call expression, tagged template or awaited builder (outermost node of a chain).
   * @returns the sites it sends or builds; undefined when the call is not this library's.
   */
  recognise(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined;
  /** @param member `row.property` that is awaited or joined: the query that reading it sends. */
  recogniseRead?(member: SyntaxNode, context: HostContext): SiteDraft | undefined;
  /** Adds `column = value` to the query's filter; for SQL text also the bound argument. */
  addPredicate?(site: QuerySite, request: PredicateRequest): readonly Edit[] | undefined;
  /** What `addPredicate` changes besides the filter, for the fix's title: `findUnique becomes findFirst`. */
  predicateNote?(site: QuerySite, request: PredicateRequest): string | undefined;
  /** Replaces OFFSET by a keyset condition. */
  toKeyset?(site: QuerySite, request: KeysetRequest): readonly Edit[] | undefined;
  /** Appends keys to the query's order, or orders it. */
  addOrder?(site: QuerySite, request: OrderRequest): readonly Edit[] | undefined;
  /** Adds `LIMIT count`. */
  addLimit?(site: QuerySite, request: LimitRequest): readonly Edit[] | undefined;
  /** One statement for what a loop sends element by element. */
  readonly batch?: BatchIdiom;
  /** Loads a relation with the query's rows; `by` names what does it (`select_related`), for the fix's title. */
  loadRelation?(site: QuerySite, request: RelationRequest): { readonly edits: readonly Edit[]; readonly by: string } | undefined;
}

export interface RelationRequest {
  readonly uri: string;
  readonly text: string;
  /** From the site's own model to the relation: `items`, then `product`. */
  readonly path: readonly { readonly property: string; readonly many: boolean }[];
}

export interface OrderRequest {
  readonly uri: string;
  readonly text: string;
  readonly keys: readonly { readonly column: string; readonly descending: boolean }[];
}

export interface LimitRequest {
  readonly uri: string;
  readonly text: string;
  readonly count: number;
}

export interface PredicateRequest {
  readonly uri: string;
  readonly text: string;
  readonly table: string;
  readonly column: string;
  /** Host expression with the value. */
  readonly value: string;
}

export interface KeysetRequest {
  readonly uri: string;
  readonly text: string;
  /** Order keys after the tie-breaker was added: column as the library writes it, direction. */
  readonly keys: readonly { readonly column: string; readonly descending: boolean; readonly nullable: boolean; /** Not in the query yet: add it to the order. */ readonly added: boolean; /** As the schema has it. */ readonly type?: string }[];
  /** Host name of the cursor argument (`after`). */
  readonly cursor: string;
}

/** Where the value of an expression comes from, traced through the workspace's files as far as their surfaces tell. */
export type Origin =
  | { readonly kind: 'import'; readonly module: string; readonly imported: string; readonly path: readonly string[] }
  /** `path`: property of the value, empty for the value itself; absent counts as empty. */
  | { readonly kind: 'construct'; readonly callee: readonly string[]; readonly node: SyntaxNode; readonly path?: readonly string[] }
  | { readonly kind: 'call'; readonly callee: readonly string[]; readonly node: SyntaxNode; readonly path?: readonly string[] }
  /** `callback`: the call that the function literal with this parameter is passed to (`sql.begin(async (sql) => …)`). */
  | { readonly kind: 'parameter'; readonly index: number; readonly name: string; readonly type?: string; readonly path: readonly string[]; readonly callback?: { readonly call: SyntaxNode; readonly argument: number } }
  /** `at`: where `type` is written, when in another class or file than the expression. */
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly type?: string; readonly at?: SyntaxNode }
  | { readonly kind: 'node'; readonly node: SyntaxNode }
  | { readonly kind: 'unknown' };

/** SQL text rebuilt from host expressions. */
export interface HostString {
  readonly text: string;
  readonly map: SegmentMap;
  readonly interpolations: SqlSource['interpolations'];
  /** Host expression of each interpolation. */
  readonly binds: readonly Bind[];
  readonly conditional: readonly ConditionalPart[];
  readonly complete: boolean;
}

/** When a part of a value is there: the host text of the condition and its place. */
export interface PartCondition {
  readonly text: string;
  readonly span: HostSpan;
  /** See `ConditionalPart.choice`. */
  readonly choice?: number;
}

/** A property of an object (an entry of a dict) that host code builds. */
export interface ObjectEntry {
  readonly key: string;
  /** May stand in a helper of the file; `HostContext.bind` then also names what the helper was given. */
  readonly value: SyntaxNode;
  /** The whole `key: value`, shorthand or assignment. */
  readonly span: HostSpan;
  readonly condition?: PartCondition;
}

/** Properties in the order in which they are set; a key may be there several times, under different conditions. `open`: there may be more. */
export interface ObjectValue {
  readonly entries: readonly ObjectEntry[];
  readonly open: boolean;
}

/** Elements in order. `open`: there may be more. */
export interface ListValue {
  readonly items: readonly { readonly node: SyntaxNode; readonly condition?: PartCondition }[];
  readonly open: boolean;
}

/** Meaning of an interpolation of a tagged template: of a kind, or SQL of its own (a template node) that belongs to the text. */
export type TaggedHole = { readonly kind: HoleKind } | { readonly inline: SyntaxNode };

/**
 * A flattened method chain, innermost receiver first: `db('t').where(a).limit(1)`. `root` is the first receiver that is
 * no call (`db`, `this.db`, `prisma.user`); a bare root call `db('t')` is the first of `calls` under its own name.
 */
export interface Chain {
  readonly root: SyntaxNode;
  readonly rootPath: readonly string[];
  readonly calls: readonly (ChainCall & { readonly node: SyntaxNode; readonly argNodes: readonly SyntaxNode[]; /** Added only when this holds (`if (x) q = q.where(…)`). */ readonly condition?: { readonly text: string; readonly span: HostSpan; readonly choice?: number } })[];
}

/** What a host offers to the adapters while it walks one file. */
export interface HostContext {
  readonly uri: string;
  readonly text: string;
  readonly language: HostLanguage;
  /** SQL files of the workspace; absent: none are known. */
  readonly sqlTexts?: SqlTexts;
  span(node: SyntaxNode): HostSpan;
  /** `['this', 'db', 'query']` of a member expression; `()` for a call inside, undefined where computed. */
  path(node: SyntaxNode): readonly string[] | undefined;
  /** Traces an expression to where its value was made. */
  origin(node: SyntaxNode): Origin;
  /**
   * Rebuilds SQL text from a literal, template, concatenation, format call, constant or a variable built over several
   * statements (`sql += …`, under `if` → conditional parts). Undefined when the expression is not text.
   */
  string(node: SyntaxNode): HostString | undefined;
  /** Flattens a chain, following a builder held in a variable and reassigned (`q = q.where(…)`, conditionally too). */
  chain(node: SyntaxNode): Chain | undefined;
  argument(node: SyntaxNode): ChainArgument;
  bind(node: SyntaxNode, key: string): Bind;
  /**
   * Entries of an object or dict (`where`, `params`), however it was built: literal, variable with later writes, updates
   * and merges, choices, spreads, what a helper of the file returns. Write a site incomplete where the value is `open`.
   * @returns undefined when the expression is not known to be one.
   */
  entries(node: SyntaxNode): ObjectValue | undefined;
  /**
   * Elements of an array or list (`conditions`), each with the condition under which it is there: literal, variable with
   * what was pushed before the use, choices, spreads, `.filter(Boolean)`, what a helper of the file returns.
   * @returns undefined when the expression is not known to be one.
   */
  items(node: SyntaxNode): ListValue | undefined;
  /** Is the value awaited, returned, iterated or passed to a terminal (so that the statement is sent)? */
  executes(node: SyntaxNode): boolean;
  /** A model by the name its library declares it under (Prisma: with the schema's casing): of this file, else of the workspace. */
  model(name: string, library: LibraryId): ModelIr | undefined;
  /** Sites of a text that may hold several statements: one draft each (splits, adjusts maps). */
  statements(text: HostString, placeholders: PlaceholderStyle): readonly { readonly source: SqlSource; readonly map: SegmentMap; readonly conditional: readonly ConditionalPart[]; /** The text's interpolations that fall into this statement, renumbered. */ readonly binds: readonly Bind[] }[];
  /**
   * Elements of an array expression: a literal, or a local array with the elements pushed before its use.
   * `literal` is the array written at the use itself or its variable's initial value; `complete` says nothing else is in it.
   */
  elements?(node: SyntaxNode): { readonly nodes: readonly SyntaxNode[]; readonly literal?: SyntaxNode; readonly complete: boolean } | undefined;
  /**
   * Rebuilds a tagged template whose interpolations are parameters (TypeScript only). Choices, fragments in variables and
   * fragments returned by functions of the file are followed by the host.
   * @param hole says what an interpolation is; undefined: a value, unless it names a fragment.
   */
  tagged?(template: SyntaxNode, hole: (expression: SyntaxNode) => TaggedHole | undefined): HostString;
}
