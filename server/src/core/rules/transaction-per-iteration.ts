import { describePath, lineOf } from '../advice/transactions/path';
import { hoistTransaction } from '../advice/transactions/hoistTransaction';
import { collectLoopTransactions } from '../calls/loopTransactions';
import type { FlowRule } from '../lint/rule';

/** BEGIN … COMMIT once per element. */
export const transactionPerIteration: FlowRule = {
  id: 'transaction-per-iteration',
  scope: 'flow',
  category: 'loops',
  severity: 'info',
  needs: 'text',
  fixKinds: ['review'],
  roles: ['application'],
  summary: 'A transaction that is begun and committed once per element',
  docs: {
    why: 'Each COMMIT waits until the log is on the disk, and BEGIN and COMMIT are two more round trips: a thousand elements pay a thousand times. A failure in the middle leaves half of the elements written. One transaction round the loop, or one per few hundred elements, does the same work in a fraction of the time.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function save(lines: { id: number; sku: string }[]) {\n  const client = await pool.connect();\n  try {\n    for (const line of lines) {\n      await client.query('BEGIN');\n      await client.query('UPDATE stock SET held = held + 1 WHERE sku = $1', [line.sku]);\n      await client.query('DELETE FROM carts WHERE line_id = $1', [line.id]);\n      await client.query('COMMIT');\n    }\n  } finally {\n    client.release();\n  }\n}",
      },
      {
        language: 'python',
        code: 'import psycopg\n\ndef save(conn: psycopg.Connection, lines):\n    for line in lines:\n        with conn.transaction():\n            conn.execute("UPDATE stock SET held = held + 1 WHERE sku = %s", (line.sku,))\n            conn.execute("DELETE FROM carts WHERE line_id = %s", (line.id,))\n',
      },
    ],
    good: [
      {
        language: 'python',
        code: 'import psycopg\n\ndef save(conn: psycopg.Connection, lines):\n    with conn.transaction():\n        for line in lines:\n            conn.execute("UPDATE stock SET held = held + 1 WHERE sku = %s", (line.sku,))\n            conn.execute("DELETE FROM carts WHERE line_id = %s", (line.id,))\n',
      },
      {
        language: 'python',
        code: 'import psycopg\nfrom itertools import batched\n\ndef save(conn: psycopg.Connection, lines):\n    for chunk in batched(lines, 500):\n        with conn.transaction():\n            conn.execute("DELETE FROM carts WHERE line_id = ANY(%s)", ([line.id for line in chunk],))\n',
      },
    ],
    whenNot: 'Elements that must be written each on its own: imports that go on after a bad row, jobs of a queue. A `try` round the transaction inside the loop says so, and the rule is silent. Rows that others wait for are better locked for a short time each.',
    fixSafety: 'Offered for review: a failing element then undoes those before it, and locks are held until the loop is done.',
  },
  options: {},
  check(context) {
    for (const found of collectLoopTransactions(context.flow, context.file)) {
      const { label } = found.path.at(-1) ?? { label: 'BEGIN' };
      context.report({
        at: { host: found.anchor },
        severity: found.background ? 'hint' : 'info',
        message: `\`${label}\` begins and commits a transaction ${found.reason}${found.loop.concurrent ? ', each on a connection of its own' : ''}.`,
        because: [`The loop is in ${lineOf(context, found.loop.head)}; each turn waits until its COMMIT is on disk.`, describePath(context, found.path)].filter(Boolean).join(' '),
        confidence: 'text',
        evidence: { loop: found.loop.iterable?.text ?? found.loop.kind, hops: found.path.length - 1 },
        related: [{ uri: context.file.uri, span: found.loop.head, message: 'The loop' }, ...found.path.slice(1).map((step) => ({ uri: step.uri, span: step.span, message: `Begins here: ${step.label}` }))],
        fixes: () => {
          const fix = hoistTransaction(context, found);
          return fix ? [fix] : [];
        },
      });
    }
  },
};
