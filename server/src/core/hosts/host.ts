import type { SplitStatements } from '../sql/ports';
import type { HostFile, ModelIr } from './ir';
import type { SyntaxTree } from './syntax';

/** What a host needs besides the tree. All of it is pure data or pure functions. */
export interface HostEnvironment {
  readonly split: SplitStatements;
  /** Models declared elsewhere in the workspace, by name (for Prisma: model name with the schema's casing). */
  readonly models: ReadonlyMap<string, ModelIr>;
  /** Libraries whose calls here go to another database than Postgres: `all` of the language's, or Prisma alone. */
  readonly foreign?: 'all' | 'prisma';
}

/** Turns one document into its intermediate representation. Pure; keeps no node of the tree. */
export type HostReader = (uri: string, text: string, tree: SyntaxTree, environment: HostEnvironment) => HostFile;
