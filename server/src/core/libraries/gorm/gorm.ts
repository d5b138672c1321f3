import type { CommonFile } from '../../hosts/common/context';
import { constantOf } from '../../hosts/common/strings';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext } from '../adapter';
import { bind, concat, fragment, group, identifier, incomplete, join, sql, type SqlPart } from '../shared/sqlBuilder';
import { createChains, equals, pluralize, snakeCase, textCondition, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { gormKeyset } from '../shared/commonKeyset';

const one = { access: 'read', fetches: 'one' } as const;
const many = { access: 'read', fetches: 'many' } as const;
const write = { access: 'write', fetches: 'none' } as const;
const terminals: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly fetches: 'one' | 'many' | 'none' | 'stream' }>> = {
  Find: many, Scan: many, Pluck: many, Rows: { access: 'read', fetches: 'stream' }, First: one, Take: one, Last: one, Count: one, Row: one,
  Create: write, Save: write, Update: write, Updates: write, UpdateColumn: write, UpdateColumns: write, Delete: write, CreateInBatches: write, FirstOrCreate: write,
};
const silent = /^(?:WithContext|Model|Table|Session|Debug|Select|Distinct|Clauses|Unscoped|Find|Scan|Pluck|Rows|Count|Omit)$/;
const builders = /^(?:Where|Not|Or|Preload|Joins|Order|Limit|Offset|Scopes|Model|Table|WithContext|Select|Group|Having|Unscoped|Clauses|Session|Debug)$/;

/** gorm's chains on a `*gorm.DB`. */
export const gormAdapter = createChains({
  id: 'gorm',
  languages: ['go'],
  marks: /gorm\.io\/gorm|\bgorm\.DB\b/,
  toKeyset: gormKeyset,
  terminal: (name) => (Object.hasOwn(terminals, name) ? terminals[name] : undefined),
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    const first = chain.calls[0];
    if (!first) return undefined;
    const type = file.names.typeOf(chain.root);
    const typed = type !== undefined && /\bgorm\.DB\b/.test(type);
    if (!typed && (type !== undefined || !/^(?:\w*[dD][bB]|tx|DB)$/.test(chain.rootPath.at(-1) ?? ''))) return undefined;
    if (!chain.calls.some((call) => builders.test(call.name) || Object.hasOwn(terminals, call.name))) return undefined;
    if (chain.calls.some((call) => /^(?:Exec|Raw|Query\w*|Prepare\w*)$/.test(call.name)) || /^(?:Transaction|AutoMigrate|Begin|Commit|Rollback|Association|Use)$/.test(first.name)) return undefined;
    const model = modelName(chain.calls, file);
    const known = model === undefined ? undefined : context.model(model, 'gorm');
    const named = chain.calls.find((call) => call.name === 'Table')?.argNodes[0];
    const table = named ? constantOf(named, file.source) : undefined;
    return { ...(known ? { model: known } : {}), table: typeof table === 'string' ? table : known?.table ?? (model === undefined ? undefined : pluralize(snakeCase(model))), first: 0, confidence: typed ? 'proved' : 'typed' };
  },
  part(call: ChainLink, file: CommonFile, context: HostContext, model?: ModelIr): ChainPart | undefined {
    const [first, ...rest] = call.argNodes;
    const conditions = (nodes: readonly SyntaxNode[]): readonly SqlPart[] | undefined => (nodes[0] ? conditionsOf(nodes[0], nodes.slice(1), call, file, context, model) : undefined);
    const given = (nodes: readonly SyntaxNode[]): SqlPart | undefined => {
      const known = conditions(nodes);
      return known && join(known, ' AND ');
    };
    switch (call.name) {
      case 'Where': {
        const where = given(call.argNodes);
        return where ? { where } : { open: true };
      }
      case 'Not': {
        // Of a struct or a map every field is negated by itself.
        const where = conditions(call.argNodes)?.map((part) => concat(sql('NOT ', call.span), group(part)));
        return where ? { where: join(where, ' AND ') } : { open: true };
      }
      case 'Or': {
        const or = given(call.argNodes);
        return or ? { or } : { or: 'unknown', open: true };
      }
      case 'Find':
      case 'Delete': {
        const where = given(rest);
        return rest.length === 0 ? {} : where ? { where } : { open: true };
      }
      case 'First':
      case 'Take':
      case 'Last': {
        const where = given(rest);
        const key = keyOf(model);
        const order = call.name === 'Take' || key === undefined ? [] : [concat(identifier([key], call.span), sql(call.name === 'Last' ? ' DESC' : '', call.span))];
        return { limit: sql('1', call.span), ...(where ? { where } : {}), ...(order.length > 0 ? { order } : {}), open: (rest.length > 0 && !where) || (call.name !== 'Take' && key === undefined) };
      }
      case 'Order': {
        const text = first && context.string(first);
        return text ? { order: [fragment(text)] } : { open: true };
      }
      case 'Limit':
        return first ? { limit: valuePart(first, context) } : { open: true };
      case 'Offset':
        return first ? { offset: valuePart(first, context) } : { open: true };
      case 'Preload': {
        const name = first && constantOf(first, file.source);
        return { eager: typeof name === 'string' ? [name] : [] };
      }
      default:
        return silent.test(call.name) ? {} : undefined;
    }
  },
});

/** Column of the key that gorm sorts by and compares keys with; `id` where the struct is not known. */
const keyOf = (model: ModelIr | undefined): string | undefined => (model?.primary ? (model.primary.length === 1 ? model.primary[0] : undefined) : 'id');

/** `"name = ?", name`, `&User{Name: name}`, `map[string]any{"name": name}`, a key or a list of keys: what must hold together. */
function conditionsOf(first: SyntaxNode, rest: readonly SyntaxNode[], call: ChainLink, file: CommonFile, context: HostContext, model: ModelIr | undefined): readonly SqlPart[] | undefined {
  const key = keyOf(model);
  const text = textCondition(first, rest, context);
  if (text) return [text];
  if (rest.length > 0) return undefined;
  const inner = file.source.unwrap(first);
  const literalNode = inner.type === 'composite_literal' ? inner : inner.type === 'unary_expression' ? inner.namedChildren.find((child) => child.type === 'composite_literal') : undefined;
  if (literalNode) {
    const form = file.source.form(literalNode);
    const map = /^map\[string\]/.test(literalNode.text);
    if (form?.kind === 'list') return form.items.length === 0 || key === undefined ? undefined : [concat(identifier([key], call.span), sql(' = ANY(', call.span), bind(context.bind(literalNode, '')), sql(')', call.span))];
    if (form?.kind !== 'record' || form.entries.length === 0) return undefined;
    const parts = form.entries.flatMap((entry) => {
      // Fields at their zero are left out by gorm.
      if (!map && /^(?:0|""|false|nil)$/.test(entry.value.text)) return [];
      const name = entry.key.replace(/^["`]|["`]$/g, '');
      // A list is compared as one.
      if (map && /^\[\](?!byte\b)/.test(file.names.typeOf(entry.value) ?? '')) return [concat(identifier([name], entry.span), sql(' = ANY(', entry.span), bind(context.bind(entry.value, '')), sql(')', entry.span))];
      return [equals(map ? name : model?.columns.find((column) => column.property === name)?.column ?? snakeCase(name), entry.value, entry.span, context)];
    });
    // A variable may be at its zero too: then the condition is not there.
    const certain = map || form.entries.every((entry) => context.argument(entry.value).literal !== undefined);
    return parts.length === 0 ? undefined : certain ? parts : parts.map((part) => concat(part, incomplete));
  }
  if (key === undefined) return undefined;
  const known = context.argument(inner).literal;
  if (typeof known === 'number') return [equals(key, inner, call.span, context)];
  const type = file.names.typeOf(inner);
  if (type === undefined) return undefined;
  if (/^(?:u?int(?:8|16|32|64)?|uuid\.UUID)$/.test(type)) return [equals(key, inner, call.span, context)];
  return /^\[\](?:u?int(?:8|16|32|64)?|uuid\.UUID)$/.test(type) ? [concat(identifier([key], call.span), sql(' = ANY(', call.span), bind(context.bind(inner, '')), sql(')', call.span))] : undefined;
}

/** The struct behind `Model(&User{})`, `Find(&users)`. */
function modelName(calls: readonly ChainLink[], file: CommonFile): string | undefined {
  for (const call of [...calls.filter((link) => link.name === 'Model'), ...calls.filter((link) => Object.hasOwn(terminals, link.name))]) {
    const name = call.argNodes[0] && structOf(call.argNodes[0], file);
    if (name !== undefined) return name;
  }
  return undefined;
}

function structOf(node: SyntaxNode, file: CommonFile): string | undefined {
  const inner = file.source.unwrap(node);
  if (inner.type === 'composite_literal') return /^(?:\[\])?\*?(?:\w+\.)?([A-Z]\w*)/.exec(inner.text)?.[1];
  const form = file.source.form(inner);
  const type = file.names.typeOf(inner);
  if (type !== undefined) return /(?:^|[\].*])([A-Z]\w*)$/.exec(type)?.[1];
  const made = form?.kind === 'name' ? file.names.bindings(form.name, inner)?.list.find((binding) => binding.kind === 'assign')?.value : undefined;
  return made && /^(?:&?(?:\[\])?\*?(?:\w+\.)?([A-Z]\w*)\{)/.exec(made.text)?.[1];
}

