import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPostgres } from '../../scripts/postgres.mjs';

/** Names the folder in which the first test that needs a server starts it; stops that server after the run. */
export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sargable-postgres-'));
  process.env['SARGABLE_TEST_POSTGRES'] = folder;
  return async () => {
    await stopPostgres(join(folder, 'data'));
    rmSync(folder, { recursive: true, force: true });
  };
}
