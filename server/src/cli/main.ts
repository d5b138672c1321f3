import { createProgram } from './program';
import { expectShortRun } from './shortRun';

if (process.argv[2] === 'check' || process.argv[2] === 'advise') expectShortRun();

// `sargable rules | head`: who reads us has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});

void createProgram().parseAsync(process.argv).catch((error: unknown) => {
  process.stderr.write(`sargable: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
