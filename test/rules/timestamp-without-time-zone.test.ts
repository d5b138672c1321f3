import { timestampWithoutTimeZone } from '../../server/src/core/rules/timestamp-without-time-zone';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';

testRule(timestampWithoutTimeZone, {
  schema: 'CREATE TABLE orders (id bigint PRIMARY KEY);', path, embed: false,
  flagged: [
    { code: `
CREATE TABLE notes (id bigint, created timestamp(3) DEFAULT now() NOT NULL, "at" timestamp without time zone, seen timestamp[], ok timestamptz);
--                                     ^^^^^^^^^^^^ notes.created does not say which moment it means
--                                                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^
--                                                                                                                 ^^^^^^^^^^^`, severity: 'hint', fixed: `
CREATE TABLE notes (id bigint, created timestamptz(3) DEFAULT now() NOT NULL, "at" timestamp without time zone, seen timestamp[], ok timestamptz);` },
    { code: `
ALTER TABLE orders ADD COLUMN paid_at TIMESTAMP NULL;
--                                    ^^^^^^^^^`, fixed: `
ALTER TABLE orders ADD COLUMN paid_at timestamptz NULL;` },
    // Long run: one for the file, and nothing to change.
    { code: `
CREATE TABLE old (a timestamp, b timestamp);
--                  ^^^^^^^^^ (and 1 more in this file)`, later: 10, severity: 'hint', fixes: 0 },
    { language: 'python', path: 'alembic/versions/a1.py', role: 'migration', code: `
from alembic import op
import sqlalchemy as sa

revision = "a1"
down_revision = None

def upgrade():
    op.add_column("orders", sa.Column("paid_at", sa.DateTime()))
#   ^^^^^^^^^^^^^ orders.paid_at does not say
`, fixes: 0 },
  ],
  clean: [
    // Rails' structure.sql.
    'CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, created_at timestamp(6) NOT NULL); CREATE TABLE notes (a timestamp(6) without time zone);',
    'CREATE TABLE notes (a timestamptz, b timestamp(3) with time zone, c time, d date);',
    'CREATE TABLE notes (a timestamp); ALTER TABLE notes ALTER a TYPE timestamptz;',
    'CREATE TABLE notes (a timestamp); DROP TABLE notes;',
    'CREATE TABLE notes (a timestamp, b int); ALTER TABLE notes DROP COLUMN a;',
    'CREATE TEMP TABLE work (a timestamp);',
  ],
});
