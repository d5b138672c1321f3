import { commitFix } from '../advice/transactions/commit';
import { rollBackFix } from '../advice/transactions/rollBack';
import { lineOf } from '../advice/transactions/path';
import { collectOpenTransactions, type OpenTransaction } from '../calls/openTransactions';
import type { FlowContext, FlowRule } from '../lint/rule';

/** BEGIN, and a way without COMMIT or ROLLBACK. */
export const transactionNotClosed: FlowRule = {
  id: 'transaction-not-closed',
  scope: 'flow',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  roles: ['application'],
  summary: 'A transaction that some way leaves open, or whose changes are never committed',
  docs: {
    why: 'A transaction that nobody ends keeps its locks and its snapshot. With a pool it is worse: the connection goes back with the transaction open, and whoever gets it next runs inside of it, or gets “current transaction is aborted” for queries that are in order. A session that is closed without a commit loses its changes without a word.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function move(from: number, to: number) {\n  const client = await pool.connect();\n  try {\n    await client.query('BEGIN');\n    await client.query('UPDATE accounts SET total = total - 1 WHERE id = $1', [from]);\n    await client.query('UPDATE accounts SET total = total + 1 WHERE id = $1', [to]);\n    await client.query('COMMIT');\n  } finally {\n    client.release();\n  }\n}",
      },
      {
        language: 'python',
        code: 'from sqlalchemy.orm import Session\n\nfrom app.models import Order, engine\n\ndef place(customer_id: int):\n    with Session(engine) as session:\n        session.add(Order(customer_id=customer_id))\n',
      },
    ],
    good: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function move(from: number, to: number) {\n  const client = await pool.connect();\n  try {\n    await client.query('BEGIN');\n    await client.query('UPDATE accounts SET total = total - 1 WHERE id = $1', [from]);\n    await client.query('UPDATE accounts SET total = total + 1 WHERE id = $1', [to]);\n    await client.query('COMMIT');\n  } catch (error) {\n    await client.query('ROLLBACK');\n    throw error;\n  } finally {\n    client.release();\n  }\n}",
      },
      {
        language: 'python',
        code: 'from sqlalchemy.orm import Session\n\nfrom app.models import Order, engine\n\ndef place(customer_id: int):\n    with Session(engine) as session, session.begin():\n        session.add(Order(customer_id=customer_id))\n',
      },
    ],
    whenNot: 'Helpers that begin for somebody else to end. The rule is silent where the connection was handed in or is handed on.',
    fixSafety: 'Offered for review: what was left open is now undone, and what was lost is now kept.',
  },
  options: {},
  check(context) {
    for (const open of collectOpenTransactions(context.flow, context.file, context.text)) {
      context.report({
        at: { host: open.kind === 'on-return' && open.at ? open.at : open.anchor },
        message: messageOf(open),
        because: becauseOf(context, open),
        confidence: 'text',
        evidence: { open: open.kind, on: open.receiver },
        related: open.kind === 'on-return' ? [{ uri: context.file.uri, span: open.anchor, message: 'Begins here' }] : [],
        fixes: () => {
          const fix = open.kind === 'never-committed' ? commitFix(context, open) : rollBackFix(context, open);
          return fix ? [fix] : [];
        },
      });
    }
  },
};

function messageOf({ kind, receiver }: OpenTransaction): string {
  switch (kind) {
    case 'never-ended': return `The transaction on \`${receiver}\` is begun and neither committed nor rolled back.`;
    case 'on-error': return `The transaction on \`${receiver}\` stays open when a query in it fails: nothing rolls it back.`;
    case 'on-return': return `The function returns here and leaves the transaction on \`${receiver}\` open.`;
    case 'never-committed': return `The changes of \`${receiver}\` are never committed: they are lost when it is closed.`;
  }
}

function becauseOf(context: FlowContext, { kind, receiver, anchor, transaction }: OpenTransaction): string {
  const begun = lineOf(context, anchor);
  const committed = transaction?.commit && lineOf(context, transaction.commit.span);
  switch (kind) {
    case 'never-ended': return `Begun in ${begun}; neither follows in this function.`;
    case 'on-error': return `Begun in ${begun}, committed in ${committed ?? 'this function'}; no ROLLBACK stands in a handler or a \`finally\`.`;
    case 'on-return': return `Begun in ${begun}; the COMMIT in ${committed ?? 'this function'} is not reached.`;
    case 'never-committed': return `No commit of \`${receiver}\` follows in this function, and nobody else is given it.`;
  }
}
