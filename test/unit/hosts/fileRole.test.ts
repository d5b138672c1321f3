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
  ['db/20240131120000-names.ts', 'migration'], ['src/db/1700000000000-Names.ts', 'migration'], ['app/20240131_120000_report.py', 'application'], ['src/2024-report.ts', 'application'], ['prisma/seed.ts', 'seed'], ['src/tester/e2eSeeds.ts', 'seed'], ['src/demo.seed.ts', 'seed'], ['src/seedPhrase.ts', 'application'], ['scripts/fix.ts', 'script'],
] as const)('%s is of the role %s', (path, role) => expect(readFileRole(path)).toBe(role));

it.each([
  ['internal/store/users_test.go', 'test'], ['internal/store/testdata/rows.sql', 'test'], ['pkg/testutils/pool.go', 'test'], ['internal/store/users.go', 'application'], ['internal/latest.go', 'application'], ['internal/contest/run.go', 'application'],
  ['app/models/user_spec.rb', 'test'], ['spec/models/user.rb', 'test'], ['app/models/user.rb', 'application'], ['lib/tasks/repair.rake', 'script'], ['db/migrate/20240101000000_users.rb', 'migration'], ['db/seeds.rb', 'seed'], ['db/structure.sql', 'migration'], ['store/schema/main/delta/31/pushers.py', 'migration'], ['app/delta.py', 'application'],
  ['tests/Feature/UsersTest.php', 'test'], ['app/UsersTest.php', 'test'], ['app/Models/Latest.php', 'application'], ['database/migrations/2024_01_01_000000_users.php', 'migration'], ['database/seeders/UserSeeder.php', 'seed'], ['app/UserSeeder.php', 'seed'],
  ['src/test/java/shop/UsersTest.java', 'test'], ['src/main/java/shop/UsersIT.java', 'test'], ['src/main/java/shop/Latest.java', 'application'], ['target/classes/Users.java', 'generated'], ['target/generated-sources/Users.java', 'generated'], ['src/target/users.ts', 'application'],
  ['Shop.Tests/Users.cs', 'test'], ['Shop.IntegrationTests/Users.cs', 'test'], ['Shop/UsersTests.cs', 'test'], ['Shop/Migrations/20240101_Users.Designer.cs', 'migration'], ['Shop/Users.g.cs', 'generated'], ['Shop/Contest.cs', 'application'], ['Shop/obj/Debug/Users.cs', 'generated'],
  ['src/users/tests.rs', 'test'], ['src/users/test.rs', 'test'], ['src/users/attests.rs', 'application'], ['target/debug/build/users.rs', 'generated'], ['shop/tests.py', 'test'], ['shop/users_test.py', 'test'], ['shop/latest.py', 'application'],
] as const)('%s is of the role %s', (path, role) => expect(readFileRole(path)).toBe(role));
