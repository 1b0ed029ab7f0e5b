import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { secondsOf } from '../../core/time.ts';
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
});
