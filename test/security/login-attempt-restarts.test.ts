import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy, expectNoSecretInLogs } from '../support/aftermath.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { freshKeyRing } from '../support/sallyport.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { until } from '../support/until.ts';
import { type ConfigDocument, sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let second: TestProvider;

// One process with its sessions in Redis, which restarts in mid-login.
beforeAll(async () => {
  second = await startProvider();
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      config['providers'].second = { ...config['providers'].test, issuer: second.issuer };
      // Another user of the first provider, which so stays configured whatever becomes of `web`.
      config['modes'].twin = { mode: 'session', provider: 'test', basePath: '/_twin', cookie: { name: 'twin' } };
    },
  });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const begin = (client: TestClient, path = '/orders') => callbackUrlOf(client, world.origin, path);

/** A new process with the changed configuration. The log of the old one goes with it, so it is looked at now. */
async function restart(change?: (config: ConfigDocument) => void): Promise<void> {
  expectNoSecretInLogs(world);
  await world.restart(0, change);
}

function expectLoggedIn(answer: Answer, path = '/orders'): void {
  expect([answer.status, answer.header('location')]).toEqual([302, `${world.origin}${path}`]);
  expect(answer.values('set-cookie')).toEqual([expect.stringContaining(`${sessionCookie}=`)]);
}

/** A page that says that the login has to begin again. Returns where its link leads. */
function expectRestartPage(answer: Answer): string {
  expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([400, undefined, []]);
  expect(world.provider.count('token')).toBe(0);
  // The one entity that encodeURIComponent and the page make together.
  const [link, ...more] = [...answer.body.matchAll(/href="([^"]+)"/g)].map(([, href = '']) =>
    href.replaceAll('&#39;', "'"),
  );
  expect(more).toEqual([]);
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/_auth\/login\?rd=[\w%.'-]+$/);
  return link ?? '';
}

describe('L5 a provider that changes in mid-login', () => {
  afterEach(() =>
    restart((config) => {
      config['modes'].web.provider = 'test';
    }),
  );

  it('gives no session of the old one to an instance that has another one now', async () => {
    const client = createClient();
    const callback = await begin(client);
    await restart((config) => {
      config['modes'].web.provider = 'second';
    });
    expectRestartPage(await client.open(callback));
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
    expect(second.count('token')).toBe(0);
    expect((await client.follow(`${world.origin}/orders`)).status).toBe(200);
    expect(second.count('token')).toBe(1);
  });
});

describe('L6 iss of a provider that does not promise it', () => {
  beforeEach(async () => {
    world.provider.edit(
      'discovery',
      ({ authorization_response_iss_parameter_supported: _taken, ...metadata }) => metadata,
    );
    await restart();
  });
  afterEach(() => {
    world.reset();
    return restart();
  });

  it('may be missing, and must be right when it comes', async () => {
    world.provider.editCallback(({ searchParams }) => searchParams.delete('iss'));
    const client = createClient();
    const callback = await begin(client);
    const wrong = await client.open(`${callback}&iss=${encodeURIComponent('http://evil.example')}`);
    expect([wrong.status, world.provider.count('token')]).toEqual([400, 0]);
    expectLoggedIn(await client.open(callback));
  });
});

describe('L8 a provider without S256', () => {
  it('is not used while its list lacks it: 503, no redirect, nothing plain', async () => {
    const list = (methods: readonly string[]) =>
      world.provider.edit('discovery', (metadata) => ({ ...metadata, code_challenge_methods_supported: methods }));
    const open = (path: string) => createClient().open(`${world.origin}${path}`);
    list(['plain']);
    await restart();
    for (const methods of [['plain'], [], ['s256'], ['S256 ', 'plain']]) {
      list(methods);
      const asked = world.provider.count('discovery');
      await until('the provider was asked again', async () => {
        await open('/orders');
        return world.provider.count('discovery') > asked;
      });
      for (const path of ['/orders', '/_auth/login?rd=/orders']) {
        const answer = await open(path);
        expect([methods, answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([
          methods,
          503,
          undefined,
          [],
        ]);
        expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
        expect(answer.header('content-type')).toBe('text/html; charset=utf-8');
        expect(answer.body).not.toContain('S256');
      }
    }
    expect([world.provider.count('authorize'), world.upstream.requests]).toEqual([0, []]);
    // As soon as it lists S256, logins work, without a restart.
    list(['plain', 'S256']);
    const answer = await until('logins work again', async () => {
      const tried = await open('/orders');
      return tried.status === 302 && tried;
    });
    expect(new URL(answer.header('location') ?? '').searchParams.get('code_challenge_method')).toBe('S256');
  });

  it('that publishes no list is asked with S256', async () => {
    world.provider.edit('discovery', ({ code_challenge_methods_supported: _taken, ...metadata }) => metadata);
    await restart();
    const location = (await createClient().open(`${world.origin}/orders`)).header('location') ?? '';
    expect(new URL(location).searchParams.get('code_challenge_method')).toBe('S256');
  });
});

describe('L12 a key ring that changes in mid-login', () => {
  const keysOf = (ring: string): readonly { readonly id: string; readonly secret: string }[] => JSON.parse(ring).keys;

  async function restartWith(...rings: readonly string[]): Promise<void> {
    const keys = rings.flatMap(keysOf);
    for (const { secret } of keys) noteSecret(secret);
    await writeFile(join(world.folder, 'keys.json'), JSON.stringify({ keys }));
    await restart();
  }

  afterEach(() => restartWith(world.keyRing));

  it('works while the old key is in the ring; the new session is of the new key', async () => {
    const next = freshKeyRing();
    const live = await world.logIn();
    const client = createClient();
    const callback = await begin(client, '/orders?x=1');
    await restartWith(next, world.keyRing);
    expectLoggedIn(await client.open(callback), '/orders?x=1');
    expect(client.cookies(world.origin).get(sessionCookie)?.split('.')[0]).toBe(keysOf(next)[0]?.id);
    for (const each of [live, client]) expect((await each.open(`${world.origin}/orders`)).status).toBe(200);
  });

  it('starts again once the old key is gone, and so does a session of that key', async () => {
    const live = await world.logIn();
    const client = createClient();
    const callback = await begin(client);
    await restartWith(freshKeyRing());
    world.reset();
    const link = expectRestartPage(await client.open(callback));
    expect((await live.open(`${world.origin}/orders`)).status).toBe(302);
    expect(world.upstream.requests).toEqual([]);
    expect(await client.follow(link)).toMatchObject({ status: 200, url: `${world.origin}/` });
  });
});

describe('L13 an attempt that took too long', () => {
  const paths = ['/orders?x=1&y=%2F#top', '/', `/a?b='%22&c=<>`];
  const late = new Map<string, { readonly client: TestClient; readonly callback: string }>();
  let live: TestClient;
  let liveCallback: string;

  // The end of an attempt is sealed into it: the process that sees them come back gives new ones their usual time.
  beforeAll(async () => {
    live = await world.logIn();
    await restart((config) => {
      config['modes'].web.attemptLifetime = '1s';
    });
    const beginAt = (client: TestClient, path: string) => begin(client, `/_auth/login?rd=${encodeURIComponent(path)}`);
    for (const path of paths) {
      const client = createClient();
      late.set(path, { client, callback: await beginAt(client, path) });
    }
    liveCallback = await beginAt(live, '/orders');
    const begun = Math.floor(Date.now() / 1000);
    await until('the attempts have ended', () => Math.floor(Date.now() / 1000) > begun);
    await restart((config) => {
      delete config['modes'].web.attemptLifetime;
    });
  });

  it.each(paths)('shows a page whose link leads back to %s', async (path) => {
    const { client, callback } = late.get(path) ?? expect.fail('the attempt was not begun');
    const link = expectRestartPage(await client.open(callback));
    expect(new URL(link).searchParams.getAll('rd')).toEqual([path]);
    expectLoggedIn(await client.open(await begin(client, link.slice(world.origin.length))), path);
  });

  it('goes on to its page when somebody is logged in by now', async () => {
    const session = live.cookies(world.origin).get(sessionCookie);
    const answer = await live.open(liveCallback);
    expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([
      302,
      `${world.origin}/orders`,
      [],
    ]);
    expect([live.cookies(world.origin).get(sessionCookie), world.provider.count('token')]).toEqual([session, 0]);
  });
});
