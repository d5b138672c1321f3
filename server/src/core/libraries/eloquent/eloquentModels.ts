import { spanOf } from '../../hosts/common/syntaxTools';
import type { RelationIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { CommonModelSource, ModelReader } from '../models';
import { pluralize, snakeCase } from '../shared/modelChains';

/** Eloquent's models: table by `$table` or the class's name, relations by the methods that return them. */
export const eloquentModels: ModelReader<CommonModelSource> = {
  library: 'eloquent',
  marks: /\bextends\s+(?:Model|Authenticatable|Pivot|\w*Model)\b|\bnamespace\s[^;]*\\Models?\b|\$this->(?:has|belongs|morph)\w+\(/,
  read: ({ source }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'php' || !isModel(form.bases[0], node, source.root.text)) return [];
    const relations = source.functions.flatMap((fn): RelationIr[] => {
      const own = source.functionForm(fn);
      if (!own?.name || source.classOf(fn)?.id !== node.id) return [];
      const found = /return\s+\$this->(hasMany|hasOne|belongsTo|belongsToMany|hasManyThrough|hasOneThrough|morphMany|morphOne|morphTo|morphToMany)\(\s*([A-Z]\w*)::class/.exec(fn.text);
      return found?.[1] && found[2] ? [{ property: own.name.text, model: found[2], many: /Many/.test(found[1]), columns: [], references: [], eager: new RegExp(`\\$with\\s*=\\s*\\[[^\\]]*['"]${own.name.text}['"]`).test(node.text) }] : [];
    });
    const table = /\$table\s*=\s*['"]([\w.]+)['"]/.exec(node.text)?.[1];
    const key = /\$primaryKey\s*=\s*['"](\w+)['"]/.exec(node.text)?.[1];
    return [{ library: 'eloquent' as const, name: form.name, table: table ?? pluralize(snakeCase(form.name)), span: spanOf(node), columns: [], relations, changes: [], ...(key === undefined ? {} : { primary: [key] }), ...scopesOf(node.text) }];
  }),
};

/** Applications put a base of their own between: then its folder, or what the class declares, says that it is a model. */
function isModel(base: string | undefined, node: SyntaxNode, file: string): boolean {
  if (base === undefined) return false;
  if (/^(?:Model|Authenticatable|Pivot|\w*Model)$/.test(base)) return true;
  if (/(?:Builder|Collection|Scope|Factory|Seeder|Observer|Policy|Resource|Exception|Controller|Cast|Enum|Event|Job|Rule|Request|Test|TestCase|Service|Repository|Provider|Command|Component)$/.test(base)) return false;
  return /^namespace\s[^;]*\\Models?(?:\\\w+)?\s*;/m.test(file) || /\$this->(?:hasMany|hasOne|belongsTo|belongsToMany|morphMany|morphOne|morphTo|morphToMany)\(/.test(node.text);
}

/** Conditions of every query of the class: soft deletion, and scopes that it declares. */
function scopesOf(text: string): { readonly scoped?: boolean; readonly softDelete?: string } {
  if (/\baddGlobalScope\(|#\[ScopedBy\b/.test(text)) return { scoped: true };
  if (!/\buse\s[^;(]*\bSoftDeletes\b/.test(text)) return {};
  const column = /\bDELETED_AT\s*=\s*['"](\w+)['"]/.exec(text)?.[1];
  return { softDelete: column ?? 'deleted_at' };
}
