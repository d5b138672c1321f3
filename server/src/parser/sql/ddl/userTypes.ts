import type { QualifiedName, SchemaChange, TypeAlteration } from '../../../core/catalog/changes';
import type { Tree } from './tree';
import { contentsAt, listAt, nameFromParts, relationName, stringsAt, textAt, treeAt } from './tree';
import { canonicalType } from './types';

/** CREATE TYPE … AS ENUM (`CreateEnumStmt`). */
export const createEnum = (statement: Tree): SchemaChange => ({
  type: 'create-type', name: nameFromParts(stringsAt(statement, 'typeName')), definition: { kind: 'enum', labels: stringsAt(statement, 'vals') },
});

/** CREATE TYPE … AS (…) (`CompositeTypeStmt`). */
export const createComposite = (statement: Tree): SchemaChange => ({
  type: 'create-type', name: relationName(treeAt(statement, 'typevar')),
  definition: { kind: 'composite', attributes: contentsAt(statement, 'coldeflist', 'ColumnDef').map((attribute) => ({ name: textAt(attribute, 'colname') ?? '', type: canonicalType(treeAt(attribute, 'typeName')) })) },
});

/** CREATE TYPE … AS RANGE (`CreateRangeStmt`). */
export function createRange(statement: Tree): readonly SchemaChange[] {
  const subtype = contentsAt(statement, 'params', 'DefElem').find((parameter) => textAt(parameter, 'defname') === 'subtype');
  const typeName = treeAt(treeAt(subtype, 'arg'), 'TypeName');
  if (typeName === undefined) return [];
  return [{ type: 'create-type', name: nameFromParts(stringsAt(statement, 'typeName')), definition: { kind: 'range', base: canonicalType(typeName) } }];
}

/** CREATE DOMAIN (`CreateDomainStmt`). */
export function createDomain(statement: Tree): SchemaChange {
  const collation = stringsAt(treeAt(statement, 'collClause'), 'collname').at(-1);
  return { type: 'create-type', name: nameFromParts(stringsAt(statement, 'domainname')), definition: { kind: 'domain', base: canonicalType(treeAt(statement, 'typeName')), ...(collation === undefined || collation === 'default' ? {} : { collation }) } };
}

/** ALTER TYPE … ADD VALUE and RENAME VALUE (`AlterEnumStmt`). */
export function alterEnum(statement: Tree): readonly SchemaChange[] {
  const name = nameFromParts(stringsAt(statement, 'typeName'));
  const [old, label, neighbour] = [textAt(statement, 'oldVal'), textAt(statement, 'newVal'), textAt(statement, 'newValNeighbor')];
  if (label === undefined) return [];
  if (old !== undefined) return [{ type: 'alter-type', name, alteration: { type: 'rename-label', label: old, to: label } }];
  const place = neighbour === undefined ? {} : statement['newValIsAfter'] === true ? { after: neighbour } : { before: neighbour };
  return [{ type: 'alter-type', name, alteration: { type: 'add-label', label, ...place } }];
}

/** ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE: one command of an `AlterTableStmt` about a type. */
export function alterAttribute(name: QualifiedName, command: Tree): readonly SchemaChange[] {
  const alteration = attributeAlteration(command);
  return alteration === undefined ? [] : [{ type: 'alter-type', name, alteration }];
}

function attributeAlteration(command: Tree): TypeAlteration | undefined {
  const definition = treeAt(treeAt(command, 'def'), 'ColumnDef');
  const name = textAt(command, 'name') ?? textAt(definition, 'colname') ?? '';
  const dataType = canonicalType(treeAt(definition, 'typeName'));
  switch (textAt(command, 'subtype')) {
    case 'AT_AddColumn': return { type: 'add-attribute', name, dataType };
    case 'AT_DropColumn': return { type: 'drop-attribute', name };
    case 'AT_AlterColumnType': return { type: 'retype-attribute', name, dataType };
    default: return undefined;
  }
}

/** Names in DROP TYPE and DROP DOMAIN. */
export const droppedTypes = (statement: Tree): readonly SchemaChange[] =>
  listAt(statement, 'objects').map((item) => ({ type: 'drop-type', name: nameFromParts(stringsAt(treeAt(item, 'TypeName'), 'names')) }));
