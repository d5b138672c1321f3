import { isSameIndex } from './compare';
import type { SchemaStep } from './build';
import type { QualifiedName } from './changes';
import type { Catalog, Constraint, ForeignKey, Policy, Table } from './model';
import { chooseName, relationKey } from './names';

export interface NewerSchema {
  readonly tables: ReadonlyMap<string, Table>;
  /** URIs of the files by which the written schema is ahead of the snapshot. */
  readonly files: ReadonlySet<string>;
}

/**
 * A snapshot's relations with what the written schema (migrations, a schema file) has beyond them.
 *
 * Why: a snapshot is as old as its last pull, and the branch that is being worked on may add a migration. The query beside
 * it must see the new table, column and index, and the rest of the database should keep the snapshot's truth and
 * statistics. A snapshot holds no date and tools differ in how they number migrations, so what is newer is told by content:
 * - what the written schema has at its end and the snapshot has not is new, and is added;
 * - what the snapshot has and the history has dropped or renamed is gone, and is taken out;
 * - what both have is the snapshot's: types, NOT NULL and index definitions as the server had them;
 * - what only the snapshot has and the history never mentions (an index made by hand, a partition of last month) stays.
 * An index that someone dropped on the server by hand counts as there: `sargable schema check` names it.
 */
export function withNewer(snapshot: Catalog, written: Catalog, steps: readonly SchemaStep[]): NewerSchema {
  const gone = collectGone(steps, [...new Set([...snapshot.searchPath, ...written.searchPath])]);
  const files = new Set<string>();
  const note = (uri: string | undefined): void => { if (uri !== undefined) files.add(uri); };
  /** Taken out where the history took it out and its end does not have it. */
  const isGone = (key: string, remains: boolean): boolean => {
    if (remains || !gone.has(key)) return false;
    note(gone.get(key));
    return true;
  };
  const tables = new Map<string, Table>();
  for (const [key, table] of snapshot.tables) {
    const other = written.tables.get(key);
    const parentGone = table.partitionOf !== undefined && snapshot.tables.has(table.partitionOf) && !tables.has(table.partitionOf) && isGone(`relation ${table.partitionOf}`, written.tables.has(table.partitionOf));
    if (parentGone || isGone(`relation ${key}`, other !== undefined)) continue;
    tables.set(key, other === undefined ? table : joined(key, table, other, isGone, note, steps));
  }
  for (const [key, table] of written.tables) {
    if (snapshot.tables.has(key)) continue;
    tables.set(key, table);
    note(table.definedAt?.uri);
  }
  for (const key of snapshot.tables.keys()) inherit(key, snapshot, written, tables);
  return { tables, files };
}

/** A partition that only the snapshot has follows its parent: columns that came and went, indexes that came. Parents of it first. */
function inherit(key: string, snapshot: Catalog, written: Catalog, tables: Map<string, Table>): void {
  const table = tables.get(key);
  if (table?.partitionOf === undefined || table !== snapshot.tables.get(key) || written.tables.has(key)) return;
  inherit(table.partitionOf, snapshot, written, tables);
  const [before, after] = [snapshot.tables.get(table.partitionOf), tables.get(table.partitionOf)];
  if (before === undefined || after === undefined || before === after) return;
  const lost = before.columns.filter(({ name }) => !after.columns.some((column) => column.name === name)).map((column) => column.name);
  const added = after.columns.filter(({ name }) => !table.columns.some((column) => column.name === name));
  const indexes = table.indexes.filter((index) => ![...index.keys.map((k) => k.column ?? ''), ...index.include].some((name) => lost.includes(name)));
  for (const index of after.indexes) {
    if (before.indexes.some(({ name }) => name === index.name) || indexes.some((item) => isSameIndex(item, index))) continue;
    const name = chooseName(table.name, index.keys.map((k) => k.column ?? 'expr'), index.constraint === undefined ? 'idx' : 'key', (taken) => indexes.some((item) => item.name === taken));
    indexes.push({ ...index, name, ...(index.constraint === undefined ? {} : { constraint: name }) });
  }
  tables.set(key, { ...table, columns: [...table.columns.filter(({ name }) => !lost.includes(name)), ...added], indexes });
}

type IsGone = (key: string, remains: boolean) => boolean;
type Note = (uri: string | undefined) => void;

function joined(key: string, table: Table, other: Table, isGone: IsGone, note: Note, steps: readonly SchemaStep[]): Table {
  const columns = table.columns.filter(({ name }) => !isGone(`column ${key}.${name}`, other.columns.some((column) => column.name === name)));
  const added = other.columns.filter(({ name }) => !table.columns.some((column) => column.name === name));
  for (const { name } of added) note(findColumnFile(key, name, steps) ?? other.definedAt?.uri);
  const lost = table.columns.filter((column) => !columns.includes(column)).map((column) => column.name);
  const stands = (names: readonly (string | undefined)[]): boolean => !names.some((name) => name !== undefined && lost.includes(name));

  const indexes = table.indexes.filter((index) => stands([...index.keys.map((k) => k.column), ...index.include]) && !isGone(`relation ${relationKey(table.schema, index.name)}`, other.indexes.some(({ name }) => name === index.name))
    && !(index.constraint !== undefined && isGone(`constraint ${key}.${index.constraint}`, other.indexes.some((item) => item.constraint === index.constraint))));
  const newIndexes = other.indexes.filter((index) => !table.indexes.some((item) => item.name === index.name || isSameIndex(item, index)));
  for (const index of newIndexes) note(index.definedAt?.uri);
  const constraints = [...table.constraints.filter((item) => stands(item.columns) && !isGone(`constraint ${key}.${item.name ?? ''}`, other.constraints.some(({ name }) => name === item.name))), ...other.constraints.filter((item) => !table.constraints.some((known) => sameConstraint(known, item)))];
  const foreignKeys = [...table.foreignKeys.filter((item) => stands(item.columns) && !isGone(`constraint ${key}.${item.name ?? ''}`, other.foreignKeys.some(({ name }) => name === item.name))), ...other.foreignKeys.filter((item) => !table.foreignKeys.some((known) => sameForeignKey(known, item)))];
  const rowSecurity = joinedSecurity(key, table, other, isGone);
  const changed = added.length + newIndexes.length > 0 || columns.length < table.columns.length || indexes.length < table.indexes.length
    || constraints.length !== table.constraints.length || foreignKeys.length !== table.foreignKeys.length || rowSecurity !== table.rowSecurity;
  return changed ? { ...table, columns: [...columns, ...added], indexes: [...indexes, ...newIndexes], constraints, foreignKeys, ...(rowSecurity === undefined ? {} : { rowSecurity }) } : table;
}

function joinedSecurity(key: string, table: Table, other: Table, isGone: IsGone): Table['rowSecurity'] {
  const [known, written] = [table.rowSecurity, other.rowSecurity];
  if (known === undefined || written === undefined) return known ?? written;
  const kept = known.policies.filter(({ name }) => !isGone(`policy ${key}.${name}`, written.policies.some((policy) => policy.name === name)));
  const added = written.policies.filter((policy: Policy) => !known.policies.some(({ name }) => name === policy.name));
  const enabled = known.enabled || written.enabled;
  return kept.length === known.policies.length && added.length === 0 && enabled === known.enabled ? known : { ...known, enabled, policies: [...kept, ...added] };
}

const sameConstraint = (a: Constraint, b: Constraint): boolean => a.type === b.type && a.columns.join() === b.columns.join();
const sameForeignKey = (a: ForeignKey, b: ForeignKey): boolean => a.columns.join() === b.columns.join() && a.references.table === b.references.table && (a.references.schema ?? 'public') === (b.references.schema ?? 'public');

const findColumnFile = (key: string, column: string, steps: readonly SchemaStep[]): string | undefined =>
  steps.findLast(({ changes }) => changes.some((change) => (change.type === 'add-column' && change.column.name === column && names(change.table, key)) || (change.type === 'rename-column' && change.to === column && names(change.table, key))))?.site?.uri;

const names = (name: QualifiedName, key: string): boolean => (name.schema === undefined ? key.endsWith(`.${name.name}`) : relationKey(name.schema, name.name) === key);

/** What the history has dropped or renamed at any time, with the file that did it last. */
function collectGone(steps: readonly SchemaStep[], searchPath: readonly string[]): ReadonlyMap<string, string | undefined> {
  const gone = new Map<string, string | undefined>();
  const keysOf = ({ schema, name }: QualifiedName): readonly string[] => (schema === undefined ? searchPath : [schema]).map((item) => relationKey(item, name));
  for (const { changes, site } of steps) {
    for (const change of changes) {
      switch (change.type) {
        case 'drop-relation': case 'rename-relation': case 'set-schema':
          for (const key of keysOf(change.relation)) gone.set(`relation ${key}`, site?.uri);
          break;
        case 'drop-column': case 'rename-column':
          for (const key of keysOf(change.table)) gone.set(`column ${key}.${change.column}`, site?.uri);
          break;
        case 'drop-constraint': case 'rename-constraint':
          for (const key of keysOf(change.table)) gone.set(`constraint ${key}.${change.name}`, site?.uri);
          break;
        case 'drop-policy':
          for (const key of keysOf(change.table)) gone.set(`policy ${key}.${change.name}`, site?.uri);
          break;
        default:
      }
    }
  }
  return gone;
}
