import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { listenOnLoopback } from '../../../test/support/listen.ts';
import { startTinyProvider, type TinyHandler, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { secondsOf } from '../../core/time.ts';
import { ConnectionLostError } from '../../ports/http-client.ts';
import { createHttpClient, type HttpClientOptions } from './http-client.ts';

let provider: TinyProvider;
beforeAll(async () => {
  provider = await startTinyProvider();
});
afterAll(async () => {
  await provider.stop();
});

const bounds: HttpClientOptions = {
  timeout: secondsOf(3),
  maxBytes: 1000,
  allowHttp: true,
  reroute: undefined,
  ca: undefined,
  clientCertificate: undefined,
  proxy: undefined,
};
const get = { method: 'GET', headers: {} };

describe('the HTTP client', () => {
  it('hands on method, headers and body, and reads a compressed answer', async () => {
    provider.answer('token', (_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-kept': 'yes' });
      response.end(gzipSync('{"a":1}'));
    });
    const response = await createHttpClient(bounds).fetch(`${provider.origin}/token`, {
      method: 'POST',
      headers: { 'x-sent': 'yes' },
      body: new URLSearchParams({ code: 'c d' }),
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-kept')).toBe('yes');
    expect(await response.json()).toEqual({ a: 1 });
    const received = provider.requests.at(-1);
    expect(received).toMatchObject({ method: 'POST', headers: { 'x-sent': 'yes' } });
    expect(received?.body.get('code')).toBe('c d');
  });

  it.each([301, 302, 303, 307, 308])('follows no %i, so that no secret is sent on (I2)', async (code) => {
    provider.answer('token', status(code, { location: `${provider.origin}/elsewhere` }));
    const before = provider.count('other');
    const response = await createHttpClient(bounds).fetch(`${provider.origin}/token`, {
      ...get,
      method: 'POST',
      body: 'code=c',
    });
    expect(response.status).toBe(code);
    expect(provider.count('other')).toBe(before);
  });

  it.each([204, 304])('understands %i, which has no body', async (code) => {
    provider.answer('token', (_request, response) => void response.writeHead(code).end());
    expect((await createHttpClient(bounds).fetch(`${provider.origin}/token`, get)).status).toBe(code);
  });

  it.each([
    ['a hang', hang],
    ['a drip', drip],
    ['100 MB', flood],
    ['a gzip bomb', gzipBomb],
    ['a reset', reset],
    ['a byte too much', json('x'.repeat(1001))],
  ])('gives up on %s, in time and within its bytes (I1)', async (_fault, handler) => {
    provider.answer('token', handler);
    const impatient = createHttpClient({ ...bounds, timeout: secondsOf(0.3) });
    await expect(impatient.fetch(`${provider.origin}/token`, get)).rejects.toThrow();
  });

  it('reads an answer of exactly the largest size', async () => {
    provider.answer('token', json('x'.repeat(1000)));
    expect(await (await createHttpClient(bounds).fetch(`${provider.origin}/token`, get)).text()).toHaveLength(1000);
  });

  it('ends when its caller’s signal does', async () => {
    provider.answer('token', hang);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(createHttpClient(bounds).fetch(`${provider.origin}/token`, { ...get, signal })).rejects.toThrow(
      'enough',
    );
  });

  it('sends the issuer’s origin elsewhere, and no other origin that begins like it', async () => {
    provider.answer('token', json('{}'));
    const reroute = { from: 'https://idp.example', to: provider.origin };
    const { fetch: rerouted } = createHttpClient({ ...bounds, reroute });
    expect((await rerouted('https://idp.example/token?x=1', get)).status).toBe(200);
    expect(provider.requests.at(-1)?.url).toBe('/token?x=1');
    expect((await rerouted(`${provider.origin}/token`, get)).status).toBe(200);
    const before = provider.requests.length;
    await expect(rerouted('https://idp.example.invalid/token', get)).rejects.toThrow();
    expect(provider.requests).toHaveLength(before);
  });

  it.each([
    ['was reset', reset],
    ['was closed', (request) => void request.socket.end()],
    ['was closed within the body', (request, response) => void response.write('x', () => request.socket.end())],
  ] as [string, TinyHandler][])('says when the connection %s after the request was sent', async (_case, handler) => {
    const post = { ...get, method: 'POST', body: 'a=b' };
    provider.answer('token', handler);
    const http = createHttpClient(bounds);
    for (let round = 0; round < 2; round += 1) {
      await expect(http.fetch(`${provider.origin}/token`, post)).rejects.toBeInstanceOf(ConnectionLostError);
      // The next one finds a connection that was used.
      expect((await http.fetch(`${provider.origin}/jwks`, get)).status).toBe(200);
    }
  });

  it('begins to count anew when a request is sent, so that none that waited is cut off in the middle', async () => {
    const slow: TinyHandler = (request, response) => void setTimeout(() => json('{}')(request, response), 300);
    provider.answer('token', slow);
    const before = provider.count('token');
    const http = createHttpClient({ ...bounds, timeout: secondsOf(0.5) });
    // There are 64 connections: half of these wait until the others have their answers.
    const answers = Array.from({ length: 128 }, () =>
      http.fetch(`${provider.origin}/token`, { ...get, method: 'POST' }),
    );
    expect(new Set((await Promise.all(answers)).map(({ status: code }) => code))).toEqual(new Set([200]));
    expect(provider.count('token') - before).toBe(128);
  });

  it('sends nothing that waited too long for a connection, and nothing is lost then', async () => {
    const held: (() => void)[] = [];
    provider.answer('token', (request, response) => void held.push(() => json('{}')(request, response)));
    const before = provider.count('token');
    const http = createHttpClient({ ...bounds, timeout: secondsOf(0.3) });
    const send = () => http.fetch(`${provider.origin}/token`, { ...get, answerTimeout: secondsOf(5) });
    const first = Array.from({ length: 64 }, send);
    const failure: unknown = await send().catch((error) => error);
    expect(failure).toMatchObject({ name: 'TimeoutError', message: 'no connection within 0.3 s: nothing was sent' });
    expect(failure).not.toBeInstanceOf(ConnectionLostError);
    for (const answer of held) answer();
    await Promise.all(first);
    expect((await http.fetch(`${provider.origin}/jwks`, get)).status).toBe(200);
    expect(provider.count('token') - before).toBe(64);
  });

  it.each([
    [0.1, 5],
    [5, 0.1],
  ])('with a time-out of %s s waits for an answer that may take %s s, the longer of both', async (timeout, own) => {
    provider.answer('token', (request, response) => void setTimeout(() => json('{}')(request, response), 300));
    const http = createHttpClient({ ...bounds, timeout: secondsOf(timeout) });
    const response = await http.fetch(`${provider.origin}/token`, { ...get, answerTimeout: secondsOf(own) });
    expect(response.status).toBe(200);
  });

  it('says nothing of that when it waited in vain, or got too much', async () => {
    const impatient = createHttpClient({ ...bounds, timeout: secondsOf(0.2) });
    for (const handler of [hang, flood]) {
      provider.answer('token', handler);
      const failure: unknown = await impatient.fetch(`${provider.origin}/token`, get).catch((error) => error);
      expect(failure).toBeInstanceOf(Error);
      expect(failure).not.toBeInstanceOf(ConnectionLostError);
    }
  });

  it.each([
    ['ends every connection at once', (socket: Socket) => void socket.destroy()],
    ['resets it', (socket: Socket) => void socket.resetAndDestroy()],
    ['speaks no TLS', (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('has sent nothing to a TLS server that %s', async (_case, greet) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      greet(socket);
    });
    const port = await listenOnLoopback(server);
    const failure: unknown = await createHttpClient(bounds)
      .fetch(`https://127.0.0.1:${port}/token`, { ...get, method: 'POST', body: 'a=b' })
      .catch((error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ConnectionLostError);
    server.close();
  });

  it.each(['http://127.0.0.1:1/token', 'http://name.invalid/token'])('has sent nothing to %s', async (url) => {
    const failure: unknown = await createHttpClient(bounds)
      .fetch(url, get)
      .catch((error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ConnectionLostError);
  });

  it('sends nothing a second time, whatever the answer asks for (RFC 9110 §15.5.20)', async () => {
    provider.answer('token', status(421));
    const before = provider.count('token');
    const post = { ...get, method: 'POST', body: 'a=b' };
    await expect(createHttpClient(bounds).fetch(`${provider.origin}/token`, post)).rejects.toThrow();
    expect(provider.count('token')).toBe(before + 1);
  });
});
