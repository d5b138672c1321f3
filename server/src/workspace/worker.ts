import { parentPort } from 'node:worker_threads';
import type { Databases } from './databases';
import type { ModelIndex } from '../core/hosts/models';
import { createEngine } from './engine';
import { collectModels, readAhead, readSource, type ScanJob, type ScanResult } from './scanJob';

/** Entry of a scan worker: reads batches of files and answers with plain data. One message in, one message out. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('worker.js is started by Sargable itself');
  const engine = createEngine();
  let models: ModelIndex | undefined;
  let databases: Databases | undefined;
  port.on('message', (job: ScanJob) => {
    void (async () => {
      models = job.models ?? models;
      databases = job.databases ?? databases;
      const results: ScanResult[] = [];
      for (const { path, text } of readAhead(job.paths)) results.push(job.pass === 'models' ? await collectModels(await engine, path, { databases }, text) : await readSource(await engine, path, { models, folder: job.folder, databases }, text));
      port.postMessage({ id: job.id, results });
    })();
  });
}

void main();
