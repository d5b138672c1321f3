import { spanOf } from '../../hosts/common/syntaxTools';
import type { CommonModelSource, ModelReader } from '../models';
import { moduleOf } from './seaOrm';

/** SeaORM's entities: a module each, with the table's name in an attribute of its `Model`. */
export const seaOrmModels: ModelReader<CommonModelSource> = {
  library: 'sea-orm',
  marks: /\bsea_orm\s*\([^)]*\btable_name\b/,
  read: ({ source, text, uri }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (form?.name !== 'Model' || source.spec.language !== 'rust') return [];
    const table = /table_name\s*=\s*"([\w.]+)"/.exec(text.slice(text.lastIndexOf('sea_orm', node.startIndex), node.startIndex))?.[1];
    const enclosing = /\bmod\s+(\w+)\s*\{[^]*$/.exec(text.slice(0, node.startIndex))?.[1];
    const name = enclosing ?? moduleOf(uri);
    return table === undefined || name === undefined ? [] : [{ library: 'sea-orm' as const, name, table, span: spanOf(node), columns: form.fields.map((field) => ({ property: field.name, column: field.name, span: spanOf(node) })), relations: [], changes: [] }];
  }),
};
