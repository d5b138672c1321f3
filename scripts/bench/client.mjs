// A plain LSP client over standard input and output, for timing servers: ours and others.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const TIMEOUT = 30_000;

export class Client {
  constructor(command, root) {
    this.root = root;
    this.process = spawn(command[0], command.slice(1), { cwd: root, stdio: ['pipe', 'pipe', 'ignore'] });
    this.nextId = 0;
    this.pending = new Map();
    this.waiters = new Set();
    this.peakKib = 0;
    let buffer = Buffer.alloc(0);
    this.process.stdin.on('error', () => {});
    this.process.stdout.on('data', (data) => {
      const at = performance.now();
      buffer = buffer.length > 0 ? Buffer.concat([buffer, data]) : data;
      for (;;) {
        const header = buffer.indexOf('\r\n\r\n');
        if (header < 0) return;
        const length = Number(/content-length:\s*(\d+)/i.exec(buffer.toString('latin1', 0, header))[1]);
        if (buffer.length < header + 4 + length) return;
        const message = JSON.parse(buffer.toString('utf8', header + 4, header + 4 + length));
        buffer = buffer.subarray(header + 4 + length);
        this.receive(message, at);
      }
    });
    this.monitor = setInterval(() => (this.peakKib = Math.max(this.peakKib, residentKib(this.process.pid))), 200);
  }

  send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    this.process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.process.stdin.write(body);
  }

  notify(method, params) {
    this.send({ method, params });
  }

  request(method, params) {
    const id = ++this.nextId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), TIMEOUT);
      this.pending.set(id, (message, at) => {
        clearTimeout(timer);
        if (message.error) reject(new Error(message.error.message));
        else resolve({ result: message.result, at });
      });
      this.send({ id, method, params });
    });
  }

  receive(message, at) {
    if (message.method && message.id !== undefined) {
      const result = message.method === 'workspace/configuration' ? message.params.items.map(() => null) : null;
      this.send({ id: message.id, result });
    } else if (message.id !== undefined) {
      this.pending.get(message.id)?.(message, at);
      this.pending.delete(message.id);
    } else if (message.method === 'textDocument/publishDiagnostics') {
      for (const waiter of this.waiters) waiter(message.params, at);
    }
  }

  async start() {
    const uri = pathToFileURL(this.root).href;
    const { result } = await this.request('initialize', {
      processId: process.pid, rootUri: uri, workspaceFolders: [{ uri, name: 'bench' }],
      capabilities: { workspace: { configuration: true, workspaceFolders: true }, textDocument: { synchronization: {}, publishDiagnostics: { versionSupport: true }, diagnostic: {} } },
    });
    this.pull = Boolean(result.capabilities.diagnosticProvider);
    const sync = result.capabilities.textDocumentSync;
    this.full = (typeof sync === 'object' ? sync.change : sync) === 1;
    this.notify('initialized', {});
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  /** When the diagnostics of this version arrived, in milliseconds of `performance.now()`, and how many. */
  diagnostics(uri, version, sentAt) {
    if (this.pull) return this.request('textDocument/diagnostic', { textDocument: { uri } }).then(({ result, at }) => ({ at, count: result?.items?.length ?? 0 }));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no diagnostics')), TIMEOUT);
      const waiter = (params, at) => {
        if (params.uri !== uri || (params.version != null && params.version < version) || at < sentAt) return;
        clearTimeout(timer);
        this.waiters.delete(waiter);
        resolve({ at, count: params.diagnostics.length });
      };
      this.waiters.add(waiter);
    });
  }

  async stop() {
    clearInterval(this.monitor);
    this.peakKib = Math.max(this.peakKib, residentKib(this.process.pid));
    await this.request('shutdown', null).catch(() => undefined);
    this.notify('exit');
    setTimeout(() => this.process.kill('SIGKILL'), 300).unref();
  }
}

/** Resident memory of a process and its children, in KiB; 0 where /proc is missing. */
function residentKib(pid) {
  if (!fs.existsSync('/proc')) return 0;
  const children = new Map();
  const resident = new Map();
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const status = fs.readFileSync(`/proc/${entry}/status`, 'utf8');
      const parent = Number(/PPid:\s*(\d+)/.exec(status)[1]);
      resident.set(Number(entry), Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0));
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // The process ended while we looked.
    }
  }
  const sum = (p) => (resident.get(p) ?? 0) + (children.get(p) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(pid);
}
