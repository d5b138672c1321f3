import type { Source } from '../../hosts/common/source';
import { field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { CommonModelSource, ModelReader } from '../models';

/** The sets of a `DbContext`, by the set's name and by the entity's; EF names the table after the set, unless the class or the context says otherwise. */
export const efCoreModels: ModelReader<CommonModelSource> = {
  library: 'ef-core',
  marks: /\bDbSet<|\{\s*get;|\bIEntityTypeConfiguration<|\bUseSnakeCaseNamingConvention\(/,
  read: ({ source, text }) => source.spec.language !== 'csharp' ? [] : [...setsOf(source, text), ...source.classes.flatMap((node) => [...objectsOf(node, source), ...configurationOf(node, source)]), ...namingOf(source, text)],
};

const setsOf = (source: Source, text: string): readonly ModelIr[] =>
  source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form) return [];
    // Filters of every query may stand in configurations that are not seen from here.
    const scoped = /\bHasQueryFilter\(|\bApplyConfiguration(?:sFromAssembly)?\(/.test(node.text);
    return form.fields.flatMap(({ name, type }): ModelIr[] => {
      const entity = /^DbSet<(?:\w+\.)*(\w+)>/.exec(type)?.[1];
      if (entity === undefined) return [];
      const declared = source.classes.find((other) => source.classForm(other)?.name === entity);
      const attribute = declared && new RegExp(`\\[Table\\(\\s*"([\\w.]+)"[^\\]]*\\]\\s*(?:\\[[^\\]]*\\]\\s*)*(?:\\w+\\s+)*class\\s+${entity}\\b`).exec(text)?.[1];
      const mapped = new RegExp(`Entity<${entity}>\\([^;]*?\\.ToTable\\(\\s*"([\\w.]+)"`).exec(node.text)?.[1];
      const { columns, relations } = declared ? propertiesOf(declared, source) : { columns: [], relations: [] };
      const model = { library: 'ef-core' as const, table: attribute ?? mapped ?? name, span: spanOf(node), columns, relations, changes: [], entity: { name: entity, named: (attribute ?? mapped) !== undefined }, ...(scoped ? { scoped: true } : {}) };
      return [{ ...model, name }, ...(entity === name ? [] : [{ ...model, name: entity }])];
    });
  });

/** Under what names the adapter finds what is said of an entity elsewhere than with its set. */
export const classKey = (entity: string): string => `class ${entity}`;
export const configurationKey = (entity: string): string => `configuration of ${entity}`;
export const namingKey = 'naming convention';

const nothing = { columns: [], relations: [], changes: [] };

/** A class with properties: an entity, if a set holds it. The name space keeps classes of one name apart. */
function objectsOf(node: SyntaxNode, source: Source): readonly ModelIr[] {
  const form = source.classForm(node);
  if (!form || node.type === 'interface_declaration' || form.fields.some(({ type }) => /^DbSet</.test(type))) return [];
  const { columns, relations } = propertiesOf(node, source);
  if (columns.length + relations.length === 0) return [];
  const table = /\bTable\(\s*"([\w.]+)"/.exec(node.namedChildren.filter((part) => part.type === 'attribute_list').map((part) => part.text).join(' '))?.[1] ?? '';
  return [{ library: 'ef-core', name: classKey(form.name), table, schema: source.spec.packageOf(source.root, ''), span: spanOf(node), columns, relations, changes: [] }];
}

/** `class OrderConfiguration : IEntityTypeConfiguration<Order>`: the table, and columns with names of their own. */
function configurationOf(node: SyntaxNode, source: Source): readonly ModelIr[] {
  const form = source.classForm(node);
  const entity = [...(form?.bases ?? []), ...(form?.implements ?? [])].flatMap((base) => /\bIEntityTypeConfiguration<(?:\w+\.)*(\w+)>/.exec(base)?.[1] ?? [])[0];
  if (entity === undefined) return [];
  const span = spanOf(node);
  const columns = [...node.text.matchAll(/\bProperty\(\s*(?:\w+\s*=>\s*\w+\.|")(\w+)"?\s*\)(?:(?!\bProperty\()[^;])*?\.HasColumnName\(\s*"(\w+)"/g)].map(([, property = '', column = '']) => ({ property, column, span }));
  return [{ ...nothing, library: 'ef-core', name: configurationKey(entity), table: /\.ToTable\(\s*"([\w.]+)"/.exec(node.text)?.[1] ?? '', columns, span, ...(/\bHasQueryFilter\(/.test(node.text) ? { scoped: true } : {}) }];
}

/** EFCore.NamingConventions, switched on for the whole application. */
const namingOf = (source: Source, text: string): readonly ModelIr[] => (/\bUseSnakeCaseNamingConvention\(/.test(text) ? [{ ...nothing, library: 'ef-core', name: namingKey, table: 'snake_case', span: spanOf(source.root) }] : []);

/** A list of an entity's, by the type of its elements. */
const collection = /^(?:[\w.]*\.)?(?:I?List|ICollection|Collection|IEnumerable|I?Set|HashSet|IReadOnly(?:List|Collection))<(.+)>$/;

/** Properties of an entity: those that lead to a class of the file are no columns. Reading one sends nothing. */
function propertiesOf(declared: SyntaxNode, source: Source): Pick<ModelIr, 'columns' | 'relations'> {
  const properties = parts(field(declared, 'body')).flatMap((member) => {
    // `=>` and `[NotMapped]` are computed; what is static belongs to no object.
    if (!/\bget\s*(?:;|=>|\{)/.test(member.text) || member.namedChildren.some((part) => (part.type === 'modifier' && part.text === 'static') || (part.type === 'attribute_list' && /\bNotMapped\b/.test(part.text)))) return [];
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
