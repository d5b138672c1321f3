import type { SharedIndex } from './common/shared';
import type { SplitStatements } from '../sql/ports';
import type { HostFile } from './ir';
import type { ModelIndex } from './models';
import type { ReadingMemory } from './shared/excerpt';
import type { WorkspaceModules } from './surface';
import type { SyntaxTree } from './syntax';

/** What a host needs besides the tree. All of it is pure data or pure functions. */
export interface HostEnvironment {
  readonly split: SplitStatements;
  /** Models declared elsewhere in the workspace. */
  readonly models: ModelIndex;
  /** Other files of the workspace. Absent: imports are not followed. */
  readonly modules?: WorkspaceModules;
  /** What files of the languages with packages tell each other. */
  readonly shared?: SharedIndex;
  /** Libraries whose calls here go to another database than Postgres: `all` of the language's, or Prisma alone. */
  readonly foreign?: 'all' | 'prisma';
}

/** What other files are told of a document before any is read in full. */
export type Declarations = Pick<HostFile, 'models' | 'surface' | 'package' | 'shared'>;

/** The part of a reading that other files need: models as `HostReader` tells them, without what is known of others. Costs no walk through the code. */
export type DeclarationReader = (uri: string, text: string, tree: SyntaxTree, environment: HostEnvironment) => Declarations;

/**
 * Turns one document into its intermediate representation. Keeps no node of the tree.
 * @param memory of the document's last reading, which this one may build on and is put in; left out: the document is read whole
 */
export type HostReader = (uri: string, text: string, tree: SyntaxTree, environment: HostEnvironment, memory?: ReadingMemory) => HostFile;
