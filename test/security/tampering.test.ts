import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { sendAll } from '../support/pipeline.ts';
import { type RawAnswer, rawGet, sendRaw } from '../support/raw-http.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: 'sealed',
    rules: [{ path: { prefix: '/stored' }, use: 'stored' }, { use: 'web' }],
    adjust: (config) => {
      config['modes'].stored = { mode: 'session', provider: 'test', basePath: '/_stored', cookie: { name: 'stored' } };
    },
  });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** A request on a connection that stays open. */
function get(target: string, cookie: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ ...headers, cookie }).map(([name, value]) => `${name}: ${value}`);
  return [`GET ${target} HTTP/1.1`, `Host: ${world.host}`, ...lines, '', ''].join('\r\n');
}

/** Everything of an answer but what is different each time: its date, its id, and random values. */
function shapeOf({ status, headers, body }: RawAnswer): string {
  const lines = headers.filter(([name]) => name !== 'date').map((header) => header.join(': '));
  return [status, ...lines, body].join('\n').replaceAll(/[\w-]{22,}/g, '*');
}

function withBitFlipped(bytes: Uint8Array, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

/** A sealed text with every bit of its bytes flipped, and every other last character: some of its bits carry nothing. */
function flips(sealed: string): readonly string[] {
  const bytes = Buffer.from(sealed, 'base64url');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return [
    ...Array.from({ length: bytes.length * 8 }, (_, bit) => withBitFlipped(bytes, bit).toString('base64url')),
    ...[...alphabet].map((last) => `${sealed.slice(0, -1)}${last}`),
  ].filter((changed) => changed !== sealed);
}

/** A text cut after every character but the last. */
function truncations(text: string): readonly string[] {
  return Array.from({ length: text.length }, (_, length) => text.slice(0, length));
}

/** The one shape of the answers to all requests; each tells which it was that had another. */
async function expectShape(shape: string, requests: readonly string[]): Promise<void> {
  const answers = await sendAll(world.port, requests);
  const others = answers.flatMap((answer, index) => (shapeOf(answer) === shape ? [] : [[requests[index], answer]]));
  expect(others.length, JSON.stringify(others[0])).toBe(0);
  expect(world.upstream.requests).toEqual([]);
}

async function shapeFor(request: string): Promise<string> {
  const [answer] = await sendAll(world.port, [request]);
  if (answer === undefined) throw new Error('no answer');
  return shapeOf(answer);
}

/** Changes of a session's cookie are no session: the same answer as to a browser without one. */
async function expectNoSession(
  path: string,
  cookies: { flipped: readonly string[]; cut: readonly string[] },
): Promise<void> {
  world.upstream.clear();
  const unauthenticated = await shapeFor(get(path, 'other=1'));
  expect(unauthenticated).toMatch(/^401\n/);
  await expectShape(
    unauthenticated,
    [...cookies.flipped, ...cookies.cut].map((cookie) => get(path, cookie)),
  );
  const toLogin = await shapeFor(get(path, 'other=1', navigation));
  expect(toLogin).toMatch(/^302\n/);
  await expectShape(
    toLogin,
    cookies.cut.map((cookie) => get(path, cookie, navigation)),
  );
}

describe('S4 the cookie of a stored session', () => {
  const name = '__Host-stored';

  it('is no session with any bit flipped, or cut anywhere', async () => {
    const client = createClient();
    await client.follow(`${world.origin}/stored`);
    const value = client.cookies(world.origin).get(name) ?? '';
    expect(value).toMatch(/^[\w-]{6}\.[\w-]{43}$/);
    const text = Buffer.from(value, 'latin1');
    const changed = Array.from({ length: text.length * 8 }, (_, bit) => withBitFlipped(text, bit).toString('latin1'));
    // Of what is no character of a header, Envoy refuses some itself.
    const isPrintable = (cookie: string) => /^[\x20-\x7e\x80-\xff]*$/.test(cookie);
    const flipped = [...changed.filter(isPrintable), ...flips(value.slice(7)).map((id) => value.slice(0, 7) + id)];
    await expectNoSession('/stored', {
      flipped: flipped.map((each) => `${name}=${each}`),
      cut: truncations(value).map((each) => `${name}=${each}`),
    });
    const refused = await Promise.all(
      changed
        .filter((cookie) => !isPrintable(cookie))
        .map((cookie) => sendRaw(world.port, rawGet('/stored', world.host, [`Cookie: ${name}=${cookie}`]))),
    );
    expect(refused.length).toBeGreaterThan(0);
    expect([400, 401]).toEqual(expect.arrayContaining(refused.map(({ status }) => status)));
    expect(world.upstream.requests).toEqual([]);
    expect((await client.open(`${world.origin}/stored`)).status).toBe(200);
  });
});

describe('S4 the cookie of a sealed session', () => {
  it('is no session with any bit flipped, or cut anywhere', async () => {
    const client = await world.logIn('/app');
    const value = client.cookies(world.origin).get(sessionCookie) ?? '';
    const [count = '', sealed = ''] = value.split('.');
    expect(count).toBe('1');
    const counts = ['0', '2', '3', '5', '9', '11', '1 ', '01', '+1', 'q', ''];
    await expectNoSession('/app', {
      flipped: [...flips(sealed).map((each) => `1.${each}`), ...counts.map((each) => `${each}.${sealed}`)].map(
        (each) => `${sessionCookie}=${each}`,
      ),
      cut: truncations(value).map((each) => `${sessionCookie}=${each}`),
    });
    expect((await client.open(`${world.origin}/app`)).status).toBe(200);
  });
});

/** A browser whose login has come back from the provider, and the callback that it has not opened. */
async function answered(): Promise<{ readonly client: TestClient; readonly callback: URL }> {
  const client = createClient();
  const callback = new URL(await callbackUrlOf(client, world.origin, '/app'));
  expect(client.cookies(world.origin).has(bindingCookie)).toBe(true);
  return { client, callback };
}

describe('S4 the state of a login', () => {
  it('is not ours with any bit flipped, or cut anywhere; what was not changed still works', async () => {
    const { client, callback } = await answered();
    const state = callback.searchParams.get('state') ?? '';
    const cookie = client.cookieHeader(world.origin);
    const request = (changed: string) =>
      get(`/_auth/callback${callback.search.replace(state, changed)}`, cookie, navigation);
    const foreign = await shapeFor(request('foreign'));
    expect(foreign).toMatch(/^400\n/);
    await expectShape(foreign, [...flips(state), ...truncations(state)].map(request));
    expect(world.provider.count('token')).toBe(0);
    expect((await client.open(callback.href)).header('location')).toBe(`${world.origin}/app`);
  });
});

describe('S4 the handle of an answer by form_post', () => {
  it('is not ours with any bit flipped, or cut anywhere; what was not changed still works', async () => {
    const { client, callback } = await answered();
    const posted = await createClient().send(`${world.origin}/_auth/callback`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: callback.search.slice(1),
    });
    const location = posted.header('location') ?? '';
    const handle = new URL(location).searchParams.get('handle') ?? '';
    noteSecret(handle);
    const cookie = client.cookieHeader(world.origin);
    const request = (changed: string) => get(`/_auth/callback?handle=${changed}`, cookie, navigation);
    const foreign = await shapeFor(request('foreign'));
    expect(foreign).toMatch(/^400\n/);
    await expectShape(foreign, [...flips(handle), ...truncations(handle)].map(request));
    expect(world.provider.count('token')).toBe(0);
    expect((await client.open(location)).header('location')).toBe(`${world.origin}/app`);
  });
});
