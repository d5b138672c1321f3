import { jsonNotJsonb } from '../../server/src/core/rules/json-not-jsonb';
import { testRule } from '../support/ruleTester';
const path = 'db/migrations/0002_x.sql';

testRule(jsonNotJsonb, {
  path, embed: false,
  flagged: [{ code: `
CREATE TABLE events (id bigint, payload JSON NOT NULL, extras json[]);
--                                      ^^^^ events.payload is parsed at every access
--                                                            ^^^^^^`, fixed: `
CREATE TABLE events (id bigint, payload jsonb NOT NULL, extras json[]);` }],
  clean: ['CREATE TABLE events (payload jsonb, body text);', 'CREATE TABLE events (payload json); ALTER TABLE events ALTER payload TYPE jsonb;'],
});
