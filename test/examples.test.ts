import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { findConfig } from '../server/src/workspace/configFile';
import { createEngine } from '../server/src/workspace/engine';
import { sharedTwin } from './support/twin';
import { createProject } from '../server/src/workspace/project';
import { rules } from '../server/src/core/rules/index.generated';
import { relativePath } from '../server/src/workspace/paths';

/** Every finding of the example workspace: file, rule, and the text it is about. Nothing else may be found, nothing may be missed. */
const EXPECTED: readonly (readonly [string, string, string])[] = [
  ['api/src/auditLog.ts', 'offset-pagination', '.offset(page * pageSize)'],
  ['api/src/auditLog.ts', 'conditional-tenant-filter', ".where('tenant_id', tenantId)"],
  ['api/src/auditLog.ts', 'leading-wildcard-like', ".whereILike('resource', `%${text}%`)"],
  ['api/src/auditLog.ts', 'n-plus-one', "knex('audit_logs')"],
  ['api/src/auditLog.ts', 'write-in-loop', "knex('audit_logs')"],
  ['api/src/events.ts', 'unindexed-predicate', 'tenant_id = ${tenantId}'],
  ['api/src/events.ts', 'offset-pagination', 'OFFSET ${skip}'],
  ['api/src/events.ts', 'n-plus-one', 'sql'],
  ['api/src/events.ts', 'missing-partition-key', 'events'],
  ['api/src/events.ts', 'missing-partition-key', 'events'],
  ['api/src/guests.ts', 'leading-wildcard-like', 'full_name ILIKE $2'],
  ['api/src/reservations.ts', 'offset-pagination', 'OFFSET $3'],
  ['api/src/reservations.ts', 'unstable-pagination', 'ORDER BY created_at DESC'],
  ['api/src/reservations.ts', 'n-plus-one', 'pool.query'],
  ['api/src/reservations.ts', 'n-plus-one', 'findGuest'],
  ['api/src/reservations.ts', 'write-in-loop', 'pool.query'],
  ['api/src/reservations.ts', 'conditional-tenant-filter', 'tenant_id = $2'],
  ['api/src/routes.ts', 'missing-tenant-filter', 'sessions'],
  ['api/src/routes.ts', 'select-star', '*'],
  ['api/src/routes.ts', 'unbounded-select', 'audit_logs'],
  ['db/queries/reports.sql', 'offset-pagination', 'OFFSET :skip'],
  ['db/queries/reports.sql', 'leading-wildcard-like', "note LIKE '%late%'"],
  ['portal/src/reservations.ts', 'offset-pagination', 'skip: number * size'],
  ['portal/src/reservations.ts', 'missing-tenant-filter', 'prisma.reservation.update'],
  ['portal/src/reservations.ts', 'leading-wildcard-like', 'note: { contains: text }'],
  ['portal/src/reservations.ts', 'n-plus-one', 'prisma.guest.findFirst'],
  ['portal/src/reservations.ts', 'write-in-loop', 'prisma.guest.create'],
  ['worker/worker/audit.py', 'offset-pagination', '.offset((page - 1) * page_size)'],
  ['worker/worker/audit.py', 'conditional-tenant-filter', '.where(AuditLog.tenant_id == tenant_id)'],
  ['worker/worker/audit.py', 'leading-wildcard-like', 'AuditLog.resource.icontains(text)'],
  ['worker/worker/conversations.py', 'n-plus-one', 'select(Guest)'],
  ['worker/worker/conversations.py', 'n-plus-one', 'session.guest'],
  ['worker/worker/exports.py', 'offset-pagination', 'OFFSET %s'],
  ['worker/worker/exports.py', 'order-by-limit-walks-index', 'ORDER BY id'],
  ['worker/worker/exports.py', 'select-star', '*'],
  ['worker/worker/locks.py', 'n-plus-one', 'pool.fetchrow'],
  ['worker/worker/locks.py', 'write-in-loop', 'pool.execute'],
];

it('the example workspace: every mistake is found at its place, every correct twin is silent', async () => {
  const folder = path.resolve(import.meta.dirname, '../examples');
  const config = await findConfig(folder, rules, { trusted: true });
  const project = await createProject({ folder, engine: await createEngine(), settings: config?.settings ?? {}, threads: 0, twin: await sharedTwin() });
  const summary = await project.scan();
  expect(summary.skipped).toEqual([]);
  expect(project.problems).toEqual([]);
  const found: (readonly [string, string, string])[] = [];
  for (const file of project.paths) {
    const read = await project.lint(file);
    if ('reason' in read) throw new Error(`${read.path}: ${read.reason}`);
    const linted = await project.previewSettled(read.file.uri, read.text);
    expect(linted.pending).toBe(false);
    expect(linted.failures).toEqual([]);
    const text = fs.readFileSync(file, 'utf8');
    for (const f of linted.findings) found.push([relativePath(folder, file), f.rule, text.slice(f.span.start, f.span.end)]);
  }
  const lines = (list: readonly (readonly string[])[]): string[] => list.map((l) => l.join('  ')).sort();
  expect(lines(found)).toEqual(lines(EXPECTED));
});
