-- migrate:up
CREATE TABLE tenants (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug        text NOT NULL UNIQUE,
  name        text NOT NULL,
  plan        text NOT NULL DEFAULT 'standard',
  settings    jsonb NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE guests (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id   bigint NOT NULL REFERENCES tenants (id),
  email       text NOT NULL,
  full_name   text NOT NULL,
  phone       text,
  notes       text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, email)
);

CREATE TABLE tenant_user_identifiers (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id         bigint NOT NULL REFERENCES tenants (id),
  identifier_value  text NOT NULL,
  platform          text NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tenant_user_identifiers_value_platform_idx ON tenant_user_identifiers (identifier_value, platform);
CREATE INDEX tenant_user_identifiers_tenant_id_idx ON tenant_user_identifiers (tenant_id);

-- migrate:down
DROP TABLE tenant_user_identifiers;
DROP TABLE guests;
DROP TABLE tenants;
