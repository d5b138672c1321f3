import { describePath, lineOf } from '../advice/transactions/path';
import { calleeSpan } from '../calls/blocks';
import { findExternalWork, type ExternalWork } from '../calls/externalWork';
import { callsInside, collectTransactions, isOpenAt } from '../calls/transactions';
import type { CallIr } from '../hosts/ir';
import type { FlowRule } from '../lint/rule';
import { hostSpan, spanText, type HostSpan } from '../text/span';

const KINDS: Readonly<Record<ExternalWork['kind'], string>> = { network: 'a network request', file: 'a file', sleep: 'a pause', process: 'another process' };

/** Waiting for something else while a transaction is open. */
export const ioInTransaction: FlowRule = {
  id: 'io-in-transaction',
  scope: 'flow',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  roles: ['application'],
  summary: 'A transaction stays open while the code waits for something else than the database',
  docs: {
    why: 'While the code waits for another service, a file or a timer, the transaction keeps its connection, its locks and its snapshot: others wait for the rows, the pool runs dry, and autovacuum cannot clean up. A service that answers slowly then stops the database. And a request that was made is not undone by ROLLBACK.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function pay(orderId: number) {\n  const client = await pool.connect();\n  try {\n    await client.query('BEGIN');\n    await client.query('UPDATE orders SET paid = true WHERE id = $1', [orderId]);\n    await fetch('https://payments.example/charge', { method: 'POST' });\n    await client.query('COMMIT');\n  } catch (error) {\n    await client.query('ROLLBACK');\n    throw error;\n  } finally {\n    client.release();\n  }\n}",
      },
      {
        language: 'python',
        code: 'import requests\nimport psycopg\n\ndef pay(conn: psycopg.Connection, order_id: int):\n    with conn.transaction():\n        conn.execute("UPDATE orders SET paid = true WHERE id = %s", (order_id,))\n        requests.post("https://payments.example/charge")\n',
      },
    ],
    good: [
      {
        language: 'python',
        code: 'import requests\nimport psycopg\n\ndef pay(conn: psycopg.Connection, order_id: int):\n    requests.post("https://payments.example/charge")\n    with conn.transaction():\n        conn.execute("UPDATE orders SET paid = true WHERE id = %s", (order_id,))\n',
      },
    ],
    whenNot: 'Work that must happen under a lock of the database, such as a migration that copies files. Keep it short, and give the transaction an `idle_in_transaction_session_timeout`.',
  },
  options: {},
  check(context) {
    const { flow, file, text } = context;
    const seen = new Set<number>();
    for (const transaction of collectTransactions(flow, file)) {
      for (const call of callsInside(flow, file, transaction)) {
        const work = seen.has(call.id) || call.onError ? undefined : findExternalWork(flow, file, call);
        if (!work || !isOpenAt(flow, file, transaction, call)) continue;
        seen.add(call.id);
        // Of a pause, what makes it: `setTimeout` in `new Promise(…)`.
        const at = work.kind === 'sleep' && call.constructs ? timerIn(context.text, call) : calleeSpan(call);
        context.report({
          at: { host: at },
          severity: work.path.length > 2 || call.conditional ? 'info' : 'warning',
          message: `\`${spanText(text, at).replace(/\s+/g, '')}\` waits for ${KINDS[work.kind]} while the transaction is open.`,
          because: [`The transaction (\`${transaction.label}\`) begins in ${lineOf(context, transaction.anchor)}; its locks and its connection are held meanwhile.`, describePath(context, work.path)].filter(Boolean).join(' '),
          confidence: 'text',
          evidence: { work: work.kind, call: work.path.at(-1)?.label, transaction: transaction.label },
          related: [{ uri: file.uri, span: transaction.anchor, message: 'The transaction' }, ...work.path.slice(1).map((step) => ({ uri: step.uri, span: step.span, message: step.label }))],
        });
      }
    }
  },
};

function timerIn(text: string, call: CallIr): HostSpan {
  const at = spanText(text, call.span).search(/\bsetTimeout\b/);
  return at < 0 ? call.nameSpan : hostSpan(call.span.start + at, call.span.start + at + 'setTimeout'.length);
}
