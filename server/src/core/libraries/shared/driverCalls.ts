import { commonFile, type CommonFile } from '../../hosts/common/context';
import type { ArgumentForm, CallForm } from '../../hosts/common/forms';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { Bind, LibraryId, QuerySite } from '../../hosts/ir';
import type { CommonLanguage, SyntaxNode } from '../../hosts/syntax';
import { isForeignPath, isForeignSql } from '../../sql/foreignDialect';
import { findPlaceholders } from '../../sql/placeholders';
import type { PlaceholderStyle } from '../../sql/source';
import type { HostContext, HostString, LibraryAdapter, SiteDraft } from '../adapter';
import { accessOf, isCertainlySql, placeholderStyle, returnsRows, startsStatement } from './sqlText';

/** A method that takes SQL text. */
export interface DriverMethod {
  readonly fetches: QuerySite['fetches'];
  /** `prepares`: the text is sent by a method of what it returns. */
  readonly prepares?: boolean;
  /** The values are a list of lists: one statement, or one round trip, for all. */
  readonly batch?: boolean;
  /** What it does, where its text does not say it (`CopyFrom`). */
  readonly access?: QuerySite['access'];
}

/** A driver as a table: its methods, and how its objects are told from others. */
export interface DriverTable {
  readonly id: LibraryId;
  readonly languages: readonly CommonLanguage[];
  /** See `LibraryAdapter.marks`. */
  readonly marks: RegExp;
  readonly methods: Readonly<Record<string, DriverMethod>>;
  /** Functions that take SQL text (`pg_query_params($connection, $sql, …)`). */
  readonly functions?: Readonly<Record<string, DriverMethod>>;
  /** Types (as annotated, or as constructed) of its objects. */
  readonly types: RegExp;
  /** Types whose methods of the same names are something else's. */
  readonly otherTypes?: RegExp;
  /** Usual names of its objects, by the last word of the receiver's path. */
  readonly names: RegExp;
  /** Methods and constructors of what is prepared, by name. */
  readonly runs?: Readonly<Record<string, QuerySite['fetches']>>;
  readonly placeholders: PlaceholderStyle | ((text: string, file: CommonFile) => PlaceholderStyle);
  /** Text of a statement in another dialect: nothing is said of it. */
  isOther?(text: HostString, context: HostContext): boolean;
  /** How many first arguments may be the text. */
  readonly within?: number;
  /** Constructors that take SQL text (`new NpgsqlCommand(sql, conn)`). */
  readonly constructors?: RegExp;
  /** Methods whose result is as good as what they are called on: transactions, connections of a pool. */
  readonly through?: RegExp;
  /** Arguments that are no values: mappers, result types. */
  readonly notValues?: RegExp;
  /** Methods further out in the chain that give the statement its values. */
  readonly laterValues?: RegExp;
}

/** Drivers of other databases, as files of any of the languages import them. */
const foreignImports = /go-sql-driver\/mysql|mattn\/go-sqlite3|modernc\.org\/sqlite|go-mssqldb|clickhouse-go|mongo-driver|godror|gosnowflake|gocql|gorm\.io\/driver\/(?:mysql|sqlite|sqlserver)|com\.mysql\.|org\.mariadb|org\.sqlite|oracle\.jdbc|com\.microsoft\.sqlserver|com\.clickhouse|require ['"](?:mysql2|sqlite3|tiny_tds|mongo)['"]|Mysql2::|SQLite3::|MySqlConnector|MySql\.Data|Microsoft\.Data\.(?:Sqlite|SqlClient)|System\.Data\.(?:SqlClient|SQLite)|Oracle\.ManagedDataAccess|ClickHouse\.|\brusqlite\b|sqlx::(?:MySql|Sqlite|mysql|sqlite)|\b(?:MySqlPool|SqlitePool|MySqlConnection|SqliteConnection)\b|mysql:host=|sqlite:|new mysqli|mysqli_|\boci_connect|sqlsrv:/;
const ownImports = /jackc\/pg|lib\/pq|gorm\.io\/driver\/postgres|org\.postgresql|require ['"]pg['"]|\bPG::|\bNpgsql|pgsql:|pg_connect|\bPgPool|\bPgConnection|tokio_postgres|sqlx::(?:Postgres|postgres)/;
const foreign = new WeakMap<HostContext, boolean>();

/** Does the file speak to another database than Postgres, by what it imports? */
export function speaksOther(context: HostContext): boolean {
  let known = foreign.get(context);
  if (known === undefined) foreign.set(context, (known = isForeignPath(context.uri) || (foreignImports.test(context.text) && !ownImports.test(context.text))));
  return known;
}

const emptyMap: SiteDraft['map'] = { segments: [] };

export function createDriver(table: DriverTable): LibraryAdapter {
  return {
    id: table.id,
    languages: table.languages,
    marks: table.marks,
    recognise(call, context) {
      const file = commonFile(context);
      const form = file?.source.callForm(call);
      if (!file || !form) return undefined;
      const name = form.name.text.replace(/<.*$/s, '');
      if (form.constructs) return table.constructors?.test(name) ? readCall(call, form, { fetches: 'unknown', prepares: true }, 'proved', table, file, context) : undefined;
      if (!form.receiver) {
        const fn = table.functions && Object.hasOwn(table.functions, name) ? table.functions[name] : undefined;
        return fn && readCall(call, form, fn, 'typed', table, file, context);
      }
      const run = table.runs && Object.hasOwn(table.runs, name) ? readRun(call, form, form.receiver, table.runs[name] ?? 'unknown', table, file, context) : undefined;
      if (run) return run;
      const method = Object.hasOwn(table.methods, name) ? table.methods[name] : undefined;
      const confidence = method ? receiverOf(form.receiver, table, file, context) : undefined;
      return method && confidence !== 'other' ? readCall(call, form, method, confidence, table, file, context) : undefined;
    },
  };
}

/** A chain of calls that hand the receiver on; `tx = tx.Table(x)` has no end. */
const MAX_HOPS = 8;

/** How sure it is that the receiver is the driver's: by type or construction, or by its name. */
function receiverOf(receiver: SyntaxNode, table: DriverTable, file: CommonFile, context: HostContext, hops = 0): 'proved' | 'typed' | 'other' | undefined {
  const inner = file.source.unwrap(receiver);
  const origin = context.origin(inner);
  const type = file.names.typeOf(inner);
  if (type !== undefined && table.types.test(type)) return 'proved';
  if (type !== undefined && table.otherTypes?.test(type)) return 'other';
  if (origin.kind === 'construct' && (table.types.test(origin.callee.at(-1) ?? '') || table.types.test(file.source.callForm(origin.node)?.receiver?.text ?? ''))) return 'proved';
  if ((origin.kind === 'call' || origin.kind === 'import') && table.types.test(origin.kind === 'call' ? origin.callee.join('.') : origin.module)) return 'proved';
  const through = table.through && (file.source.callForm(inner) ?? (origin.kind === 'call' ? file.source.callForm(origin.node) : undefined));
  if (hops < MAX_HOPS && through?.receiver && table.through?.test(through.name.text)) {
    const behind = receiverOf(through.receiver, table, file, context, hops + 1);
    if (behind !== undefined) return behind;
  }
  const path = file.names.path(inner).filter((part) => part !== '()');
  return table.names.test(path.at(-1) ?? '') ? 'typed' : undefined;
}

function readCall(call: SyntaxNode, form: CallForm, method: DriverMethod, found: 'proved' | 'typed' | undefined, table: DriverTable, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const argument = textArgument(form.args, table.within ?? 3, context) ?? listedText(form, file, context);
  if (!argument) {
    const bare = form.args.length === 0 || (form.args.length === 1 && file.source.functionForm(file.source.unwrap(form.args[0]?.node ?? call)) !== undefined);
    return found === 'proved' && !bare && !speaksOther(context) ? [opaque(call, form, method.prepares ? 'no' : 'yes', method.access ?? 'unknown', method.fetches, table)] : undefined;
  }
  const { text, index } = argument;
  if (found === undefined && !isCertainlySql(text.text, text.interpolations.map((hole) => hole.span))) return undefined;
  if (speaksOther(context) || isForeignSql(text.text) || table.isOther?.(text, context)) return [];
  const placeholders = typeof table.placeholders === 'function' ? table.placeholders(text.text, file) : table.placeholders;
  const given = (argument.values ?? form.args.slice(index + 1)).filter(({ node }) => table.notValues?.test(node.text) !== true && file.source.functionForm(file.source.unwrap(node)) === undefined);
  const later = table.laterValues ? valuesBehind(call, table.laterValues, file) : [];
  const values = method.batch ? [] : [...bindsOf(given, text.text, placeholders, file, context), ...later.map((node, at) => context.bind(node, `set ${at}`))];
  return context.statements(text, placeholders).map((statement): SiteDraft => ({
    library: table.id,
    confidence: found ?? 'shape',
    source: statement.source,
    map: statement.map,
    span: spanOf(call),
    anchor: anchorOf(call, form),
    executes: method.prepares ? 'no' : 'yes',
    access: accessOf(statement.source.text),
    fetches: returnsRows(statement.source.text) ? method.fetches : 'none',
    binds: [...values, ...statement.binds],
    conditional: statement.conditional,
    complete: text.complete,
    chain: [],
    eager: [],
  }));
}

/** What the calls behind one in its chain are given: `sql(text).param("id", id).query(…)`, `createQuery(text).setParameter("id", id)`. */
export function valuesBehind(call: SyntaxNode, methods: RegExp, file: CommonFile): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (const form of callsBehind(call, file)) if (methods.test(form.name.text)) found.push(...form.args.slice(-1).map(({ node }) => node));
  return found;
}

/** The calls of a chain behind one of its calls. */
export function callsBehind(call: SyntaxNode, file: CommonFile): readonly CallForm[] {
  const found: CallForm[] = [];
  let current = call;
  for (let hops = 0; hops < 40; hops++) {
    let outer = file.source.wrapped(current).parent;
    for (let depth = 0; outer && depth < 2 && !file.source.callForm(outer); depth++) outer = file.source.wrapped(outer).parent;
    const form = outer ? file.source.callForm(outer) : undefined;
    if (!outer || !form?.receiver || file.source.unwrap(form.receiver).id !== current.id) break;
    found.push(form);
    current = outer;
  }
  return found;
}

/** The call's name with its receiver where that is short and plain. */
export function anchorOf(call: SyntaxNode, form: CallForm): SiteDraft['anchor'] {
  const { startIndex } = call;
  const plain = form.receiver && /^[\w$@.>:\\-]{1,40}$/.test(form.receiver.text);
  return { ...spanOf(form.name), start: (plain || !form.receiver ? startIndex : form.name.startIndex) as SiteDraft['anchor']['start'] };
}

export const opaque = (call: SyntaxNode, form: CallForm, executes: SiteDraft['executes'], access: SiteDraft['access'], fetches: SiteDraft['fetches'], table: Pick<DriverTable, 'id'>): SiteDraft => ({
  library: table.id, confidence: 'proved', map: emptyMap, span: spanOf(call), anchor: anchorOf(call, form), executes, access, fetches, binds: [], conditional: [], complete: false, chain: [], eager: [],
});

interface TextArgument {
  readonly text: HostString;
  readonly index: number;
  /** Values that stand beside the text in a list of its own. */
  readonly values?: readonly ArgumentForm[];
}

/** Rails: `find_by_sql(["… ?", id])`. */
function listedText(form: CallForm, file: CommonFile, context: HostContext): TextArgument | undefined {
  const [first] = form.args;
  const list = file.source.spec.language === 'ruby' && first ? file.source.form(file.source.unwrap(first.node)) : undefined;
  const [head, ...values] = list?.kind === 'list' ? list.items : [];
  const text = head && context.string(head);
  return text && startsStatement(text.text) ? { text, index: 0, values: values.map((node) => ({ node })) } : undefined;
}

function textArgument(args: readonly ArgumentForm[], within: number, context: HostContext): TextArgument | undefined {
  for (const [index, { node }] of args.slice(0, within).entries()) {
    const text = context.string(node);
    if (text && startsStatement(text.text)) return { text, index };
  }
  return undefined;
}

/** Values by placeholder: in order, by number, or by name from a record. */
export function bindsOf(values: readonly ArgumentForm[], text: string, placeholders: PlaceholderStyle, file: CommonFile, context: HostContext): readonly Bind[] {
  const keys = [...new Set(findPlaceholders(text, placeholders).map((placeholder) => placeholder.key))];
  const first = values[0] && file.source.form(file.source.unwrap(values[0].node));
  const record = first?.kind === 'record' ? first.entries : first?.kind === 'call' && namedValues(first) ? namedValues(first) : first?.kind === 'call' && first.args.length === 1 && first.args[0] ? recordOf(first.args[0].node, file) : undefined;
  const list = first?.kind === 'list' ? first.items : undefined;
  return keys.flatMap((key): Bind[] => {
    const named = record?.find((entry) => entry.key.replace(/^[:@]/, '').toLowerCase() === key.toLowerCase())?.value;
    const value = named ?? (/^\d+$/.test(key) ? (list && (values.length === 1 || file.source.spec.language === 'php') ? list[Number(key) - 1] : values[Number(key) - 1]?.node) : undefined);
    return value ? [context.bind(value, key)] : [];
  });
}

/** `Map.of("team", id)`, `new MapSqlParameterSource("ids", ids).addValue("team", id)`. */
function namedValues(call: CallForm): readonly { readonly key: string; readonly value: SyntaxNode }[] | undefined {
  if (!/^(?:of|MapSqlParameterSource|addValue)$/.test(call.name.text) || call.args.length < 2) return undefined;
  const found: { key: string; value: SyntaxNode }[] = [];
  for (let at = 0; at + 1 < call.args.length; at += 2) {
    const [key, value] = [call.args[at]?.node.text ?? '', call.args[at + 1]?.node];
    if (/^"\w+"$/.test(key) && value) found.push({ key: key.slice(1, -1), value });
  }
  return found;
}

function recordOf(node: SyntaxNode, file: CommonFile): readonly { readonly key: string; readonly value: SyntaxNode }[] | undefined {
  const form = file.source.form(file.source.unwrap(node));
  return form?.kind === 'record' ? form.entries : undefined;
}

/** `stmt.Exec(args)`: sends what `db.Prepare(sql)` was given. The text is judged there; here counts that it runs. */
function readRun(call: SyntaxNode, form: CallForm, receiver: SyntaxNode, fetches: QuerySite['fetches'], table: DriverTable, file: CommonFile, context: HostContext): readonly SiteDraft[] | undefined {
  const origin = context.origin(receiver);
  if (origin.kind !== 'call' && origin.kind !== 'construct') return undefined;
  const made = file.source.callForm(origin.node);
  const name = made?.name.text.replace(/<.*$/s, '') ?? '';
  const method = made?.constructs ? (table.constructors?.test(name) ? { prepares: true } : undefined) : Object.hasOwn(table.methods, name) ? table.methods[name] : undefined;
  if (!made || !method?.prepares) return undefined;
  const argument = textArgument(made.args, table.within ?? 3, context);
  if (!argument && (!made.receiver || receiverOf(made.receiver, table, file, context) !== 'proved')) return undefined;
  if (speaksOther(context) || (argument && (isForeignSql(argument.text.text) || table.isOther?.(argument.text, context)))) return undefined;
  return [{ ...opaque(call, form, 'yes', argument ? accessOf(argument.text.text) : 'unknown', fetches, table), binds: [...form.args.map(({ node }) => node), ...boundBefore(call, receiver, file)].map((node, index) => context.bind(node, String(index + 1))) }];
}

/** Values set on a prepared statement before it is sent: `ps.setLong(1, id)`, `$stmt->bindValue(':id', $id)`, `cmd.Parameters.AddWithValue("id", id)`. */
export function boundBefore(call: SyntaxNode, receiver: SyntaxNode, file: CommonFile): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const fn = file.source.functionOf(call);
  for (const other of file.source.calls) {
    if (other.startIndex >= call.startIndex) break;
    const form = file.source.callForm(other);
    const own = form?.receiver && (form.receiver.text === receiver.text || form.receiver.text === `${receiver.text}.Parameters`);
    if (own && /^(?:set\w+|bind\w*|AddWithValue|Add)$/.test(form.name.text) && file.source.functionOf(other)?.id === fn?.id) found.push(...form.args.slice(form.args.length > 1 ? 1 : 0).map(({ node }) => node));
  }
  return found;
}

/** A text with `?` where the driver itself would not take it: another database's, unless something rewrites it. */
export const hasQuestionMarks = (text: string): boolean => placeholderStyle(text) === 'question';
