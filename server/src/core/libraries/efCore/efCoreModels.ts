import type { Source } from '../../hosts/common/source';
import { field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { CommonModelSource, ModelReader } from '../models';

/** The sets of a `DbContext`, by the set's name and by the entity's; EF names the table after the set, unless the class or the context says otherwise. */
export const efCoreModels: ModelReader<CommonModelSource> = {
  library: 'ef-core',
  marks: /\bDbSet</,
  read: ({ source, text }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'csharp') return [];
    // Filters of every query may stand in configurations that are not seen from here.
    const scoped = /\bHasQueryFilter\(|\bApplyConfiguration(?:sFromAssembly)?\(/.test(node.text);
    return form.fields.flatMap(({ name, type }): ModelIr[] => {
      const entity = /^DbSet<(?:\w+\.)*(\w+)>/.exec(type)?.[1];
      if (entity === undefined) return [];
      const declared = source.classes.find((other) => source.classForm(other)?.name === entity);
      const attribute = declared && new RegExp(`\\[Table\\(\\s*"([\\w.]+)"[^\\]]*\\]\\s*(?:\\[[^\\]]*\\]\\s*)*(?:\\w+\\s+)*class\\s+${entity}\\b`).exec(text)?.[1];
      const mapped = new RegExp(`Entity<${entity}>\\([^;]*?\\.ToTable\\(\\s*"([\\w.]+)"`).exec(node.text)?.[1];
      const { columns, relations } = declared ? propertiesOf(declared, source) : { columns: [], relations: [] };
      const model = { library: 'ef-core' as const, table: attribute ?? mapped ?? name, span: spanOf(node), columns, relations, changes: [], ...(scoped ? { scoped: true } : {}) };
      return [{ ...model, name }, ...(entity === name ? [] : [{ ...model, name: entity }])];
    });
  }),
};

/** A list of an entity's, by the type of its elements. */
const collection = /^(?:[\w.]*\.)?(?:I?List|ICollection|Collection|IEnumerable|I?Set|HashSet|IReadOnly(?:List|Collection))<(.+)>$/;

/** Properties of an entity: those that lead to a class of the file are no columns. Reading one sends nothing. */
function propertiesOf(declared: SyntaxNode, source: Source): Pick<ModelIr, 'columns' | 'relations'> {
  const properties = parts(field(declared, 'body')).flatMap((member) => {
    const name = member.type === 'property_declaration' ? field(member, 'name') : undefined;
    const written = name && field(member, 'type')?.text.replace(/\?$/, '');
    return name && written !== undefined ? [{ member, name, type: written }] : [];
  });
  const relations = properties.flatMap(({ name, type }): ModelIr['relations'] => {
    const element = collection.exec(type)?.[1]?.replace(/\?$/, '');
    const model = (element ?? type).split('.').at(-1) ?? '';
    return source.classes.some((other) => source.classForm(other)?.name === model) ? [{ property: name.text, model, many: element !== undefined, columns: [], references: [], eager: false, loading: 'never' }] : [];
  });
  const columns = properties.filter(({ name }) => !relations.some(({ property }) => property === name.text)).map(({ member, name, type }) => {
    const column = member.namedChildren.flatMap((part) => (part.type === 'attribute_list' ? (/\bColumn\(\s*"(\w+)"/.exec(part.text)?.[1] ?? []) : []))[0];
    return { property: name.text, column: column ?? name.text, span: spanOf(name), type };
  });
  return { columns, relations };
}
