import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainLine, explainNode } from '../../../client/webview/terms';
import { parsePlan } from '../../../server/src/core/plan/planTree';
import { collectNodes } from '../../../server/src/core/plan/planModel';

/** Every line that EXPLAIN of PostgreSQL 12 to 18 writes of a node (explain.c, postgres_fdw), but names and what shows in the details' head. */
const lines = `Strategy|Partial Mode|Operation|Parent Relationship|Subplan Name|Parallel Aware|Async Capable|Join Type|Scan Direction|Alias|Function Name|Table Function Name|CTE Name|Tuplestore Name|Custom Plan Provider|Command|Startup Cost|Total Cost|Plan Rows|Plan Width
Actual Startup Time|Actual Total Time|Actual Rows|Actual Loops|Disabled|Inner Unique|Output|Index Cond|Rows Removed by Index Recheck|Order By|Filter|Rows Removed by Filter|Heap Fetches|Index Searches|Recheck Cond|Exact Heap Blocks|Lossy Heap Blocks|Sampling Method|Sampling Parameters|Repeatable Seed
Workers Planned|Workers Launched|Single Copy|Params Evaluated|Function Call|Table Function Call|TID Cond|Join Filter|Rows Removed by Join Filter|Merge Cond|Hash Cond|Group Key|Grouping Sets|Hash Key|Sort Key|Presorted Key|One-Time Filter|Run Condition|Window|Conflict Resolution|Conflict Arbiter Indexes|Conflict Filter|Rows Removed by Conflict Filter
Tuples Inserted|Tuples Updated|Tuples Deleted|Tuples Skipped|Conflicting Tuples|Cache Key|Cache Mode|Cache Hits|Cache Misses|Cache Evictions|Cache Overflows|Peak Memory Usage|Storage|Maximum Storage|Hash Buckets|Original Hash Buckets|Hash Batches|Original Hash Batches|HashAgg Batches|Disk Usage|Planned Partitions
Sort Method|Sort Space Used|Sort Space Type|Full-sort Groups|Pre-sorted Groups|Subplans Removed|Shared Hit Blocks|Shared Read Blocks|Shared Dirtied Blocks|Shared Written Blocks|Local Hit Blocks|Local Read Blocks|Local Dirtied Blocks|Local Written Blocks|Temp Read Blocks|Temp Written Blocks
I/O Read Time|I/O Write Time|Shared I/O Read Time|Shared I/O Write Time|Local I/O Read Time|Local I/O Write Time|Temp I/O Read Time|Temp I/O Write Time|WAL Records|WAL FPI|WAL Bytes|WAL Buffers Full|Remote SQL|Relations|Target Tables`.split(/[|\n]/);

const kinds = `Result|ProjectSet|Insert|Update|Delete|Merge|Append|Merge Append|Recursive Union|BitmapAnd|BitmapOr|Nested Loop|Nested Loop Left Join|Merge Join|Merge Anti Join|Hash Join|Hash Right Semi Join|Parallel Hash Join|Seq Scan|Parallel Seq Scan|Sample Scan|Gather|Gather Merge|Index Scan|Index Scan Backward|Index Only Scan|Bitmap Index Scan|Parallel Bitmap Heap Scan|Tid Scan|Tid Range Scan|Subquery Scan|Function Scan|Table Function Scan|Values Scan|CTE Scan|Named Tuplestore Scan|WorkTable Scan|Foreign Scan|Async Foreign Scan|Custom Scan
Materialize|Memoize|Sort|Incremental Sort|Group|Aggregate|GroupAggregate|HashAggregate|MixedAggregate|Partial HashAggregate|Finalize GroupAggregate|WindowAgg|Unique|SetOp Except|HashSetOp Intersect|LockRows|Limit|Hash|Parallel Hash`.split(/[|\n]/);

describe('the words of EXPLAIN', () => {
  it('explains every kind of node, each by its own', () => {
    expect(kinds.filter((kind) => explainNode(kind) === undefined)).toEqual([]);
    expect(explainNode('Merge Join')).toMatch(/side by side/);
    expect(explainNode('Merge Append')).toMatch(/order/);
    expect(explainNode('Hash')).not.toBe(explainNode('Hash Join'));
    expect(explainNode('HashSetOp Intersect')).toMatch(/INTERSECT/);
    expect(explainNode('Merge')).toMatch(/Changes/);
    expect(explainNode('Index Only Scan')).not.toBe(explainNode('Index Scan'));
  });

  it('explains every line', () => {
    expect(lines.filter((line) => explainLine(line) === undefined)).toEqual([]);
  });

  it('leaves no line of a real plan without its meaning', () => {
    const folder = path.resolve(import.meta.dirname, '../../fixtures/plans');
    const named = new Set(['Node Type', 'Relation Name', 'Schema', 'Index Name', 'Plans', 'Workers']);
    const seen = fs.readdirSync(folder).flatMap((name) => collectNodes(parsePlan((JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as unknown[])[0]).root).flatMap((node) => [...Object.keys(node.raw ?? {}).filter((key) => !named.has(key) && explainLine(key) === undefined), ...(explainNode(node.nodeType) === undefined ? [node.nodeType] : [])]));
    expect([...new Set(seen)]).toEqual([]);
  });
});
