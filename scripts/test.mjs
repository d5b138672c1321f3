// npm test: installs what is missing, checks types and directions, builds, and runs every test, the end-to-end ones included.
// The last line is "N passed, N failed".
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { installDependencies, root } from './prepare.mjs';

installDependencies();

let passed = 0;
let failed = 0;
const stages = [];

function step(name, command, args, count) {
  const started = Date.now();
  console.log(`\n── ${name}`);
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } });
  const counted = count?.() ?? { passed: result.status === 0 ? 1 : 0, failed: result.status === 0 ? 0 : 1 };
  if (result.status !== 0 && counted.failed === 0) counted.failed = 1;
  passed += counted.passed;
  failed += counted.failed;
  stages.push(`${name}: ${counted.passed} passed, ${counted.failed} failed, ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return result.status === 0;
}

const node = process.execPath;
const bin = (name) => path.join(root, 'node_modules', name);
const results = path.join(root, 'test-results');
fs.mkdirSync(results, { recursive: true });

step('generated files', node, ['scripts/generate.mjs', '--check']);
step('types', node, [bin('typescript-7/bin/tsc'), '--noEmit']);
step('types of core (pure)', node, [bin('typescript-7/bin/tsc'), '--noEmit', '-p', 'server/src/core']);
step('types of the panels (browser)', node, [bin('typescript-7/bin/tsc'), '--noEmit', '-p', 'client/webview']);
step('types of the panel tests (browser)', node, [bin('typescript-7/bin/tsc'), '--noEmit', '-p', 'test/webview']);
step('types of the end-to-end suite', node, [bin('typescript-7/bin/tsc'), '--noEmit', '-p', 'test/e2e/suite']);
step('grammars', node, ['scripts/grammars.mjs', '--check']);
step('lint', node, [bin('eslint/bin/eslint.js'), '.']);
step('import cycles', node, [bin('oxlint/bin/oxlint'), '-c', '.oxlintrc.json', 'client', 'server', 'protocol', 'test', 'scripts']);
const built = step('build', node, ['scripts/build.mjs']);
const unit = path.join(results, 'vitest.json');
fs.rmSync(unit, { force: true });
step('tests', node, [bin('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unit}`], () => {
  if (!fs.existsSync(unit)) return { passed: 0, failed: 1 };
  const report = JSON.parse(fs.readFileSync(unit, 'utf8'));
  const broken = report.testResults.filter((t) => t.status === 'failed' && t.assertionResults.length === 0).length;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken };
});
const ends = path.join(results, 'e2e', 'results.json');
fs.rmSync(ends, { force: true });
if (built && fs.existsSync(path.join(root, 'test/e2e/run.mjs'))) {
  step('end to end', node, ['test/e2e/run.mjs'], () => (fs.existsSync(ends) ? JSON.parse(fs.readFileSync(ends, 'utf8')) : { passed: 0, failed: 1 }));
}

console.log(`\n${stages.join('\n')}\n\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
