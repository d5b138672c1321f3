-- name: occupancy_page
SELECT r.id, r.created_at, r.check_in, r.check_out
FROM reservations r
WHERE r.tenant_id = :tenant_id
ORDER BY r.created_at DESC, r.id DESC
LIMIT :page_size OFFSET :skip;

-- name: occupancy_page_after
SELECT r.id, r.created_at, r.check_in, r.check_out
FROM reservations r
WHERE r.tenant_id = :tenant_id AND (r.created_at, r.id) < (:created_at, :id)
ORDER BY r.created_at DESC, r.id DESC
LIMIT :page_size;

-- name: find_by_note
SELECT id, note FROM reservations WHERE tenant_id = :tenant_id AND note LIKE '%late%' ORDER BY id LIMIT 20;

-- name: find_by_code
SELECT id, status FROM reservations WHERE tenant_id = :tenant_id AND confirmation_code LIKE 'AB%' ORDER BY id LIMIT 20;

-- name: active_conversations
SELECT id, started_at FROM sessions WHERE tenant_id = :tenant_id AND state @> '{"step": "payment"}' ORDER BY started_at DESC, id LIMIT 50;
