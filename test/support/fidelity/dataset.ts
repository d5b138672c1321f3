import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const migrations = join(import.meta.dirname, '../../../examples/db/migrations');

/** DDL of the example, with the indexes whose plans are hard to copy: expressions, trigrams, hash, BRIN. */
export function exampleDdl(): readonly string[] {
  const up = readdirSync(migrations).sort().map((file) => /-- migrate:up[^\n]*\n([\s\S]*?)(?=-- migrate:down|$)/.exec(readFileSync(join(migrations, file), 'utf8'))?.[1] ?? '');
  return [
    'CREATE EXTENSION IF NOT EXISTS pg_trgm', ...up,
    'CREATE INDEX guests_lower_email_idx ON guests (lower(email))',
    'CREATE INDEX guests_full_name_trgm_idx ON guests USING gin (full_name gin_trgm_ops)',
    'CREATE INDEX reservations_confirmation_hash_idx ON reservations USING hash (confirmation_code)',
    'CREATE INDEX audit_logs_created_at_brin_idx ON audit_logs USING brin (created_at)',
  ];
}

/** Rows in the large tables, skewed as real tenants are: tenant 1 has a fifth of everything. Deterministic. */
export function exampleRows(rows: number): readonly string[] {
  const tenants = 120;
  const guests = Math.max(200, Math.round(rows / 10));
  const tenant = (n: string): string => `1 + floor(${tenants} * power(abs(hashint8(${n})::bigint % 100000) / 100000.0, 3))::int`;
  const time = `timestamptz '2025-01-01' + (n / ${rows}.0) * interval '115 days'`;
  return [
    `INSERT INTO tenants (slug, name, plan) SELECT 'hotel-' || n, 'Hotel ' || n, (ARRAY['standard', 'standard', 'premium'])[1 + n % 3] FROM generate_series(1, ${tenants}) n`,
    `INSERT INTO guests (tenant_id, email, full_name, phone, notes, created_at) SELECT ${tenant('n')}, 'guest' || n || '@example.com', 'Guest ' || md5(n::text), '+34 600 ' || n, CASE WHEN n % 20 = 0 THEN 'late arrival' END, timestamptz '2024-01-01' + n * interval '1 minute' FROM generate_series(1, ${guests}) n`,
    `INSERT INTO tenant_user_identifiers (tenant_id, identifier_value, platform) SELECT tenant_id, phone, (ARRAY['whatsapp', 'telegram', 'email'])[1 + id % 3] FROM guests`,
    `INSERT INTO rooms (tenant_id, number, kind, price_cents) SELECT t, r::text, (ARRAY['single', 'double', 'suite'])[1 + r % 3], 5000 + 100 * (r % 60) FROM generate_series(1, ${tenants}) t, generate_series(101, 140) r`,
    `INSERT INTO reservations (tenant_id, room_id, guest_id, check_in, check_out, status, total_cents, confirmation_code, note, created_at) SELECT ${tenant('n')}, 1 + n % 4800, 1 + (n::bigint * 7919) % ${guests}, date '2025-01-01' + n % 365, date '2025-01-02' + n % 365 + n % 5, (ARRAY['open', 'paid', 'paid', 'paid', 'cancelled'])[1 + n % 5], 10000 + n % 50000, upper(substr(md5(n::text), 1, 10)), CASE WHEN n % 9 = 0 THEN 'vip' END, ${time} FROM generate_series(1, ${rows}) n`,
    `INSERT INTO sessions (tenant_id, guest_id, channel, status, state, started_at, deleted_at) SELECT ${tenant('n')}, 1 + (n::bigint * 104729) % ${guests}, (ARRAY['web', 'whatsapp', 'telegram'])[1 + n % 3], (ARRAY['active', 'closed', 'closed', 'closed'])[1 + n % 4], jsonb_build_object('step', (ARRAY['greeting', 'dates', 'room', 'payment', 'done'])[1 + n % 5], 'ref', 'r' || n % 5000), ${time}, CASE WHEN n % 10 = 0 THEN ${time} END FROM generate_series(1, ${rows}) n`,
    `INSERT INTO audit_logs (tenant_id, user_id, event_type, severity, resource, details, created_at) SELECT ${tenant('n')}, nullif(n % 5000, 0), (ARRAY['login', 'update', 'export', 'delete'])[1 + n % 4], CASE WHEN n % 200 = 0 THEN 'critical' WHEN n % 50 = 0 THEN 'error' ELSE 'info' END, 'reservation:' || n % 220000, jsonb_build_object('k', n % 100), ${time} FROM generate_series(1, ${rows}) n`,
    `INSERT INTO events (tenant_id, session_id, kind, payload, created_at) SELECT tenant_id, id, (ARRAY['message', 'click', 'quote', 'payment'])[1 + abs(hashtext(id::text)) % 4], '{"a": 1}', started_at FROM sessions`,
    `INSERT INTO locks (tenant_id, resource, owner) SELECT 1 + n % ${tenants}, 'room:' || n, 'worker-' || n % 4 FROM generate_series(1, 400) n`,
    'REFRESH MATERIALIZED VIEW session_summary',
  ];
}
