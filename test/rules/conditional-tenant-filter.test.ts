import { conditionalTenantFilter } from '../../server/src/core/rules/conditional-tenant-filter';
import { testRule } from '../support/ruleTester';

testRule(conditionalTenantFilter, {
  schema: `
    CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
    CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, total numeric NOT NULL);
  `,
  flagged: [
    {
      code: `
SELECT id FROM invoices WHERE ($1::bigint IS NULL OR organization_id = $1) AND total > $2
--                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ off when its value is NULL`,
      fixed: `
SELECT id FROM invoices WHERE organization_id = $1 AND total > $2`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function list(organizationId?: string) {
  let sql = 'SELECT id FROM invoices WHERE total > 0';
  if (organizationId) sql += ' AND organization_id = $1';
//                                 ^^^^^^^^^^^^^^^^^^^^ only on some path
  return pool.query(sql, [organizationId]);
}`,
    },
  ],
  clean: [
    'SELECT id FROM invoices WHERE organization_id = $1 AND total > $2',
    'SELECT id FROM invoices WHERE ($1::numeric IS NULL OR total > $1) AND organization_id = $2',
    'SELECT id FROM invoices WHERE (organization_id = $1 OR organization_id IS NULL)',
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function list(organizationId: string, minimum?: number) {
  let sql = 'SELECT id FROM invoices WHERE organization_id = $1';
  if (minimum) sql += ' AND total > $2';
  return pool.query(sql, [organizationId, minimum]);
}`,
    },
    {
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function list(organizationId?: string) {
  if (!organizationId) throw new Error('no organization');
  let sql = 'SELECT id FROM invoices WHERE total > 0';
  if (organizationId) sql += ' AND organization_id = $1';
  return pool.query(sql, [organizationId]);
}`,
    },
  ],
});
