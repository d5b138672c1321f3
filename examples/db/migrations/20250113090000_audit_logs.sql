-- migrate:up
CREATE TABLE audit_logs (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id   bigint NOT NULL REFERENCES tenants (id),
  user_id     bigint,
  event_type  text NOT NULL,
  severity    text NOT NULL,
  resource    text NOT NULL,
  details     jsonb NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_logs_tenant_id_created_at_idx ON audit_logs (tenant_id, created_at DESC, id DESC);
CREATE INDEX audit_logs_severe_idx ON audit_logs (tenant_id, created_at DESC) WHERE severity IN ('critical', 'error');

-- migrate:down
DROP TABLE audit_logs;
