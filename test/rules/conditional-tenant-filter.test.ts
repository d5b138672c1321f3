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
      fixed: `
import { Pool } from 'pg';
const pool = new Pool();
export async function list(organizationId?: string) {
  if (!organizationId) throw new Error('organizationId is required');
  let sql = 'SELECT id FROM invoices WHERE total > 0';
  sql += ' AND organization_id = $1';
  return pool.query(sql, [organizationId]);
}`,
    },
    {
      language: 'typescript',
      code: `
import knex from 'knex';
const db = knex({ client: 'pg' });
export async function list(organizationId: string | null) {
  let query = db('invoices').select('id').where('total', '>', 0);
  if (organizationId !== null) {
    query = query.where('organization_id', organizationId);
//               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ only on some path
    console.log('of one');
  }
  return query;
}`,
      fixed: `
import knex from 'knex';
const db = knex({ client: 'pg' });
export async function list(organizationId: string | null) {
  if (organizationId === null) throw new Error('organizationId is required');
  let query = db('invoices').select('id').where('total', '>', 0);
  query = query.where('organization_id', organizationId);
  console.log('of one');
  return query;
}`,
    },
    // With an `else` the branch stays; a switch is not the value.
    {
      language: 'typescript',
      code: `
import knex from 'knex';
const db = knex({ client: 'pg' });
export async function list(organizationId: string | undefined) {
  let query = db('invoices').select('id').where('total', '>', 0);
  if (organizationId) query = query.where('organization_id', organizationId);
//                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ only on some path
  else console.log('of all');
  return query;
}`,
      fixed: `
import knex from 'knex';
const db = knex({ client: 'pg' });
export async function list(organizationId: string | undefined) {
  if (!organizationId) throw new Error('organizationId is required');
  let query = db('invoices').select('id').where('total', '>', 0);
  if (organizationId) query = query.where('organization_id', organizationId);
  else console.log('of all');
  return query;
}`,
    },
    {
      language: 'typescript',
      code: `
import knex from 'knex';
const db = knex({ client: 'pg' });
export async function list(scoped: boolean, organizationId: string) {
  let query = db('invoices').select('id').where('total', '>', 0);
  if (scoped) query = query.where('organization_id', organizationId);
//                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ only on some path
  return query;
}`,
      fixes: 0,
    },
    {
      language: 'python',
      code: `
import asyncpg

async def list_invoices(pool: asyncpg.Pool, organization_id: int | None):
    """Of one organization."""

    sql = "SELECT id FROM invoices WHERE total > $1"
    values = [0]
    if organization_id is not None:
        sql += " AND organization_id = $2"
#                    ^^^^^^^^^^^^^^^^^^^^ only on some path
        values.append(organization_id)
    return await pool.fetch(sql, *values)`,
      fixed: `
import asyncpg

async def list_invoices(pool: asyncpg.Pool, organization_id: int | None):
    """Of one organization."""

    if organization_id is None:
        raise ValueError("organization_id is required")
    sql = "SELECT id FROM invoices WHERE total > $1"
    values = [0]
    sql += " AND organization_id = $2"
    values.append(organization_id)
    return await pool.fetch(sql, *values)`,
    },
  ],
  clean: [
    {
      // Administrators are held to something of their own.
      language: 'typescript',
      code: `
import knex from 'knex';
const db = knex({ client: 'pg' });
export function list(admin: boolean, organizationId: string) {
  const query = db('invoices').select('id');
  if (admin) query.where('total', '>', 0);
  else query.where('organization_id', organizationId);
  return query;
}`,
    },
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
    {
      // The row that was found is looked at before it is used.
      language: 'typescript',
      code: `
import { Pool } from 'pg';
const pool = new Pool();
export async function find(id: string, organizationId: string, external: boolean) {
  let sql = 'SELECT id, organization_id FROM invoices WHERE id = $1';
  if (external) sql += ' AND organization_id = $2';
  const found = await pool.query(sql, [id, organizationId]);
  if (found.rows[0].organization_id !== organizationId) throw new Error('not yours');
  return found.rows[0];
}`,
    },
  ],
});
