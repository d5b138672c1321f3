import { spanOf } from '../../hosts/common/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
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
      const columns = [...(declared?.text ?? '').matchAll(/\[Column\(\s*"(\w+)"[^\]]*\]\s*(?:\[[^\]]*\]\s*)*public\s+(?:virtual\s+|required\s+)*[\w<>?,.[\] ]+?\s+(\w+)\s*\{/g)].map(([, column = '', property = '']) => ({ property, column, span: spanOf(node) }));
      const model = { library: 'ef-core' as const, table: attribute ?? mapped ?? name, span: spanOf(node), columns, relations: [], changes: [], ...(scoped ? { scoped: true } : {}) };
      return [{ ...model, name }, ...(entity === name ? [] : [{ ...model, name: entity }])];
    });
  }),
};
