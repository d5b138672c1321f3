// What the planner twin costs: from opening a document to the first finding that the planner has decided (its start
// included), from a changed statement to its verdict, keystrokes meanwhile, and memory.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { Client } from './client.mjs';

const TABLES = 30;
const EDITS = 30;
const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];

/** A workspace whose schema is migrations alone; every table is assumed to be large. */
function makeWorkspace() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sargable-planner-'));
  const table = (n) => `CREATE TABLE orders_${n} (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, customer_id bigint NOT NULL, status text NOT NULL, note text, created_at timestamptz NOT NULL);\nCREATE INDEX ON orders_${n} (tenant_id, created_at DESC);`;
  fs.mkdirSync(path.join(folder, 'migrations'));
  fs.writeFileSync(path.join(folder, 'migrations', '0001_init.sql'), Array.from({ length: TABLES }, (_, n) => table(n)).join('\n'));
  fs.writeFileSync(path.join(folder, 'sargable.config.json'), JSON.stringify({ assume: Object.fromEntries(Array.from({ length: TABLES }, (_, n) => [`orders_${n}`, 2_000_000])) }));
  return folder;
}

const statement = (n, column) => `SELECT id, created_at FROM orders_${n % TABLES} WHERE ${column} = $1 ORDER BY created_at DESC LIMIT 20;\n`;

/** @param {string[]} command starts our language server on standard input and output */
export async function measurePlanner(command) {
  const folder = makeWorkspace();
  const file = path.join(folder, 'queries.sql');
  let text = Array.from({ length: 60 }, (_, n) => statement(n, 'customer_id')).join('');
  fs.writeFileSync(file, text);
  const client = new Client(command, folder);
  await client.start();
  const uri = pathToFileURL(file).href;
  const decided = async (count, from) => {
    for (;;) {
      const { result, at } = await client.request('textDocument/diagnostic', { textDocument: { uri } });
      const planned = (result?.items ?? []).filter((item) => /cost/i.test(item.message) && item.code === 'unindexed-predicate').length;
      if (planned >= count) return at - from;
      if (at - from > 60_000) throw new Error(`the planner decided ${planned} of ${count} findings in a minute`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  let version = 1;
  let sent = performance.now();
  client.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'sql', version, text } });
  const first = await decided(1, sent);
  const all = await decided(60, sent);
  const verdicts = [];
  const keystrokes = [];
  for (let i = 0; i < EDITS; i++) {
    // One statement gets another column list: its plan is not known, all others are.
    const before = text;
    text = text.replace(statement(i, 'customer_id'), statement(i, 'customer_id').replace('id, created_at', `id, created_at, ${'status, '.repeat(i)}note`));
    if (text === before) throw new Error('the edit changed nothing');
    sent = performance.now();
    client.notify('textDocument/didChange', { textDocument: { uri, version: ++version }, contentChanges: [{ text }] });
    keystrokes.push((await client.diagnostics(uri, version, sent)).at - sent);
    verdicts.push(await decided(60, sent));
  }
  await client.stop();
  fs.rmSync(folder, { recursive: true, force: true });
  return { first, all, keystroke: quantile(keystrokes, 0.5), verdict: quantile(verdicts, 0.5), verdict95: quantile(verdicts, 0.95), mib: client.peakKib / 1024 };
}

export async function printPlanner(command) {
  const result = await measurePlanner(command);
  console.log('\nThe planner twin, 60 queries over 30 tables of 2,000,000 assumed rows, no database');
  console.log(`open to the first finding it decides ${(result.first / 1000).toFixed(2)} s (its start included), to all 60 ${(result.all / 1000).toFixed(2)} s`);
  console.log(`a changed statement: keystroke ${result.keystroke.toFixed(1)} ms, verdict ${result.verdict.toFixed(0)} ms (95 %: ${result.verdict95.toFixed(0)} ms), ratio ${(result.verdict / result.keystroke).toFixed(1)}`);
  console.log(`memory of server and twin together: ${result.mib.toFixed(0)} MiB`);
}
