// The API suite in a desktop VS Code.
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** Uses VSCODE_EXECUTABLE or downloads the oldest supported VS Code. Fails at once where neither can be had. */
export async function runInElectron({ vsix, suite, folder, env, scratch }) {
  const executable = process.env.VSCODE_EXECUTABLE ?? (await downloadAndUnzipVSCode({ version: '1.100.0', cachePath: path.resolve(import.meta.dirname, '../../.vscode-test') }));
  const extensions = path.join(scratch, 'extensions');
  const userData = path.join(scratch, 'user');
  const profile = ['--extensions-dir', extensions, '--user-data-dir', userData];
  const [cli, ...args] = resolveCliArgsFromVSCodeExecutablePath(executable);
  const installed = spawnSync(cli, [...args, ...profile, '--install-extension', vsix], { encoding: 'utf8', shell: process.platform === 'win32' });
  if (installed.status !== 0) throw new Error(`Installing ${vsix} failed: ${installed.stdout}${installed.stderr}`);
  const code = await runTests({
    vscodeExecutablePath: executable,
    extensionDevelopmentPath: suite.developmentPath,
    extensionTestsPath: suite.testsPath,
    extensionTestsEnv: env,
    launchArgs: [folder, ...profile, '--disable-workspace-trust', '--disable-gpu', '--skip-welcome'],
  });
  return { code };
}
