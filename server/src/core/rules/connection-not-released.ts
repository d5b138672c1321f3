import { giveBackFix } from '../advice/transactions/giveBack';
import { lineOf } from '../advice/transactions/path';
import { collectLeaks, type Leak } from '../calls/checkouts';
import type { FlowContext, FlowRule } from '../lint/rule';

/** A connection that does not go back to its pool. */
export const connectionNotReleased: FlowRule = {
  id: 'connection-not-released',
  scope: 'flow',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  roles: ['application'],
  summary: 'A connection is taken from the pool and not given back on every way',
  docs: {
    why: 'A connection that is not given back is lost to the pool until the process ends. It happens where a query fails, so it is seen on the day on which many fail: the pool runs dry, and every further request waits for a connection that never comes.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function find(id: number) {\n  const client = await pool.connect();\n  const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);\n  client.release();\n  return found.rows[0];\n}",
      },
      {
        language: 'python',
        code: 'from psycopg2.pool import ThreadedConnectionPool\n\npool = ThreadedConnectionPool(1, 10, "")\n\ndef find(id):\n    conn = pool.getconn()\n    cur = conn.cursor()\n    cur.execute("SELECT name FROM customers WHERE id = %s", (id,))\n    row = cur.fetchone()\n    pool.putconn(conn)\n    return row\n',
      },
    ],
    good: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function find(id: number) {\n  const client = await pool.connect();\n  try {\n    const found = await client.query('SELECT name FROM customers WHERE id = $1', [id]);\n    return found.rows[0];\n  } finally {\n    client.release();\n  }\n}",
      },
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function find(id: number) {\n  const found = await pool.query('SELECT name FROM customers WHERE id = $1', [id]);\n  return found.rows[0];\n}",
      },
    ],
    whenNot: 'A connection that lives as long as the process, such as one that listens for notifications.',
    fixSafety: 'Offered for review: the connection is given back when the block ends, later than before where more work followed.',
  },
  options: {},
  check(context) {
    for (const leak of collectLeaks(context.file, context.text)) {
      context.report({
        at: { host: leak.checkout.call.nameSpan },
        message: `\`${leak.checkout.name}\` ${MESSAGES[leak.kind]}`,
        because: becauseOf(context, leak),
        confidence: 'text',
        evidence: { leak: leak.kind, giveBack: leak.checkout.giveBack },
        related: leak.at ? [{ uri: context.file.uri, span: leak.at, message: leak.kind === 'on-return' ? 'Leaves here' : 'May fail here' }] : [],
        fixes: () => {
          const fix = giveBackFix(context, leak);
          return fix ? [fix] : [];
        },
      });
    }
  },
};

const MESSAGES: Readonly<Record<Leak['kind'], string>> = {
  'never': 'is taken from the pool and never given back.',
  'on-error': 'is not given back when a query before its release fails.',
  'on-return': 'is not given back where the function returns before its release.',
};

function becauseOf(context: FlowContext, { kind, checkout: { call, giveBack, releases }, at }: Leak): string {
  const code = `\`${giveBack.replace(/^await /, '')}\``;
  const given = releases.find((release) => release.span.start > (at ?? call.span).start);
  if (kind === 'never') return `No ${code} follows in this function.`;
  const passed = `${given ? `${code} in ${lineOf(context, given.span)}` : code} is not reached`;
  return at === undefined ? `${passed}.` : kind === 'on-error' ? `${passed} when ${lineOf(context, at)} fails.` : `${passed} from ${lineOf(context, at)}.`;
}
