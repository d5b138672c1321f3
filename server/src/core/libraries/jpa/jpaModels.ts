import { field, parts, spanOf } from '../../hosts/common/syntaxTools';
import type { Source } from '../../hosts/common/source';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { CommonModelSource, ModelReader } from '../models';
import { snakeCase } from '../shared/modelChains';

/** JPA's entities, with Spring's names for tables and columns; and repositories, by the entity they are for. */
export const jpaModels: ModelReader<CommonModelSource> = {
  library: 'jpa',
  marks: /@Entity\b|Repository</,
  read: ({ source }) => source.classes.flatMap((node): ModelIr[] => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'java') return [];
    const base = { library: 'jpa' as const, name: form.name, span: spanOf(node), changes: [] };
    const entity = node.type === 'interface_declaration' ? form.bases.flatMap((one) => /^[\w.]*Repository<\s*(\w+)\s*,/.exec(one)?.[1] ?? [])[0] : undefined;
    if (entity !== undefined) return [{ ...base, table: snakeCase(entity), columns: [], relations: [{ property: 'entity', model: entity, many: false, columns: [], references: [], eager: false }], written: writtenMethods(node, source) }];
    const annotations = form.decorators ?? [];
    if (!annotations.some((annotation) => /^Entity\b/.test(annotation))) return [];
    const table = nameIn(annotations.find((annotation) => /^Table\b/.test(annotation))) ?? snakeCase(form.name);
    const columns = parts(field(node, 'body')).filter((member) => member.type === 'field_declaration').flatMap(columnsOf);
    // Filters and inheritance add conditions that are not seen from a query.
    const scoped = /@(?:Where|SQLRestriction|Filter|SoftDelete|DiscriminatorValue|Inheritance|TenantId)\b/.test(node.text);
    return [{ ...base, table, columns, relations: [], ...(scoped ? { scoped: true } : {}) }];
  }),
};

function columnsOf(declaration: SyntaxNode): ModelIr['columns'] {
  const modifiers = parts(declaration)[0];
  const annotations = modifiers?.type === 'modifiers' ? parts(modifiers).map((annotation) => annotation.text) : [];
  if (annotations.some((annotation) => /^@(?:Transient|OneToMany|ManyToMany|ElementCollection|Embedded)|^@OneToOne\b.*mappedBy/s.test(annotation)) || (modifiers?.type === 'modifiers' && modifiers.children.some((word) => word.text === 'static' || word.text === 'transient'))) return [];
  const key = annotations.some((annotation) => /^@(?:ManyToOne|OneToOne)\b/.test(annotation));
  const named = nameIn(annotations.find((annotation) => /^@(?:JoinColumn|Column)\b/.test(annotation)));
  return parts(declaration).filter((part) => part.type === 'variable_declarator').flatMap((declarator) => {
    const name = field(declarator, 'name')?.text ?? '';
    const column = named ?? `${snakeCase(name)}${key ? '_id' : ''}`;
    const at = { column, span: spanOf(declarator) };
    return [{ property: name, ...at }, ...(key ? [{ property: `${name}Id`, ...at }] : [])];
  });
}

/** `name = "orders"` of an annotation itself, not of one inside it. */
const nameIn = (annotation: string | undefined): string | undefined => /[(,]\s*name\s*=\s*"(\w+)"/.exec(annotation?.slice(1).replaceAll(/@\w+\([^()]*\)/g, '') ?? '')?.[1];

/** Methods of a repository whose statement stands beside them, or is a body of their own. */
function writtenMethods(repository: SyntaxNode, source: Source): readonly string[] {
  return source.functions.flatMap((fn) => {
    const form = source.functionForm(fn);
    const written = form?.body !== undefined || form?.decorators?.some((annotation) => /^(?:[\w.]*\.)?(?:Query|NativeQuery|EntityGraph|Lock|Procedure)\b/.test(annotation));
    return form?.name && written && source.classOf(fn)?.id === repository.id ? [form.name.text] : [];
  });
}
