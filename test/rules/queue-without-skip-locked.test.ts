import { queueWithoutSkipLocked } from '../../server/src/core/rules/queue-without-skip-locked';
import { testRule } from '../support/ruleTester';

testRule(queueWithoutSkipLocked, {
  schema: 'CREATE TABLE jobs (id bigint PRIMARY KEY, status text NOT NULL, run_at timestamptz NOT NULL, priority int NOT NULL);',
  flagged: [
    { code: `
SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at, id LIMIT 10 FOR UPDATE
--                                                                      ^^^^^^^^^^ wait for one another`, severity: 'info', fixes: 1, fixed: `
SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at, id LIMIT 10 FOR UPDATE SKIP LOCKED` },
    { code: `
UPDATE jobs SET status = 'taken' WHERE id = (SELECT id FROM jobs ORDER BY priority DESC, id LIMIT 1 FOR NO KEY UPDATE)
--                                                                                                  ^^^^^^^^^^^^^^^^^`, fixes: 1 },
    { code: `
SELECT j.id FROM jobs j ORDER BY j.id LIMIT $1 FOR UPDATE OF j
--                                             ^^^^^^^^^^^^^^^`, fixed: `
SELECT j.id FROM jobs j ORDER BY j.id LIMIT $1 FOR UPDATE OF j SKIP LOCKED` },
  ],
  clean: [
    'SELECT id FROM jobs ORDER BY run_at, id LIMIT 10 FOR UPDATE SKIP LOCKED',
    'SELECT id FROM jobs ORDER BY run_at, id LIMIT 10 FOR UPDATE NOWAIT',
    'SELECT id FROM jobs ORDER BY run_at, id LIMIT 10',
    'SELECT id FROM jobs ORDER BY run_at, id LIMIT 10 FOR SHARE',
    'SELECT id FROM jobs WHERE id = $1 ORDER BY id LIMIT 1 FOR UPDATE',
    'SELECT id FROM jobs WHERE run_at < $1 FOR UPDATE',
    // One process, page by page.
    'SELECT id FROM jobs WHERE id > $1 ORDER BY id LIMIT 100 FOR UPDATE',
    // The newest row, to go on from it.
    'SELECT id FROM jobs ORDER BY id DESC LIMIT 1 FOR UPDATE',
  ],
});
