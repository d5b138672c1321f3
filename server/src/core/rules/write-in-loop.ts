import { loopFinding } from '../advice/batching/finding';
import { FEW_ROWS, loopRows } from '../advice/batching/loopRows';
import { collectLoopQueries } from '../calls/loopQueries';
import type { FlowRule } from '../lint/rule';

/** One INSERT, UPDATE or DELETE per element where one statement could write them all. */
export const writeInLoop: FlowRule = {
  id: 'write-in-loop',
  scope: 'flow',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  roles: ['application'],
  summary: 'One INSERT, UPDATE or DELETE per element of a collection',
  docs: {
    why: 'Each statement is a round trip and, outside of a transaction, a commit with its own wait for the disk. One statement with many rows does the same work ten to a hundred times faster, and all or nothing of it.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function save(lines: { orderId: number; sku: string }[]) {\n  for (const line of lines) {\n    await pool.query('INSERT INTO order_lines (order_id, sku) VALUES ($1, $2)', [line.orderId, line.sku]);\n  }\n}",
      },
      {
        language: 'python',
        code: 'import psycopg\n\ndef close(conn: psycopg.Connection, orders):\n    for order in orders:\n        conn.execute("DELETE FROM carts WHERE order_id = %s", (order.id,))\n',
      },
    ],
    good: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function save(lines: { orderId: number; sku: string }[]) {\n  await pool.query('INSERT INTO order_lines (order_id, sku) SELECT * FROM unnest($1::bigint[], $2::text[])', [lines.map((l) => l.orderId), lines.map((l) => l.sku)]);\n}",
      },
    ],
    whenNot: 'Rows that must succeed or fail on their own, or whose order of writing matters to a trigger. From about 10,000 rows COPY is faster than any INSERT.',
    fixSafety: 'Offered for review: all rows are written by one statement, so one bad row fails them all, and statement triggers fire once. Not offered where the body does anything else.',
  },
  options: {},
  check(context) {
    for (const query of collectLoopQueries(context.flow, context.file)) {
      if (query.execution.access !== 'write' || !query.dependent) continue;
      if ((loopRows(context, query)?.rows ?? Infinity) <= FEW_ROWS) continue;
      context.report(loopFinding(context, query, query.path.length === 1 ? 'writes' : 'leads to a write'));
    }
  },
};
