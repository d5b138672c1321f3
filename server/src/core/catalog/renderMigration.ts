import type { MigrationTarget } from '../lint/rule';
import { hashText } from '../text/hash';
import { renderLaravel, renderRails } from './renderFramework';

/** What a new migration does. */
export interface MigrationContent {
  /** Of the index or whatever the migration is about; made safe for a file name. */
  readonly name: string;
  /** One statement each. */
  readonly statements: readonly string[];
  /** Undo statements; default: `DROP INDEX CONCURRENTLY` for every index that is created. */
  readonly down?: readonly string[];
}

export interface NewFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
}

/**
 * Tools that send a whole file (or section) as one query: Postgres runs it as one transaction, which CREATE INDEX
 * CONCURRENTLY refuses, so each statement gets a file of its own.
 */
const oneStatementPerFile = new Set<MigrationTarget['format']>(['prisma', 'sqlx', 'dbmate', 'plain']);

/**
 * The new migration in the workspace's own format, run outside a transaction where a statement is CONCURRENTLY.
 * `now` is an ISO time for the version; without it the version follows the newest migration's. undefined where the tool
 * needs several files for it (a down file, Flyway's `.conf`, one file for each statement): see `renderMigrations`.
 */
export function renderMigration(target: MigrationTarget, content: MigrationContent, now?: string): NewFile | undefined {
  const files = renderMigrations(target, content, now);
  return files.length === 1 ? files[0] : undefined;
}

/** As `renderMigration`, every file that is needed, in the order in which they run. */
export function renderMigrations(target: MigrationTarget, content: MigrationContent, now?: string): readonly NewFile[] {
  const statements = content.statements.map((statement) => `${statement.trim().replace(/;\s*$/, '')};`);
  const groups = oneStatementPerFile.has(target.format) && statements.some(isConcurrent) ? statements.map((statement) => [statement]) : [statements];
  const slug = content.name.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '').toLowerCase() || 'index';
  return groups.flatMap((group, index) => {
    // Undone in reverse order: what is given for the whole belongs to the file that ran first.
    const down = content.down === undefined ? undoOf(group) : index === 0 ? content.down : [];
    const name = groups.length > 1 && index < groups.length - 1 ? `${slug}_${index + 1}` : slug;
    return renderFiles(target, { name, version: nextVersion(target, index, now), statements: group, down });
  });
}

const isConcurrent = (statement: string): boolean => /\bconcurrently\b/i.test(statement);

/** `DROP INDEX CONCURRENTLY` for each index created, last first. */
function undoOf(statements: readonly string[]): readonly string[] {
  return statements.flatMap((statement) => {
    const match = /\bcreate\s+(?:unique\s+)?index\s+(concurrently\s+)?(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|\w+)\s+on\s+(?:only\s+)?((?:"(?:[^"]|"")+"|\w+)\.)?/i.exec(statement);
    return match === null ? [] : [`DROP INDEX ${match[1] === undefined ? '' : 'CONCURRENTLY '}IF EXISTS ${match[3] ?? ''}${match[2] ?? ''};`];
  }).reverse();
}

const digits = (text: string): string => text.replaceAll(/\D/g, '');
/** Laravel's stamp has its parts apart. */
const laravelStamp = /^\d{4}_\d\d_\d\d_\d{6}(?=_)/;
/** Version of an existing migration as it stands in its name. */
const versionIn = (name: string): string => laravelStamp.exec(name)?.[0].replaceAll('_', '') ?? /^V?(\d[\d._-]*?)(?=__|[-_.]?[A-Za-z]|[._-]*$|_)/.exec(name)?.[1] ?? '';

/**
 * The next version in the style of the existing ones: the same number of digits counted up, or a time stamp. `later` is
 * the number of files made before in the same call.
 */
function nextVersion(target: MigrationTarget, later: number, now: string | undefined): string {
  const versions = target.existing.map(versionIn).filter((version) => version !== '');
  const last = [...versions].sort((a, b) => (BigInt(digits(a)) < BigInt(digits(b)) ? -1 : 1)).at(-1);
  const diesel = /^(\d{4}-\d\d-\d\d-\d{6})(-\d{4})?$/.exec(last ?? '');
  const newest = diesel?.[1] ?? last;
  const stamped = newest === undefined ? target.format !== 'flyway' && target.format !== 'plain' : digits(newest).length >= 12;
  if (!stamped) return countUp(newest ?? '', target.format, later);
  const length = newest === undefined ? 14 : digits(newest).length;
  const fromClock = now === undefined ? undefined : digits(now).padEnd(17, '0').slice(0, Math.min(length, 17));
  const base = fromClock !== undefined && length <= 14 && (newest === undefined || fromClock > digits(newest)) ? fromClock : newest === undefined ? '20000101000000' : followingStamp(digits(newest));
  const stamp = Array.from({ length: later }).reduce<string>((previous) => followingStamp(previous), base);
  return diesel === null ? stamp : stamp.replace(/^(\d{4})(\d\d)(\d\d)/, '$1-$2-$3-') + (diesel[2] === undefined ? '' : '-0000');
}

function countUp(newest: string, format: MigrationTarget['format'], later: number): string {
  if (newest === '') return format === 'flyway' ? String(1 + later) : String(1 + later).padStart(4, '0');
  const last = /(\d+)\D*$/.exec(newest)?.[1] ?? '0';
  const head = newest.slice(0, newest.lastIndexOf(last));
  return head + String(Number(last) + 1 + later).padStart(last.length, '0');
}

/** One second after a `YYYYMMDDHHMMSS…` stamp; other long numbers are counted up. */
function followingStamp(stamp: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(stamp)?.slice(1).map(Number);
  if (parts === undefined) return String(BigInt(stamp) + 1n).padStart(stamp.length, '0');
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  const next = new Date(Date.UTC(year, month - 1, day, hour, minute, second + 1));
  return Number.isNaN(next.getTime()) ? String(BigInt(stamp) + 1n) : digits(next.toISOString()).slice(0, 14);
}

export interface FilePlan {
  readonly name: string;
  readonly version: string;
  readonly statements: readonly string[];
  readonly down: readonly string[];
}

function renderFiles(target: MigrationTarget, plan: FilePlan): readonly NewFile[] {
  const at = (file: string): string => (target.folder === '' ? file : `${target.folder}/${file}`);
  const up = plan.statements.join('\n');
  const down = plan.down.join('\n');
  const concurrent = plan.statements.some(isConcurrent);
  switch (target.format) {
    case 'goose':
      return [{ path: at(`${plan.version}_${plan.name}.sql`), text: `${concurrent ? '-- +goose NO TRANSACTION\n' : ''}-- +goose Up\n${up}\n\n-- +goose Down\n${down}\n` }];
    case 'dbmate': {
      const option = concurrent ? ' transaction:false' : '';
      return [{ path: at(`${plan.version}_${plan.name}.sql`), text: `-- migrate:up${option}\n${up}\n\n-- migrate:down${option}\n${down}\n` }];
    }
    case 'sqlx': return renderPair(target, plan, at, concurrent ? '-- no-transaction\n' : '');
    case 'plain': return target.existing.some((name) => name.endsWith('/up.sql')) ? renderFolder(plan, at) : renderPair(target, plan, at, '');
    case 'prisma': return [{ path: at(`${plan.version}_${plan.name}/migration.sql`), text: `${up}\n` }];
    case 'flyway': {
      const file = at(`V${plan.version}__${plan.name}.sql`);
      return [{ path: file, text: `${up}\n` }, ...(concurrent ? [{ path: `${file}.conf`, text: 'executeInTransaction=false\n' }] : [])];
    }
    case 'knex': return [renderKnex(target, plan, at, concurrent)];
    case 'alembic': return target.head === undefined ? [] : [renderAlembic(target.head, plan, at, concurrent)];
    case 'rails': return [renderRails(target.head ?? '7.0', plan, at, concurrent)];
    case 'laravel': return [renderLaravel(plan, at, concurrent)];
  }
}

/** diesel's folder for each migration. */
function renderFolder(plan: FilePlan, at: (file: string) => string): readonly NewFile[] {
  const folder = at(`${plan.version}_${plan.name}`);
  const files = [{ path: `${folder}/up.sql`, text: `${plan.statements.join('\n')}\n` }, { path: `${folder}/down.sql`, text: `${plan.down.join('\n')}\n` }];
  return plan.statements.some(isConcurrent) ? [...files, { path: `${folder}/metadata.toml`, text: 'run_in_transaction = false\n' }] : files;
}

/** One file, or `.up.sql` with `.down.sql` where the folder has such pairs. */
function renderPair(target: MigrationTarget, plan: FilePlan, at: (file: string) => string, head: string): readonly NewFile[] {
  const stem = `${plan.version}${target.existing.some((name) => /^\d+-/.test(name)) ? '-' : '_'}${plan.name}`;
  const up = `${head}${plan.statements.join('\n')}\n`;
  if (!target.existing.some((name) => name.endsWith('.up.sql'))) return [{ path: at(`${stem}.sql`), text: up }];
  return [{ path: at(`${stem}.up.sql`), text: up }, { path: at(`${stem}.down.sql`), text: `${head}${plan.down.join('\n')}\n` }];
}

const escapeTemplate = (sql: string): string => sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${').replace(/;$/, '');

function renderKnex(target: MigrationTarget, plan: FilePlan, at: (file: string) => string, concurrent: boolean): NewFile {
  const extension = /\.([cm]?[jt]s)$/.exec(target.existing.at(-1) ?? '')?.[1] ?? 'js';
  const body = (statements: readonly string[]): string => statements.map((statement) => `  await knex.raw(\`${escapeTemplate(statement)}\`);\n`).join('');
  const modules = extension === 'ts' || extension === 'mts' || extension === 'mjs';
  const type = extension.endsWith('ts') ? ': Knex' : '';
  const result = extension.endsWith('ts') ? ': Promise<void>' : '';
  const functionOf = (name: string, statements: readonly string[]): string =>
    modules ? `export async function ${name}(knex${type})${result} {\n${body(statements)}}\n` : `exports.${name} = async function (knex) {\n${body(statements)}};\n`;
  const config = concurrent ? (modules ? '\nexport const config = { transaction: false };\n' : '\nexports.config = { transaction: false };\n') : '';
  return { path: at(`${plan.version}_${plan.name}.${extension}`), text: `${type === '' ? '' : "import type { Knex } from 'knex';\n\n"}${functionOf('up', plan.statements)}\n${functionOf('down', plan.down)}${config}` };
}

/** Revision ids are twelve hexadecimal digits; ours comes from the content, so that the same fix is the same file. */
function renderAlembic(head: string, plan: FilePlan, at: (file: string) => string, concurrent: boolean): NewFile {
  const revision = hashText(`${head} ${plan.name} ${plan.statements.join()}`).padStart(12, '0').slice(-12);
  const indent = concurrent ? '        ' : '    ';
  const body = (statements: readonly string[]): string => {
    if (statements.length === 0) return '    pass\n';
    const lines = statements.map((statement) => `${indent}op.execute(${pythonString(statement.replace(/;$/, ''))})\n`).join('');
    return concurrent ? `    with op.get_context().autocommit_block():\n${lines}` : lines;
  };
  return {
    path: at(`${revision}_${plan.name}.py`),
    text: `"""${plan.name.replaceAll('_', ' ')}

Revision ID: ${revision}
Revises: ${head}
"""
from alembic import op

revision = "${revision}"
down_revision = "${head}"
branch_labels = None
depends_on = None


def upgrade():
${body(plan.statements)}

def downgrade():
${body(plan.down)}`,
  };
}

const pythonString = (sql: string): string => `"${sql.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
