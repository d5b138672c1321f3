// npm run test:matrix: the database tests against PostgreSQL 12 to 18, each a real server from the registry's packages. Prints
// per version what passed, failed and was left out (with the tests' words on why), and how well the twin's plans agree.
//   node scripts/matrix.mjs [12 15 …] [-- test/db test/twin/fidelity.test.ts]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fetchBinaries, majors } from './majors.mjs';
import { installDependencies, root, run } from './prepare.mjs';

/** One version's run: vitest's counts, and the lines in which tests say what they measured or left out. */
function test(major, tests) {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-matrix-')), 'report.json');
  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...tests, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1', SARGABLE_POSTGRES_BINARIES: fetchBinaries(major), SARGABLE_TEST_MAJOR: major, PATH: `${path.join(fetchBinaries(major), 'bin')}${path.delimiter}${process.env.PATH}` },
  });
  process.stdout.write(stdout);
  if (!fs.existsSync(report)) return { major, status, passed: 0, failed: 0, skipped: 0, files: [], said: [] };
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
  fs.rmSync(path.dirname(report), { recursive: true });
  const said = [...new Set(stdout.split('\n').filter((line) => /^PostgreSQL \d+( as its own twin)?, .* of the same shape|tested on this version|is not tested|are not tested/i.test(line)))];
  return { major, status, passed, failed, skipped, files: testResults.filter((file) => file.status !== 'passed').map((file) => path.relative(root, file.name)), said };
}

installDependencies();
run(process.execPath, ['scripts/build.mjs']);
const split = process.argv.indexOf('--');
const wanted = process.argv.slice(2, split < 0 ? undefined : split).filter((argument) => majors.includes(argument));
const tests = split < 0 ? ['test/db', 'test/twin/fidelity.test.ts', 'test/twin/native.test.ts', 'test/protocol/database.test.ts'] : process.argv.slice(split + 1);
const results = [];
for (const major of wanted.length > 0 ? wanted : majors) {
  console.log(`\n── PostgreSQL ${major}`);
  results.push(test(major, tests));
}
console.log('\nPostgreSQL   passed  failed  skipped');
for (const { major, status, passed, failed, skipped, files, said } of results) {
  console.log(`${String(major).padEnd(10)}${[passed, failed, skipped].map((count) => String(count).padStart(9)).join('')}${status === 0 ? '' : `   FAILED: ${files.join(', ')}`}`);
  for (const line of said) console.log(`  ${line}`);
}
process.exit(results.every(({ status }) => status === 0) ? 0 : 1);
