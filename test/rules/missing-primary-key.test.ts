import { missingPrimaryKey } from '../../server/src/core/rules/missing-primary-key';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';

testRule(missingPrimaryKey, {
  path, embed: false, schema: 'CREATE TABLE base (id bigint PRIMARY KEY);',
  flagged: [
    { code: `
CREATE TABLE public.logins (user_id bigint NOT NULL, at timestamptz);
--           ^^^^^^^^^^^^^ logins has no primary key`, severity: 'info' },
    `
CREATE TABLE a (x int, UNIQUE (x));
--           ^`,
    `
CREATE TABLE a (x int NOT NULL);
--           ^
CREATE UNIQUE INDEX a_x ON a (x) WHERE x > 5;`,
    `
CREATE TABLE a (x int PRIMARY KEY);
--           ^
ALTER TABLE a DROP CONSTRAINT a_pkey;`,
  ],
  clean: [
    'CREATE TABLE template_public_visits (at date NOT NULL);', 'CREATE TABLE visits_staging (at date NOT NULL);',
    'CREATE TABLE events (at date NOT NULL, PRIMARY KEY (at)) PARTITION BY RANGE (at); CREATE SCHEMA partman; CREATE TABLE partman.template_public_events (at date NOT NULL);',
    'CREATE TABLE a (x int PRIMARY KEY);', 'CREATE TABLE a (x int NOT NULL UNIQUE);', 'CREATE TABLE a (x int NOT NULL); CREATE UNIQUE INDEX i ON a (x);',
    'CREATE TABLE a (x int); ALTER TABLE a ADD PRIMARY KEY (x);', 'CREATE TEMP TABLE a (x int);', 'CREATE TABLE a (LIKE base INCLUDING ALL);', 'CREATE TABLE a (x int) INHERITS (base);',
    'CREATE TABLE a AS SELECT 1 AS x;', 'CREATE TABLE a (x int); DROP TABLE a;', "CREATE TABLE p (x int PRIMARY KEY) PARTITION BY LIST (x); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
  ],
});
