import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy, expectNoSecretInLogs } from '../support/aftermath.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { reloadBySignal } from '../support/reload.ts';
import { runSallyport } from '../support/sallyport.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { until } from '../support/until.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

/** One instance keeps its sessions in the store, the other seals them; and where each begins a login. */
const instances = {
  stored: { path: '/app', basePath: '/_auth', cookie: sessionCookie },
  sealed: { path: '/sealed', basePath: '/_sealed', cookie: '__Host-sealed' },
} as const;

type Instance = keyof typeof instances;

const both = ['stored', 'sealed'] as const;

let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: 'redis',
    rules: [{ path: { prefix: '/sealed' }, use: 'sealed' }, { use: 'web' }],
    adjust: (config) => {
      // A file is taken over when the test says so, and never half-written.
      config['reload'] = { watch: false };
      config['modes'].sealed = {
        ...{ mode: 'session', provider: 'test', basePath: '/_sealed', cookie: { name: 'sealed' } },
        ...{ state: 'sealed', idleLifetime: '20s' },
      };
    },
  });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

interface Key {
  readonly id: string;
  readonly secret: string;
}

const keysFile = () => join(world.folder, 'keys.json');

/** The key ring, newest key first. */
async function keys(): Promise<readonly [Key, ...Key[]]> {
  const ring = JSON.parse(await readFile(keysFile(), 'utf8'));
  for (const { secret } of ring.keys) noteSecret(secret);
  return ring.keys;
}

async function newestId(): Promise<string> {
  const [newest] = await keys();
  return newest.id;
}

/** As operators do it. */
async function addKey(): Promise<void> {
  const { code, output } = await runSallyport('keys', 'new', '--add', '--file', keysFile());
  expect([code, output]).toEqual([0, expect.stringContaining(keysFile())]);
}

async function keepNewestKeyAlone(): Promise<void> {
  const [newest] = await keys();
  await writeFile(keysFile(), JSON.stringify({ keys: [newest] }));
}

async function reload(): Promise<void> {
  const [replica] = world.replicas;
  if (replica === undefined) throw new Error('there is no replica');
  expect(await reloadBySignal(replica)).toBe('reloaded');
}

/** The log of the process goes with it, so it is looked at now. */
async function restart(): Promise<void> {
  expectNoSecretInLogs(world);
  await world.restart(0);
}

async function logIn(instance: Instance): Promise<TestClient> {
  const client = createClient();
  expect((await open(client, instance, 'follow')).status).toBe(200);
  return client;
}

function open(client: TestClient, instance: Instance, how: 'open' | 'follow' | 'send' = 'open'): Promise<Answer> {
  return client[how](`${world.origin}${instances[instance].path}`);
}

function cookieOf(client: TestClient, instance: Instance): string {
  return client.cookies(world.origin).get(instances[instance].cookie) ?? '';
}

/** The id of the key that a cookie's value is of. */
function keyIdOf(client: TestClient, instance: Instance): string {
  const [first = '', second = ''] = cookieOf(client, instance).split('.');
  return instance === 'stored' ? first : keyIdIn(second);
}

/** The id of the key that sealed a text. */
function keyIdIn(sealed: string): string {
  return Buffer.from(sealed, 'base64url').toString('latin1', 1, 7);
}

interface Attempt {
  readonly client: TestClient;
  /** Of a login that came back from the provider; not opened. */
  readonly callback: URL;
}

async function begin(instance: Instance): Promise<Attempt> {
  const client = createClient();
  const { path, basePath } = instances[instance];
  return { client, callback: new URL(await callbackUrlOf(client, world.origin, path, basePath)) };
}

/** Where the provider's form, sent across sites, leads. */
async function handleOf({ callback }: Attempt): Promise<string> {
  const posted = await createClient().send(`${callback.origin}${callback.pathname}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: callback.search.slice(1),
  });
  const location = posted.header('location') ?? '';
  noteSecret(new URL(location).searchParams.get('handle'));
  return location;
}

describe.each(both)('S11 a key that was added: with a %s session', (instance) => {
  it('goes on from one request to the next, and logins that had begun end well, as sessions of the new key', async () => {
    const live = await logIn(instance);
    const before = cookieOf(live, instance);
    const [attempt, posted] = [await begin(instance), await begin(instance)];
    const handle = await handleOf(posted);
    await addKey();
    await reload();
    const [added, old] = await keys();
    expect(keyIdOf(live, instance)).toBe(old?.id);
    const cookie = `${instances[instance].cookie}=${before}`;
    for (const how of ['open', 'send'] as const) {
      const answer = await createClient()[how](`${world.origin}${instances[instance].path}`, { headers: { cookie } });
      expect(answer.status).toBe(200);
    }
    for (const [{ client }, callback] of [
      [attempt, attempt.callback.href],
      [posted, handle],
    ] as const) {
      expect((await client.open(callback)).header('location')).toBe(`${world.origin}${instances[instance].path}`);
      expect(keyIdOf(client, instance)).toBe(added.id);
      expect((await open(client, instance)).status).toBe(200);
    }
    const next = await begin(instance);
    expect(keyIdIn(next.callback.searchParams.get('state') ?? '')).toBe(added.id);
    expect(keyIdIn(new URL(await handleOf(next)).searchParams.get('handle') ?? '')).toBe(added.id);
  });
});

describe('S11 a key that was added', () => {
  it('seals a sealed session anew when its use is noted next', async () => {
    const live = await logIn('sealed');
    const before = cookieOf(live, 'sealed');
    await addKey();
    await restart();
    await until('it was sealed anew', async () => {
      expect((await open(live, 'sealed', 'send')).status).toBe(200);
      return cookieOf(live, 'sealed') !== before;
    });
    expect(keyIdOf(live, 'sealed')).toBe(await newestId());
  });

  it('leaves sessions of before where a provider’s logout finds them', async () => {
    const alices = [await logIn('stored')];
    await addKey();
    await reload();
    alices.push(await logIn('stored'));
    const now = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const { issuer, clientId, signingKey } = world.provider;
    const token = await new SignJWT({ iss: issuer, aud: clientId, iat: now, exp: now + 60, sub: 'alice', events })
      .setProtectedHeader({ alg: 'RS256', kid: 'rs256', typ: 'logout+jwt' })
      .setJti(randomUUID())
      .sign(signingKey);
    const answer = await createClient().send(`${world.origin}/_auth/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `logout_token=${token}`,
    });
    expect(answer.status).toBe(200);
    for (const client of alices) expect((await open(client, 'stored', 'send')).status).toBe(401);
  });
});

describe.each([
  ['a reload', reload],
  ['a restart', restart],
])('S11 a key that was removed, by %s', (_, takeOver) => {
  it('opens nothing any more, while everything of the other key goes on', async () => {
    const old = { stored: await logIn('stored'), sealed: await logIn('sealed') };
    const attempts = { stored: await begin('stored'), sealed: await begin('sealed') };
    const posted = { stored: await begin('stored'), sealed: await begin('sealed') };
    const handles = { stored: await handleOf(posted.stored), sealed: await handleOf(posted.sealed) };
    await addKey();
    await reload();
    const fresh = { stored: await logIn('stored'), sealed: await logIn('sealed') };
    await keepNewestKeyAlone();
    await takeOver();
    world.reset();
    const id = await newestId();
    for (const instance of both) {
      const { path, cookie } = instances[instance];
      expect([instance, (await open(fresh[instance], instance, 'send')).status]).toEqual([instance, 200]);
      world.upstream.clear();
      // Without a session: the same answer.
      const stranger = await createClient().send(`${world.origin}${path}`);
      expect(stranger.status).toBe(401);
      const value = cookieOf(old[instance], instance);
      for (const each of [value, value.replace(/^.{6}/, instance === 'stored' ? id : '$&')]) {
        const { status, body } = await createClient().send(`${world.origin}${path}`, {
          headers: { cookie: `${cookie}=${each}` },
        });
        expect({ status, body }).toEqual({ status: stranger.status, body: stranger.body });
      }
      expect((await open(old[instance], instance)).status).toBe(302);
      for (const [{ client }, url] of [
        [attempts[instance], attempts[instance].callback.href],
        [posted[instance], handles[instance]],
      ] as const) {
        const answer = await client.open(url);
        expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([400, undefined, []]);
      }
      expect(world.provider.count('token')).toBe(0);
      expect(world.upstream.requests).toEqual([]);
      // A new login is all that it takes.
      expect((await open(old[instance], instance, 'follow')).status).toBe(200);
      world.reset();
    }
  });
});
