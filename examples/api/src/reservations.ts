import { pool } from './db';
import { findGuest, findGuests } from './guests';

export interface Reservation {
  id: string;
  guest_id: string;
  room_id: string;
  status: string;
  total_cents: number;
  created_at: Date;
}

/** Page 4,000 reads and throws away 79,980 rows. */
export async function listReservations(tenantId: string, page: number, pageSize: number): Promise<Reservation[]> {
  const offset = (page - 1) * pageSize;
  const { rows } = await pool.query<Reservation>(
    `SELECT id, guest_id, room_id, status, total_cents, created_at
       FROM reservations
      WHERE tenant_id = $1
      ORDER BY created_at DESC, id DESC
      LIMIT $2 OFFSET $3`,
    [tenantId, pageSize, offset],
  );
  return rows;
}

/** The same list by keyset: every page costs the same. */
export async function listReservationsAfter(tenantId: string, pageSize: number, after: { createdAt: Date; id: string }): Promise<Reservation[]> {
  const { rows } = await pool.query<Reservation>(
    `SELECT id, guest_id, room_id, status, total_cents, created_at
       FROM reservations
      WHERE tenant_id = $1 AND (created_at, id) < ($2, $3)
      ORDER BY created_at DESC, id DESC
      LIMIT $4`,
    [tenantId, after.createdAt, after.id, pageSize],
  );
  return rows;
}

/** Two reservations of the same instant may change places between two pages. */
export async function latestReservations(tenantId: string, before: Date, count: number): Promise<Reservation[]> {
  const { rows } = await pool.query<Reservation>(
    'SELECT id, guest_id, room_id, status, total_cents, created_at FROM reservations WHERE tenant_id = $1 AND created_at < $2 ORDER BY created_at DESC LIMIT $3',
    [tenantId, before, count],
  );
  return rows;
}

export async function latestReservationsInOrder(tenantId: string, before: Date, count: number): Promise<Reservation[]> {
  const { rows } = await pool.query<Reservation>(
    'SELECT id, guest_id, room_id, status, total_cents, created_at FROM reservations WHERE tenant_id = $1 AND created_at < $2 ORDER BY created_at DESC, id DESC LIMIT $3',
    [tenantId, before, count],
  );
  return rows;
}

/** One statement per arrival. */
export async function arrivalsWithRooms(tenantId: string, day: string) {
  const { rows: arrivals } = await pool.query<Reservation>(
    `SELECT id, guest_id, room_id, status, total_cents, created_at FROM reservations WHERE tenant_id = $1 AND check_in = $2 AND status = 'open' LIMIT 500`,
    [tenantId, day],
  );
  const result = [];
  for (const arrival of arrivals) {
    const room = await pool.query('SELECT number, kind FROM rooms WHERE tenant_id = $1 AND id = $2', [tenantId, arrival.room_id]);
    result.push({ arrival, room: room.rows[0] });
  }
  return result;
}

/** One statement for all of them. */
export async function arrivalsWithRoomsAtOnce(tenantId: string, day: string) {
  const { rows: arrivals } = await pool.query<Reservation>(
    `SELECT id, guest_id, room_id, status, total_cents, created_at FROM reservations WHERE tenant_id = $1 AND check_in = $2 AND status = 'open' LIMIT 500`,
    [tenantId, day],
  );
  const { rows: rooms } = await pool.query<{ id: string; number: string; kind: string }>('SELECT id, number, kind FROM rooms WHERE tenant_id = $1 AND id = ANY($2)', [tenantId, arrivals.map((a) => a.room_id)]);
  const byId = new Map(rooms.map((room) => [room.id, room]));
  return arrivals.map((arrival) => ({ arrival, room: byId.get(arrival.room_id) }));
}

/** The query of the loop stands in another file. */
export async function confirmationLetters(tenantId: string, reservations: readonly Reservation[]): Promise<string[]> {
  const letters: string[] = [];
  for (const reservation of reservations) {
    const guest = await findGuest(tenantId, reservation.guest_id);
    letters.push(`Dear ${guest?.full_name ?? 'guest'}, reservation ${reservation.id} is confirmed.`);
  }
  return letters;
}

export async function confirmationLettersAtOnce(tenantId: string, reservations: readonly Reservation[]): Promise<string[]> {
  const guests = await findGuests(tenantId, reservations.map((r) => r.guest_id));
  return reservations.map((r) => `Dear ${guests.get(r.guest_id)?.full_name ?? 'guest'}, reservation ${r.id} is confirmed.`);
}

export async function cancelReservations(tenantId: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await pool.query("UPDATE reservations SET status = 'cancelled' WHERE tenant_id = $1 AND id = $2", [tenantId, id]);
  }
}

export async function cancelReservationsAtOnce(tenantId: string, ids: readonly string[]): Promise<void> {
  await pool.query("UPDATE reservations SET status = 'cancelled' WHERE tenant_id = $1 AND id = ANY($2)", [tenantId, ids]);
}

/** The filter is there only when the caller remembered it: without a tenant this is every hotel's revenue. */
export async function revenue(tenantId: string | undefined, from: string): Promise<number> {
  let text = "SELECT sum(total_cents) AS cents FROM reservations WHERE status = 'paid' AND check_in >= $1";
  const values: unknown[] = [from];
  if (tenantId) {
    text += ' AND tenant_id = $2';
    values.push(tenantId);
  }
  const { rows } = await pool.query<{ cents: string }>(text, values);
  return Number(rows[0]?.cents ?? 0);
}

export async function revenueOfTenant(tenantId: string | undefined, from: string): Promise<number> {
  if (!tenantId) throw new Error('a tenant is required');
  const { rows } = await pool.query<{ cents: string }>(
    "SELECT sum(total_cents) AS cents FROM reservations WHERE tenant_id = $1 AND status = 'paid' AND check_in >= $2",
    [tenantId, from],
  );
  return Number(rows[0]?.cents ?? 0);
}
