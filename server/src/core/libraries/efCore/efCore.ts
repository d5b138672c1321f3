import type { CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { Chain, HostContext } from '../adapter';
import type { CommonModelSource, ModelReader } from '../models';
import { createChains, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { sql } from '../shared/sqlBuilder';

const one = { access: 'read', fetches: 'one' } as const;
const many = { access: 'read', fetches: 'many' } as const;
const write = { access: 'write', fetches: 'none' } as const;
const single: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly fetches: 'one' | 'many' | 'none' }>> = {
  ToList: many, ToArray: many, ToDictionary: many, ToHashSet: many, First: one, FirstOrDefault: one, Single: one, SingleOrDefault: one, Last: one, LastOrDefault: one, Find: one, Count: one, LongCount: one, Any: one, All: one, Sum: one, Max: one, Min: one, Average: one, Contains: one,
  ExecuteDelete: write, ExecuteUpdate: write,
};
const terminalOf = (name: string): (typeof single)[string] | undefined => { const bare = name.replace(/Async$/, ''); return Object.hasOwn(single, bare) ? single[bare] : undefined; };

/** EF Core's LINQ on a `DbSet`. What `SaveChanges` sends is one unit of work; `Add` and `Remove` send nothing. */
export const efCoreAdapter = createChains({
  id: 'ef-core',
  languages: ['csharp'],
  marks: /EntityFrameworkCore|\bDbContext\b|DbSet</,
  terminal: terminalOf,
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    const set = chain.rootPath.at(-1) ?? '';
    const own = file.names.typeOf(chain.root);
    const holder = chain.rootPath.at(-2) ?? '';
    const model = context.model(set, 'ef-core');
    const isSet = own !== undefined && /^DbSet</.test(own);
    if (!isSet && (!model || !/(?:context|db|ctx)$/i.test(holder))) return undefined;
    return { ...(model ? { model, table: model.table } : {}), first: 0, confidence: isSet ? 'proved' : 'typed' };
  },
  part(call: ChainLink, _file: CommonFile, context: HostContext): ChainPart | undefined {
    const [first] = call.argNodes;
    switch (call.name) {
      case 'Skip':
        return first ? { offset: valuePart(first, context) } : { open: true };
      case 'Take':
        return first ? { limit: valuePart(first, context) } : { open: true };
      case 'First':
      case 'FirstOrDefault':
      case 'FirstAsync':
      case 'FirstOrDefaultAsync':
        return { limit: sql('1', call.span), open: first !== undefined };
      case 'Include':
      case 'ThenInclude': {
        const name = /=>\s*\w+!?\.(\w+)/.exec(first?.text ?? '')?.[1];
        return { eager: name === undefined ? [] : [name] };
      }
      // Conditions and orders are written over properties whose columns are not known here.
      default:
        return terminalOf(call.name) && !first ? {} : /^(?:AsNoTracking|AsSplitQuery|AsQueryable|AsTracking|TagWith)$/.test(call.name) ? {} : { open: true };
    }
  },
});

/** The sets of a `DbContext`; EF names the table after the set. */
export const efCoreModels: ModelReader<CommonModelSource> = {
  library: 'ef-core',
  marks: /\bDbSet</,
  read: ({ source }) => source.classes.flatMap((node) => {
    const form = source.classForm(node);
    if (!form || source.spec.language !== 'csharp') return [];
    return form.fields.flatMap(({ name, type }) => (/^DbSet</.test(type) ? [{ library: 'ef-core' as const, name, table: name, span: spanOf(node), columns: [], relations: [], changes: [] }] : []));
  }),
};
