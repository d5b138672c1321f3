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
    'INSERT INTO owners SELECT * FROM owners',
    'SELECT * FROM pg_indexes',
    'SELECT * FROM generate_series(1, 3)',
  ],
});
