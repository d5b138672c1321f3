import type { QualifiedName } from '../catalog/changes';
import { findColumn } from '../catalog/lookup';
import type { Catalog, Table } from '../catalog/model';
import { chooseName } from '../catalog/names';
import type { KnownCheck } from '../catalog/state';
import type { AlterAction, DeclaredColumn, DeclaredConstraint } from './commands';
import type { MigrationStatement, RelationFacts } from './migrationFile';

/** What a command of ALTER TABLE does to a table while it holds its lock. */
export interface AlterWork {
  readonly work: 'scan' | 'rewrite' | 'build';
  /** Others that wait: nobody can read (`everyone`), or nobody can write (`writers`). */
  readonly blocks: 'everyone' | 'writers';
  /** What is done: `reads every row of orders to check the constraint`. */
  readonly does: string;
  /** How to avoid it, in words. */
  readonly instead: string;
  /** The other table that its lock is on, too: `users`. */
  readonly also?: string;
  /** What is locked and read, where that is another relation than the one that is altered. */
  readonly on?: RelationFacts;
  /** Which of its recipes can be written. */
  readonly recipe?: 'not-valid' | 'not-null' | 'unique-index' | 'default-later';
}

/** Undefined: it holds its lock for a moment alone, or what it does is not known. */
export function alterWork(action: AlterAction, statement: MigrationStatement, facts: RelationFacts, catalog: Catalog | undefined): AlterWork | undefined {
  const name = facts.table?.name ?? facts.key.slice(facts.key.indexOf('.') + 1);
  switch (action.type) {
    case 'add-column': return addColumnWork(action.column, name, catalog);
    case 'set-not-null':
      if (findColumn(facts.table, action.column)?.notNull === true || isProof(catalog) && provesNotNull(facts.checks.filter(({ name: check }) => !isDroppedWith(statement, check)), action.column)) return undefined;
      return { work: 'scan', blocks: 'everyone', does: `reads every row of ${name} to see that ${action.column} is nowhere null`, ...(isProof(catalog) ? { instead: 'a CHECK that is validated beforehand proves it without a scan', recipe: 'not-null' as const } : { instead: 'before PostgreSQL 12 nothing proves it: a CHECK that is validated beforehand can stand in its place' }) };
    case 'set-type': return setTypeWork(action, name, facts.table);
    case 'add-constraint': return constraintWork(action.constraint, statement, facts, name);
    case 'rewrite': return { work: 'rewrite', blocks: 'everyone', does: `writes ${name} anew`, instead: `${action.what} copies all rows: run it in a maintenance window` };
    case 'attach-partition': {
      const partition = statement.relation(action.partition);
      const instead = 'a CHECK with the bounds that is validated beforehand proves it without a scan';
      const rest = action.default ? undefined : defaultPartition(facts, statement, catalog);
      // Rows that belong into the new partition may be in the one for all others, which is in use.
      if (rest) return { work: 'scan', blocks: 'everyone', on: rest, does: `reads every row of ${rest.table?.name ?? ''}, the default partition, to see that none belongs into the new one`, instead: 'a CHECK on the default partition that excludes the new bounds, validated beforehand, proves it without a scan' };
      if (partition.isNew || action.default || partition.checks.some((check) => check.valid)) return undefined;
      // Since PostgreSQL 12 the partitioned table itself can be read and written meanwhile.
      const old = (catalog?.server?.version ?? Infinity) < 120000;
      return { work: 'scan', blocks: 'everyone', ...(old ? {} : { on: partition }), does: `reads every row of ${action.partition.name} to see that it belongs into the partition`, instead };
    }
    default: return undefined;
  }
}

/** The partition for rows of no other, as the statement finds it; undefined: there is none, or a valid CHECK may say that it has no row of the new one. */
function defaultPartition(parent: RelationFacts, statement: MigrationStatement, catalog: Catalog | undefined): RelationFacts | undefined {
  const table = [...(catalog?.tables.values() ?? [])].find((one) => one.partitionOf === parent.key && /^default$/i.test(one.partitionBound ?? ''));
  const facts = table === undefined || parent.isNew ? undefined : statement.relation({ schema: table.schema, name: table.name });
  return facts === undefined || facts.checks.some((check) => check.valid) ? undefined : { ...facts, table: facts.table ?? table };
}

/** Functions with another value for every row. */
const volatileCalls = new Set(['gen_random_uuid', 'uuid_generate_v1', 'uuid_generate_v1mc', 'uuid_generate_v4', 'uuidv4', 'uuidv7', 'uuid_generate_v7', 'random', 'clock_timestamp', 'timeofday', 'nextval', 'setval', 'txid_current', 'gen_random_bytes', 'gen_salt', 'random_normal']);

/** Does a validated CHECK prove that a column is not null? Since PostgreSQL 12. */
const isProof = (catalog: Catalog | undefined): boolean => (catalog?.server?.version ?? Infinity) >= 120000;

function addColumnWork(column: DeclaredColumn, name: string, catalog: Catalog | undefined): AlterWork | undefined {
  const call = column.default?.calls.find((called) => volatileCalls.has(called) || catalog?.routines?.some((routine) => routine.name === called && routine.volatility === 'volatile'));
  if (call !== undefined) return { work: 'rewrite', blocks: 'everyone', does: `writes ${name} anew: ${call}() has another value for every row`, instead: 'add the column without it, set the default afterwards and fill the old rows in batches', ...(column.primary || column.unique || column.check ? {} : { recipe: 'default-later' as const }) };
  if (column.default && !/^\s*null\b/i.test(column.default.text) && (catalog?.server?.version ?? Infinity) < 110000) return { work: 'rewrite', blocks: 'everyone', does: `writes ${name} anew: before PostgreSQL 11 a default is written into every row`, instead: 'add the column without it, set the default afterwards and fill the old rows in batches', ...(column.primary || column.unique || column.check ? {} : { recipe: 'default-later' as const }) };
  if (column.serial) return { work: 'rewrite', blocks: 'everyone', does: `writes ${name} anew: every row gets the next number`, instead: 'add a plain column, fill it in batches and attach a sequence afterwards' };
  if (column.generated === 'identity') return { work: 'rewrite', blocks: 'everyone', does: `writes ${name} anew: every row gets the next number`, instead: 'add a plain column, fill it in batches and make it an identity afterwards' };
  if (column.generated === 'stored') return { work: 'rewrite', blocks: 'everyone', does: `writes ${name} anew: the column is computed for every row`, instead: 'a plain column with a trigger, filled in batches, or an index on the expression' };
  if (column.primary || column.unique) return { work: 'build', blocks: 'everyone', does: `builds the index of the ${column.primary ? 'primary key' : 'unique constraint'}`, instead: 'add the column alone; build the index CONCURRENTLY and add the constraint USING INDEX' };
  if (column.check) return { work: 'scan', blocks: 'everyone', does: `reads every row of ${name} to check the constraint`, instead: 'add the column alone, then the CHECK as NOT VALID, and validate it afterwards' };
  if (column.references && column.default) return { work: 'scan', blocks: 'everyone', does: `looks up the default in ${column.references.name} for every row`, instead: 'add the column alone, then the foreign key as NOT VALID, and validate it afterwards' };
  return undefined;
}

function constraintWork(constraint: DeclaredConstraint, { relation }: MigrationStatement, facts: RelationFacts, name: string): AlterWork | undefined {
  if (constraint.notValid) return undefined;
  switch (constraint.kind) {
    case 'check': return { work: 'scan', blocks: 'everyone', does: `reads every row of ${name} to check the constraint`, instead: 'NOT VALID checks new rows alone; VALIDATE CONSTRAINT reads the old ones later, while others read and write', recipe: 'not-valid' };
    case 'not-null': return constraint.columns.every((column) => findColumn(facts.table, column)?.notNull === true || provesNotNull(facts.checks, column)) ? undefined : { work: 'scan', blocks: 'everyone', does: `reads every row of ${name} for nulls`, instead: 'NOT VALID (PostgreSQL 18) checks new rows alone; VALIDATE CONSTRAINT reads the old ones later' };
    case 'foreign': {
      // A partitioned table takes no foreign key NOT VALID before PostgreSQL 18.
      const parent = constraint.references && relation(constraint.references);
      return { work: 'scan', blocks: 'writers', ...(parent === undefined || parent.isNew || parent.key === facts.key ? {} : { also: constraint.references?.name }), does: `reads every row of ${name} and looks it up in ${constraint.references?.name ?? 'the other table'}`, instead: 'NOT VALID checks new rows alone; VALIDATE CONSTRAINT reads the old ones later, while others read and write', ...(facts.table?.kind === 'partitioned' ? {} : { recipe: 'not-valid' as const }) };
    }
    case 'primary': case 'unique': {
      const nullable = constraint.kind === 'primary' ? nullableColumns(constraint, facts) : [];
      if (constraint.usingIndex !== undefined) return nullable.length === 0 ? undefined : { work: 'scan', blocks: 'everyone', does: `reads every row of ${name} to see that ${nullable.join(', ')} is nowhere null`, instead: 'make the column NOT NULL beforehand, through a CHECK that is validated' };
      const plain = constraint.plain && facts.table?.kind !== 'partitioned' && nullable.length === 0;
      return { work: 'build', blocks: 'everyone', does: `builds an index of ${name}`, instead: 'build it CONCURRENTLY beforehand and add the constraint USING INDEX', ...(plain ? { recipe: 'unique-index' as const } : {}) };
    }
    case 'exclude': return { work: 'build', blocks: 'everyone', does: `builds an index of ${name}`, instead: 'an EXCLUDE constraint has no other way: add it in a maintenance window' };
  }
}

/** Columns of a primary key that are not NOT NULL yet; empty too where the index is looked at by name alone. */
function nullableColumns({ columns, usingIndex }: DeclaredConstraint, { table, checks }: RelationFacts): readonly string[] {
  const keys = usingIndex === undefined ? columns : (table?.indexes.find((index) => index.name === usingIndex)?.keys.flatMap((key) => key.column ?? []) ?? []);
  return keys.filter((column) => findColumn(table, column)?.notNull === false && !provesNotNull(checks, column));
}

/** By the same ALTER TABLE, which drops before it does anything else. */
const isDroppedWith = ({ text }: MigrationStatement, name: string | undefined): boolean =>
  name !== undefined && [...text.matchAll(/\bdrop\s+constraint\s+(?:if\s+exists\s+)?("(?:[^"]|"")+"|[\w$]+)/gi)].some(([, dropped = '']) => (dropped.startsWith('"') ? dropped.slice(1, -1).replaceAll('""', '"') : dropped.toLowerCase()) === name);

/** A valid CHECK says that the column is not null: alone, or as one of several that must all hold. */
export function provesNotNull(checks: readonly KnownCheck[], column: string): boolean {
  return checks.some(({ valid, expression }) => valid && expression.split(/\band\b/i).some((part) => {
    const match = /^[\s(]*("(?:[^"]|"")+"|[\w$]+)\s+is\s+not\s+null[\s)]*$/i.exec(part);
    const name = match?.[1] ?? '';
    return !/\bor\b/i.test(expression) && (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()) === column;
  }));
}

function setTypeWork(action: Extract<AlterAction, { type: 'set-type' }>, name: string, table: Table | undefined): AlterWork | undefined {
  const before = findColumn(table, action.column)?.type;
  // From what it comes decides what it costs: a longer varchar costs nothing.
  if (before === undefined || before === 'unknown') return undefined;
  const change = typeChange(before, action.newType);
  if (change === 'none') return undefined;
  const does = change === 'scan' ? `reads every row of ${name} to see that it fits` : `writes ${name} and its indexes anew, from ${before} to ${action.newType}`;
  return { work: change, blocks: 'everyone', does, instead: 'add a column of the new type, keep it in step by a trigger, fill it in batches, then change the names' };
}

const sized = (type: string): { readonly base: string; readonly sizes: readonly number[] } => {
  const match = /^([^(]*?)\s*\(([\d, ]+)\)(.*)$/.exec(type);
  return match ? { base: `${match[1]}${match[3]}`, sizes: (match[2] ?? '').split(',').map(Number) } : { base: type, sizes: [] };
};

/**
 * Does Postgres write the table anew when a column's type changes (ATColumnChangeRequiresRewrite)? A longer varchar, varchar to text, a
 * numeric of more digits and the same fraction, a longer fraction of seconds, cidr to inet: no.
 */
export function typeChange(before: string, after: string): 'none' | 'scan' | 'rewrite' {
  if (before === after) return 'none';
  const [from, to] = [sized(before), sized(after)];
  const text = (base: string): boolean => base === 'text' || base === 'character varying';
  if (text(from.base) && text(to.base)) return to.sizes.length === 0 || (from.sizes[0] ?? Infinity) <= (to.sizes[0] ?? 0) ? 'none' : 'scan';
  if (from.base === 'cidr' && to.base === 'inet') return 'none';
  if (from.base !== to.base) return 'rewrite';
  if (to.sizes.length === 0) return from.base === 'character' || from.base === 'bit' ? 'rewrite' : 'none';
  if (from.base === 'numeric') return (from.sizes[0] ?? Infinity) <= (to.sizes[0] ?? 0) && (from.sizes[1] ?? 0) === (to.sizes[1] ?? 0) ? 'none' : 'rewrite';
  if (/^(?:timestamp|time|interval)/.test(from.base)) return (from.sizes[0] ?? 6) <= (to.sizes[0] ?? 6) ? 'none' : 'rewrite';
  return from.base === 'bit varying' && (from.sizes[0] ?? Infinity) <= (to.sizes[0] ?? 0) ? 'none' : 'rewrite';
}

/** The name that Postgres gives a constraint without one. */
export function defaultConstraintName(constraint: DeclaredConstraint, facts: RelationFacts, table: QualifiedName): string | undefined {
  if (constraint.name !== undefined) return constraint.name;
  const known = facts.table;
  const taken = (name: string): boolean => known !== undefined && (known.foreignKeys.some((key) => key.name === name) || known.constraints.some((key) => key.name === name) || known.indexes.some((index) => index.name === name) || facts.checks.some((check) => check.name === name));
  switch (constraint.kind) {
    case 'foreign': return chooseName(table.name, constraint.columns, 'fkey', taken);
    case 'unique': return chooseName(table.name, constraint.columns, 'key', taken);
    case 'primary': return chooseName(table.name, undefined, 'pkey', taken);
    default: return undefined;
  }
}
