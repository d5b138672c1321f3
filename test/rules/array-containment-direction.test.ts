import { arrayContainmentDirection } from '../../server/src/core/rules/array-containment-direction';
import { testRule } from '../support/ruleTester';

testRule(arrayContainmentDirection, {
  schema: `
    CREATE TABLE posts (id bigint PRIMARY KEY, tags text[] NOT NULL, codes int[], plain text[], main text NOT NULL);
    CREATE INDEX posts_tags ON posts USING gin (tags);
    CREATE INDEX posts_codes ON posts USING gin (codes);
    CREATE TABLE labels (name text PRIMARY KEY, code bigint NOT NULL);
  `,
  settings: { assume: { posts: 500_000 } },
  flagged: [
    { code: `
SELECT id FROM posts WHERE $1 = ANY(tags)
--                         ^^^^^^^^^^^^^^ posts_tags answers tags @>`, severity: 'warning', fixed: `
SELECT id FROM posts WHERE tags @> ARRAY[$1]::text[]` },
    { code: `
SELECT p.id FROM posts p WHERE p.id > 3 AND (7 = ANY (p.codes) OR p.id = 1)
--                                           ^^^^^^^^^^^^^^^^^`, fixed: `
SELECT p.id FROM posts p WHERE p.id > 3 AND (p.codes @> ARRAY[7]::integer[] OR p.id = 1)` },
    { code: `
SELECT l.name FROM labels l JOIN posts p ON l.name = ANY(p.tags)
--                                          ^^^^^^^^^^^^^^^^^^^^`, fixes: 1 },
    // A bigint may not fit.
    { code: `
SELECT l.name FROM labels l JOIN posts p ON l.code = ANY(p.codes)
--                                          ^^^^^^^^^^^^^^^^^^^^^`, fixes: 0 },
  ],
  clean: [
    'SELECT id FROM posts WHERE tags @> ARRAY[$1]::text[]',
    'SELECT id FROM posts WHERE id = ANY($1)',
    'SELECT id FROM posts WHERE $1 = ANY(plain)',
    'SELECT id FROM posts WHERE main = ANY(tags)',
    'SELECT id FROM posts WHERE NOT ($1 = ANY(tags))',
    'SELECT id FROM posts WHERE $1 = ALL(tags)',
  ],
});
