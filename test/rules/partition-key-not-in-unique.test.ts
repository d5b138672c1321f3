import { partitionKeyNotInUnique } from '../../server/src/core/rules/partition-key-not-in-unique';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';

testRule(partitionKeyNotInUnique, {
  schema: 'CREATE TABLE events (id bigint, at timestamptz NOT NULL, tenant int) PARTITION BY RANGE (at);', path, embed: false,
  flagged: [
    { code: `
CREATE TABLE logs (id bigint PRIMARY KEY, at timestamptz NOT NULL) PARTITION BY RANGE (at);
--                 ^^^^^^^^^^^^^^^^^^^^^ logs is partitioned by at, which this key must hold`, severity: 'error' },
    `
CREATE TABLE logs (id bigint, at timestamptz, tenant int, UNIQUE (id, at)) PARTITION BY LIST (tenant);
--                                                        ^^^^^^^^^^^^^^^`,
    `
ALTER TABLE events ADD CONSTRAINT pk PRIMARY KEY (id);
--                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^`,
    `
CREATE UNIQUE INDEX u ON events (id, tenant);
--                              ^^^^^^^^^^^^`,
    `
CREATE TABLE logs (id bigint, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (date_trunc('day', at));
--                                            ^^^^^^^^^^^^^^^^^^^^`,
  ],
  clean: [
    'CREATE TABLE logs (id bigint, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);', 'CREATE UNIQUE INDEX u ON events (id, at);', 'CREATE INDEX u ON events (id);',
    'CREATE TABLE plain (id bigint PRIMARY KEY);', 'CREATE UNIQUE INDEX u ON ONLY events (id);', { code: 'ALTER TABLE events ADD PRIMARY KEY (id);', later: 10 },
  ],
});
