import { collectNodes, type PlanNode } from '../planModel';
import { quoteIdentifier, quoteQualified } from '../../sql/names';
import { allOf, count, milliseconds, ownOf, percent, severityOf, shareOf, type PlanContext } from './context';
import type { PlanAdvice, PlanFinding } from './types';

/** Planning that takes as long as the run, and this long: the first statement of a session takes some anyway (catalog caches). */
const PLANNING_MS = 50;
const JIT_SHARE = 0.2;
const JIT_MS = 20;
const OUTSIDE_SHARE = 0.2;
const OUTSIDE_MS = 20;
/** Milliseconds that a row waits where writing or locking it takes microseconds. */
const LOCK_MS_PER_ROW = 10;
const LOCK_MS = 100;
/** One check of a foreign key by an index takes a few hundredths of this. */
const KEY_CHECK_MS = 0.2;

/** What concerns the run as a whole: planning, JIT, triggers, workers, time in no node. */
export const findInRun = (context: PlanContext): readonly PlanFinding[] =>
  (context.model.analyzed ? [...planningTime(context), ...jitTime(context), ...missingWorkers(context), ...outside(context), ...triggers(context), ...lockWaits(context)] : []);

function planningTime({ model }: PlanContext): readonly PlanFinding[] {
  const { planningMs = 0, executionMs, planningBlocks } = model;
  if (executionMs === undefined || planningMs < PLANNING_MS || planningMs < executionMs) return [];
  const share = planningMs / (planningMs + executionMs);
  return [{
    kind: 'planning-time', severity: severityOf(share / 2), share,
    title: `Planning takes ${milliseconds(planningMs)}, the run ${milliseconds(executionMs)}`,
    detail: `The planner looks at every table, partition and index that may take part${(planningBlocks?.read ?? 0) > 0 ? '; here it also had to read the catalog from disk, as the first statement of a session does' : ''}.`,
    advice: [{ text: 'Prepare the statement once and run it often; name the partition key with a value, so that partitions are left out early; drop indexes that nothing uses.' }],
    evidence: [{ label: 'Planning', value: milliseconds(planningMs) }, { label: 'Execution', value: milliseconds(executionMs) }, ...(planningBlocks ? [{ label: 'Catalog blocks', value: `${count(planningBlocks.hit)} hit, ${count(planningBlocks.read)} read` }] : [])],
  }];
}

function jitTime(context: PlanContext): readonly PlanFinding[] {
  const { jit, executionMs } = context.model;
  const ms = jit?.totalMs ?? 0;
  if (executionMs === undefined || ms < JIT_MS || ms < executionMs * JIT_SHARE) return [];
  const share = Math.min(1, ms / executionMs);
  return [{
    kind: 'jit-time', severity: severityOf(share), share,
    title: `Compiling expressions (JIT) takes ${milliseconds(ms)}, ${percent(share)} of the run`,
    detail: 'The plan\'s cost was above jit_above_cost; compiling pays only where millions of rows go through the same expression.',
    advice: [{ text: 'Switch JIT off for such statements, or raise jit_above_cost (and jit_inline_above_cost, jit_optimize_above_cost).', sql: 'SET jit = off;' }],
    evidence: [{ label: 'Functions', value: count(jit?.functions ?? 0) }, { label: 'Inlining', value: milliseconds(jit?.inliningMs ?? 0) }, { label: 'Optimization', value: milliseconds(jit?.optimizationMs ?? 0) }, { label: 'Emission', value: milliseconds(jit?.emissionMs ?? 0) }],
  }];
}

const missingWorkers = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => {
  const [planned = 0, launched] = [node.workersPlanned, node.workersLaunched];
  if (launched === undefined || launched >= planned || node.neverExecuted) return [];
  // What the missing ones would have taken over, had they been as fast as the others.
  const share = shareOf(context, allOf(context, node) * (1 - (launched + 1) / (planned + 1)));
  if (share === undefined) return [];
  return [{
    kind: 'workers-not-launched', severity: severityOf(share), nodeId: node.id, share,
    title: `${launched === 0 ? 'None' : launched} of ${planned} planned parallel workers came`,
    detail: 'The plan was made for more processes than there were: all workers of the server were busy, or it has too few.',
    advice: [{ text: 'Raise max_parallel_workers (and max_worker_processes), or keep small statements from asking for workers (min_parallel_table_scan_size).' }],
    evidence: [{ label: 'Workers planned', value: String(planned) }, { label: 'Workers launched', value: String(launched) }],
  }];
});

function outside(context: PlanContext): readonly PlanFinding[] {
  const { unattributedMs = 0, jitMs = 0, executionMs } = context.model;
  // Of JIT, what is compiled before the first row is in no node.
  const ms = unattributedMs - jitMs;
  if (executionMs === undefined || ms < OUTSIDE_MS || ms < executionMs * OUTSIDE_SHARE) return [];
  const share = ms / executionMs;
  return [{
    kind: 'outside-nodes', severity: severityOf(share), share,
    title: `${milliseconds(ms)} of the run are in no node`,
    detail: 'That is the start and the end of the run: opening many tables, partitions and indexes, starting and ending parallel workers, giving memory back.',
    advice: [{ text: 'Let the plan touch fewer partitions and indexes; if there are few, look at the machine: a loaded one starts processes slowly.' }],
    evidence: [{ label: 'Execution', value: milliseconds(executionMs) }, { label: 'In no node', value: milliseconds(ms) }],
  }];
}

const triggers = (context: PlanContext): readonly PlanFinding[] => context.model.triggers.flatMap((trigger): readonly PlanFinding[] => {
  const ms = trigger.ms ?? 0;
  const share = shareOf(context, ms);
  if (share === undefined || trigger.calls === 0) return [];
  const perCall = ms / trigger.calls;
  const evidence = [{ label: 'Calls', value: count(trigger.calls) }, { label: 'Per call', value: milliseconds(perCall) }, { label: 'Together', value: milliseconds(ms) }];
  const whole = { severity: severityOf(share), share, evidence };
  const took = `takes ${milliseconds(ms)} in ${count(trigger.calls)} ${trigger.calls === 1 ? 'call' : 'calls'}`;
  if (trigger.constraint === undefined) {
    return [{
      ...whole, kind: 'slow-trigger', title: `The trigger ${trigger.name} ${took}`, detail: 'It runs once per row that is written.',
      advice: [{ text: 'Do its work once per statement (FOR EACH STATEMENT with transition tables), or only for the rows that need it (WHEN).' }],
    }];
  }
  const side = trigger.side ?? sideOf(context.model.root);
  const key = side === 'referenced' ? context.foreignKey(trigger.constraint, trigger.relation, schemaOf(context, trigger.relation)) : undefined;
  if (side !== 'referenced' || perCall < KEY_CHECK_MS || key?.indexed) {
    const detail = side === 'referencing' ? 'For each row that is written, the row that it refers to is looked up by its key and locked.'
      : side === 'referenced' ? `For each row that goes, the rows that refer to it are looked for${key ? ` in ${key.table}, by an index` : ''}, and changed where the constraint says so.`
        : 'It runs once per row that is written.';
    return [{ ...whole, kind: 'slow-trigger', title: `Checking ${trigger.constraint} ${took}`, detail, advice: [] }];
  }
  return [{
    ...whole, kind: 'foreign-key-trigger', title: `Checking the foreign key ${trigger.constraint} takes ${milliseconds(perCall)} per row`,
    detail: `For each row that goes, the rows that refer to it are looked for${key ? ` in ${key.table}` : ''}. ${key ? 'No index leads to them: the table is read whole each time.' : 'Unless there are very many of them, that takes so long only where no index leads to them.'}`,
    advice: [keyAdvice(key)],
  }];
});

/** A trigger has its table's name alone; the node that writes to the table has the schema, under VERBOSE. */
function schemaOf({ nodes }: PlanContext, relation: string | undefined): string | undefined {
  const schemas = new Set(nodes.flatMap((node) => (/^(?:Insert|Update|Delete|Merge)$/.test(node.nodeType) && node.relation === relation ? [node.schema] : [])));
  return schemas.size === 1 ? [...schemas][0] : undefined;
}

/** Which side of a foreign key a statement fires, where its plan tells: a row that is deleted was referred to, one that is inserted refers. */
function sideOf(root: PlanNode): 'referenced' | 'referencing' | undefined {
  const written = new Set(collectNodes(root).flatMap((node) => (/^(?:Insert|Update|Delete|Merge)$/.test(node.nodeType) ? [node.nodeType === 'Insert' && node.raw?.['Conflict Resolution'] === 'UPDATE' ? 'Update' : node.nodeType] : [])));
  if (written.size !== 1) return undefined;
  return written.has('Delete') ? 'referenced' : written.has('Insert') ? 'referencing' : undefined;
}

function keyAdvice(key: ReturnType<PlanContext['foreignKey']>): PlanAdvice {
  if (!key) return { text: 'See that an index begins with the columns of the foreign key, in the table that refers.' };
  const columns = key.columns.map(quoteIdentifier).join(', ');
  if (key.partitioned) return { text: `Make an index on ${columns} of ${key.table}. The table is partitioned, and CREATE INDEX CONCURRENTLY is an error there: make it concurrently on each partition, then once on ${key.table}, which takes them over.` };
  return { text: `Make an index on ${columns} of ${key.table}.`, sql: `CREATE INDEX CONCURRENTLY ON ${quoteQualified(key.schema, key.table)} (${columns});` };
}

/** Rows that took far longer than writing or locking takes: another session held them. */
const lockWaits = (context: PlanContext): readonly PlanFinding[] => context.nodes.flatMap((node): readonly PlanFinding[] => {
  if (!/^(?:LockRows|Update|Delete|Merge)$/.test(node.nodeType) || node.neverExecuted) return [];
  const ms = ownOf(context, node) - (node.selfIoMs ?? 0);
  const rows = Math.max(1, inputRows(node));
  const share = context.timed ? shareOf(context, ms, 0.5) : undefined;
  if (share === undefined || ms < LOCK_MS || ms / rows < LOCK_MS_PER_ROW) return [];
  return [{
    kind: 'lock-wait', severity: severityOf(share), nodeId: node.id, share,
    title: `${node.nodeType}: ${count(rows)} ${rows === 1 ? 'row takes' : 'rows take'} ${milliseconds(ms)}, most likely waiting for locks`,
    detail: 'Locking or writing a row takes microseconds. Another transaction held these rows.',
    advice: [{ text: 'Look at pg_stat_activity and pg_blocking_pids() while it runs; keep transactions short; take rows with FOR UPDATE SKIP LOCKED where any free one will do.' }],
    evidence: [{ label: 'Rows', value: count(rows) }, { label: 'Time in the node', value: milliseconds(ms) }],
  }];
});

const inputRows = (node: PlanNode): number => node.children.filter((child) => child.subplan === undefined).reduce((sum, child) => sum + (child.rows ?? 0), 0);
