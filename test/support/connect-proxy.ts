import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenOnLoopback } from './listen.ts';

/** An egress proxy that tunnels (CONNECT) and forwards plain HTTP, and remembers for whom. */
export interface ConnectProxy {
  readonly url: string;
  /** Targets as they were asked for: `host:port` of tunnels, URLs of plain requests. */
  readonly targets: readonly string[];
  /** What it answers to CONNECT from now on in place of a tunnel; `nothing` keeps the client waiting. */
  answerConnect(answer: 'tunnel' | 'nothing' | 407 | 503): void;
  stop(): Promise<void>;
}

export async function startConnectProxy(): Promise<ConnectProxy> {
  const targets: string[] = [];
  let answer: 'tunnel' | 'nothing' | 407 | 503 = 'tunnel';
  const server = createServer((request, response) => {
    targets.push(request.url ?? '');
    response.writeHead(204).end();
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, socket) => {
    targets.push(request.url ?? '');
    socket.on('error', () => undefined);
    if (answer === 'nothing') return;
    if (answer !== 'tunnel') return void socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    targets,
    answerConnect: (next) => {
      answer = next;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
