import { spanOf } from '../../hosts/common/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { CommonModelSource, ModelReader } from '../models';
import { snakeCase } from '../shared/modelChains';

/** JPA's entities, with Spring's names for tables and columns; and repositories, by the entity they are for. */
export const jpaModels: ModelReader<CommonModelSource> = {
  library: 'jpa',
  marks: /@Entity\b|Repository</,
  read: ({ source }) => source.classes.flatMap((node): ModelIr[] => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'java') return [];
    const entity = /^[^{]*\binterface\s+\w+(?:<[^{]*?>)?\s+extends\s+[^{]*?Repository<\s*(\w+)\s*,/.exec(node.text)?.[1];
    const base = { library: 'jpa' as const, name: form.name, span: spanOf(node), changes: [] };
    if (entity !== undefined) return [{ ...base, table: snakeCase(entity), columns: [], relations: [{ property: 'entity', model: entity, many: false, columns: [], references: [], eager: false }] }];
    const head = /^[^{]*/.exec(node.text)?.[0] ?? '';
    if (!/@Entity\b/.test(head)) return [];
    const table = /@Table\([^)]*\bname\s*=\s*"(\w+)"/.exec(head)?.[1] ?? snakeCase(form.name);
    const fields = [...node.text.matchAll(/((?:@\w+(?:\((?:[^()]|\([^()]*\))*\))?\s*)*)(?:private|protected|public)\s+(?:final\s+)?([\w.<>, ?[\]]+?)\s+(\w+)\s*(?:=[^;]*)?;/g)];
    const columns = fields.flatMap(([, annotations = '', , name = '']) => {
      if (/@(?:Transient|OneToMany|ManyToMany|ElementCollection|Embedded|OneToOne\([^)]*mappedBy)/.test(annotations)) return [];
      const key = /@(?:ManyToOne|OneToOne)\b/.test(annotations);
      const column = /@(?:JoinColumn|Column)\((?:[^)]*\bname\s*=\s*)?"(\w+)"/.exec(annotations)?.[1] ?? `${snakeCase(name)}${key ? '_id' : ''}`;
      return [{ property: name, column, span: spanOf(node) }, ...(key ? [{ property: `${name}Id`, column, span: spanOf(node) }] : [])];
    });
    // Filters and inheritance add conditions that are not seen from a query.
    const scoped = /@(?:Where|SQLRestriction|Filter|SoftDelete|DiscriminatorValue|Inheritance|TenantId)\b/.test(node.text);
    return [{ ...base, table, columns, relations: [], ...(scoped ? { scoped: true } : {}) }];
  }),
};
