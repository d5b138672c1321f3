import { pool } from './db';

export interface Guest {
  id: string;
  full_name: string;
  email: string;
}

export async function findGuest(tenantId: string, guestId: string): Promise<Guest | undefined> {
  const { rows } = await pool.query<Guest>('SELECT id, full_name, email FROM guests WHERE tenant_id = $1 AND id = $2', [tenantId, guestId]);
  return rows[0];
}

export async function findGuests(tenantId: string, guestIds: readonly string[]): Promise<Map<string, Guest>> {
  const { rows } = await pool.query<Guest>('SELECT id, full_name, email FROM guests WHERE tenant_id = $1 AND id = ANY($2)', [tenantId, guestIds]);
  return new Map(rows.map((guest) => [guest.id, guest]));
}

/** Any part of the name: no index can help. */
export async function searchGuests(tenantId: string, text: string): Promise<Guest[]> {
  const { rows } = await pool.query<Guest>(
    `SELECT id, full_name, email FROM guests WHERE tenant_id = $1 AND full_name ILIKE $2 ORDER BY id LIMIT 20`,
    [tenantId, `%${text}%`],
  );
  return rows;
}

/** The beginning of the address: the unique index on (tenant_id, email) serves the tenant. */
export async function completeEmail(tenantId: string, prefix: string): Promise<Guest[]> {
  const { rows } = await pool.query<Guest>(
    `SELECT id, full_name, email FROM guests WHERE tenant_id = $1 AND email LIKE $2 ORDER BY email LIMIT 20`,
    [tenantId, `${prefix}%`],
  );
  return rows;
}
