import type { RelationIr } from '../../hosts/ir';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { CommonModelSource, ModelReader } from '../models';
import { constantOf } from '../../hosts/common/strings';
import { pluralize, snakeCase } from '../shared/modelChains';
import { camel, singular } from '../../hosts/ruby/railsNames';

/** Rails' models: a class whose base is a record, its table by its name, its associations. */
export const activeRecordModels: ModelReader<CommonModelSource> = {
  library: 'active-record',
  marks: /<\s*(?:ApplicationRecord|ActiveRecord::Base|\w+Record)\b/,
  read: ({ source }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'ruby' || !/^(?:ApplicationRecord|Base|\w+Record)$/.test(form.bases[0] ?? '') || form.name === 'ApplicationRecord') return [];
    const inner = source.calls.filter((call) => source.classOf(call)?.id === node.id && source.functionOf(call) === undefined);
    const relations = inner.flatMap((call): RelationIr[] => {
      const macro = source.callForm(call);
      const first = macro?.args[0];
      const property = first && constantOf(first.node, source);
      if (!macro || macro.receiver || !/^(?:belongs_to|has_many|has_one|has_and_belongs_to_many)$/.test(macro.name.text) || typeof property !== 'string') return [];
      const many = macro.name.text !== 'belongs_to' && macro.name.text !== 'has_one';
      const named = macro.args.find((argument) => argument.name === 'class_name');
      const className = named ? constantOf(named.node, source) : undefined;
      // A polymorphic association has no one class; one through another is loaded all the same.
      const model = typeof className === 'string' ? className : camel(many ? singular(property) : property);
      // What `where(team: team)` compares: the column is known for the side that holds the key, and of one class.
      const key = macro.args.find((argument) => argument.name === 'foreign_key');
      const column = macro.name.text !== 'belongs_to' || macro.args.some((argument) => argument.name === 'polymorphic' || argument.name === 'primary_key') ? undefined : key ? constantOf(key.node, source) : `${property}_id`;
      return [{ property, model, many, columns: typeof column === 'string' ? [column] : [], references: [], eager: false }];
    });
    const key = /self\.primary_key\s*=\s*["':]?(\w+)/.exec(node.text)?.[1];
    const assigned = /self\.table_name\s*=\s*["':]?([\w.]+)/.exec(node.text)?.[1];
    return [{ library: 'active-record' as const, name: form.name, table: assigned ?? pluralize(snakeCase(form.name)), span: spanOf(node), columns: [], relations, changes: [], ...(key === undefined ? {} : { primary: [key] }), ...(scopes.test(node.text) ? { scoped: true } : {}) }];
  }),
};

/** Conditions that Rails, or a gem, adds to every query of the class. */
const scopes = /^\s*(?:default_scope\b|acts_as_(?:paranoid|tenant)\b|multi_tenant\b|belongs_to_tenant\b)/m;
