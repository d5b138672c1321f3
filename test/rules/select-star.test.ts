import { selectStar } from '../../server/src/core/rules/select-star';
import { testRule } from '../support/ruleTester';

testRule(selectStar, {
  schema: `
    CREATE TABLE documents (id bigint PRIMARY KEY, "ownerId" bigint NOT NULL, body text NOT NULL, meta jsonb);
    CREATE TABLE owners (id bigint PRIMARY KEY, since date NOT NULL);
  `,
  flagged: [
    {
      code: `
SELECT * FROM documents WHERE id = $1
--     ^ documents.body (text), documents.meta (jsonb)`,
      severity: 'hint',
      fixed: `
SELECT id, "ownerId", body, meta FROM documents WHERE id = $1`,
    },
    { language: 'typescript', severity: 'info', code: `
import { Pool } from 'pg';
const pool = new Pool();
export const load = () => pool.query('SELECT * FROM documents');
//                                           ^ documents.body (text)` },
    { code: `
SELECT o.* FROM owners o JOIN documents d ON d."ownerId" = o.id
--     ^^^`, severity: 'hint', fixed: `
SELECT o.id, o.since FROM owners o JOIN documents d ON d."ownerId" = o.id` },
    { code: `
SELECT * FROM owners UNION ALL SELECT * FROM owners
--     ^
--                                    ^`, fixed: `
SELECT id, since FROM owners UNION ALL SELECT * FROM owners` },
    { code: `
SELECT * FROM owners o JOIN documents d USING (id)
--     ^`, fixes: 0 },
    { code: `
WITH x AS (SELECT * FROM owners WHERE since > $1) SELECT * FROM x
--                ^`, fixed: `
WITH x AS (SELECT id, since FROM owners WHERE since > $1) SELECT * FROM x` },
    { code: `
SELECT s.* FROM (SELECT * FROM (SELECT o.* FROM owners o) i) s JOIN documents d ON d.id = s.id
--                                     ^^^` },
    { code: `
WITH RECURSIVE r AS (SELECT * FROM owners UNION ALL SELECT r.* FROM r JOIN documents d ON d.id = r.id) SELECT * FROM r
--                          ^` },
    { code: `
SELECT * FROM nowhere
--     ^`, fixes: 0 },
  ],
  clean: [
    'SELECT count(*) FROM documents',
    'SELECT id FROM owners WHERE EXISTS (SELECT * FROM documents d WHERE d."ownerId" = owners.id)',
    'WITH recent AS (SELECT id FROM documents) SELECT * FROM recent',
    'INSERT INTO owners (id, since) VALUES ($1, $2) RETURNING *',
    'DELETE FROM owners WHERE id = $1 RETURNING *',
    'SELECT id FROM (SELECT * FROM documents) d',
    'SELECT s.* FROM (SELECT id FROM owners) s JOIN (SELECT * FROM documents) d ON d.id = s.id',
    'WITH gone AS (DELETE FROM owners RETURNING *) SELECT * FROM gone',
    'WITH x AS (SELECT * FROM owners) SELECT count(*) FROM x',
    'INSERT INTO owners SELECT * FROM owners',
    'SELECT * FROM pg_indexes',
    'SELECT * FROM generate_series(1, 3)',
  ],
});
