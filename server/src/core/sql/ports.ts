import type { SqlSpan } from '../text/span';
import type { SchemaChange } from '../catalog/changes';
import type { DdlCommands } from '../migrations/commands';
import type { StatementEffects } from './effects';
import type { Token } from './lexer';
import type { StatementModel } from './model';
import type { SqlSource } from './source';

/** What `core` needs of an SQL parser; implemented in `parser/`. No call ever throws on bad SQL. */
export interface SqlAnalyser {
  /** Models one statement. Cached by text by the implementation. */
  analyse(source: SqlSource): StatementModel;
  /** The schema changes of one DDL statement; empty for anything else. */
  schemaChanges(statement: string): readonly SchemaChange[];
  /** What one DDL or utility statement does to the tables that it names; empty where it does not parse. Cached by text. */
  ddlCommands(statement: string): DdlCommands;
  /**
   * Postgres' own fingerprint of a statement: 16 hexadecimal digits, equal whatever its constants are. Cached by text.
   * Undefined where the text does not parse or the engine is missing.
   */
  fingerprint(statement: string): string | undefined;
  /** What one statement does, proved by Postgres' grammar; undefined where it has not parsed as exactly one. */
  effects(statement: string): StatementEffects | undefined;
}

export interface SplitOptions {
  /** psql dialect: backslash commands, COPY data. On for `.sql` files. */
  readonly psql: boolean;
  /** All tokens of the text in this dialect, comments included, where the caller has read them already. */
  readonly tokens?: readonly Token[];
}

/** Splits a text into statements, without the separating `;`, leading blanks and comments (offsets in the text). */
export type SplitStatements = (text: string, options: SplitOptions) => readonly SqlSpan[];
