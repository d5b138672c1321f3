import type { MigrationStep } from '../../hosts/migrationIr';
import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, isFunction, spanOf, unwrap } from '../../hosts/typescript/syntaxTools';
import { quoteIdentifier, quoteLiteral } from '../../sql/names';
import { hostSpan } from '../../text/span';
import { isList, isMap, isRaw, quoteTable, tableNameOf, textOf, type Value } from '../shared/migrationValues';
import { scriptValue } from '../shared/scriptValues';
import { blueprintSteps } from './knexBlueprint';
import { isHandle, sentText, type Place, type ScriptTool } from './scriptMigration';

interface Link {
  readonly name: string;
  readonly args: readonly SyntaxNode[];
  readonly node: SyntaxNode;
}

/** Calls of the schema builder that change nothing. */
const questions = new Set(['hasTable', 'hasColumn', 'queryContext', 'withSchema', 'toString', 'toSQL', 'debug', 'timeout']);
const promises = /^(?:then|catch|finally|tap|map|each|reduce|asCallback)$/;

export const knexMigrations: ScriptTool = {
  name: 'knex',
  marks: /\.\s*schema\s*\.\s*\w|\bknex\b[^]*\.raw\s*\(/i,
  givesHandle: /\.transaction$/,
  own: rawValue,
  transactions: (text) => ({ transaction: !/\btransaction\s*:\s*false\b|\bdisableTransactions\b/.test(text) }),
  operation(call, place) {
    const { root, links } = chainOf(call);
    if (links.some((link) => promises.test(link.name))) return undefined;
    const [first] = links;
    if (isHandle(root, place)) {
      if (first === undefined || first.name === 'transaction') return undefined;
      if (first.name === 'raw') return [raw(first, place)];
      return first.name === 'schema' ? links.slice(1).length === 0 ? [] : schemaSteps(links.slice(1), place) : [];
    }
    return root.type === 'call_expression' && isHandle(callParts(root)?.callee, place) ? [] : undefined;
  },
};

/** `knex.raw('now()')`, `knex.fn.now(6)`, `trx.fn.uuid()`. */
function rawValue(node: SyntaxNode, place: Parameters<typeof scriptValue>[1]): Value | undefined {
  const call = node.type === 'call_expression' ? callParts(node) : undefined;
  const method = /^[\w.]+\.(raw|fn\.now|fn\.uuid)$/.exec(call?.callee.text ?? '')?.[1];
  if (!call || method === undefined) return undefined;
  if (method === 'fn.uuid') return { sql: 'gen_random_uuid()' };
  const [first, bindings] = call.args.map((argument) => scriptValue(argument, place));
  if (method === 'fn.now') return { sql: typeof first === 'number' ? `CURRENT_TIMESTAMP(${first})` : 'CURRENT_TIMESTAMP' };
  const sql = typeof first === 'string' ? bound(first, call.args.length > 1 ? bindings : []) : undefined;
  return sql === undefined ? undefined : { sql };
}

/** `??` stands for a name, `?` for a value, `:x:` and `:x` likewise. */
function bound(sql: string, bindings: Value | undefined): string | undefined {
  if (bindings === undefined) return undefined;
  const given = isList(bindings) ? bindings : isMap(bindings) ? bindings : [bindings];
  let at = 0;
  let known = true;
  const written = (value: Value | undefined, name: boolean): string => {
    if (isRaw(value)) return value.sql;
    if (typeof value === 'string') return name ? quoteTable(value) : quoteLiteral(value);
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
    known = false;
    return '';
  };
  const text = isMap(given) ? sql.replaceAll(/(?<!:):(\w+)(:)?/g, (all, key: string, name?: string) => (given.has(key) ? written(given.get(key), name !== undefined) : all))
    : given.length === 0 ? sql : sql.replaceAll(/\\\?|\?\??/g, (mark) => (mark === '\\?' ? '?' : written(given[at++], mark === '??')));
  return known ? text : undefined;
}

/** The calls of a chain in order; a property on the way (`knex.schema`) is a link without arguments. */
function chainOf(call: SyntaxNode): { readonly root: SyntaxNode; readonly links: readonly Link[] } {
  const links: Link[] = [];
  let node = call;
  for (;;) {
    const parts = node.type === 'call_expression' ? callParts(node) : undefined;
    const member = parts ? parts.callee : node;
    const object = member.type === 'member_expression' ? member.childForFieldName('object') : null;
    if (!object) return { root: node, links: links.reverse() };
    links.push({ name: member.childForFieldName('property')?.text ?? '', args: parts?.args ?? [], node });
    node = unwrap(object, true);
  }
}

const raw = (link: Link, place: Place): MigrationStep => {
  const value = rawValue(link.node, place);
  const text = link.args.length > 1 ? (isRaw(value) ? value.sql : undefined) : textOf(scriptValue(link.args[0], place));
  return sentText(link.node, text, link.args[0]?.text ?? '');
};

function schemaSteps(links: readonly Link[], place: Place): readonly MigrationStep[] {
  let schema: string | undefined;
  return links.flatMap((link): readonly MigrationStep[] => {
    const values = link.args.map((argument) => scriptValue(argument, place));
    if (link.name === 'withSchema') {
      schema = textOf(values[0]);
      return schema === undefined ? [{ span: spanOf(link.node), tables: 'any' }] : [];
    }
    return questions.has(link.name) ? [] : schemaStep(link, values, schema, place);
  });
}

function schemaStep(link: Link, values: readonly (Value | undefined)[], schema: string | undefined, place: Place): readonly MigrationStep[] {
  const { name, args, node } = link;
  // Of a chain of operations each has its own part.
  const span = hostSpan(callParts(node)?.callee.childForFieldName('property')?.startIndex ?? node.startIndex, node.endIndex);
  const own = textOf(values[0]);
  const table = own === undefined || schema === undefined ? own : `${schema}.${own}`;
  const second = textOf(values[1]);
  const unknown: readonly MigrationStep[] = [{ span, tables: table === undefined ? 'any' : [tableNameOf(table)] }];
  const one = (sql: string): readonly MigrationStep[] => [{ span, sql }];
  switch (name) {
    case 'createTable': case 'createTableIfNotExists': case 'alterTable': case 'table': {
      const fn = functionOf(args[1], place);
      return table === undefined || !fn ? unknown : blueprintSteps({ span, table, way: name === 'createTable' ? 'create' : name === 'createTableIfNotExists' ? 'createIfNot' : 'alter', fn }, place);
    }
    case 'dropTable': case 'dropTableIfExists': return table === undefined ? unknown : one(`DROP TABLE ${name === 'dropTable' ? '' : 'IF EXISTS '}${quoteTable(table)}`);
    case 'renameTable': return table === undefined || second === undefined ? unknown : one(`ALTER TABLE ${quoteTable(table)} RENAME TO ${quoteIdentifier(second)}`);
    case 'createSchema': case 'createSchemaIfNotExists': return own === undefined ? [] : one(`CREATE SCHEMA ${name === 'createSchema' ? '' : 'IF NOT EXISTS '}${quoteIdentifier(own)}`);
    case 'dropSchema': case 'dropSchemaIfExists': return own === undefined ? unknown : one(`DROP SCHEMA ${name === 'dropSchema' ? '' : 'IF EXISTS '}${quoteIdentifier(own)}${values[1] === true ? ' CASCADE' : ''}`);
    case 'createExtension': case 'createExtensionIfNotExists': return own === undefined ? [] : one(`CREATE EXTENSION ${name === 'createExtension' ? '' : 'IF NOT EXISTS '}${quoteIdentifier(own)}`);
    case 'dropExtension': case 'dropExtensionIfExists': return own === undefined ? [] : one(`DROP EXTENSION ${name === 'dropExtension' ? '' : 'IF EXISTS '}${quoteIdentifier(own)}`);
    case 'dropView': case 'dropViewIfExists': case 'dropMaterializedView': case 'dropMaterializedViewIfExists':
      return table === undefined ? unknown : one(`DROP ${/Materialized/.test(name) ? 'MATERIALIZED ' : ''}VIEW ${name.endsWith('IfExists') ? 'IF EXISTS ' : ''}${quoteTable(table)}`);
    case 'refreshMaterializedView': return table === undefined ? [] : one(`REFRESH MATERIALIZED VIEW ${values[1] === true ? 'CONCURRENTLY ' : ''}${quoteTable(table)}`);
    case 'raw': return [raw(link, place)];
    default: return unknown;
  }
}

/** A function written here, or one of the file by its name. */
function functionOf(node: SyntaxNode | undefined, place: Place): SyntaxNode | undefined {
  const inner = node && unwrap(node);
  if (!inner || isFunction(inner)) return inner;
  const found = inner.type === 'identifier' ? place.scopes.find(inner.text, inner) : undefined;
  const value = found?.value && unwrap(found.value);
  return value && isFunction(value) ? value : undefined;
}
