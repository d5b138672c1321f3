import type { ColumnDefinition, SchemaChange } from '../catalog/changes';
import type { SqlSource } from '../sql/source';
import type { SegmentMap } from '../text/segmentMap';
import type { HostSpan } from '../text/span';
import type { DjangoClassIr } from './djangoIr';
import type { ProgramMigration } from './migrationIr';
import type { SharedIr } from './sharedIr';
import type { HostLanguage } from './syntax';
import type { LazyLoad, LoadedRelation } from './relationLoads';
import type { RenderIr, SelfRead, SerializerIr, SerializerUse, TemplateIr } from './templateIr';

/**
 * What is known of one host document: plain data (it crosses worker threads and is cached), no syntax nodes.
 * Ids are indexes in the arrays of the same file.
 */
export interface HostFile {
  readonly uri: string;
  readonly language: 'sql' | 'prisma' | 'template' | HostLanguage;
  readonly role: FileRole;
  /** Name space whose declarations the file shares with others without importing them: Go's folder, the declared package or namespace; empty where there is but one. Absent: modules see only what they import. */
  readonly package?: string;
  /** SQL, or a schema, of another database than Postgres: nothing is read from it. */
  readonly foreign?: true;
  readonly sites: readonly QuerySite[];
  readonly loops: readonly Loop[];
  readonly functions: readonly FunctionIr[];
  readonly classes: readonly ClassIr[];
  readonly calls: readonly CallIr[];
  readonly imports: readonly ImportIr[];
  readonly exports: readonly ExportIr[];
  readonly models: readonly ModelIr[];
  /** Source of what other files may take from this one: constants, clients, helpers, classes (see `surface.ts`). Absent: nothing. */
  readonly surface?: string;
  /** Documents that were asked, or would have been, for what this one imports from them. A change of their surface may change this file's sites. */
  readonly uses?: readonly string[];
  /** Texts and query functions that files of its language may name; absent: none. */
  readonly shared?: SharedIr;
  /** Names that were looked for among what other files share, found or not: what they mean may change with any file. */
  readonly asks?: readonly string[];
  /** A migration written as a program, as far as it is understood. */
  readonly migration?: ProgramMigration;
  /** Offset of each line's first character, for naming places in other files than the one at hand (`users.ts:40`). */
  readonly lines?: readonly number[];
  /** Variables of the module's top level (`export const users = new UserService(pool)`), for resolving calls on them. */
  readonly locals?: readonly LocalIr[];
  /** Attributes read of a loop's element (`order.customer`): an ORM may load each one lazily. */
  readonly attributeReads?: readonly AttributeRead[];
  /** A template's own content. */
  readonly template?: TemplateIr;
  /** Where code fills templates. */
  readonly renders?: readonly RenderIr[];
  /** Classes that show rows field by field, and where rows are shown with one. */
  readonly serializers?: readonly SerializerIr[];
  readonly serializerUses?: readonly SerializerUse[];
  /** `try` statements and Python's `with` statements, in order: what is left to the end of a block, and on which way. */
  readonly blocks?: readonly BlockIr[];
  /** `return` statements, in order. */
  readonly exits?: readonly { readonly span: HostSpan; readonly functionId?: number }[];
  /** `sargable-disable…` comments in order. */
  readonly suppressions: readonly SuppressionComment[];
  /** Stretches that did not parse. Functions that overlap one are left out of every analysis. */
  readonly errors: readonly HostSpan[];
}

export type FileRole = 'application' | 'test' | 'migration' | 'seed' | 'script' | 'generated' | 'vendored';

export type LibraryId =
  | 'sql'
  // JavaScript
  | 'pg' | 'pgtyped' | 'postgres.js' | 'slonik' | 'pg-promise' | 'neon' | 'knex' | 'objection' | 'kysely' | 'drizzle' | 'prisma' | 'typeorm' | 'sequelize' | 'mikro-orm' | 'supabase'
  // Python
  | 'psycopg' | 'asyncpg' | 'databases' | 'aiosql' | 'sqlalchemy' | 'django' | 'tortoise' | 'peewee'
  // Go, Java, Ruby, PHP, C#, Rust
  | 'database/sql' | 'pgx' | 'sqlc' | 'gorm' | 'jdbc' | 'jpa' | 'active-record' | 'pdo' | 'eloquent' | 'npgsql' | 'ef-core' | 'sqlx' | 'tokio-postgres' | 'diesel' | 'sea-orm';

/** One SQL statement with its place in the source and what surrounds it. */
export interface QuerySite {
  readonly id: number;
  readonly library: LibraryId;
  /** `proved` by construction or import, `typed` by annotation or by name and method, `shape` by its text alone. */
  readonly confidence: 'proved' | 'typed' | 'shape';
  /** Undefined: something is queried here, its SQL could not be rebuilt (loops still see it). */
  readonly source?: SqlSource;
  readonly map: SegmentMap;
  /** The whole expression: the call with its receiver and arguments, or the statement in an SQL file. */
  readonly span: HostSpan;
  /** The smallest text that names the query: `pool.query`, `prisma.order.findMany`, `select(Order)`; in SQL the first keyword. */
  readonly anchor: HostSpan;
  /** `builds`: a statement or fragment that is not sent here. */
  readonly executes: 'yes' | 'no' | 'unknown';
  readonly access: 'read' | 'write' | 'unknown';
  /** What the application receives. `one`: at most one row is fetched; `stream`: rows are not collected in memory. */
  readonly fetches: 'many' | 'one' | 'stream' | 'none' | 'unknown';
  /** Host expressions behind the holes, same order as `StatementModel.holes`' keys or interpolations. */
  readonly binds: readonly Bind[];
  /** Fragments that code adds only on some path. Empty: one variant. */
  readonly conditional: readonly ConditionalPart[];
  /** False when more text may be added by code we did not see: rules on absence stay silent. */
  readonly complete: boolean;
  /** Not `complete` for conditions alone that a framework adds: what is loaded along is all here. */
  readonly filtered?: true;
  readonly functionId?: number;
  /** Enclosing loops in the same function, innermost first. */
  readonly loopIds: readonly number[];
  /** Call that sends the statement. */
  readonly callId?: number;
  /** The builder chain, for edits in the library's own idiom. Empty for SQL text. */
  readonly chain: readonly ChainCall[];
  /** The site loads a relation of one row, by the key of that row. */
  readonly lazy?: LazyLoad;
  /** ORM model the site reads (Prisma model, SQLAlchemy class). */
  readonly model?: string;
  /** How the host code names the tables of a chain (SQLAlchemy), for edits that add a column. */
  readonly entities?: readonly SiteEntity[];
  /** Further relations loaded with it (`include`, `joinedload`), by property name. */
  readonly eager: readonly string[];
  /** Each of `eager` with its place: how its rows are limited is not seen in `source`. */
  readonly loads?: readonly LoadedRelation[];
  /** Names by which the model calls its columns and keys, for edits. */
  readonly modelNames?: ModelNames;
  /** Local variable that the rows (or the row) are assigned to. */
  readonly resultName?: string;
  /** The literal array of bound values (node-postgres), where one can be added: its span, its length, and the end of its last element. */
  readonly values?: { readonly span: HostSpan; readonly count: number; readonly insertAt: number; /** No array is passed yet: one can be written at `insertAt`, behind the text. */ readonly missing?: boolean };
}

export interface ModelNames {
  /** Column → property, where they differ. */
  readonly properties: Readonly<Record<string, string>>;
  /** Unique keys, as `ModelIr.uniques`. */
  readonly uniques: readonly { readonly name: string; readonly properties: readonly string[] }[];
  /** Properties that hold another row, not its key. */
  readonly relations?: readonly string[];
}

/** `Order` or `order_alias` for `orders`. */
export interface SiteEntity {
  readonly host: string;
  readonly table: string;
  /** Name in the SQL text. */
  readonly alias: string;
  /** Columns whose attribute has another name. */
  readonly renamed: readonly { readonly column: string; readonly property: string }[];
}

/** A host expression that becomes a parameter. */
export interface Bind {
  /** Placeholder key as in `Hole.origin.key`, or the interpolation's index as text. */
  readonly key: string;
  /** Index of the interpolation, where the bind is one; absent for placeholders (`$1`), whose keys may look the same. */
  readonly interpolation?: number;
  /** The value may be `undefined` at run time, as far as the function's own text tells: query builders then drop or reject it. */
  readonly mayBeUndefined?: boolean;
  readonly text: string;
  readonly span?: HostSpan;
  /** Free names in the expression. */
  readonly names: readonly string[];
  readonly origin: BindOrigin;
}

/** `request`: route parameter, query string, body; `parameter`: of the enclosing function; `loop`: element of an enclosing loop. */
export type BindOrigin = 'literal' | 'request' | 'parameter' | 'loop' | 'local' | 'imported' | 'unknown';

/** SQL text that is there only when `condition` holds. Offsets in `SqlSource.text` (the longest variant). */
export interface ConditionalPart {
  readonly sql: { readonly start: number; readonly end: number };
  /** Host text of the condition. */
  readonly condition: string;
  readonly conditionSpan: HostSpan;
  /** What stands in its place otherwise; usually empty. */
  readonly otherwise: string;
  /** Parts of one number (the statement's offset) stand in branches of one `if … elif … else`: where one is absent, another may be there. */
  readonly choice?: number;
}

export interface ChainCall {
  readonly name: string;
  readonly nameSpan: HostSpan;
  /** From the dot to the closing parenthesis (Python keyword arguments and Prisma keys: the whole `key: value`). */
  readonly span: HostSpan;
  readonly args: readonly ChainArgument[];
}

export interface ChainArgument {
  readonly text: string;
  readonly span: HostSpan;
  /** Keyword argument or object key. */
  readonly name?: string;
  /** Literal value where the argument is one. */
  readonly literal?: string | number | boolean | null;
  /** Properties of an object literal, elements of an array literal. */
  readonly items?: readonly ChainArgument[];
}

export type LoopKind = 'for' | 'for-of' | 'for-in' | 'for-await' | 'while' | 'do' | 'callback' | 'comprehension';

export interface Loop {
  readonly id: number;
  readonly kind: LoopKind;
  /** The whole loop. */
  readonly span: HostSpan;
  /** The loop's head: `for (const o of orders)`, `orders.map`, `for x in xs`. */
  readonly head: HostSpan;
  readonly body: HostSpan;
  readonly functionId?: number;
  readonly parent?: number;
  /** What is walked; undefined for `while (condition)`. */
  readonly iterable?: { readonly text: string; readonly span: HostSpan; readonly names: readonly string[]; readonly kind: IterableKind; /** Query site that is itself the iterable. */ readonly siteId?: number; /** Number of elements of a literal or constant. */ readonly size?: number };
  /** Names bound to the element (destructured too). */
  readonly elements: readonly string[];
  /** Runs its turns at the same time: `Promise.all(xs.map(...))`, `asyncio.gather`. */
  readonly concurrent: boolean;
  readonly facts: LoopFacts;
}

/** `literal` array, tuple or range of constants; `constant` name resolved to one; `chunks` of a collection; `query` result. */
export type IterableKind = 'literal' | 'constant' | 'chunks' | 'query' | 'parameter' | 'local' | 'call' | 'entries' | 'unknown';

/** Raw observations from which `core/calls/loops.ts` classifies a loop. */
export interface LoopFacts {
  /** Text of the condition of `for (;;)` and `while`. */
  readonly condition?: string;
  /** `for (;; i += STEP)` with STEP ≠ 1: the step's text. */
  readonly step?: string;
  /** Names assigned in the body, with the names their value comes from. */
  readonly assigns: readonly { readonly name: string; readonly names: readonly string[]; readonly span: HostSpan; /** Calls in its value. */ readonly calls: readonly number[] }[];
  /** `break` and `return` of this loop; `conditional`: below an `if`, `catch`, `switch`. */
  readonly exits: readonly { readonly kind: 'break' | 'return' | 'throw'; readonly conditional: boolean; readonly span: HostSpan; readonly condition?: string }[];
  /** A `try` directly in the body whose handler goes on. */
  readonly retries: boolean;
}

export interface FunctionIr {
  readonly id: number;
  /** Empty for anonymous functions. */
  readonly name: string;
  readonly span: HostSpan;
  readonly nameSpan: HostSpan;
  readonly body: HostSpan;
  readonly classId?: number;
  /** Name of the object literal that holds the function: `users` in `const users = { async find(id) { … } }`; also when a factory returns it: then the factory's name. */
  readonly owner?: string;
  /** Enclosing function. */
  readonly parent?: number;
  readonly parameters: readonly ParameterIr[];
  readonly async: boolean;
  readonly decorators: readonly string[];
  /** Local variables: name → names its value comes from; for dependence on a loop's element. */
  readonly locals: readonly LocalIr[];
  /** Framework entry point (route handler, resolver, controller method, page): its parameters are request data. */
  readonly entry?: string;
  /** A queue, a clock or an event runs it: nobody waits for its answer. */
  readonly background?: true;
  /** A framework calls it once per object of this type: a GraphQL field's resolver, a serializer's method. Empty: of a type that is not known. */
  readonly perObject?: string;
  /** Arguments position in the call it is passed to, when it is a callback. */
  readonly callback?: { readonly callId: number; readonly argument: number };
  /** Names of expressions returned. */
  readonly returns: readonly { readonly span: HostSpan; readonly names: readonly string[]; readonly text: string; /** Of an object literal. */ readonly members?: readonly MemberIr[] }[];
  /** Return type as annotated. */
  readonly returnType?: string;
  /** What a model's method reads of its own object, a serializer's of the object that it is given. */
  readonly selfReads?: readonly SelfRead[];
  /** Guards: `if (cond) return/throw` at the function's top level, in order. */
  readonly guards: readonly { readonly condition: string; readonly names: readonly string[]; readonly span: HostSpan }[];
}

export interface ParameterIr {
  readonly name: string;
  /** Type annotation as written. */
  readonly type?: string;
  /** TypeScript constructor parameter property (`private readonly users: UserService`). */
  readonly field: boolean;
  /** Callee of a dependency that a framework fills in (`Depends(get_users)`). */
  readonly provider?: readonly string[];
  /** As written, without `@`. */
  readonly decorators?: readonly string[];
  /** True where the function calls it (`cb()`); the call's loops tell whether per element. */
  readonly optional: boolean;
}

/** `users: createUsers(db)`, `users` of an object literal; `name` is `...` for a spread. Functions written in it are not listed. */
export interface MemberIr {
  readonly name: string;
  /** As in `CallIr.callee`; ends in `()` for the result of a call or `new`. */
  readonly path: readonly string[];
}

export interface LocalIr {
  readonly name: string;
  /** Of an object literal. */
  readonly members?: readonly MemberIr[];
  readonly names: readonly string[];
  readonly text: string;
  readonly span: HostSpan;
  /** Query site or call whose result it is. */
  readonly siteId?: number;
  readonly callId?: number;
  readonly type?: string;
  /** Property of the value that it holds, where it has another name (`{ find: findUser }`). */
  readonly property?: string;
}

export interface ClassIr {
  readonly id: number;
  readonly name: string;
  /** Full name where modules around it are part of it (Ruby): `Charges::CreateService`. */
  readonly fullName?: string;
  readonly span: HostSpan;
  readonly bases: readonly string[];
  /** Interfaces it declares to implement. */
  readonly implements?: readonly string[];
  /** Declared, constructor-injected or assigned fields with their type or the class they are built from (`new X()`). */
  readonly fields: readonly { readonly name: string; readonly type: string; /** Decorators as written, where a container fills it in (`@inject(TYPES.Users)`). */ readonly decorators?: readonly string[] }[];
  readonly methods: readonly number[];
  readonly decorators: readonly string[];
}

export interface CallIr {
  readonly id: number;
  readonly span: HostSpan;
  /** The called name alone: `findById` in `this.users.findById(id)`. */
  readonly nameSpan: HostSpan;
  /** `['this', 'users', 'findById']`; `()` marks a call inside the path, `?` an unresolvable part. */
  readonly callee: readonly string[];
  readonly args: readonly { readonly text: string; readonly span: HostSpan; readonly names: readonly string[]; /** Keyword argument (Python). */ readonly name?: string; /** Function literal passed. */ readonly functionId?: number }[];
  readonly functionId?: number;
  readonly loopIds: readonly number[];
  readonly awaited: boolean;
  /** Below an `if`, `catch`, `switch`, `?:` or `&&` inside its innermost loop or function. */
  readonly conditional: boolean;
  /** Runs only where its loop's or function's body failed, whatever the error (`except Exception`). */
  readonly onError?: boolean;
  /** Followed at once by an unconditional `return` or `break`, or itself returned. */
  readonly exitsAfter: boolean;
  readonly constructs: boolean;
  /** Site that this call sends. */
  readonly siteId?: number;
  /** Name its result is assigned to. */
  readonly resultName?: string;
  /** Tokens that it registers with a container, and what is given for them. */
  readonly provides?: readonly MemberIr[];
  /** Files whose default exports it registers under their names (awilix' `loadModules`): globs as written, and how names become tokens. */
  readonly loads?: { readonly globs: readonly string[]; readonly camelCase: boolean };
}

/** A `try` with its clauses, or a `with` with its context managers. */
export interface BlockIr {
  readonly kind: 'try' | 'with';
  readonly span: HostSpan;
  /** The statements inside, with their brackets where the language has them. */
  readonly body: HostSpan;
  readonly functionId?: number;
  readonly handlers: readonly HostSpan[];
  readonly finally?: HostSpan;
  /** Context managers of a `with`: the text before `as`, and the name behind it. */
  readonly items: readonly { readonly text: string; readonly span: HostSpan; readonly alias?: string }[];
}

/** `name.property` read inside a loop whose element is `name` or was taken from it. */
export interface AttributeRead {
  readonly name: string;
  readonly property: string;
  /** `name.property`. */
  readonly span: HostSpan;
  readonly functionId?: number;
  /** Enclosing loops, innermost first. */
  readonly loopIds: readonly number[];
  /** Loop whose element `name` is. */
  readonly loopId: number;
  /** Below an `if` or the like in its innermost loop. */
  readonly conditional: boolean;
  /** Awaited, or walked by `async for`. */
  readonly awaited?: boolean;
}

export interface ImportIr {
  readonly local: string;
  /** Module as written: `./users`, `@app/db`, `..models.user`. */
  readonly module: string;
  /** `*` for a namespace, `default`, or the exported name. */
  readonly imported: string;
}

export interface ExportIr {
  /** Exported name; `*` for `export * from`. */
  readonly name: string;
  readonly local?: string;
  readonly module?: string;
}

/** An ORM model declaration (Prisma model, SQLAlchemy declarative class) as schema changes plus what only the ORM knows. */
export interface ModelIr {
  readonly library: LibraryId;
  /** Document that declares it. */
  readonly uri?: string;
  readonly name: string;
  readonly table: string;
  readonly schema?: string;
  readonly span: HostSpan;
  /** Property → column, where they differ or not. `hidden`: left out of the rows unless asked for (TypeORM's `select: false`). */
  readonly columns: readonly { readonly property: string; readonly column: string; readonly span: HostSpan; readonly hidden?: boolean; /** The property's declared type, where the reader of the library tells. */ readonly type?: string }[];
  readonly relations: readonly RelationIr[];
  /** A set of objects of a class that may stand in another file (EF Core). `named`: code says what its table is called. */
  readonly entity?: { readonly name: string; readonly named: boolean };
  /** Unique keys as the ORM names them (Prisma: `teamId_slug`, or the field's name), by property; the primary key included. */
  readonly uniques?: readonly { readonly name: string; readonly properties: readonly string[] }[];
  readonly changes: readonly SchemaChange[];
  /** A base class that names its subclasses' tables; it has none itself (`table` is empty). */
  readonly naming?: 'snake' | 'lower' | 'class';
  /** Base classes by name, where the table's name has to come from one that stands in another file (`table` is empty). */
  readonly inherits?: readonly string[];
  /** Columns of the primary key, where the library's reader tells. */
  readonly primary?: readonly string[];
  /** Column that is NULL in rows that are not deleted: the library adds `IS NULL` by itself. */
  readonly softDelete?: string;
  /** What a class without a table of its own hands to its subclasses. */
  readonly inherited?: { readonly columns: readonly ColumnDefinition[]; readonly keys: readonly { readonly columns: readonly string[]; readonly unique: boolean; readonly name?: string }[] };
  /** Its queries get conditions by declaration (Sequelize's `defaultScope`). */
  readonly scoped?: boolean;
  /** A class of queries for this model (`class UserRepository extends Repository<User>`); it has no table itself. */
  readonly repositoryOf?: string;
  /** Methods of such a class whose statement is not made from their name (JPA's `@Query`, a body of their own). */
  readonly written?: readonly string[];
  /** Django's classes alone; managers and settings stand in the list of models too, without a table. */
  readonly django?: DjangoClassIr;
}

export interface RelationIr {
  readonly property: string;
  readonly model: string;
  readonly many: boolean;
  /** Local columns and referenced columns, where known. */
  readonly columns: readonly string[];
  readonly references: readonly string[];
  /** Loaded with the parent by declaration (`lazy="selectin"`). */
  readonly eager: boolean;
  /** Where reading it loads nothing: a query that is sent when it is walked (`lazy="dynamic"`), or nothing at all (`raise`, `noload`). */
  readonly loading?: 'dynamic' | 'never';
  /** The relation that this one declares in the other model (SQLAlchemy's `backref`). `many` absent: the opposite of this one. */
  readonly backref?: { readonly property: string; readonly eager: boolean; readonly loading?: 'dynamic' | 'never'; readonly many?: boolean };
  /** Name that ties both sides together where two models have several relations. */
  readonly name?: string;
  /** Property of the other side, which has the columns. */
  readonly inverse?: string;
  /** Table between two models: its columns for this side and for the other one. */
  readonly through?: { readonly schema?: string; readonly table: string; readonly columns: readonly string[]; readonly references: readonly string[] };
  /** The foreign key cannot be null. */
  readonly required?: boolean;
  /** Declared as a promise: reading it sends the query (TypeORM). */
  readonly lazy?: true;
}

export interface SuppressionComment {
  readonly span: HostSpan;
  readonly scope: 'next-line' | 'line' | 'file';
  /** Empty: every rule. */
  readonly rules: readonly string[];
  readonly reason?: string;
}
