import { expect, it } from 'vitest';
import { readFileRole } from '../../../server/src/core/hosts/fileRole';

it.each([
  ['db/views/active_orders_v01.sql', 'migration'], ['db/views/active_orders_v12.sql', 'migration'], ['db/functions/total_v02.sql', 'migration'], ['db/triggers/touch_v1.sql', 'migration'], ['apps/shop/db/views/x_v3.sql', 'migration'],
  ['db/views/active_orders.sql', 'application'], ['db/views/active_orders_v.sql', 'application'], ['db/views/nested/active_orders_v01.sql', 'application'], ['db/queries/active_orders_v01.sql', 'application'], ['views/active_orders_v01.sql', 'application'], ['db/views/active_orders_v01.ts', 'application'],
  ['db/migrate/20240101_orders.sql', 'migration'], ['test/db/views/active_orders_v01.sql', 'test'], ['vendor/db/views/active_orders_v01.sql', 'vendored'],
])('%s is of the role %s', (path, role) => {
  expect(readFileRole(`file:///work/${path}`)).toBe(role);
});

it.each([
  ['src/users.ts', 'application'], ['src/users.test.ts', 'test'], ['migrations/20240101_users.ts', 'migration'], ['packages/schemas/alterations/1.2.0-names.ts', 'migration'],
  ['db/20240131120000-names.ts', 'migration'], ['src/db/1700000000000-Names.ts', 'migration'], ['app/20240131_120000_report.py', 'application'], ['src/2024-report.ts', 'application'], ['prisma/seed.ts', 'seed'], ['scripts/fix.ts', 'script'],
] as const)('%s is of the role %s', (path, role) => expect(readFileRole(path)).toBe(role));
