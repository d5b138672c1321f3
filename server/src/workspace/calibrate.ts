import { escapeMarkdown, markdownFence } from '../core/text/markdown';
import type { Catalog } from '../core/catalog/model';
import { calibrationQueries, summariseAgreement, type Agreement, type PlanComparison } from '../core/plan/calibration';
import { parsePlan } from '../core/plan/planTree';
import type { SqlAnalyser } from '../core/sql/ports';
import { DatabaseError } from '../db/errors';
import { safeExplain } from '../db/explain';
import type { DbSession } from '../db/session';
import { TwinError, type Twin } from '../twin/twin';

export interface Calibration extends Agreement {
  /** Statements that one of the two could not plan. */
  readonly unplanned: number;
}

export interface CalibrationParts {
  readonly twin: Twin;
  readonly analyser: SqlAnalyser;
  /** Functions (`schema.name`) that may run on the server while a statement is planned. */
  readonly allowFunctions?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A table that may not be read, or whose plan would run functions, is left out; everything else is a failure of the connection. */
const LEFT_OUT = new Set(['refused-statement', 'permission', 'query']);

/**
 * Compares the twin with the server it copies: both plan statements made from the catalog. Asks the live server for EXPLAIN,
 * so a person has to ask for it. Rejects with `DatabaseError` when the server does not answer, and with `TwinError` when there is no twin.
 */
export async function calibrate(session: DbSession, catalog: Catalog, { twin, analyser, allowFunctions, signal }: CalibrationParts): Promise<Calibration> {
  const comparisons: PlanComparison[] = [];
  let unplanned = 0;
  for (const sql of calibrationQueries(catalog)) {
    signal?.throwIfAborted();
    // Made from the catalog, never from the user's code; proved like any other.
    const proof = analyser.effects(sql);
    if (!proof) {
      unplanned++;
      continue;
    }
    try {
      const { plan } = await safeExplain(session, sql, { proof, ...(allowFunctions ? { allowFunctions } : {}), ...(signal ? { signal } : {}) });
      comparisons.push({ sql, server: parsePlan(plan).root, twin: (await twin.plan(catalog, sql)).root });
    } catch (error) {
      const leftOut = error instanceof TwinError ? error.kind !== 'unavailable' : error instanceof DatabaseError && LEFT_OUT.has(error.kind);
      if (!leftOut) throw error;
      unplanned++;
    }
  }
  return { ...summariseAgreement(comparisons), unplanned };
}

const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

/** The result in one line for people. */
export function summariseCalibration({ plans, sameShape, unplanned, costErrorAt }: Calibration): string {
  if (plans === 0) return unplanned > 0 ? `Nothing to compare: none of ${plural(unplanned, 'statement')} could be planned on both sides.` : 'Nothing to compare: the database holds no tables.';
  const error = (share: number): string => `${(100 * costErrorAt(share)).toFixed(1)} %`;
  return `${sameShape} of ${plural(plans, 'plan')} ${sameShape === 1 ? 'is' : 'are'} the same in the twin and on the server. Costs differ by ${error(0.5)} at the median, ${error(0.95)} at the 95th percentile.${unplanned > 0 ? ` ${plural(unplanned, 'statement')} could not be compared.` : ''}`;
}

/** Statements whose plans differ, with the top node and cost of both; none: an empty list. */
export const describeDifferences = ({ differing }: Calibration): readonly { readonly sql: string; readonly server: string; readonly twin: string }[] =>
  differing.map(({ sql, server, twin }) => ({ sql, server: describeTop(server), twin: describeTop(twin) }));

/** The whole as Markdown: what was compared, the summary, the differing statements. `label`: of the connection. */
export function renderCalibrationMarkdown(label: string, calibration: Calibration): string {
  const differences = describeDifferences(calibration);
  return [
    `# The planner twin and ${escapeMarkdown(label)}`, '', summariseCalibration(calibration), '',
    'Both planned statements that were made from the schema: look-ups, pages, counts and joins of the largest tables, with parameters in place of values. Your own queries were not sent, and nothing was executed.', '',
    ...(differences.length === 0 ? [] : ['## Plans that differ', '', ...differences.flatMap(({ sql, server, twin }) => [markdownFence(sql, 'sql'), '', `- Server: ${escapeMarkdown(server)}`, `- Twin: ${escapeMarkdown(twin)}`, ''])]),
  ].join('\n');
}

const describeTop = (node: PlanComparison['server']): string => `${describeNodes(node)}, cost ${Math.round(node.totalCost).toLocaleString('en')}`;

/** `Limit ← Index Scan using orders_created_at on orders`: from the top down the first child of each. */
function describeNodes(node: PlanComparison['server']): string {
  const own = `${node.nodeType}${node.index === undefined ? '' : ` using ${node.index}`}${node.relation === undefined ? '' : ` on ${node.relation}`}`;
  return [own, ...node.children.slice(0, 1).map(describeNodes)].join(' ← ');
}
