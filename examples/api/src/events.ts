import { sql } from './db';

/** No index of `events` leads with the tenant or the kind: every partition is read from end to end. */
export async function paymentsOf(tenantId: string) {
  return sql`SELECT id, session_id, created_at FROM events WHERE tenant_id = ${tenantId} AND kind = 'payment' ORDER BY created_at DESC, id DESC LIMIT 50`;
}

export async function eventsOfSession(tenantId: string, sessionId: string) {
  return sql`SELECT id, kind, created_at FROM events WHERE tenant_id = ${tenantId} AND session_id = ${sessionId} ORDER BY created_at, id LIMIT 200`;
}

export async function eventPage(tenantId: string, sessionId: string, skip: number) {
  return sql`
    SELECT id, kind, created_at
    FROM events
    WHERE tenant_id = ${tenantId} AND session_id = ${sessionId}
    ORDER BY created_at, id
    LIMIT 50 OFFSET ${skip}`;
}

export async function eventPageAfter(tenantId: string, sessionId: string, after: { createdAt: Date; id: string }) {
  return sql`
    SELECT id, kind, created_at
    FROM events
    WHERE tenant_id = ${tenantId} AND session_id = ${sessionId} AND (created_at, id) > (${after.createdAt}, ${after.id})
    ORDER BY created_at, id
    LIMIT 50`;
}

export async function countsPerSession(tenantId: string, sessionIds: readonly string[]) {
  const counts = new Map<string, number>();
  for (const sessionId of sessionIds) {
    const [row] = await sql`SELECT count(*)::int AS n FROM events WHERE tenant_id = ${tenantId} AND session_id = ${sessionId}`;
    counts.set(sessionId, row?.n ?? 0);
  }
  return counts;
}

export async function countsPerSessionAtOnce(tenantId: string, sessionIds: readonly string[]) {
  const rows = await sql`SELECT session_id, count(*)::int AS n FROM events WHERE tenant_id = ${tenantId} AND session_id = ANY(${sessionIds}) GROUP BY session_id`;
  return new Map(rows.map((row) => [row.session_id as string, row.n as number]));
}
