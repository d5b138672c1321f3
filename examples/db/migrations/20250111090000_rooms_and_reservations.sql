-- migrate:up
CREATE TABLE rooms (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id    bigint NOT NULL REFERENCES tenants (id),
  number       text NOT NULL,
  kind         text NOT NULL,
  price_cents  integer NOT NULL,
  UNIQUE (tenant_id, number)
);

CREATE TABLE reservations (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id    bigint NOT NULL REFERENCES tenants (id),
  room_id      bigint NOT NULL REFERENCES rooms (id),
  guest_id     bigint NOT NULL REFERENCES guests (id),
  check_in     date NOT NULL,
  check_out    date NOT NULL,
  status       text NOT NULL DEFAULT 'open',
  total_cents  integer NOT NULL,
  confirmation_code text NOT NULL,
  note         text,
  created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reservations_tenant_id_created_at_id_idx ON reservations (tenant_id, created_at DESC, id DESC);
CREATE INDEX reservations_guest_id_idx ON reservations (guest_id);
CREATE INDEX reservations_room_id_idx ON reservations (room_id);
CREATE INDEX reservations_open_check_in_idx ON reservations (tenant_id, check_in) WHERE status = 'open';

-- migrate:down
DROP TABLE reservations;
DROP TABLE rooms;
