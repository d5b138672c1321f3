// Workspace scan: real TypeScript (this repository's server, or the folder that is named) and generated Python, beside the targets.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { generatePython } from './documents.mjs';

/** Reading on two cores with everything on, and what the whole check may hold of a workspace of 30 MB. */
const TARGET_MB_PER_SECOND = 5;
const TARGET_MB = 250;
const PYTHON_FILES = 400;
const PYTHON_LINES = 400;

/** Checks a folder. Resolves to its timing, and the highest resident memory of the process in MB (0 where /proc is missing). */
async function check(cli, folder, threads) {
  const child = spawn(process.execPath, [cli, 'check', '--format', 'json', '--no-database', '--threads', String(threads), '--timing'], { cwd: folder });
  let [out, errors, peak] = ['', '', 0];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (errors += data));
  const monitor = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1.024e-3);
    } catch {
      // It has ended, or this is another system.
    }
  }, 50);
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(monitor);
  return { summary: JSON.parse(out).summary, read: Number(/read\s+(\d+) ms/.exec(errors)?.[1]) / 1000, peak };
}

const megabytesOf = (folder, patterns) =>
  Number(spawnSync('sh', ['-c', `find . -type f \\( ${patterns.map((pattern) => `-name '${pattern}'`).join(' -o ')} \\) -not -path '*/node_modules/*' -exec cat {} + | wc -c`], { cwd: folder, encoding: 'utf8' }).stdout) / 1e6;

async function measure(cli, label, folder, patterns) {
  const megabytes = megabytesOf(folder, patterns);
  for (const threads of [0, 2]) {
    const { summary, read, peak } = await check(cli, folder, threads);
    const seconds = summary.durationMs / 1000;
    console.log(`${label}, threads ${threads}: ${summary.files} files, ${megabytes.toFixed(1)} MB, ${summary.queries} queries; read ${read.toFixed(2)} s = ${(megabytes / read).toFixed(1)} MB/s (target ${TARGET_MB_PER_SECOND}); all ${seconds.toFixed(2)} s = ${(megabytes / seconds).toFixed(1)} MB/s; peak ${peak === 0 ? 'unknown' : `${peak.toFixed(0)} MB`} (target ${TARGET_MB})`);
  }
}

/** @param target a folder to scan in place of this repository's server */
export async function benchScan(cli, root, target) {
  console.log('\nWorkspace scan');
  const folder = target ?? path.join(root, 'server');
  await measure(cli, target === undefined ? 'TypeScript' : path.basename(folder), folder, target === undefined ? ['*.ts', '*.tsx', '*.js', '*.mjs'] : ['*.ts', '*.tsx', '*.js', '*.jsx', '*.mjs', '*.cjs', '*.mts', '*.cts', '*.py', '*.sql', '*.prisma', '*.go', '*.java', '*.rb', '*.php', '*.cs', '*.rs']);
  const python = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-scan-'));
  for (let i = 0; i < PYTHON_FILES; i++) fs.writeFileSync(path.join(python, `module_${i}.py`), generatePython(PYTHON_LINES, i + 1));
  await measure(cli, 'Python', python, ['*.py']);
  fs.rmSync(python, { recursive: true, force: true });
}
