/** One database for the section: `few` is small, `rooms` lies between, the rest is large. */
export const SCHEMA = `
  CREATE TABLE users (id bigint PRIMARY KEY, team_id bigint NOT NULL, email text NOT NULL UNIQUE, name text NOT NULL, bio text, age int NOT NULL, day date NOT NULL, created_at timestamptz NOT NULL, seen_at timestamp NOT NULL, data jsonb NOT NULL, tags text[] NOT NULL, deleted_at timestamptz);
  CREATE INDEX users_created ON users (created_at);
  CREATE INDEX users_seen ON users (seen_at);
  CREATE INDEX users_age ON users (age);
  CREATE INDEX users_name ON users (name);
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, total numeric NOT NULL, note text, paid_at timestamptz);
  CREATE INDEX orders_user ON orders (user_id);
  CREATE TABLE visits (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, at timestamptz NOT NULL);
  CREATE INDEX visits_user ON visits (user_id);
  CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users, score int NOT NULL);
  CREATE TABLE rooms (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL);
  CREATE TABLE few (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL, tags text[] NOT NULL);
  CREATE INDEX few_tags ON few USING gin (tags);
`;
const ROWS = 3_000_000;
export const settings = { assume: { users: ROWS, orders: ROWS, visits: ROWS, profiles: ROWS, rooms: 5_000, few: 9 }, migrations: { folder: 'migrations', format: 'plain' as const, existing: ['0001_init.sql'] } };
/** Nothing is known of volumes. */
export const unknown = { settings: { assume: {} } };
