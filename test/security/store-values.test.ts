import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../src/adapters/node-crypto/key-ring.ts';
import { createSealer } from '../../src/adapters/node-crypto/sealer.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { Sealer } from '../../src/ports/sealer.ts';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation, scriptFetch } from '../support/browser-headers.ts';
import type { TestClient } from '../support/client.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { freshKeyRing } from '../support/sallyport.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let redis: Redis;

beforeAll(async () => {
  // Whoever tampers tells nobody: every look is to see what is there now.
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      config['store'].cache = { maxSessions: 0 };
    },
  });
  redis = redisClient(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

async function visit(client: TestClient): Promise<string> {
  const answer = await client.send(`${world.origin}/app`, { headers: navigation });
  const leads = answer.header('location')?.startsWith(world.provider.issuer) === true ? ' to login' : '';
  return `${answer.status}${leads}`;
}

describe('I6 a session in Redis', () => {
  /** Whoever has just logged in, and where Redis keeps the session. */
  async function session() {
    const before = await sessionKeys(redis);
    const client = await world.logIn('/app');
    const key = (await sessionKeys(redis)).find((each) => !before.includes(each)) ?? expect.fail('no session');
    const name = /\{(.*)\}/.exec(key)?.[1] ?? '';
    const sealed = (await redis.hgetBuffer(key, 'v')) ?? expect.fail('no value');
    world.reset();
    return { client, key, name, sealed };
  }

  function sealerOf(ring: string): Sealer {
    const parsed = parseKeyRing(ring);
    if (parsed.kind === 'invalid') return expect.fail(parsed.problem);
    return createSealer(parsed.ring, systemRandom);
  }

  /** The value with members of its content replaced, or undefined and left out, sealed as Sallyport does it. */
  function resealed(sealed: Buffer, name: string, ring: string, change: Readonly<Record<string, unknown>>) {
    const opened = sealerOf(world.keyRing).openBytes('session', sealed, name) ?? expect.fail('it does not open');
    const content = JSON.parse(Buffer.from(opened).toString()) as Record<string, unknown>; // as the codec writes it
    const changed = Buffer.from(JSON.stringify({ ...content, ...change }));
    return Buffer.from(sealerOf(ring).sealBytes('session', changed, name));
  }

  async function expectNone(client: TestClient): Promise<void> {
    expect(await visit(client)).toBe('302 to login');
    expect((await client.send(`${world.origin}/app`, { headers: scriptFetch })).status).toBe(401);
    expect((await client.send(`${world.origin}/_auth/userinfo`)).status).toBe(401);
    expect(world.upstream.requests).toEqual([]);
  }

  it('that is sealed again as it was is one: what follows is not refused for the way it is done', async () => {
    const { client, key, name, sealed } = await session();
    await redis.hset(key, 'v', resealed(sealed, name, world.keyRing, {}));
    expect(await visit(client)).toBe('200');
  });

  it.each([
    ['with a bit changed in its middle', (sealed: Buffer) => flipped(sealed, Math.floor(sealed.length / 2))],
    ['with a bit changed at its end', (sealed: Buffer) => flipped(sealed, sealed.length - 1)],
    ['with a bit changed at its beginning', (sealed: Buffer) => flipped(sealed, 0)],
    ['that is cut short', (sealed: Buffer) => sealed.subarray(0, -1)],
    ['that is longer', (sealed: Buffer) => Buffer.concat([sealed, Buffer.from([0])])],
    ['that is empty', () => Buffer.alloc(0)],
    ['in plain JSON', () => Buffer.from('{"v":1,"sub":"alice"}')],
    ['that is noise', (sealed: Buffer) => Buffer.from(systemRandom.bytes(sealed.length))],
  ])('%s is none', async (_, corrupt) => {
    const { client, key, sealed } = await session();
    await redis.hset(key, 'v', corrupt(sealed));
    await expectNone(client);
  });

  it('of another browser is none under this name', async () => {
    const [mine, other] = [await session(), await session()];
    await redis.hset(mine.key, 'v', other.sealed);
    await expectNone(mine.client);
    expect(await visit(other.client)).toBe('200');
  });

  it('that a foreign key ring sealed is none', async () => {
    const { client, key, name, sealed } = await session();
    await redis.hset(key, 'v', resealed(sealed, name, freshKeyRing(), {}));
    await expectNone(client);
  });

  it.each([
    ['of an older version', { v: 0 }],
    ['of a later version', { v: 99 }],
    ['without a version', { v: undefined }],
    ['without its registration', { registration: undefined }],
    ['without a subject', { sub: undefined }],
    ['with claims of another shape', { claims: { a: 1 } }],
    ['with an end that is text', { ends: 'never' }],
  ])('%s is none', async (_, change) => {
    const { client, key, name, sealed } = await session();
    await redis.hset(key, 'v', resealed(sealed, name, world.keyRing, change));
    await expectNone(client);
  });

  it.each(['v', 'g', 't', 'e', 'i'])('whose field %s is gone or garbled is none', async (field) => {
    const { client, key } = await session();
    await redis.hset(key, field, 'garbage');
    await expectNone(client);
    await redis.hdel(key, field);
    await expectNone(client);
  });
});

function flipped(sealed: Buffer, at: number): Buffer {
  const changed = Buffer.from(sealed);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
