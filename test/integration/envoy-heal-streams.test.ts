import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { atEnd } from '../support/ends.ts';
import { listenOnLoopback } from '../support/listen.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { type HealWorld, startHealWorld } from './heal-world.ts';

// What lasts, what is large and what is many, on a heal route.

let world: HealWorld;
/** What the workload does with a request whose token it takes. */
let serve: (request: IncomingMessage, response: ServerResponse) => unknown;
let calls: readonly string[] = [];
let isEarly = false;

beforeAll(async () => {
  const server = createServer((request, response) => {
    calls = [...calls, request.url ?? ''];
    if (request.headers.authorization !== 'Bearer token-0') {
      serve(request, response);
      return;
    }
    const refuse = () => response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('refused');
    if (isEarly) refuse();
    else request.resume().on('end', refuse);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    calls = [...calls, request.url ?? ''];
    if (request.headers.authorization === 'Bearer token-0') {
      socket.end('HTTP/1.1 401 X\r\nwww-authenticate: Bearer error="invalid_token"\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
  });
  const port = await listenOnLoopback(server);
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  world = await startHealWorld({
    workload: port,
    envoy: 'heal: {routes: [{path: {prefix: /api}}]}, streamIdleTimeout: 3s',
  });
});

beforeEach(() => {
  world.reset();
  calls = [];
  isEarly = false;
  serve = (_request, response) => response.end('ok');
});

/** The access token is fresh before the test begins. */
async function heal(): Promise<void> {
  expect((await sendRaw(world.port, rawGet('/api/heal', world.host))).status).toBe(200);
  calls = [];
}

describe('streams', () => {
  it('of events begin after one refresh and last longer than the idle time and any time-out', async () => {
    serve = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let event = 0; event < 12; event += 1) {
        response.write(`data: ${event}\n\n`);
        await pause(400);
      }
      response.end('data: end\n\n');
    };
    const received = await new Promise<string>((resolve, reject) => {
      const options = { port: world.port, path: '/api/events', headers: { host: world.host }, agent: false };
      httpRequest(options, (answer) => {
        let text = `${answer.statusCode} `;
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve(text));
        answer.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
    expect(received).toMatch(/^200 data: 0\n\n(?:data: \d+\n\n)*data: 11\n\ndata: end\n\n$/);
    expect([calls.length, world.refreshes()]).toEqual([2, 1]);
  });

  it('on which nothing moves end after streamIdleTimeout, as on a plain route', async () => {
    await heal();
    serve = (_request, response) => void response.writeHead(200).write('begun');
    for (const target of ['/api/silent', '/silent']) {
      const begun = performance.now();
      await sendRaw(world.port, rawGet(target, world.host), 10_000);
      const took = performance.now() - begun;
      expect([target, took > 2900, took < 9000]).toEqual([target, true, true]);
    }
  });

  const upgrade = () =>
    `GET /api/socket HTTP/1.1\r\nHost: ${world.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

  it('of a WebSocket carry what both sides say', async () => {
    await heal();
    const socket = connect(world.port, '127.0.0.1', () => socket.write(upgrade()));
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
    });
    await until('the upgrade', () => received.startsWith('HTTP/1.1 101') && received.endsWith('\r\n\r\n'));
    const large = 'x'.repeat(200_000);
    for (let round = 0; round < 10; round += 1) {
      received = '';
      socket.write(`${large}${round}`);
      await until('the echo', () => received === `${large}${round}`);
      await pause(300);
    }
    socket.destroy();
    expect(calls).toEqual(['/api/socket']);
  });

  it('of a WebSocket begin after one refresh', async () => {
    const socket = connect(world.port, '127.0.0.1', () => socket.write(`${upgrade()}hello`));
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
    });
    await until('the echo', () => received.startsWith('HTTP/1.1 101') && received.endsWith('hello'));
    socket.destroy();
    expect(received.toLowerCase()).not.toContain('x-sallyport');
    expect([calls.length, world.refreshes()]).toEqual([2, 1]);
  });
});

describe('bodies', () => {
  it('that are still on their way when the 401 comes are sent again from the start', async () => {
    isEarly = true;
    serve = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end(Buffer.concat(chunks));
    };
    let received = '';
    const head = rawGet('/api/upload', world.host, ['Content-Length: 100000'], 'POST');
    const socket = connect(world.port, '127.0.0.1', () => socket.write(`${head}${'first'.repeat(10_000)}`));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
    });
    await until('the second attempt', () => calls.length === 2);
    socket.write('later'.repeat(10_000));
    const whole = `${'first'.repeat(10_000)}${'later'.repeat(10_000)}`;
    await until('the answer', () => received.endsWith('later') && received.includes(whole));
    expect(received.startsWith('HTTP/1.1 200')).toBe(true);
    expect([calls.length, world.refreshes()]).toEqual([2, 1]);
    socket.destroy();
  });

  it('that nobody reads do not stop the requests of others', async () => {
    await heal();
    const sockets: Socket[] = [];
    const large = Buffer.alloc(20_000_000);
    atEnd(async () => sockets.forEach((socket) => void socket.destroy()));
    serve = (request, response) => {
      if (request.url === '/api/large') response.end(large);
      else if (request.method === 'GET') response.end('ok');
      // Else a workload that never reads what it is sent.
    };
    const open = (bytes: string | Buffer) => {
      const socket = connect(world.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('error', () => undefined).pause();
      sockets.push(socket);
    };
    const upload = `${rawGet('/api/unread', world.host, ['Content-Length: 500000'], 'POST')}${'x'.repeat(499_999)}`;
    for (let count = 0; count < 80; count += 1) open(count % 4 !== 0 ? rawGet('/api/large', world.host) : upload);
    await until('all are with the workload', () => calls.length === 80);
    for (let round = 0; round < 20; round += 1) {
      expect((await sendRaw(world.port, rawGet('/api/quick', world.host), 2000)).status).toBe(200);
    }
    for (const socket of sockets) socket.destroy();
  });
});

describe('clients', () => {
  it('that go away while their request is held leave nothing behind', async () => {
    let held = 0;
    world.check.answerWith(() => {
      held += 1;
      return new Promise(() => undefined);
    });
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(world.port, '127.0.0.1', () => socket.write(rawGet('/api/held', world.host)));
      return socket.on('error', () => undefined);
    });
    await until('all are held', () => held === 20);
    for (const socket of sockets) socket.destroy();
    world.reset();
    expect((await sendRaw(world.port, rawGet('/api/next', world.host))).status).toBe(200);
    expect(calls).toEqual(['/api/next', '/api/next']);
  });
});
