-- migrate:up
CREATE MATERIALIZED VIEW session_summary AS
SELECT s.tenant_id, s.id AS session_id, s.guest_id, count(e.id) AS events, max(e.created_at) AS last_event_at
FROM sessions s
LEFT JOIN events e ON e.session_id = s.id
GROUP BY s.tenant_id, s.id, s.guest_id;
CREATE UNIQUE INDEX session_summary_session_id_idx ON session_summary (session_id);

-- migrate:down
DROP MATERIALIZED VIEW session_summary;
