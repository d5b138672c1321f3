import { collectOpenings } from '../calls/openings';
import type { FlowRule } from '../lint/rule';

/** A connection opened where one of the pool would do. */
export const connectionPerCall: FlowRule = {
  id: 'connection-per-call',
  scope: 'flow',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  roles: ['application'],
  summary: 'A connection or a pool is opened for each call',
  docs: {
    why: 'Opening a connection costs several round trips, a login and a process of the server: more than most queries. A pool that is made per call is no pool, since nothing comes back to it. Under load the server runs out of connections long before it runs out of work. Open one pool when the process starts and share it.',
    bad: [
      {
        language: 'typescript',
        code: "import { Client } from 'pg';\nexport async function GET(request: Request) {\n  const client = new Client();\n  await client.connect();\n  const found = await client.query('SELECT id, name FROM customers LIMIT 20');\n  await client.end();\n  return Response.json(found.rows);\n}",
      },
      {
        language: 'python',
        code: 'import psycopg\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get("/customers")\ndef customers():\n    with psycopg.connect("") as conn:\n        return conn.execute("SELECT id, name FROM customers LIMIT 20").fetchall()\n',
      },
    ],
    good: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function GET(request: Request) {\n  const found = await pool.query('SELECT id, name FROM customers LIMIT 20');\n  return Response.json(found.rows);\n}",
      },
    ],
    whenNot: 'Places that cannot share a pool: functions at the edge whose connections may not outlive a request, jobs that run once an hour.',
  },
  options: {},
  check(context) {
    for (const { call, label, what, reason, sure } of collectOpenings(context.flow, context.file)) {
      context.report({
        at: { host: call.nameSpan },
        severity: sure ? 'warning' : 'info',
        message: `\`${label}\` opens a ${what} ${reason}: share one pool of the process.`,
        confidence: 'text',
        evidence: { opens: what, when: reason },
      });
    }
  },
};
