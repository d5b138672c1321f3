-- Realistic volumes for the demo: about a million rows, skewed as real tenants are. Deterministic.
SELECT setseed(0.42);

INSERT INTO tenants (slug, name, plan)
SELECT 'hotel-' || n, 'Hotel ' || n, (ARRAY['standard', 'standard', 'premium'])[1 + n % 3] FROM generate_series(1, 120) n;

INSERT INTO guests (tenant_id, email, full_name, phone, created_at)
SELECT 1 + floor(120 * power(random(), 3))::int, 'guest' || n || '@example.com', 'Guest ' || n, '+34 600 ' || lpad((n % 1000000)::text, 6, '0'), timestamptz '2024-01-01' + random() * interval '400 days'
FROM generate_series(1, 60000) n;

INSERT INTO tenant_user_identifiers (tenant_id, identifier_value, platform)
SELECT tenant_id, phone || '-' || id, (ARRAY['whatsapp', 'telegram', 'email'])[1 + id % 3] FROM guests;

INSERT INTO rooms (tenant_id, number, kind, price_cents)
SELECT t, r::text, (ARRAY['single', 'double', 'suite'])[1 + r % 3], 5000 + 100 * (r % 60) FROM generate_series(1, 120) t, generate_series(101, 140) r;

INSERT INTO reservations (tenant_id, room_id, guest_id, check_in, check_out, status, total_cents, confirmation_code, created_at)
SELECT g.tenant_id, (g.tenant_id - 1) * 40 + 1 + n % 40, g.id, date '2025-01-01' + n % 365, date '2025-01-02' + n % 365 + n % 5,
       (ARRAY['open', 'paid', 'paid', 'paid', 'cancelled'])[1 + n % 5], 10000 + n % 50000, upper(substr(md5(n::text), 1, 10)), timestamptz '2025-01-01' + (n / 220000.0) * interval '100 days'
FROM generate_series(1, 220000) n JOIN guests g ON g.id = 1 + (n::bigint * 7919) % 60000;

INSERT INTO sessions (tenant_id, guest_id, channel, status, state, started_at)
SELECT g.tenant_id, g.id, (ARRAY['web', 'whatsapp', 'telegram'])[1 + n % 3], (ARRAY['active', 'closed', 'closed', 'closed'])[1 + n % 4],
       jsonb_build_object('step', (ARRAY['greeting', 'dates', 'room', 'payment', 'done'])[1 + n % 5], 'nights', n % 7), timestamptz '2025-01-01' + (n / 220000.0) * interval '100 days'
FROM generate_series(1, 220000) n JOIN guests g ON g.id = 1 + (n::bigint * 104729) % 60000;

INSERT INTO audit_logs (tenant_id, user_id, event_type, severity, resource, created_at)
SELECT 1 + floor(120 * power(random(), 3))::int, n % 5000, (ARRAY['login', 'update', 'export', 'delete'])[1 + n % 4],
       CASE WHEN n % 200 = 0 THEN 'critical' WHEN n % 50 = 0 THEN 'error' ELSE 'info' END, 'reservation:' || n % 220000, timestamptz '2025-01-01' + (n / 300000.0) * interval '100 days'
FROM generate_series(1, 300000) n;

INSERT INTO events (tenant_id, session_id, kind, created_at)
SELECT s.tenant_id, s.id, (ARRAY['message', 'click', 'quote', 'payment'])[1 + floor(4 * random())::int], least(s.started_at + k * interval '30 seconds', timestamptz '2025-04-30')
FROM sessions s, generate_series(1, 1) k;

INSERT INTO locks (tenant_id, resource, owner)
SELECT 1 + n % 120, 'room:' || n, 'worker-' || n % 4 FROM generate_series(1, 400) n;

REFRESH MATERIALIZED VIEW session_summary;
ANALYZE;
