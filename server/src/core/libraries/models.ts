import type { Source } from '../hosts/common/source';
import type { Scopes } from '../hosts/python/scopes';
import type { LibraryId, ModelIr } from '../hosts/ir';
import type { ModelIndex } from '../hosts/models';
import type { SyntaxNode } from '../hosts/syntax';
import { djangoModels } from './django/djangoModels';
import { activeRecordModels } from './activeRecord/activeRecordModels';
import { drizzleModels } from './drizzle/drizzleModels';
import { peeweeModels } from './peewee/peeweeModels';
import { jpaModels } from './jpa/jpaModels';
import { mikroModels } from './mikroOrm/mikroModels';
import { tortoiseModels } from './tortoise/tortoiseModels';
import { typeormModels } from './typeorm/typeormModels';
import { efCoreModels } from './efCore/efCoreModels';
import { eloquentModels } from './eloquent/eloquentModels';
import { gormModels } from './gorm/gormModels';
import { objectionModels } from './objection/objectionModels';
import { seaOrmModels } from './seaOrm/seaOrmModels';
import { sequelizeModels } from './sequelize/sequelizeModels';
import { sqlalchemyModels } from './sqlalchemy/sqlalchemyModels';

/** Reads the model declarations of one library; asked only where `marks` matches the file's text. */
export interface ModelReader<Source> {
  readonly library: LibraryId;
  /** Text that every file with such declarations holds. */
  readonly marks: RegExp;
  read(source: Source): readonly ModelIr[];
}

export interface ModelSource {
  readonly uri: string;
  readonly text: string;
  readonly root: SyntaxNode;
  /** Declarations of other files. Empty in the first pass over a workspace. */
  readonly known: ModelIndex;
}

export interface PythonModelSource extends ModelSource {
  readonly classes: readonly SyntaxNode[];
  readonly scopes: Scopes;
}

/** Of the languages that share a reader. */
export interface CommonModelSource extends ModelSource {
  readonly source: Source;
}

export const scriptModelReaders: readonly ModelReader<ModelSource>[] = [drizzleModels, typeormModels, mikroModels, sequelizeModels, objectionModels];
export const pythonModelReaders: readonly ModelReader<PythonModelSource>[] = [sqlalchemyModels, djangoModels, tortoiseModels, peeweeModels];
export const commonModelReaders: readonly ModelReader<CommonModelSource>[] = [activeRecordModels, eloquentModels, gormModels, efCoreModels, seaOrmModels, jpaModels];

/** @returns the declarations of every library whose marks the text holds. */
export const readModels = <Source extends ModelSource>(readers: readonly ModelReader<Source>[], source: Source): readonly ModelIr[] =>
  readers.flatMap((reader) => (reader.marks.test(source.text) ? reader.read(source) : []));

/** Whether a file of this ending may declare models, by its text. */
export function declaresModels(path: string, text: string): boolean {
  if (path.endsWith('.prisma')) return /^\s*model\s+\w+\s*\{/m.test(text);
  const readers = path.endsWith('.py') ? pythonModelReaders : /\.(go|java|rb|php|cs|rs)$/.test(path) ? commonModelReaders : scriptModelReaders;
  return readers.some((reader) => reader.marks.test(text));
}
