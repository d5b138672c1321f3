import { commonFile, type CommonFile } from '../../hosts/common/context';
import { spanOf } from '../../hosts/common/syntaxTools';
import type { ModelIr } from '../../hosts/ir';
import type { SyntaxNode } from '../../hosts/syntax';
import type { Chain, HostContext, LibraryAdapter } from '../adapter';
import { opaque } from '../shared/driverCalls';
import { createChains, equals, valuePart, type ChainLink, type ChainPart, type ChainStart } from '../shared/modelChains';
import { concat, sql } from '../shared/sqlBuilder';
import { entityModel } from './efCoreEntity';
import { columnOf, conditionOf, lambdaOf } from './efCoreLambdas';
import { csharpKeyset } from '../shared/commonKeyset';

const one = { access: 'read', fetches: 'one' } as const;
const many = { access: 'read', fetches: 'many' } as const;
const write = { access: 'write', fetches: 'none' } as const;
const single: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly fetches: 'one' | 'many' | 'none' }>> = {
  ToList: many, ToArray: many, ToDictionary: many, ToHashSet: many, First: one, FirstOrDefault: one, Single: one, SingleOrDefault: one, Last: one, LastOrDefault: one, Find: one, Count: one, LongCount: one, Any: one, All: one, Sum: one, Max: one, Min: one, Average: one, Contains: one,
  ExecuteDelete: write, ExecuteUpdate: write,
};
const bare = (name: string): string => name.replace(/Async$/, '');
const terminalOf = (name: string): (typeof single)[string] | undefined => (Object.hasOwn(single, bare(name)) ? single[bare(name)] : undefined);
const silent = /^(?:AsNoTracking|AsNoTrackingWithIdentityResolution|AsSplitQuery|AsSingleQuery|AsQueryable|AsTracking|TagWith|TagWithCallSite|Select|Distinct|IgnoreAutoIncludes|IgnoreQueryFilters|Set)$/;

const chains = createChains({
  id: 'ef-core',
  languages: ['csharp'],
  // `global using` stands in another file: a context by its type's name is enough.
  marks: /EntityFrameworkCore|DbSet<|Context\b/,
  toKeyset: csharpKeyset,
  terminal: terminalOf,
  start(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
    // What follows the call that sends is done with its answer.
    if (chain.calls.slice(0, -1).some((call) => terminalOf(call.name))) return undefined;
    const [first] = chain.calls;
    const entity = first && /^Set<(?:\w+\.)*(\w+)>$/.exec(context.text.slice(first.nameSpan.start, first.nameSpan.end + 80).replace(/\(.*$/s, ''))?.[1];
    if (entity !== undefined && isContext(chain.rootPath, file.names.typeOf(chain.root))) return started(entityModel(entity, context), 'typed');
    const own = file.names.typeOf(chain.root);
    const set = own === undefined ? undefined : /^DbSet<(?:\w+\.)*(\w+)>\??$/.exec(own)?.[1];
    if (set !== undefined) return started(entityModel(chain.rootPath.at(-1) ?? '', context) ?? entityModel(set, context), 'proved');
    const model = entityModel(chain.rootPath.at(-1) ?? '', context);
    return model && isContext(chain.rootPath.slice(0, -1), undefined) ? started(model, 'typed') : undefined;
  },
  part(call: ChainLink, file: CommonFile, context: HostContext, model?: ModelIr): ChainPart | undefined {
    const [first] = call.argNodes;
    const lambda = lambdaOf(first, file);
    const scope = lambda && { parameter: lambda.parameter, model, file, context };
    const where = (): ChainPart => {
      const part = scope && conditionOf(lambda.body, scope);
      return part ? { where: part } : { open: true };
    };
    const row = { limit: sql('1', call.span) };
    switch (bare(call.name)) {
      case 'Where':
        return where();
      case 'OrderBy':
      case 'OrderByDescending':
      case 'ThenBy':
      case 'ThenByDescending': {
        const column = scope && columnOf(lambda.body, scope);
        if (lambda && /^(?:EF\.Functions\.Random|Guid\.NewGuid)\(\)$/.test(lambda.body.text)) return { order: [sql('random()', call.span)] };
        return column ? { order: [concat(column, sql(call.name.endsWith('Descending') ? ' DESC' : '', call.span))] } : { open: true };
      }
      case 'Skip':
        return first ? { offset: valuePart(first, context) } : { open: true };
      case 'Take':
        return first ? { limit: valuePart(first, context) } : { open: true };
      case 'First':
      case 'FirstOrDefault':
      case 'Single':
      case 'SingleOrDefault':
      case 'Any':
        return first ? { ...row, ...where() } : row;
      case 'Last':
      case 'LastOrDefault':
        return { ...row, byKey: { order: sql('"Id" DESC', call.span), reversed: true }, ...(first ? where() : {}) };
      case 'Count':
      case 'LongCount':
        return { ...(first ? where() : {}), counts: sql('count(*)', call.nameSpan) };
      case 'Find':
        return first && call.argNodes.length <= 2 && model ? { ...row, where: equals(model.columns.find((column) => column.property === 'Id')?.column ?? 'Id', first, call.span, context), open: true } : { ...row, open: true };
      case 'Include':
      case 'ThenInclude': {
        const name = /=>\s*\w+!?\.(\w+)/.exec(first?.text ?? '')?.[1];
        return { eager: name === undefined ? [] : [name] };
      }
      default:
        return terminalOf(call.name) && !first ? {} : silent.test(call.name.replace(/<.*$/, '')) ? {} : { open: true };
    }
  },
});

const started = (model: ModelIr | undefined, confidence: ChainStart['confidence']): ChainStart => ({ ...(model ? { model, table: model.table } : {}), first: 0, confidence });

/** A `DbContext` by its type, else by the name it goes by. */
const isContext = (path: readonly string[], type: string | undefined): boolean => (type === undefined ? /(?:context|db|ctx)$/i.test(path.at(-1) ?? '') : /(?:Context|Db)\??$/.test(type));

/** EF Core's LINQ on a `DbSet`, and `SaveChanges`, which sends one unit of work; `Add` and `Remove` send nothing. */
export const efCoreAdapter: LibraryAdapter = {
  ...chains,
  recognise(call, context) {
    const file = commonFile(context);
    const form = file?.source.callForm(call);
    if (!file || !form?.receiver || bare(form.name.text) !== 'SaveChanges') return chains.recognise(call, context);
    const held = file.names.path(form.receiver);
    const element = elementAround(call);
    // What is sent is what was tracked since the last time: in a loop, what the element left behind.
    const binds = element ? [{ key: '1', text: element.text, span: spanOf(element), names: [element.text], origin: 'loop' as const }] : [];
    return isContext(held, file.names.typeOf(form.receiver)) ? [{ ...opaque(call, form, 'yes', 'write', 'none', { id: 'ef-core' }), binds }] : undefined;
  },
};

function elementAround(call: SyntaxNode): SyntaxNode | undefined {
  for (let current = call.parent; current && !/^(?:method_declaration|local_function_statement|constructor_declaration)$/.test(current.type); current = current.parent) {
    const element = current.type === 'foreach_statement' ? current.childForFieldName('left') : null;
    if (element) return element;
  }
  return undefined;
}
