import { knex } from './db';

export interface AuditEntry {
  tenant_id: string;
  user_id: string;
  event_type: string;
  severity: string;
  resource: string;
}

export function auditPage(tenantId: string, page: number, pageSize: number) {
  return knex('audit_logs')
    .select('id', 'event_type', 'created_at')
    .where('tenant_id', tenantId)
    .orderBy([{ column: 'created_at', order: 'desc' }, { column: 'id', order: 'desc' }])
    .limit(pageSize)
    .offset(page * pageSize);
}

export function auditPageAfter(tenantId: string, after: { created_at: Date; id: string }, pageSize: number) {
  return knex('audit_logs')
    .select('id', 'event_type', 'created_at')
    .where('tenant_id', tenantId)
    .whereRaw('(created_at, id) < (?, ?)', [after.created_at, after.id])
    .orderBy([{ column: 'created_at', order: 'desc' }, { column: 'id', order: 'desc' }])
    .limit(pageSize);
}

/** Without a tenant this searches everybody's trail. */
export async function severeEntries(tenantId: string | undefined) {
  let query = knex('audit_logs').select('id', 'resource').where('severity', 'critical');
  if (tenantId) query = query.where('tenant_id', tenantId);
  return query.orderBy('created_at', 'desc').limit(100);
}

export async function severeEntriesOfTenant(tenantId: string) {
  return knex('audit_logs').select('id', 'resource').where('severity', 'critical').where('tenant_id', tenantId).orderBy('created_at', 'desc').limit(100);
}

export function searchResource(tenantId: string, text: string) {
  return knex('audit_logs').select('id', 'resource').where('tenant_id', tenantId).whereILike('resource', `%${text}%`).orderBy('id').limit(50);
}

export function resourcesStartingWith(tenantId: string, prefix: string) {
  return knex('audit_logs').select('id', 'resource').where('tenant_id', tenantId).whereLike('resource', `${prefix}%`).orderBy('id').limit(50);
}

/** All of these at the same time: the pool is exhausted before the first answer. */
export async function lastLogins(tenantId: string, userIds: readonly string[]) {
  return Promise.all(
    userIds.map((userId) =>
      knex('audit_logs').where({ tenant_id: tenantId, user_id: userId, event_type: 'login' }).max('created_at as at').first(),
    ),
  );
}

export async function lastLoginsAtOnce(tenantId: string, userIds: readonly string[]) {
  return knex('audit_logs').where({ tenant_id: tenantId, event_type: 'login' }).whereIn('user_id', userIds).groupBy('user_id').select('user_id').max('created_at as at');
}

export async function record(entries: readonly AuditEntry[]): Promise<void> {
  for (const entry of entries) {
    await knex('audit_logs').insert(entry);
  }
}

export async function recordAtOnce(entries: readonly AuditEntry[]): Promise<void> {
  await knex('audit_logs').insert(entries);
}
