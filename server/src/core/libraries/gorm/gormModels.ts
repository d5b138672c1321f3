import { child, field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { CommonModelSource, ModelReader } from '../models';
import { pluralize, snakeCase } from '../shared/modelChains';

/** gorm's structs: those with its tags or its base; the table by `TableName()` or the struct's name. */
export const gormModels: ModelReader<CommonModelSource> = {
  library: 'gorm',
  marks: /gorm:"|gorm\.Model\b/,
  read: ({ source }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'go' || !/gorm:"|gorm\.Model\b/.test(node.text)) return [];
    const members = parts(child(field(node, 'type') ?? node, 'field_declaration_list'));
    const columns = members.flatMap((member) => {
      const name = field(member, 'name');
      const column = /gorm:"[^"]*\bcolumn:(\w+)/.exec(member.text)?.[1];
      return name && column !== undefined ? [{ property: name.text, column, span: spanOf(name) }] : [];
    });
    const table = source.functions.flatMap((fn) => {
      const own = source.functionForm(fn);
      return own?.owner === form.name && own.name?.text === 'TableName' ? [/return\s+["`]([\w.]+)["`]/.exec(fn.text)?.[1]] : [];
    }).find((found) => found !== undefined);
    return [{ library: 'gorm' as const, name: form.name, table: table ?? pluralize(snakeCase(form.name)), span: spanOf(node), columns, primary: primaryOf(members), relations: relationsOf(form.name, members), changes: [], ...(/\bgorm\.(?:Model|DeletedAt)\b/.test(node.text) ? { softDelete: deletedColumn(node.text) } : {}) }];
  }),
};

/** Lists of other structs, by gorm's convention for their key or the one that the tag names. Reading a field sends nothing. */
function relationsOf(owner: string, members: readonly SyntaxNode[]): readonly RelationIr[] {
  return members.flatMap((member) => {
    const tag = /gorm:"([^"]*)"/.exec(member.text)?.[1] ?? '';
    const name = field(member, 'name')?.text;
    const model = /^\[\]\*?(?:\w+\.)?([A-Z]\w*)$/.exec(field(member, 'type')?.text ?? '')?.[1];
    if (name === undefined || model === undefined || /many2many|polymorphic|references:|serializer|type:|(?:^|;)-/i.test(tag)) return [];
    return [{ property: name, model, many: true, columns: ['id'], references: [snakeCase(/foreignKey:(\w+)/i.exec(tag)?.[1] ?? `${owner}ID`)], eager: false, loading: 'never' as const }];
  });
}

/** Columns of the key: of the tagged fields, else of `ID`; none where it comes with another struct. Of several an `id` among them is the one that gorm takes. */
function primaryOf(members: readonly SyntaxNode[]): readonly string[] {
  const keys = members.flatMap((member) => {
    const tag = /gorm:"([^"]*)"/.exec(member.text)?.[1] ?? '';
    const name = field(member, 'name')?.text;
    if (name === undefined) return field(member, 'type')?.text === 'gorm.Model' ? [{ column: 'id', tagged: true }] : [];
    const column = /\bcolumn:(\w+)/i.exec(tag)?.[1] ?? snakeCase(name);
    const tagged = /(?:^|;)\s*primary_?key\s*(?:;|$|:\s*true)/i.test(tag);
    return tagged || column === 'id' || name === 'ID' ? [{ column, tagged }] : [];
  });
  const tagged = keys.filter((key) => key.tagged);
  const id = (tagged.length > 0 ? tagged : keys).find((key) => key.column === 'id');
  return (id ? [id] : tagged.length > 0 ? tagged : keys).map((key) => key.column);
}

/** Column of gorm's soft deletion: `DeletedAt gorm.DeletedAt`, which `gorm.Model` holds. */
function deletedColumn(text: string): string {
  const [, name, tag] = /^\s*(\w+)\s+gorm\.DeletedAt\b([^\n]*)/m.exec(text) ?? [];
  return /\bcolumn:(\w+)/.exec(tag ?? '')?.[1] ?? snakeCase(name ?? 'DeletedAt');
}
