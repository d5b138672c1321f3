import type { DjangoMigration, MigrationStep } from '../hosts/migrationIr';

export function djangoSteps(files: readonly { readonly uri: string; readonly migration: DjangoMigration }[]): readonly { readonly uri: string; readonly steps: readonly MigrationStep[] }[] {
  return files.map(({ uri }) => ({ uri, steps: [] }));
}
