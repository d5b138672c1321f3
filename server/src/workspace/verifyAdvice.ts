import { relationKey } from '../core/catalog/names';
import type { ReportedIndex } from '../core/advice/adviceReport';
import type { AdvisedIndex } from '../core/advice/indexSet';
import { renderCost } from '../core/advice/planEvidence';
import { toHypothetical } from '../core/advice/proveIndex';
import { collectNodes, parsePlan } from '../core/plan/planTree';
import { quoteIdentifier } from '../core/sql/names';
import type { SqlAnalyser } from '../core/sql/ports';
import { DatabaseError } from '../db/errors';
import { explainWhatIf, safeExplain } from '../db/explain';
import { findHypopg, HYPOPG_METHODS, type Hypopg } from '../db/hypopg';
import { openSession, type DbSession } from '../db/session';
import type { AdvisedDatabase } from './advise';

/**
 * Asks the server's own planner about advised indexes, through HypoPG, where that is installed: EXPLAIN of each query they
 * serve, without and with the index. This sends statements of the workspace to the server, so a person must have asked for
 * it by name. Nothing runs, nothing is left behind.
 * @returns the report with `server` filled in, or why the server cannot be asked.
 */
export async function verifyOnServer<T extends Pick<AdvisedDatabase, 'set' | 'report'>>(url: string, advised: T, analyser: SqlAnalyser): Promise<T | { readonly problem: string }> {
  const session = openSession(url);
  try {
    const hypopg = await findHypopg(session);
    if (!hypopg) return { problem: missing(session) };
    const answers = new Map<string, string>();
    for (const index of advised.set.indexes) answers.set(keyOf(toHypothetical(index.proposal)), await askServer(session, hypopg, analyser, index));
    const indexes = advised.report.indexes.map((index): ReportedIndex => ({ ...index, server: answers.get(keyOf({ table: index.table, definition: `USING ${index.method} ${index.columns}` })) }));
    return { ...advised, report: { ...advised.report, indexes } };
  } catch (error) {
    if (error instanceof DatabaseError) return { problem: error.message };
    throw error;
  } finally {
    await session.close();
  }
}

/** Why the server cannot be asked, before anything is planned; undefined where it can. */
export async function serverProblem(url: string): Promise<string | undefined> {
  const session = openSession(url);
  try {
    return (await findHypopg(session)) ? undefined : missing(session);
  } catch (error) {
    if (error instanceof DatabaseError) return error.message;
    throw error;
  } finally {
    await session.close();
  }
}

const missing = (session: DbSession): string => `HypoPG is not installed in ${session.label}; a superuser can add it there with CREATE EXTENSION hypopg`;

const keyOf = ({ table, definition }: { readonly table: string; readonly definition: string }): string => `${table} ${definition}`;

async function askServer(session: DbSession, hypopg: Hypopg, analyser: SqlAnalyser, { proposal, serves }: AdvisedIndex): Promise<string> {
  const { schema, name } = proposal.table;
  if (!HYPOPG_METHODS.has(proposal.method)) return `not verified on your server: HypoPG knows no ${proposal.method} index of ${relationKey(schema, name)}`;
  const index = `CREATE INDEX ON ${quoteIdentifier(schema)}.${quoteIdentifier(name)} ${toHypothetical(proposal).definition}`;
  let [used, before, after] = [0, 0, 0];
  for (const { query } of serves) {
    const proof = analyser.effects(query.sql);
    if (!proof) continue;
    try {
      const plain = parsePlan(await planOf(safeExplain(session, query.sql, { proof })));
      const { plan, names } = await explainWhatIf(session, query.sql, { proof, hypopg, indexes: [index] });
      const tried = parsePlan(plan);
      // A partition's own hypothetical index has a name of its own; its number is the only thing that says so.
      if (!collectNodes(tried.root).some((node) => node.index !== undefined && (names.includes(node.index) || /^<\d+>/.test(node.index)))) continue;
      used++;
      before += plain.root.totalCost;
      after += tried.root.totalCost;
    } catch (error) {
      // A statement whose functions would run while it is planned is not asked about.
      if (!(error instanceof DatabaseError) || !['query', 'refused-statement'].includes(error.kind)) throw error;
    }
  }
  const found = used === 0 ? 'does not take it' : `takes it for ${used} of ${serves.length} queries: cost ${renderCost(before)} to ${renderCost(after)}`;
  return `${used === 0 ? 'not confirmed' : 'verified'} on your server (HypoPG ${hypopg.version}): its planner ${found}`;
}

const planOf = async (result: Promise<{ readonly plan: unknown }>): Promise<unknown> => (await result).plan;
