import { child, field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { CommonModelSource, ModelReader } from '../models';
import { pluralize, snakeCase } from '../shared/modelChains';

/** gorm's structs: those with its tags or its base; the table by `TableName()` or the struct's name. */
export const gormModels: ModelReader<CommonModelSource> = {
  library: 'gorm',
  marks: /gorm:"|gorm\.Model\b/,
  read: ({ source }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'go' || !/gorm:"|gorm\.Model\b/.test(node.text)) return [];
    const columns = parts(child(field(node, 'type') ?? node, 'field_declaration_list')).flatMap((member) => {
      const name = field(member, 'name');
      const column = /gorm:"[^"]*\bcolumn:(\w+)/.exec(member.text)?.[1];
      return name && column !== undefined ? [{ property: name.text, column, span: spanOf(name) }] : [];
    });
    const table = source.functions.flatMap((fn) => {
      const own = source.functionForm(fn);
      return own?.owner === form.name && own.name?.text === 'TableName' ? [/return\s+["`]([\w.]+)["`]/.exec(fn.text)?.[1]] : [];
    }).find((found) => found !== undefined);
    return [{ library: 'gorm' as const, name: form.name, table: table ?? pluralize(snakeCase(form.name)), span: spanOf(node), columns, relations: [], changes: [], ...(/\bgorm\.(?:Model|DeletedAt)\b/.test(node.text) ? { softDelete: deletedColumn(node.text) } : {}) }];
  }),
};

/** Column of gorm's soft deletion: `DeletedAt gorm.DeletedAt`, which `gorm.Model` holds. */
function deletedColumn(text: string): string {
  const [, name, tag] = /^\s*(\w+)\s+gorm\.DeletedAt\b([^\n]*)/m.exec(text) ?? [];
  return /\bcolumn:(\w+)/.exec(tag ?? '')?.[1] ?? snakeCase(name ?? 'DeletedAt');
}
