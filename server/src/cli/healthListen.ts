import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXPOSITION_TYPE, renderExposition } from '../core/health/exposition';
import { toMetrics, toUnreachable } from '../core/health/metrics';
import type { HealthLooks } from '../workspace/health';
import { UsageError } from './usage';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Several that ask at once, or soon after, get the same look. Milliseconds. */
const FRESH = 2000;

/** `9187`, `0.0.0.0:9187`, `[::1]:9187`; port 0 takes a free one. Throws `UsageError`. */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`--listen ${text}: write it as PORT or HOST:PORT`);
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(host);

/**
 * Answers `GET /metrics` with a look taken then, until the process is told to end; nothing is asked of the servers meanwhile.
 * @returns the exit status
 */
export async function serveMetrics(looks: HealthLooks, { host, port }: ListenAddress): Promise<number> {
  let current: { readonly at: number; readonly text: Promise<string> } | undefined;
  const read = (): Promise<string> => {
    if (current && performance.now() - current.at < FRESH) return current.text;
    const text = looks.look().then((outcome) => {
      if (!outcome.ok) process.stderr.write(`sargable: ${outcome.error}\n`);
      return renderExposition(outcome.ok ? toMetrics(outcome.report) : toUnreachable());
    });
    const mine = { at: Infinity, text };
    current = mine;
    // Counted from the answer: while it is awaited everybody waits for the same.
    const settled = (): void => {
      if (current === mine) current = { at: performance.now(), text };
    };
    text.then(settled, settled);
    return text;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const path = (request.url ?? '').split('?')[0];
    // A page in a browser of this machine must not read it under a name of its own that leads here.
    const asked = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    if (isLoopback(host) && !isLoopback(asked)) send(421, 'text/plain', 'This address answers to the name localhost alone.\n');
    else if (path !== '/metrics') send(path === '/' ? 200 : 404, 'text/plain', 'Metrics of sargable health are at /metrics.\n');
    else if (request.method !== 'GET' && request.method !== 'HEAD') send(405, 'text/plain', 'GET only.\n');
    else send(200, EXPOSITION_TYPE, await read());
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      process.stderr.write(`sargable: ${error instanceof Error ? error.message : String(error)}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new UsageError(`--listen ${host}:${port}: ${error.message}`)));
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  process.stderr.write(`sargable: metrics at http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/metrics${isLoopback(host) ? '' : ', for everybody who reaches this address: there is no log-in'}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return 0;
}
