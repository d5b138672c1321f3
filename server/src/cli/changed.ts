import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from './usage';

const run = promisify(execFile);

/**
 * Files that differ from a git reference, untracked ones included, as absolute paths.
 * Without a reference: from the merge base with the main branch (origin's, else the local one).
 * @throws UsageError outside a repository or for an unknown reference
 */
export async function changedFiles(folder: string, reference: string | undefined): Promise<string[]> {
  const git = async (...args: string[]): Promise<string> => (await run('git', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })).stdout;
  const root = (await git('rev-parse', '--show-toplevel').catch(() => {
    throw new UsageError('--changed: this folder is not in a git repository');
  })).trim();
  const base = reference ?? (await mergeBase(git));
  const tracked = await git('diff', '--name-only', '-z', '--diff-filter=d', base, '--').catch(() => {
    throw new UsageError(`--changed: git knows no reference '${base}'`);
  });
  const untracked = await git('ls-files', '--others', '--exclude-standard', '--full-name', '-z');
  return [...tracked.split('\0'), ...untracked.split('\0')].filter((f) => f !== '').map((f) => path.join(root, f));
}

async function mergeBase(git: (...args: string[]) => Promise<string>): Promise<string> {
  for (const branch of ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master']) {
    const base = await git('merge-base', 'HEAD', branch).catch(() => undefined);
    if (base) return base.trim();
  }
  throw new UsageError('--changed: no main branch found; name a reference: --changed REF');
}
