/** Tables for proofs of page rewrites: ties in every key, NULLs, equal rows, several tenants, an empty table. */
export const PAGED_SCHEMA = `
  CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
  CREATE TABLE orders (
    id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL REFERENCES customers,
    created_at timestamptz NOT NULL, total numeric NOT NULL, shipped_at timestamptz, note text
  );
  CREATE TABLE lines (order_id bigint NOT NULL REFERENCES orders, number int NOT NULL, quantity int NOT NULL, PRIMARY KEY (order_id, number));
  CREATE TABLE nothing (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);
`;

export const PAGED_ROWS = `
  INSERT INTO customers SELECT i, CASE WHEN i % 3 = 0 THEN 'same' ELSE 'name ' || i END FROM generate_series(1, 9) i;
  INSERT INTO orders
    SELECT i, i % 3, 1 + i % 9, timestamptz '2024-01-01 00:00:00+00' + (i % 5) * interval '1 day', (i % 4) * 10,
      CASE WHEN i % 4 = 0 THEN NULL ELSE timestamptz '2024-02-01 00:00:00+00' + (i % 3) * interval '1 hour' END,
      CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'n' || (i % 2) END
    FROM generate_series(1, 47) i ORDER BY i * 31 % 47;
  INSERT INTO lines SELECT 1 + i % 7, i, i % 2 FROM generate_series(1, 23) i;
`;
