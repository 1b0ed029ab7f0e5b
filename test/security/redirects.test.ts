import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { followUpTo, keepCookies, landingOf, openRaw } from '../support/login-steps.ts';
import { startWorld, type World } from '../support/world.ts';
import { foreignUrls, ownAbsoluteUrls, ownUrls } from './return-urls.ts';

let world: World;
/** One browser for the corpora: the provider knows its user, so that a login is one round trip. */
let browser: TestClient;

beforeAll(async () => {
  // A second host of the same installation: for the first one it is as foreign as any other.
  world = await startWorld({
    adjust: (config) => config['origins'].push(config['origins'][0].replace('127.0.0.1', 'localhost')),
  });
  browser = createClient();
});
afterAll(() => expectHealthy(world));

/** A text of the corpora for the running world. */
function here(text: string): string {
  return text.replaceAll('{host}', world.host).replaceAll('{port}', String(world.port));
}

const loginAt = (returnTo: string) => `/_auth/login?rd=${encodeURIComponent(returnTo)}`;

/** What a login that starts at the raw `target` comes to: a refusal, or the Location that ends it. */
async function landingOfRaw(
  target: string,
): Promise<{ readonly status: number; readonly location: string | undefined }> {
  const client = createClient();
  const answer = await openRaw(world.port, target);
  const location = answer.header('location');
  if (location === undefined) return { status: answer.status, location };
  expect(location.startsWith(`${world.provider.issuer}/`)).toBe(true);
  keepCookies(client, world.origin, answer);
  const ended = await client.open(await followUpTo(client, `${world.origin}/_auth/callback`, location));
  return { status: ended.status, location: ended.header('location') };
}

/** On the own origin however lenient a browser reads it: after the origin one slash and then no second one. */
function expectOwnOrigin(location: string | undefined): void {
  expect(location?.slice(0, world.origin.length + 1)).toBe(`${world.origin}/`);
  expect(location?.slice(world.origin.length)).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
  expect(new URL(location ?? '').origin).toBe(world.origin);
}

describe('R1 return URLs lead to the own origin only', () => {
  it('has a corpus worth the name', () => {
    expect(foreignUrls.length).toBeGreaterThan(60);
    expect(new Set([...foreignUrls, ...ownUrls]).size).toBe(foreignUrls.length + ownUrls.length);
  });

  it.each(ownUrls)('comes back to exactly %j', async (url) => {
    expect(await landingOf(browser, world.origin, loginAt(url))).toBe(`${world.origin}${url}`);
  });

  it.each(ownAbsoluteUrls)('comes back to exactly %j', async (url, path) => {
    expect(await landingOf(browser, world.origin, loginAt(here(url)))).toBe(`${world.origin}${path}`);
  });

  it.each(foreignUrls)('goes to / for %j', async (url) => {
    expect(await landingOf(browser, world.origin, loginAt(here(url)))).toBe(`${world.origin}/`);
  });

  it('ends in the workload, on the own origin, when the browser goes on', async () => {
    world.upstream.clear();
    const ends: string[] = [];
    for (const url of ['//evil.example', '/\\evil.example', '/orders?x=1'])
      ends.push((await browser.follow(`${world.origin}${loginAt(url)}`)).url);
    expect(ends).toEqual(['/', '/', '/orders?x=1'].map((path) => `${world.origin}${path}`));
    expect(world.upstream.requests.map(({ target }) => target)).toEqual(['/', '/', '/orders?x=1']);
  });

  it('reads a return URL that is itself a login in the same way', async () => {
    const nested = loginAt('//evil.example');
    expect(await landingOf(browser, world.origin, loginAt(nested))).toBe(`${world.origin}${nested}`);
    expect((await browser.follow(`${world.origin}${loginAt(nested)}`)).url).toBe(`${world.origin}/`);
  });

  it.each([
    'rd=/orders&rd=//evil.example',
    'rd=//evil.example&rd=/orders',
    'rd[]=//evil.example',
    'RD=//evil.example',
    'rd=/orders%26rd=//evil.example%2f..',
    'rd=%00/orders',
    'return_to=//evil.example',
    'rd',
    '',
  ])('goes to / or to its own path for the query %j', async (query) => {
    const { location } = await landingOfRaw(`/_auth/login?${query}`);
    expectOwnOrigin(location);
    expect(new URL(location ?? '').pathname).not.toBe('/orders');
  });

  // The value goes out as it is written, so that what it percent-encodes is decoded once more than above.
  it.each(foreignUrls.filter((url) => /^[\x21\x22\x24\x27-\x7e]+$/.test(url)))(
    'stays on the own origin for rd=%s unencoded',
    async (url) => {
      const { status, location } = await landingOfRaw(`/_auth/login?rd=${here(url)}`);
      expect(status).toBe(302);
      expectOwnOrigin(location);
    },
  );
});

describe('R1 request targets as return URLs', () => {
  // A fragment never leaves the browser; the side service's own pages need no login.
  const targets = ownUrls.filter((url) => !url.includes('#') && !url.startsWith('/_auth'));

  it.each(targets)('comes back to exactly %j', async (target) => {
    // Envoy decodes letters before it asks (RFC 3986 §6.2.2.2): the rule and the return URL see the same path.
    const seen = target.replace('%61', 'a');
    expect(await landingOfRaw(target)).toEqual({ status: 302, location: `${world.origin}${seen}` });
  });

  it.each(foreignUrls)('refuses %j, or comes back to the own origin', async (url) => {
    world.upstream.clear();
    const target = Buffer.from(here(url)).toString('latin1');
    const { status, location } = await landingOfRaw(target);
    expect(world.upstream.requests).toEqual([]);
    if (status === 302) expectOwnOrigin(location);
    // 426: a newline ends the request line before its version, which makes it HTTP/0.9.
    else expect([400, 403, 404, 426]).toContain(status);
  });
});

describe('R2 another port or scheme of the own host is another origin', () => {
  it.each([
    'https://{host}/orders',
    'https://127.0.0.1/orders',
    'http://127.0.0.1/orders',
    'http://127.0.0.1:80/orders',
    'http://127.0.0.1:1{port}/orders',
    'http://127.0.0.1:{port}0/orders',
    'http://127.0.0.1:0{port}/orders',
    'http://127.0.0.1:/orders',
    'http://127.0.0.1.:{port}/orders',
    'http://127.1:{port}/orders',
    'http://0x7f000001:{port}/orders',
    'http://localhost:{port}/orders',
    'http://[::ffff:127.0.0.1]:{port}/orders',
    'HTTP://{host}/orders',
    'ws://{host}/orders',
    '//{host}/orders',
    'http:{host}/orders',
    'http:/{host}/orders',
  ])('goes to / for %s', async (url) => {
    expect(await landingOf(browser, world.origin, loginAt(here(url)))).toBe(`${world.origin}/`);
  });
});

describe('R7 long URLs', () => {
  it('come back exactly up to 4,096 bytes', async () => {
    for (const url of [
      `/${'a'.repeat(4095)}`,
      `/?${'%2F'.repeat(1364)}x`,
      `/orders?${'a'.repeat(3000)}#${'b'.repeat(1000)}`,
    ])
      expect(await landingOf(browser, world.origin, loginAt(url))).toBe(`${world.origin}${url}`);
    const target = `/orders?x=${'a'.repeat(4086)}`;
    expect(await landingOfRaw(target)).toEqual({ status: 302, location: `${world.origin}${target}` });
  });

  it.each([4097, 8 * 1024, 16 * 1024, 64 * 1024])('of %i bytes as return URL lead to /', async (length) => {
    const answer = await landingOfRaw(`/_auth/login?rd=/${'a'.repeat(length - 1)}`);
    expect(answer).toEqual({ status: 302, location: `${world.origin}/` });
  });

  it.each([4097, 8 * 1024, 64 * 1024])('of %i bytes as request target lead to /', async (length) => {
    const answer = await landingOfRaw(`/orders?x=${'a'.repeat(length - 10)}`);
    expect(answer).toEqual({ status: 302, location: `${world.origin}/` });
  });

  it('reach the workload whole once somebody is logged in', async () => {
    const client = await world.logIn();
    world.upstream.clear();
    const path = `/orders?x=${'a'.repeat(64 * 1024)}`;
    expect((await client.open(`${world.origin}${path}`)).status).toBe(200);
    expect(world.upstream.requests.map(({ target }) => target)).toEqual([path]);
  });

  it('longer than the edge takes are refused by the edge', async () => {
    world.upstream.clear();
    expect((await openRaw(world.port, `/${'a'.repeat(100 * 1024)}`)).status).toBe(431);
    expect(world.upstream.requests).toEqual([]);
  });
});
