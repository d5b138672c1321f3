import { createServer, type AddressInfo } from 'node:net';

/** A server that speaks as much of Redis' protocol as a look at it needs. */
export interface FakeRedis {
  readonly port: number;
  /** The commands that came, without their arguments. */
  readonly commands: readonly string[];
  close(): void;
}

/** @param answers by command, in the protocol's form; left out: OK @param onCommand told of each command before it is answered */
export async function startFakeRedis(answers: Readonly<Record<string, string>> = {}, onCommand: (command: string) => void = () => undefined): Promise<FakeRedis> {
  const commands: string[] = [];
  const all: Readonly<Record<string, string>> = { INFO: '$17\r\nredis_version:3.2\r\n', SCAN: '*2\r\n$1\r\n0\r\n*1\r\n$9\r\nmail:anna\r\n', PTTL: ':-1\r\n', MEMORY: ':64\r\n', ...answers };
  const server = createServer((socket) => socket.on('error', () => undefined).on('data', (data) => {
    for (const [, command = ''] of data.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g)) {
      commands.push(command);
      onCommand(command);
      socket.write(all[command] ?? '+OK\r\n');
    }
  }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, commands, close: () => void server.close() };
}
