import type { DjangoField, DjangoMigration, DjangoOperation, DjangoOptions } from '../../hosts/migrationIr';
import type { Scopes } from '../../hosts/python/scopes';
import { argumentsOf, calleeName, field, parts, pathOf, spanOf } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { elementsOf, entriesOf, flagValue, isNone, namedArguments, resolved, textsValue, textValue, type NamedArguments, type Values } from '../alembic/alembicValues';
import { readDjangoField } from './djangoFields';
import { readDjangoIndex } from './djangoIndexes';

/** A Django migration: `class Migration(migrations.Migration)` in an app's `migrations` folder. undefined for any other file. */
export function readDjangoMigration(uri: string, classes: readonly SyntaxNode[], scopes: Scopes): DjangoMigration | undefined {
  const [, app, name] = /([^/]+)\/migrations\/([^/]+)\.py$/.exec(uri) ?? [];
  const declared = classes.find((node) => field(node, 'name')?.text === 'Migration' && parts(field(node, 'superclasses') ?? node).some((base) => base.type !== 'identifier' || base.text === 'Migration'));
  if (app === undefined || name === undefined || declared === undefined) return undefined;
  const values: Values = { scopes, names: new Map() };
  const bindings = scopes.scopeAt(declared)?.bindings;
  const listed = (attribute: string): SyntaxNode | undefined => bindings?.get(attribute)?.at(-1)?.value;
  const operations = readOperations(listed('operations'), values);
  const more = (bindings?.get('operations')?.length ?? 1) > 1 || declared.hasError;
  return {
    tool: 'django', app, name,
    after: referencesOf(listed('dependencies'), values), replaces: referencesOf(listed('replaces'), values) ?? [],
    operations: more ? [...operations, { type: 'unknown', span: spanOf(declared) }] : operations,
  };
}

/** `[('app', 'name'), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]` */
function referencesOf(node: SyntaxNode | undefined, values: Values): readonly string[] | undefined {
  if (node === undefined) return [];
  const references = elementsOf(node, values)?.map((item) => {
    const inner = resolved(item, values);
    if (inner.type === 'call') {
      const setting = pathOf(argumentsOf(inner).positional[0] ?? inner)?.at(-1);
      return calleeName(inner)?.text === 'swappable_dependency' && setting !== undefined ? `settings.${setting}.__first__` : undefined;
    }
    const pair = textsValue(inner, values);
    return pair?.length === 2 ? pair.join('.') : undefined;
  });
  return references?.every((reference) => reference !== undefined) ? references : undefined;
}

function readOperations(node: SyntaxNode | undefined, values: Values): readonly DjangoOperation[] {
  if (node === undefined) return [];
  const items = elementsOf(node, values);
  return items === undefined ? [{ type: 'unknown', span: spanOf(node) }] : items.flatMap((item) => readOperation(item, values));
}

/** Parameters of Django's operations, in order. */
const signatures: Readonly<Record<string, readonly string[]>> = {
  CreateModel: ['name', 'fields', 'options', 'bases', 'managers'], DeleteModel: ['name'], RenameModel: ['old_name', 'new_name'], AlterModelTable: ['name', 'table'],
  AddField: ['model_name', 'name', 'field', 'preserve_default'], AlterField: ['model_name', 'name', 'field', 'preserve_default'], RemoveField: ['model_name', 'name'],
  RenameField: ['model_name', 'old_name', 'new_name'], AlterUniqueTogether: ['name', 'unique_together'], AlterIndexTogether: ['name', 'index_together'],
  AddIndex: ['model_name', 'index'], AddIndexConcurrently: ['model_name', 'index'], RemoveIndex: ['model_name', 'name'], RemoveIndexConcurrently: ['model_name', 'name'],
  RenameIndex: ['model_name', 'new_name', 'old_name', 'old_fields'], AddConstraint: ['model_name', 'constraint'], AddConstraintNotValid: ['model_name', 'constraint'], RemoveConstraint: ['model_name', 'name'],
  RunSQL: ['sql', 'reverse_sql', 'state_operations'], RunPython: ['code'], SeparateDatabaseAndState: ['database_operations', 'state_operations'], CreateExtension: ['name'],
};
/** Operations on the state alone, or on what the catalog does not keep. */
const harmless = new Set(['AlterModelOptions', 'AlterModelManagers', 'AlterModelTableComment', 'ValidateConstraint', 'CreateCollation', 'RemoveCollation', 'AlterConstraint']);
const extensions: Readonly<Record<string, string>> = {
  TrigramExtension: 'pg_trgm', UnaccentExtension: 'unaccent', HStoreExtension: 'hstore', CITextExtension: 'citext', BtreeGinExtension: 'btree_gin', BtreeGistExtension: 'btree_gist', CryptoExtension: 'pgcrypto', BloomExtension: 'bloom',
};

function readOperation(node: SyntaxNode, values: Values): readonly DjangoOperation[] {
  const call = resolved(node, values);
  const span = spanOf(call);
  const name = call.type === 'call' ? calleeName(call)?.text ?? '' : '';
  if (harmless.has(name)) return [];
  if (Object.hasOwn(extensions, name)) return [{ type: 'extension', span, extension: extensions[name]! }];
  const args = namedArguments(call, signatures[name] ?? [], values);
  const model = (args.text('model_name') ?? args.text('name'))?.toLowerCase();
  const unknown: DjangoOperation = { type: 'unknown', span, ...(model === undefined ? {} : { model }) };
  if (signatures[name] === undefined || args.all.spread) return [{ type: 'unknown', span, ...(args.text('model_name') === undefined ? {} : { model }) }];
  switch (name) {
    case 'RunSQL': return runSql(args, span, values);
    case 'RunPython': return isHarmlessCode(args.get('code'), values) ? [] : [{ type: 'unknown', span }];
    case 'SeparateDatabaseAndState': return [{ type: 'separate', span, database: readOperations(args.get('database_operations'), values), state: readOperations(args.get('state_operations'), values) }];
    case 'CreateExtension': return [{ type: 'extension', span, extension: args.text('name') ?? '' }];
    case 'RenameModel': {
      const [from, to] = [args.text('old_name'), args.text('new_name')];
      return [from === undefined || to === undefined ? { type: 'unknown', span } : { type: 'rename-model', span, model: from.toLowerCase(), to: to.toLowerCase() }];
    }
    default: return [model === undefined ? unknown : modelOperation(name, model, args, span, values) ?? unknown];
  }
}

function modelOperation(name: string, model: string, args: NamedArguments, span: DjangoOperation['span'], values: Values): DjangoOperation | undefined {
  const base = { span, model };
  const text = args.text('name');
  switch (name) {
    case 'CreateModel': {
      const fields = elementsOf(args.get('fields'), values)?.map((pair): DjangoField | undefined => {
        const [key, value] = elementsOf(pair, values) ?? [];
        const written = textValue(key, values);
        return written === undefined ? undefined : readDjangoField(written, value, values);
      });
      return fields?.every((item) => item !== undefined) ? { ...base, type: 'create-model', fields, options: readOptions(args.get('options'), values) } : undefined;
    }
    case 'DeleteModel': return { ...base, type: 'delete-model' };
    case 'AlterModelTable': {
      const table = args.text('table');
      return table === undefined && !isNone(args.get('table')) ? undefined : { ...base, type: 'alter-table', ...(table === undefined ? {} : { table }) };
    }
    case 'AddField':
    case 'AlterField': {
      const read = text === undefined ? undefined : readDjangoField(text, args.get('field'), values);
      return read && { ...base, type: name === 'AddField' ? 'add-field' : 'alter-field', field: read };
    }
    case 'RemoveField': return text === undefined ? undefined : { ...base, type: 'remove-field', field: text };
    case 'RenameField': {
      const [from, to] = [args.text('old_name'), args.text('new_name')];
      return from === undefined || to === undefined ? undefined : { ...base, type: 'rename-field', field: from, to };
    }
    case 'AlterUniqueTogether':
    case 'AlterIndexTogether': {
      const option = name === 'AlterUniqueTogether' ? 'uniqueTogether' : 'indexTogether';
      const groups = groupsOf(args.get(option === 'uniqueTogether' ? 'unique_together' : 'index_together'), values);
      return groups && { ...base, type: 'alter-together', option, groups };
    }
    case 'AddIndex':
    case 'AddIndexConcurrently': return { ...base, type: 'add-index', index: readDjangoIndex(args.get('index'), values), concurrently: name === 'AddIndexConcurrently' };
    case 'AddConstraint':
    case 'AddConstraintNotValid': return { ...base, type: 'add-constraint', constraint: readDjangoIndex(args.get('constraint'), values), notValid: name === 'AddConstraintNotValid' };
    case 'RemoveIndex':
    case 'RemoveIndexConcurrently': return text === undefined ? undefined : { ...base, type: 'remove-index', name: text, concurrently: name === 'RemoveIndexConcurrently' };
    case 'RemoveConstraint': return text === undefined ? undefined : { ...base, type: 'remove-constraint', name: text };
    case 'RenameIndex': {
      const [from, to, fields] = [args.text('old_name'), args.text('new_name'), textsValue(args.get('old_fields'), values)];
      return to === undefined || (from === undefined && fields === undefined) ? undefined : { ...base, type: 'rename-index', to, ...(from === undefined ? { fields } : { name: from }) };
    }
    default: return undefined;
  }
}

/** `{('a', 'b')}`, `[['a', 'b']]`, one group alone, or nothing (`set()`, None). */
function groupsOf(node: SyntaxNode | undefined, values: Values): readonly (readonly string[])[] | undefined {
  const inner = node && resolved(node, values);
  if (inner === undefined || inner.type === 'none' || inner.text === 'set()' || inner.text === '{}') return [];
  const single = textsValue(inner, values);
  if (single !== undefined) return single.length === 0 ? [] : [single];
  const groups = elementsOf(inner, values)?.map((group) => textsValue(group, values));
  return groups?.every((group) => group !== undefined) ? groups : undefined;
}

function readOptions(node: SyntaxNode | undefined, values: Values): DjangoOptions {
  const entries = node === undefined ? new Map<string, SyntaxNode>() : entriesOf(node, values);
  const table = textValue(entries?.get('db_table'), values);
  const [unique, index] = [groupsOf(entries?.get('unique_together'), values), groupsOf(entries?.get('index_together'), values)];
  const listed = (key: string): readonly SyntaxNode[] | undefined => (entries?.has(key) ? elementsOf(entries.get(key), values) : []);
  const [indexes, constraints] = [listed('indexes'), listed('constraints')];
  const unknown = entries === undefined || unique === undefined || index === undefined || indexes === undefined || constraints === undefined || entries.has('order_with_respect_to') || (entries.has('db_table') && table === undefined);
  return {
    ...(table === undefined ? {} : { table }), managed: flagValue(entries?.get('managed'), values) ?? true, proxy: flagValue(entries?.get('proxy'), values) ?? false,
    uniqueTogether: unique ?? [], indexTogether: index ?? [],
    indexes: (indexes ?? []).map((item) => readDjangoIndex(item, values)), constraints: (constraints ?? []).map((item) => readDjangoIndex(item, values)), ...(unknown ? { unknown: true } : {}),
  };
}

/** A text, or a list of texts and of pairs of a text and its values. */
function runSql(args: NamedArguments, span: DjangoOperation['span'], values: Values): readonly DjangoOperation[] {
  const node = args.get('sql');
  const state = readOperations(args.get('state_operations'), values);
  const following: readonly DjangoOperation[] = state.length > 0 ? [{ type: 'separate', span, database: [], state }] : [];
  if (node && /\bnoop$/.test(node.text)) return following;
  const whole = textValue(node, values);
  const texts = whole === undefined ? elementsOf(node, values)?.map((item) => textValue(item, values) ?? textValue(elementsOf(item, values)?.[0], values)) : [whole];
  if (!texts?.every((text) => text !== undefined)) return [{ type: 'unknown', span }, ...following];
  return [...texts.map((sql): DjangoOperation => ({ type: 'sql', span, sql })), ...following];
}

const data = /^["'\s(frFR]*(?:insert|update|delete|select|with|lock|analyze|vacuum|set)\b/i;

/** A function that changes rows through models; one that runs statements of its own may do more. */
function isHarmlessCode(node: SyntaxNode | undefined, values: Values): boolean {
  if (node === undefined || /\bnoop$/.test(node.text)) return true;
  const own = node.type === 'identifier' ? values.scopes.module.bindings.get(node.text)?.at(-1) : undefined;
  if (own?.kind !== 'function' || own.node.type !== 'function_definition') return node.type === 'lambda' && !/\bexecute\b/.test(node.text);
  const text = own.node.text;
  if (/\bschema_editor\.(?!connection\b)/.test(text)) return false;
  return [...text.matchAll(/\.execute(?:many)?\(\s*([^]{0,60})/g)].every((match) => data.test(match[1] ?? ''));
}
