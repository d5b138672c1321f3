import type { ModelIr, ModelNames } from '../../hosts/ir';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';
import type { HostLanguage, SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { HostContext, LibraryAdapter, SiteDraft } from '../adapter';
import { optionsChain } from '../shared/optionCalls';
import { prismaBatch } from './prismaBatch';
import { addPrismaLimit, addPrismaOrder, addPrismaPredicate, prismaKeyset, prismaPredicateNote } from './prismaEdits';
import { rawStatements } from './prismaRaw';
import { loadedRelations, readArguments, renderRead } from './prismaRead';
import { isPrismaMethod, prismaModel } from './prismaReceiver';
import type { PrismaScope } from './prismaWhere';
import { renderPrismaWrite } from './prismaWrite';
import { buildSql } from '../shared/sqlBuilder';

const languages: readonly HostLanguage[] = ['typescript', 'tsx', 'javascript'];

/** Prisma Client: model methods, rendered as the SQL that Prisma sends, and raw statements. */
export const prismaAdapter: LibraryAdapter = {
  id: 'prisma',
  languages,
  recognise(call, context) {
    if (call.type !== 'call_expression') return undefined;
    // A fragment: its text belongs to the statement it is put into.
    if (callParts(call)?.template && /^Prisma\.sql$/.test(callParts(call)?.callee.text ?? '')) return [];
    const own = queryCall(call);
    return own && (rawStatements(own, context) ?? modelCall(own, context));
  },
  addPredicate: addPrismaPredicate,
  predicateNote: prismaPredicateNote,
  toKeyset: prismaKeyset,
  addOrder: addPrismaOrder,
  addLimit: addPrismaLimit,
  batch: prismaBatch,
};

/** The call of the client: the outermost one, or the receiver of `.then(…)`, of a fluent relation or of an array method. */
function queryCall(call: SyntaxNode): SyntaxNode | undefined {
  let current: SyntaxNode = call;
  for (let hops = 0; hops < 6; hops++) {
    const callee = callParts(current)?.callee;
    const name = callee?.type === 'member_expression' ? callee.childForFieldName('property')?.text ?? '' : '';
    if (isPrismaMethod(name) || name.startsWith('$')) return current;
    const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
    const inner = object ? unwrap(object) : undefined;
    // `(await prisma.…).map(…)` is asked about by itself.
    if (inner?.type !== 'call_expression') return undefined;
    current = inner;
  }
  return undefined;
}

function modelCall(call: SyntaxNode, context: HostContext): readonly SiteDraft[] | undefined {
  const parts = callParts(call);
  const callee = parts?.callee;
  const method = callee?.type === 'member_expression' ? callee.childForFieldName('property') : null;
  const object = callee?.type === 'member_expression' ? callee.childForFieldName('object') : null;
  if (!parts || !callee || !method || !object || parts.args.length > 1 || !isPrismaMethod(method.text)) return undefined;
  const found = prismaModel(unwrap(object), method.text, context);
  if (!found) return undefined;
  const write = !/^(find|count|aggregate|groupBy)/.test(method.text);
  const base = {
    library: 'prisma', confidence: found.confidence, span: context.span(call), anchor: hostSpan(callee.startIndex, method.endIndex), executes: 'yes',
    access: write ? 'write' : 'read', fetches: fetchesOf(method.text), ...(found.name === undefined ? {} : { model: found.name }),
    ...(found.model ? { modelNames: modelNames(found.model) } : {}),
  } as const;
  const args = readArguments(parts.args[0], context);
  const chain = optionsChain(call, method, parts.args[0], args?.object, context);
  if (!args || found.name === undefined) return [{ ...base, map: { segments: [] }, binds: [], conditional: [], complete: false, chain, eager: [] }];
  const name = found.model?.table ?? found.name;
  const scope: PrismaScope = { host: context, name: found.name, model: found.model, alias: name, aliases: { next: 0 } };
  const place = base.anchor;
  const built = buildSql(write ? renderPrismaWrite(method.text, args, scope, place) : renderRead(method.text, args, scope, place));
  const loads = loadedRelations(args, scope);
  return [{
    ...base,
    source: built.source, map: built.map, binds: built.binds, conditional: built.conditional, complete: built.complete, chain,
    eager: loads.map((load) => load.path), ...(loads.length > 0 ? { loads } : {}),
  }];
}

function fetchesOf(method: string): SiteDraft['fetches'] {
  if (/^(findMany|groupBy|createManyAndReturn|updateManyAndReturn)$/.test(method)) return 'many';
  return /^(createMany|updateMany|deleteMany)$/.test(method) ? 'none' : 'one';
}

function modelNames(model: ModelIr): ModelNames {
  return { properties: Object.fromEntries(model.columns.filter((column) => column.column !== column.property).map((column) => [column.column, column.property])), uniques: model.uniques ?? [] };
}
