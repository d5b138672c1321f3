import fs from 'node:fs';
import Mocha from 'mocha';
import { defineSuite } from './extension';

/** Called by VS Code inside the extension host. Writes its results: an exit code alone is also what a dead host gives. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'tdd', color: false, timeout: 60_000 });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  defineSuite();
  const failures: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failed) => {
      const target = process.env['SARGABLE_RESULTS'];
      if (target) fs.writeFileSync(target, JSON.stringify({ passes: runner.stats?.passes ?? 0, failures }));
      if (failed > 0) reject(new Error(`${failed} tests failed`));
      else resolve();
    });
    runner.on('fail', (test, error: Error) => failures.push(`${test.fullTitle()}: ${error.message}`));
  });
}
