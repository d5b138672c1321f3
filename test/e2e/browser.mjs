// A headless browser, of the system or from npm.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** A Chromium of the system (`CHROME` names another), else the one that comes with an npm package. */
export async function launchBrowser() {
  const system = [process.env.CHROME, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && fs.existsSync(file));
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: system ?? (await packagedChromium()), headless: true, args });
}

/** The npm package also ships the libraries and the font that a bare machine lacks. */
async function packagedChromium() {
  const { default: chromiumPackage, inflate, setupLambdaEnvironment } = await import('@sparticuz/chromium');
  const executablePath = await chromiumPackage.executablePath();
  if (!fs.existsSync('/usr/lib/x86_64-linux-gnu/libnss3.so')) {
    const packageFolder = path.dirname(new URL(import.meta.resolve('@sparticuz/chromium')).pathname);
    await inflate(path.join(packageFolder, '../bin/al2023.tar.br'));
    setupLambdaEnvironment(path.join(os.tmpdir(), 'al2023/lib'));
  }
  if (!fs.existsSync('/etc/fonts/fonts.conf')) process.env.FONTCONFIG_PATH ??= path.join(os.tmpdir(), 'fonts');
  return executablePath;
}
