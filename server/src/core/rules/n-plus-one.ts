import { loopFinding } from '../advice/batching/finding';
import { FEW_ROWS, loopRows } from '../advice/batching/loopRows';
import { lazyFinding, propertyFinding } from '../advice/batching/lazyFinding';
import { templateFinding } from '../advice/batching/templateFinding';
import { collectLazyReads } from '../calls/lazyReads';
import { collectLoopQueries } from '../calls/loopQueries';
import { collectPropertyReads } from '../calls/propertyReads';
import { collectSerializerReads } from '../calls/serializerReads';
import { collectTemplateReads } from '../calls/templateReads';
import type { FlowRule } from '../lint/rule';

/** A query per element where one query for all of them would do. */
export const nPlusOne: FlowRule = {
  id: 'n-plus-one',
  scope: 'flow',
  category: 'loops',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  roles: ['application'],
  summary: 'A query that runs once per element of a collection',
  docs: {
    why: 'One query for the list and one more for each of its elements: a hundred rows are a hundred round trips, each with its own latency, planning and connection time. Run concurrently they take the whole pool instead. The loop and the query are often in different files, so neither looks wrong; the finding shows the shortest path of calls between them. Templates of Django, Jinja, Rails (ERB) and Laravel (Blade), serializers of Django REST framework and GraphQL types of Django are read with the views and resolvers that fill them: a relation that they touch per row is loaded per row, unless the view’s query loads it along.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function customers(orders: { customerId: number }[]) {\n  const names: string[] = [];\n  for (const order of orders) {\n    const found = await pool.query('SELECT name FROM customers WHERE id = $1', [order.customerId]);\n    names.push(found.rows[0].name);\n  }\n  return names;\n}",
      },
      {
        language: 'python',
        code: 'import psycopg\n\ndef customers(conn: psycopg.Connection, orders):\n    names = []\n    for order in orders:\n        row = conn.execute("SELECT name FROM customers WHERE id = %s", (order.customer_id,)).fetchone()\n        names.append(row[0])\n    return names\n',
      },
    ],
    good: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function customers(orders: { customerId: number }[]) {\n  const found = await pool.query('SELECT id, name FROM customers WHERE id = ANY($1)', [orders.map((order) => order.customerId)]);\n  return new Map(found.rows.map((row) => [row.id, row.name]));\n}",
      },
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function connect() {\n  for (let attempt = 0; attempt < 5; attempt++) {\n    const found = await pool.query('SELECT 1 AS up WHERE $1 > 0', [attempt + 1]);\n    if (found.rows[0]) return found.rows[0];\n  }\n  return undefined;\n}",
      },
    ],
    whenNot: 'Collections that cannot grow (the days of a week, the two sides of a comparison), and work that must be isolated per element. Suppress those with a reason.',
    fixSafety: 'Offered for review, and only where the body has no other awaited work, no `try`, no early exit and carries no value from turn to turn. All rows are read before the first turn: a row that the loop itself changes would be seen as it was before. A query that is moved above the loop also runs for an empty list, and where SQLAlchemy raises for a missing row (`scalar_one`), the dictionary raises `KeyError`. Relations that JavaScript ORMs load row by row (promises of TypeORM, collections and references of MikroORM, related queries of Objection, getters of Sequelize) are loaded with the query that gives the rows, where nothing in between writes and no turn catches its own failure. In Go, Java, Ruby, PHP, C# and Rust rows are looked up in a map by their key, and a row that is missing still leaves the loop as it did; gorm, EF Core and JPA load the list of a parent with the parents. With an ORM the first fix loads the relation along with the elements; a condition that both queries share, such as the tenant, then stands on the elements alone.',
  },
  options: {},
  check(context) {
    for (const query of collectLoopQueries(context.flow, context.file)) {
      if (query.execution.access === 'write') continue;
      if ((loopRows(context, query)?.rows ?? Infinity) <= FEW_ROWS) continue;
      context.report(loopFinding(context, query, query.path.length === 1 ? 'sends a query' : 'leads to a query'));
    }
    for (const read of collectPropertyReads(context.flow, context.file)) context.report(propertyFinding(context, read));
    for (const read of [...collectTemplateReads(context.flow, context.file), ...collectSerializerReads(context.flow, context.file)]) context.report(templateFinding(context, read));
    for (const lazy of collectLazyReads(context.flow, context.file)) context.report(lazyFinding(context, lazy));
  },
};
