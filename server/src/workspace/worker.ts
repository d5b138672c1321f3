import { parentPort } from 'node:worker_threads';
import { createEngine, type ReadContext } from './engine';
import { collectDeclarations, contextOf, readAhead, readSource, type ScanJob, type ScanResult } from './scanJob';

/** Entry of a scan worker: reads batches of files and answers with plain data. One message in, one message out. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('worker.js is started by Sargable itself');
  const engine = createEngine();
  let context: ReadContext = {};
  port.on('message', (job: ScanJob) => {
    void (async () => {
      if (job.known) context = contextOf(job.folder, job.known);
      const results: ScanResult[] = [];
      for (const { path, text } of readAhead(job.paths)) results.push(job.pass === 'declarations' ? await collectDeclarations(await engine, path, { databases: context.databases }, text) : await readSource(await engine, path, context, text));
      port.postMessage({ id: job.id, results });
    })();
  });
}

void main();
