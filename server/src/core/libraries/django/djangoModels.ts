import type { DjangoArgumentIr, DjangoClassIr, DjangoMethodIr, DjangoModelField, DjangoModelOptions } from '../../hosts/djangoIr';
import type { ModelIr } from '../../hosts/ir';
import { methodsOf } from '../../hosts/python/classes';
import { argumentsOf, calleeName, field, freeNames, literalValue, parts, pathOf, spanOf, unwrap } from '../../hosts/python/syntaxTools';
import type { Scopes } from '../../hosts/python/scopes';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Values } from '../alembic/alembicValues';
import { elementsOf, flagValue, textsValue, textValue } from '../alembic/alembicValues';
import type { ModelReader, PythonModelSource } from '../models';
import { readDjangoField } from './djangoFields';
import { readDjangoIndex } from './djangoIndexes';
import { parametersOf, readDjangoValue, returnedQuery, type DjangoReading } from './djangoRead';
import { resolvedModels } from './djangoSchema';
import { columnTypes, relationFields } from './djangoTypes';

export const djangoModels: ModelReader<PythonModelSource> = {
  library: 'django',
  marks: /\bmodels\.(?:Model|Manager|QuerySet|\w{1,30}Field|ForeignKey)\b|\bQuerySet\b|\bfrom django\.(?:contrib\.gis\.)?db\.models import|^(?:AUTH_USER_MODEL|DEFAULT_AUTO_FIELD|REST_FRAMEWORK)\b|\(AppConfig\)/m,
  read: readDjangoModels,
};

/** Model, manager and queryset classes, and the settings that say what they mean. Tables and relations are known as far as `known` has what they refer to. */
function readDjangoModels({ uri, classes, scopes, known }: PythonModelSource): readonly ModelIr[] {
  // Models in migrations are those of the past.
  if (uri.includes('/migrations/')) return [];
  const values: Values = { scopes, names: new Map() };
  const app = appOf(uri);
  const found = classes.filter((node) => node.parent?.type !== 'block' || node.parent.parent?.type !== 'class_definition').flatMap((node): readonly ModelIr[] => {
    const django = readClass(node, app, values);
    return django ? [modelOf(field(node, 'name')?.text ?? '', node, django)] : [];
  });
  const settings = readSettings(app, classes, values);
  return resolvedModels([...found, ...(settings ? [modelOf(`settings:${uri}`, scopes.module.node, settings)] : [])], known);
}

const modelOf = (name: string, node: SyntaxNode, django: DjangoClassIr): ModelIr => ({ library: 'django', name, table: '', span: spanOf(node), columns: [], relations: [], changes: [], django });

/** The folder that holds `models.py` or the folder `models`. */
export function appOf(uri: string): string {
  const folders = uri.split('/').slice(0, -1);
  const models = folders.findLastIndex((name) => /^(models|managers|querysets)$/.test(name));
  return (models > 0 ? folders[models - 1] : folders.at(-1)) ?? '';
}

function readClass(node: SyntaxNode, fallback: string, values: Values): DjangoClassIr | undefined {
  const bases = basesOf(node);
  const scope = values.scopes.scopeAt(node);
  const manager = bases.some((base) => /(?:Manager|Query[sS]et)$/.test(base));
  const fields: DjangoModelField[] = [];
  const managers: DjangoClassIr['managers'][number][] = [];
  for (const [name, bindings] of scope?.bindings ?? []) {
    const binding = bindings.at(-1);
    const call = binding?.kind === 'assign' && binding.value ? unwrap(binding.value) : undefined;
    if (call?.type !== 'call') continue;
    if (isField(call)) {
      const read = readField(name, call, values);
      if (read) fields.push(read);
    } else {
      const classes = managerClasses(call);
      if (classes) managers.push({ name, classes });
    }
  }
  const meta = parts(field(node, 'body') ?? node).find((item) => item.type === 'class_definition' && field(item, 'name')?.text === 'Meta');
  const model = !manager && (fields.length > 0 || bases.some((base) => /^(Model|AbstractUser|AbstractBaseUser|\w*Model|\w*Mixin|Abstract\w+|Base\w+)$/.test(base)) || managers.length > 0 || meta !== undefined);
  if (!manager && (!model || bases.length === 0 || bases.some((base) => /^(Serializer|ModelSerializer|Form|ModelForm|FilterSet|BaseModel|Schema|ObjectType|DjangoObjectType|\w*Serializer|\w*Form|\w*Factory|\w*Admin|\w*View|\w*ViewSet|TestCase|\w*FilterSet|Enum|StrEnum|IntEnum|Choices)$/.test(base)))) return undefined;
  const options = meta && readMeta(meta, values);
  return {
    kind: manager ? 'manager' : 'model', app: options?.appLabel ?? fallback, bases, abstract: abstractOf(meta, values), fields,
    ...(options ? { options } : {}), managers, methods: manager ? readMethods(node, values.scopes) : [],
  };
}

/** `models.Manager.from_queryset(OrderQuerySet)` counts as both classes. */
function basesOf(node: SyntaxNode): readonly string[] {
  const list = field(node, 'superclasses');
  return (list ? parts(list) : []).flatMap((base): readonly string[] => {
    if (base.type === 'keyword_argument') return [];
    if (base.type === 'call') return managerClasses(base) ?? [];
    const inner = base.type === 'subscript' ? field(base, 'value') ?? base : base;
    return [pathOf(inner)?.at(-1) ?? ''];
  });
}

const isField = (call: SyntaxNode): boolean => {
  const name = calleeName(call)?.text ?? '';
  return Object.hasOwn(columnTypes, name) || relationFields.has(name) || (/^[A-Z]\w*(Field|ForeignKey)$/.test(name) && !/^(serializers|forms|filters|fields)\b/.test(call.text) && name !== 'GenericForeignKey');
};

/** Classes behind `OrderManager()`, `OrderQuerySet.as_manager()`, `OrderManager.from_queryset(OrderQuerySet)()`. */
function managerClasses(call: SyntaxNode): readonly string[] | undefined {
  const callee = unwrap(field(call, 'function') ?? call);
  const name = calleeName(call)?.text ?? '';
  if (callee.type === 'call') return managerClasses(callee);
  const owner = callee.type === 'attribute' ? field(callee, 'object') : undefined;
  const path = owner && pathOf(owner);
  if (name === 'as_manager') return path ? [path.at(-1) ?? ''] : undefined;
  if (name === 'from_queryset') {
    const argument = argumentsOf(call).positional[0];
    return path && argument ? [path.at(-1) ?? '', pathOf(argument)?.at(-1) ?? ''] : undefined;
  }
  return /Manager$|Query[sS]et$/.test(name) ? [name] : undefined;
}

function readField(name: string, call: SyntaxNode, values: Values): DjangoModelField | undefined {
  const read = readDjangoField(name, call, values);
  const { positional, keyword } = argumentsOf(call);
  const [to, through] = [keyword.get('to') ?? (read?.target === undefined ? undefined : positional[0]), keyword.get('through')];
  const text = (option: string): string | undefined => textValue(keyword.get(option), values);
  const [relatedName, relatedQueryName] = [text('related_name'), text('related_query_name')];
  return read && {
    ...read, span: spanOf(call.parent ?? call), ...(to ? { to: referenceOf(to, values) } : {}), ...(through ? { throughModel: referenceOf(through, values) } : {}),
    ...(relatedName === undefined ? {} : { relatedName }), ...(relatedQueryName === undefined ? {} : { relatedQueryName }),
  };
}

/** `Order`, `shop.Order`, `self`, `settings.AUTH_USER_MODEL`. */
function referenceOf(node: SyntaxNode, values: Values): string {
  const text = textValue(node, values);
  if (text !== undefined) return text;
  const inner = unwrap(node);
  if (inner.type === 'identifier') {
    const binding = values.scopes.resolve(inner.text, inner)?.bindings.at(-1);
    if (binding?.kind === 'assign' && /^(get_user_model\(\)|settings\.AUTH_USER_MODEL)$/.test(binding.value?.text ?? '')) return 'settings.AUTH_USER_MODEL';
    return binding?.import && binding.import.imported !== '*' ? binding.import.imported : inner.text;
  }
  if (inner.text === 'get_user_model()') return 'settings.AUTH_USER_MODEL';
  const path = pathOf(inner) ?? [];
  return path.includes('settings') ? `settings.${path.at(-1) ?? ''}` : path.at(-1) ?? '';
}

function abstractOf(meta: SyntaxNode | undefined, values: Values): boolean {
  const value = meta && values.scopes.scopeAt(meta)?.bindings.get('abstract')?.at(-1)?.value;
  return value !== undefined && flagValue(value, values) === true;
}

function readMeta(meta: SyntaxNode, values: Values): DjangoModelOptions {
  const bindings = values.scopes.scopeAt(meta)?.bindings;
  const get = (name: string): SyntaxNode | undefined => bindings?.get(name)?.at(-1)?.value;
  const text = (name: string): string | undefined => textValue(get(name), values);
  const groups = (name: string): readonly (readonly string[])[] => {
    const single = textsValue(get(name), values);
    return single ? (single.length > 0 ? [single] : []) : (elementsOf(get(name), values) ?? []).flatMap((group) => { const names = textsValue(group, values); return names ? [names] : []; });
  };
  const reading = readingOf(values.scopes);
  const ordering = get('ordering');
  const listed = ordering && elementsOf(ordering, values);
  const latest = get('get_latest_by');
  const [table, appLabel, defaultManager] = [text('db_table'), text('app_label'), text('default_manager_name') ?? text('base_manager_name')];
  const latestBy = latest && (textsValue(latest, values) ?? [text('get_latest_by') ?? '']);
  return {
    managed: flagValue(get('managed'), values) ?? true, proxy: flagValue(get('proxy'), values) ?? false,
    uniqueTogether: groups('unique_together'), indexTogether: groups('index_together'),
    indexes: (elementsOf(get('indexes'), values) ?? []).map((item) => readDjangoIndex(item, values)),
    constraints: (elementsOf(get('constraints'), values) ?? []).map((item) => readDjangoIndex(item, values)),
    inherits: (field(meta, 'superclasses')?.namedChildren.length ?? 0) > 0,
    ...(table === undefined ? {} : { table }), ...(appLabel === undefined ? {} : { appLabel }), ...(defaultManager === undefined ? {} : { defaultManager }),
    ...(ordering ? { ordering: (listed ?? []).map((item): DjangoArgumentIr => ({ value: readDjangoValue(item, reading), span: spanOf(item) })) } : {}),
    ...(latestBy ? { latestBy } : {}),
    ...((ordering && !listed) || (bindings?.has('db_table') && table === undefined) ? { unknown: true } : {}),
  };
}

/** A class is read before the file's queries: nothing is known of what the values depend on. */
const readingOf = (scopes: Scopes): DjangoReading => ({ scopes, bind: (node) => ({ text: node.text, span: spanOf(node), names: freeNames(node), origin: 'unknown' }) });

function readMethods(node: SyntaxNode, scopes: Scopes): readonly DjangoMethodIr[] {
  const reading = readingOf(scopes);
  return methodsOf(node).map((method): DjangoMethodIr => {
    const query = returnedQuery(method, reading);
    return { name: field(method, 'name')?.text ?? '', parameters: parametersOf(method), ...(query ? { query } : {}) };
  });
}

/** Settings that change what models and views mean; an app's label. */
function readSettings(app: string, classes: readonly SyntaxNode[], values: Values): DjangoClassIr | undefined {
  const found: Record<string, string> = {};
  for (const name of ['AUTH_USER_MODEL', 'DEFAULT_AUTO_FIELD']) {
    const text = textValue(values.scopes.module.bindings.get(name)?.at(-1)?.value, values);
    if (text !== undefined) found[name] = text;
  }
  const rest = values.scopes.module.bindings.get('REST_FRAMEWORK')?.at(-1)?.value;
  for (const pair of rest && unwrap(rest).type === 'dictionary' ? parts(unwrap(rest)) : []) {
    const [key, value] = [field(pair, 'key'), field(pair, 'value')];
    const name = key && literalValue(key);
    if (typeof name === 'string' && value && /^(DEFAULT_PAGINATION_CLASS|PAGE_SIZE)$/.test(name)) found[name] = String(textValue(value, values) ?? literalValue(value) ?? value.text);
  }
  for (const node of classes) {
    if (!/\bAppConfig\b/.test(field(node, 'superclasses')?.text ?? '')) continue;
    const of = (name: string): string | undefined => textValue(values.scopes.scopeAt(node)?.bindings.get(name)?.at(-1)?.value, values);
    const [label, auto] = [of('label'), of('default_auto_field')];
    if (label !== undefined) found['label'] = label;
    if (auto !== undefined) found['app_auto_field'] = auto;
  }
  return Object.keys(found).length === 0 ? undefined : { kind: 'settings', app, bases: [], abstract: false, fields: [], managers: [], methods: [], settings: found };
}
