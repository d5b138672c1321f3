import { afterAll } from 'vitest';

// The files of a worker share a process: what one of them sets there is taken back after it.
const before = { ...process.env };
const folder = process.cwd();

afterAll(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  process.chdir(folder);
});
