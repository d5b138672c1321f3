import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A temporary workspace folder with these files (strings or bytes). */
export function makeWorkspace(files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-test-')));
  const write = (name: string, content: string | Uint8Array): string => {
    const target = path.join(folder, name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
    return target;
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  return {
    folder, write,
    path: (name: string): string => path.join(folder, name),
    read: (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8'),
    remove: (): void => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
