import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and behaves as networks do. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that were opened to it. */
  readonly accepted: number;
  /** From now on nothing is answered, and nothing refused. */
  hang(): void;
  /** Every connection is cut, and new ones are refused until `pass`. */
  cut(): Promise<void>;
  /** As if it were not there. */
  pass(): Promise<void>;
  close(): Promise<void>;
}

/** @param target port on this machine; 0: there is none, it hangs from the start. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let accepted = 0;
  let hanging = target === 0;
  let port = 0;
  let server: Server | undefined;
  const listen = async (): Promise<void> => {
    const made = createServer((inner) => {
      accepted++;
      open.add(inner);
      inner.on('error', () => undefined).on('close', () => open.delete(inner));
      if (hanging) return;
      const outer = connect(target, '127.0.0.1');
      open.add(outer);
      outer.on('error', () => inner.destroy()).on('close', () => { open.delete(outer); inner.destroy(); });
      inner.on('close', () => outer.destroy());
      inner.on('data', (data) => { if (!hanging) outer.write(data); });
      outer.on('data', (data) => { if (!hanging) inner.write(data); });
    });
    server = made;
    await new Promise<void>((resolve) => made.listen(port, '127.0.0.1', resolve));
    port = (made.address() as AddressInfo).port;
  };
  const cut = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (!closing) return;
    const closed = new Promise((resolve) => closing.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  };
  await listen();
  return {
    port, cut,
    get accepted() { return accepted; },
    hang() { hanging = true; },
    async pass() {
      hanging = false;
      if (!server) await listen();
    },
    close: cut,
  };
}
