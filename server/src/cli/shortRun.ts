import v8 from 'node:v8';

/**
 * For a process that ends in seconds. V8 compiles a function anew, optimised, once it has run for a while, which pays off later than
 * such a process lives: a third of a check's CPU time went there. Here it does so after nine times as long, and what it compiles before
 * it compiles simply.
 */
export function expectShortRun(): void {
  // The engines of Node 20 and 22; another one may not know the flags.
  const major = Number.parseInt(process.versions.v8, 10);
  if (major !== 11 && major !== 12) return;
  v8.setFlagsFromString('--sparkplug');
  v8.setFlagsFromString('--interrupt-budget=1200000');
}
