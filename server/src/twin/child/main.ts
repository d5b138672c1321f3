import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openDatabase } from './database';
import type { TwinGreeting, TwinReply, TwinRequest } from './protocol';

/** The program of the twin's process: it does what the parent asks, and ends with it. */
const send = (message: TwinGreeting | TwinReply): void => { process.send?.(message); };

/** While Postgres plans, no event is seen, that of a lost parent neither: a thread looks after it. */
function endWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  const program = `const parent = ${process.ppid}; setInterval(() => { let gone = process.ppid !== parent; try { process.kill(parent, 0); } catch (error) { gone ||= error.code === 'ESRCH'; } if (gone) process.kill(${process.pid}, 'SIGKILL'); }, 1000);`;
  new Worker(program, { eval: true }).unref();
}

async function main(): Promise<void> {
  endWithParent();
  try {
    const database = await openDatabase(join(__dirname, 'twin'));
    let last: Promise<void> = Promise.resolve();
    process.on('message', (request: TwinRequest) => { last = last.then(async () => { send(await database.answer(request)); }); });
    send({ ready: true, memoryBytes: process.memoryUsage().rss });
  } catch (error) {
    send({ ready: false, problem: error instanceof Error ? error.message : String(error), memoryBytes: process.memoryUsage().rss });
  }
}

void main();
