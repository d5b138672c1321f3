import { renderMigrations } from '../catalog/migrations';
import type { Insertion } from '../hosts/migrationIr';
import type { CreatedFile, Fix, MigrationContext, MigrationTarget } from '../lint/rule';
import type { Edit } from '../text/edit';
import { hostSpan, type HostSpan, type SqlSpan } from '../text/span';
import type { MigrationStatement } from './migrationFile';

/** One migration of a recipe. */
export interface Stage {
  readonly name: string;
  readonly statements: readonly string[];
  readonly down?: readonly string[];
}

/** The files of several migrations that follow each other; undefined where the workspace has no place for them. */
export function renderStages(target: MigrationTarget | undefined, stages: readonly Stage[]): readonly CreatedFile[] | undefined {
  let next = target;
  const created: CreatedFile[] = [];
  for (const stage of stages) {
    if (next === undefined) return undefined;
    const { folder, format } = next;
    const files = renderMigrations(next, stage, next.now);
    if (files.length === 0) return undefined;
    created.push(...files.map((file, i) => ({ ...file, sql: i === 0 ? stage.statements.join('\n') : '' })));
    const names = files.map(({ path }) => path.slice(folder === '' ? 0 : folder.length + 1)).map((path) => (format === 'prisma' ? path.slice(0, path.indexOf('/')) : path));
    const head = format === 'alembic' ? /^revision = "(\w+)"/m.exec(files.at(-1)?.text ?? '')?.[1] : undefined;
    next = { ...next, existing: [...next.existing, ...names].sort(), ...(head === undefined ? {} : { head }) };
  }
  return created;
}

/** An edit of a stretch of the statement; undefined where it stands in no text that can be changed. */
export function editAt(context: MigrationContext, statement: MigrationStatement, span: SqlSpan, text: string): Edit | undefined {
  if (statement.site === undefined || context.file.language !== 'sql') return undefined;
  const { start } = statement.span;
  return { uri: context.file.uri, span: hostSpan(start + span.start, start + span.end), text };
}

/** Texts that the reader of a tool's migrations says to put in. */
export const insertions = (context: MigrationContext, texts: readonly Insertion[]): readonly Edit[] =>
  texts.map(({ at, text }) => ({ uri: context.file.uri, span: hostSpan(at, at), text }));

/** The whole statement with its semicolon, and its lines where nothing else stands on them. */
export function statementLines(text: string, span: HostSpan): HostSpan {
  const semicolon = /^[ \t]*;/.exec(text.slice(span.end));
  const end = span.end + (semicolon?.[0].length ?? 0);
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
  const after = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(end));
  const alone = text.slice(lineStart, span.start).trim() === '' && after !== null;
  return alone ? hostSpan(lineStart, end + after[0].length) : hostSpan(span.start, end);
}

/**
 * May the statement leave its file for a later migration? Not where the way back names what it makes: undoing the file would
 * drop it twice; and nothing may be left without a statement.
 */
export function canMove({ file, text, migration, settings }: MigrationContext, statement: MigrationStatement, names: readonly string[]): boolean {
  if (file.language !== 'sql' || statement.nested || migration.statementCount < 2 || settings.migrations === undefined) return false;
  const rest = text.slice(0, statement.span.start) + text.slice(statement.span.end);
  const plain = migration.place?.format === undefined || migration.place.format === 'plain';
  return !/StatementBegin|statement-breakpoint/.test(text) && !(plain && file.uri.endsWith('up.sql')) && !names.some((name) => rest.includes(name));
}

/** Edits that let a file of one statement run outside a transaction, as its tool wants it said; undefined: the tool cannot. */
export function outsideTransaction(context: MigrationContext, statement: MigrationStatement): readonly Edit[] | undefined {
  const { migration, text, file } = context;
  if (migration.statementCount !== 1 || statement.transaction === 'open') return undefined;
  const insert = (line: string): readonly Edit[] => [{ uri: file.uri, span: hostSpan(bom(text), bom(text)), text: `${line}${text.includes('\r\n') ? '\r\n' : '\n'}` }];
  if (statement.transaction !== 'file') return [];
  if (/^--\s*\+goose/im.test(text)) return insert('-- +goose NO TRANSACTION');
  const dbmate = /^--[ \t]*migrate:up\b/im.exec(text);
  if (dbmate) return [{ uri: file.uri, span: hostSpan(dbmate.index + dbmate[0].length, dbmate.index + dbmate[0].length), text: ' transaction:false' }];
  return migration.place?.format === 'sqlx' ? insert('-- no-transaction') : undefined;
}

const bom = (text: string): number => (text.charCodeAt(0) === 0xfeff ? 1 : 0);

/** A fix of edits and later migrations, where all of them could be made. */
export function stagedFix(title: string, edits: readonly (Edit | undefined)[], creates: readonly CreatedFile[] | undefined): readonly Fix[] {
  const known = edits.flatMap((edit) => edit ?? []);
  if (known.length < edits.length || creates === undefined) return [];
  return [{ title, kind: 'review', edits: known, ...(creates.length > 0 ? { creates } : {}) }];
}
