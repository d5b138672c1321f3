import type { CommonFile } from '../../hosts/common/context';
import { constantOf } from '../../hosts/common/strings';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext } from '../adapter';
import { fragment, sql } from '../shared/sqlBuilder';
import { createChains, pluralize, snakeCase, textCondition, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';

const one = { access: 'read', fetches: 'one' } as const;
const many = { access: 'read', fetches: 'many' } as const;
const write = { access: 'write', fetches: 'none' } as const;
const terminals: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly fetches: 'one' | 'many' | 'none' }>> = {
  Find: many, Scan: many, Pluck: many, Rows: many, First: one, Take: one, Last: one, Count: one, Row: one,
  Create: write, Save: write, Update: write, Updates: write, UpdateColumn: write, UpdateColumns: write, Delete: write, CreateInBatches: write, FirstOrCreate: write,
};
const silent = /^(?:WithContext|Model|Table|Session|Debug|Select|Distinct|Clauses|Unscoped|Find|Scan|Pluck|Rows|Count|Omit)$/;
const builders = /^(?:Where|Not|Or|Preload|Joins|Order|Limit|Offset|Scopes|Model|Table|WithContext|Select|Group|Having|Unscoped|Clauses|Session|Debug)$/;

/** gorm's chains on a `*gorm.DB`. */
export const gormAdapter = createChains({
  id: 'gorm',
  languages: ['go'],
  marks: /gorm\.io\/gorm|\bgorm\.DB\b/,
  terminal: (name) => (Object.hasOwn(terminals, name) ? terminals[name] : undefined),
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    const first = chain.calls[0];
    if (!first) return undefined;
    const type = file.names.typeOf(chain.root);
    const typed = type !== undefined && /\bgorm\.DB\b/.test(type);
    if (!typed && (type !== undefined || !/^(?:\w*[dD][bB]|tx|DB)$/.test(chain.rootPath.at(-1) ?? ''))) return undefined;
    if (!chain.calls.some((call) => builders.test(call.name) || Object.hasOwn(terminals, call.name))) return undefined;
    if (/^(?:Transaction|AutoMigrate|Exec|Raw|Begin|Commit|Rollback|Association|Use)$/.test(first.name)) return undefined;
    const model = modelName(chain.calls, file);
    const known = model === undefined ? undefined : context.model(model, 'gorm');
    const named = chain.calls.find((call) => call.name === 'Table')?.argNodes[0];
    const table = named ? constantOf(named, file.source) : undefined;
    return { ...(known ? { model: known } : {}), table: typeof table === 'string' ? table : known?.table ?? (model === undefined ? undefined : pluralize(snakeCase(model))), first: 0, confidence: typed ? 'proved' : 'typed' };
  },
  part(call: ChainLink, file: CommonFile, context: HostContext): ChainPart | undefined {
    const [first, ...rest] = call.argNodes;
    switch (call.name) {
      case 'Where': {
        const text = first && textCondition(first, rest, context);
        return text ? { where: text } : { open: true };
      }
      case 'Find':
      case 'Delete':
        return rest.length === 0 ? {} : { open: true };
      case 'First':
      case 'Take':
      case 'Last': {
        const text = rest[0] && textCondition(rest[0], rest.slice(1), context);
        return { limit: sql('1', call.span), ...(text ? { where: text } : {}), open: rest.length > 0 && !text };
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

