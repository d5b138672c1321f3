import { kindByTokens } from '../../sql/tokenModel';
import { findBlocks } from '../../sql/clauses';
import { tokenize } from '../../sql/lexer';
import type { SqlSource } from '../../sql/source';
import { TokenRanges } from '../../sql/tokenRanges';
import { hostSpan, type HostSpan } from '../../text/span';
import { createTextMemo } from '../../text/textMemo';
import type { CallIr, FunctionIr, HostFile, Loop, QuerySite } from '../ir';
import { readBody } from './bodyReader';
import type { BodyFacts, Place, SiteDraft } from './drafts';
import { readRoutine, type Routine } from './routine';

interface RoutineFacts {
  readonly routine: Routine;
  readonly body: BodyFacts;
  /** By site: the same object for the same text. */
  readonly sources: readonly (SqlSource | undefined)[];
  readonly access: readonly QuerySite['access'][];
}

/** What the routines of a file add to it; ids go on from those given. */
export type RoutineIr = Pick<HostFile, 'sites' | 'loops' | 'functions' | 'calls'>;

const factsOf = createTextMemo(4_000_000, readFacts);

function readFacts(statement: string): RoutineFacts | undefined {
  const routine = readRoutine(statement);
  if (!routine) return undefined;
  try {
    const body = readBody(routine);
    const sources = body.sites.map(({ sql }): SqlSource | undefined => sql && { text: sql.text, placeholders: 'dollar', interpolations: sql.interpolations });
    return { routine, body, sources, access: body.sites.map(accessOf) };
  } catch {
    // Nested deeper than the stack: no program that anyone wrote.
    return undefined;
  }
}

function accessOf({ sql }: SiteDraft): QuerySite['access'] {
  if (!sql) return 'unknown';
  const ranges = new TokenRanges(sql.text, tokenize(sql.text));
  const kind = kindByTokens(ranges);
  if (kind === 'utility' || kind === 'unknown') return 'unknown';
  return kind !== 'select' || findBlocks(ranges.tokens).some((block) => /^(?:insert|update|delete|merge)$/.test(block.kind)) ? 'write' : 'read';
}

/**
 * Reads the routine that a statement of an SQL file makes or runs (PL/pgSQL, SQL): its queries, loops and calls, in
 * places of the file. Undefined where the statement is none.
 * @param at offset of the statement in the file
 */
export function readRoutineIr(statement: string, at: number, ids: { readonly sites: number; readonly loops: number; readonly functions: number; readonly calls: number }): RoutineIr | undefined {
  const facts = factsOf(statement);
  if (!facts) return undefined;
  const { routine, body } = facts;
  const place = ({ start, end }: Place): HostSpan => hostSpan(at + start, at + end);
  const functionId = ids.functions;
  const loopIds = (loops: readonly number[]): readonly number[] => loops.map((id) => ids.loops + id);
  const own = hostSpan(at, at + statement.length);
  const fn: FunctionIr = {
    id: functionId, name: routine.name, span: own, nameSpan: place(routine.nameAt), body: hostSpan(at + routine.body.at(0), at + routine.body.at(routine.body.text.length)),
    parameters: routine.parameters.filter(({ given }) => given).map(({ name, type }) => ({ name, ...(type === '' ? {} : { type }), field: false, optional: false })),
    async: false, decorators: [], returns: [], guards: [],
    locals: body.locals.map((local) => ({ ...local, span: place(local.span), ...(local.siteId === undefined ? {} : { siteId: ids.sites + local.siteId }) })),
  };
  const sites = body.sites.map((draft, i): QuerySite => ({
    id: ids.sites + i, library: 'sql', confidence: 'proved',
    ...(facts.sources[i] ? { source: facts.sources[i] } : {}),
    map: { segments: (draft.sql?.segments ?? []).map((segment) => ({ ...segment, host: place(segment.host) })) },
    span: place(draft.span), anchor: place(draft.anchor), executes: 'yes', access: facts.access[i] ?? 'unknown', fetches: draft.fetches,
    binds: draft.binds.map((bind) => ({ ...bind, span: place(bind.span) })),
    conditional: [], complete: draft.complete, functionId, loopIds: loopIds(draft.loops), callId: ids.calls + draft.call, chain: [], eager: [],
    ...(draft.resultName === undefined ? {} : { resultName: draft.resultName }),
  }));
  const loops = body.loops.map(({ iterable, ...draft }, i): Loop => ({
    id: ids.loops + i, kind: draft.kind, span: place(draft.span), head: place(draft.head), body: place(draft.body), functionId, ...(draft.parent === undefined ? {} : { parent: ids.loops + draft.parent }),
    ...(iterable ? { iterable: { text: iterable.text, span: place(iterable.span), names: iterable.names, kind: iterable.kind, ...(iterable.site === undefined ? {} : { siteId: ids.sites + iterable.site }), ...(iterable.size === undefined ? {} : { size: iterable.size }) } } : {}),
    elements: draft.elements, concurrent: false,
    facts: {
      ...(draft.condition === undefined ? {} : { condition: draft.condition }), ...(draft.step === undefined ? {} : { step: draft.step }), retries: false,
      assigns: draft.assigns.map(({ name, names, span }) => ({ name, names, span: place(span), calls: [] })), exits: draft.exits.map((exit) => ({ ...exit, span: place(exit.span) })),
    },
  }));
  const calls = body.calls.map((draft, i): CallIr => ({
    id: ids.calls + i, span: place(draft.span), nameSpan: place(draft.nameSpan), callee: [draft.name], args: draft.args.map((argument) => ({ ...argument, span: place(argument.span) })),
    functionId, loopIds: loopIds(draft.loops), awaited: true, conditional: draft.conditional, ...(draft.onError ? { onError: true } : {}), exitsAfter: draft.exitsAfter, constructs: false,
    ...(draft.site === undefined ? {} : { siteId: ids.sites + draft.site }), ...(draft.resultName === undefined ? {} : { resultName: draft.resultName }),
  }));
  return { sites, loops, functions: [fn], calls };
}
