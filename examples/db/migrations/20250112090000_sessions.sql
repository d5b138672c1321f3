-- migrate:up
CREATE TABLE sessions (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id   bigint NOT NULL REFERENCES tenants (id),
  guest_id    bigint NOT NULL REFERENCES guests (id),
  channel     text NOT NULL,
  status      text NOT NULL,
  state       jsonb NOT NULL DEFAULT '{}',
  started_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  deleted_at  timestamptz
);
CREATE INDEX sessions_tenant_id_started_at_idx ON sessions (tenant_id, started_at DESC);
CREATE INDEX sessions_guest_id_idx ON sessions (guest_id);
CREATE INDEX sessions_state_idx ON sessions USING gin (state jsonb_path_ops);

CREATE TABLE locks (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id    bigint NOT NULL REFERENCES tenants (id),
  resource     text NOT NULL,
  owner        text NOT NULL,
  acquired_at  timestamptz NOT NULL DEFAULT now(),
  released_at  timestamptz,
  UNIQUE (tenant_id, resource)
);

-- migrate:down
DROP TABLE locks;
DROP TABLE sessions;
