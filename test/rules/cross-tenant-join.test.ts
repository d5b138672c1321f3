import { crossTenantJoin } from '../../server/src/core/rules/cross-tenant-join';
import { testRule } from '../support/ruleTester';

testRule(crossTenantJoin, {
  schema: `
    CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE customers (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, code text NOT NULL, email text, UNIQUE (organization_id, code));
    CREATE TABLE orders (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, customer_id bigint REFERENCES customers, customer_code text NOT NULL, email text);
    CREATE TABLE devices (serial text PRIMARY KEY, organization_id bigint NOT NULL);
    CREATE TABLE pings (id bigint PRIMARY KEY, organization_id bigint NOT NULL, serial text NOT NULL);
    CREATE TABLE countries (code text PRIMARY KEY);
  `,
  flagged: [
    {
      code: `
SELECT o.id FROM orders o JOIN customers c ON c.code = o.customer_code WHERE o.organization_id = $1
--                                            ^^^^^^^^^^^^^^^^^^^^^^^^ customers.code is unique only within a tenant`,
      severity: 'warning',
      fixed: `
SELECT o.id FROM orders o JOIN customers c ON c.code = o.customer_code AND c.organization_id = o.organization_id WHERE o.organization_id = $1`,
    },
    {
      code: `
SELECT o.id FROM orders o, customers c WHERE o.email = c.email AND o.organization_id = $1
--                                           ^^^^^^^^^^^^^^^^^ neither email nor email is a key`,
      severity: 'info',
    },
    `
UPDATE orders SET customer_id = c.id FROM customers c WHERE c.code = orders.customer_code
--                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ joined across tenants`,
    `
DELETE FROM orders o USING customers c WHERE c.email = o.email AND c.organization_id = $1
--                                           ^^^^^^^^^^^^^^^^^ joined across tenants`,
    {
      code: `
SELECT o.id FROM orders o JOIN customers c USING (email) WHERE o.organization_id = $1
--                                                ^^^^^ joined across tenants`,
      fixes: 0,
    },
  ],
  clean: [
    'SELECT o.id FROM orders o JOIN customers c ON c.code = o.customer_code AND c.organization_id = o.organization_id',
    'SELECT o.id FROM orders o JOIN customers c USING (organization_id, email)',
    'SELECT o.id FROM orders o JOIN customers c ON c.email = o.email WHERE o.organization_id = $1 AND c.organization_id = $1',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id',
    'SELECT p.id FROM pings p JOIN devices d ON d.serial = p.serial',
    'SELECT o.id FROM orders o JOIN countries c ON c.code = o.customer_code',
    'SELECT o.id FROM organizations g JOIN orders o ON o.organization_id = g.id JOIN customers c ON c.organization_id = g.id WHERE c.email = o.email AND g.id = $1',
    { code: 'SELECT o.id FROM orders o JOIN customers c ON c.code = o.customer_code', path: 'src/admin/report.sql', embed: false },
  ],
});
