import { parentPort } from 'node:worker_threads';
import { createEngine } from './engine';
import { createScanReader, type ScanJob, type ScanResult } from './scanJob';

/** Entry of a scan worker: reads batches of files and answers with plain data. One message in, one message out. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('worker.js is started by Sargable itself');
  const starting = createEngine().then(createScanReader);
  port.on('message', (job: ScanJob) => {
    void (async () => {
      const reader = await starting;
      if (job.known) reader.learn(job.folder, job.known);
      const results: ScanResult[] = [];
      for (const path of job.paths) results.push(await reader.read(job.pass, path));
      port.postMessage({ id: job.id, results });
    })();
  });
}

void main();
