import { intPrimaryKey } from '../../server/src/core/rules/int-primary-key';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';

testRule(intPrimaryKey, {
  path, embed: false, settings: { assume: { huge: 900_000_000, tiny: 50 } },
  flagged: [
    { code: `
CREATE TABLE events (id serial PRIMARY KEY, at timestamptz);
--                      ^^^^^^ events.id runs out of numbers at 2,147,483,647.`, severity: 'hint', fixed: `
CREATE TABLE events (id bigserial PRIMARY KEY, at timestamptz);` },
    { code: `
CREATE TABLE events (id int GENERATED ALWAYS AS IDENTITY, at timestamptz, PRIMARY KEY (id));
--                      ^^^`, fixed: `
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz, PRIMARY KEY (id));` },
    `
CREATE SEQUENCE s;
CREATE TABLE events (id smallint DEFAULT nextval('s') NOT NULL);
--                      ^^^^^^^^ at 32,767
ALTER TABLE events ADD PRIMARY KEY (id);`,
    // What is known outweighs the name.
    { code: `
CREATE TABLE huge (id serial PRIMARY KEY, code text NOT NULL UNIQUE);
--                    ^^^^^^ 42 % of them are used`, severity: 'warning' },
    { code: `
CREATE TABLE huge (id serial PRIMARY KEY);
--                    ^^^^^^ 42 % of them are used`, severity: 'warning' },
  ],
  clean: [
    // A list of names.
    'CREATE TABLE roles (id serial PRIMARY KEY, name text NOT NULL UNIQUE);',
    'CREATE TABLE events (id bigserial PRIMARY KEY);', 'CREATE TABLE kinds (id integer PRIMARY KEY);', 'CREATE TABLE tiny (id serial PRIMARY KEY);',
    'CREATE TABLE parts (id serial, part int, PRIMARY KEY (id, part));', 'CREATE TABLE events (id uuid PRIMARY KEY, n serial);',
    'CREATE TABLE events (id serial PRIMARY KEY); ALTER TABLE events ALTER id TYPE bigint;',
  ],
});
