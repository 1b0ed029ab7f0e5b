import { deflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { seenSecrets } from '../support/seen-secrets.ts';
import { startWorld, type World } from '../support/world.ts';
import { expectAlive, expectDead, randomPartOf, sessionIdOf } from './session-checks.ts';

let world: World;
let redis: Redis;

beforeAll(async () => {
  // Whoever tampers tells nobody: every look is to see what is there now.
  world = await startWorld({
    replicas: 2,
    adjust: (config) => {
      config['store'].cache = { maxSessions: 0 };
    },
  });
  redis = redisClient(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

describe('S12 a copy of the store', () => {
  /** Everything in Redis as it could be stolen: names, serialised values and plain fields, in latin-1. */
  async function stolen(): Promise<{ readonly text: string; readonly sealed: readonly Buffer[] }> {
    const texts: string[] = [];
    const sealed: Buffer[] = [];
    for (const key of await redis.keys('*')) {
      const dump = (await redis.dumpBuffer(key)) ?? expect.fail(`${key} went away`);
      const { fields, value } = await contentOf(key, await redis.type(key));
      texts.push(key, dump.toString('latin1'), ...fields.map((field) => field?.toString('latin1') ?? ''));
      if (value !== null) sealed.push(value);
    }
    return { text: texts.join('\n'), sealed };
  }

  /** The plain fields of a key, and what is sealed in it. */
  async function contentOf(
    key: string,
    type: string,
  ): Promise<{ readonly fields: readonly (Buffer | null)[]; readonly value: Buffer | null }> {
    switch (type) {
      case 'hash': {
        const pairs = Object.entries(await redis.hgetallBuffer(key));
        return {
          fields: pairs.flatMap(([name, value]) => [Buffer.from(name), value]),
          value: await redis.hgetBuffer(key, 'v'),
        };
      }
      case 'zset':
        return { fields: await redis.zrangeBuffer(key, '0', '-1'), value: null };
      default:
        return { fields: [await redis.getBuffer(key)], value: null };
    }
  }

  it('shows no token, no session id, no code, no verifier and nothing about a user', async () => {
    for (let users = 0; users < 3; users += 1) await world.logIn();
    const client = createClient();
    const callback = new URL(await callbackUrlOf(client, world.origin, '/orders?canary=1'));
    const ids = [];
    await client.open(callback.href);
    for (const each of [client, await world.logIn()]) ids.push(randomPartOf(sessionIdOf(each, world)));
    const secrets = [
      ...seenSecrets(),
      ...ids,
      callback.searchParams.get('code') ?? '',
      callback.searchParams.get('state') ?? '',
    ];
    expect(secrets.length).toBeGreaterThan(15);
    const people = [
      'alice',
      'Alice',
      'example.com',
      'staff',
      'admins',
      'canary',
      world.provider.issuer,
      world.provider.clientSecret,
    ];
    const { text, sealed } = await stolen();
    expect(sealed.length).toBeGreaterThanOrEqual(5);
    for (const each of [...secrets, ...people]) {
      for (const spelling of [
        each,
        Buffer.from(each).toString('base64url').slice(0, -1),
        Buffer.from(each).toString('hex'),
      ])
        expect(text.includes(spelling), `the store shows ${each}`).toBe(false);
    }
    // What is sealed looks like noise; a session in any readable form would shrink.
    for (const value of sealed) expect(deflateRawSync(value).length).toBeGreaterThanOrEqual(value.length);
  });

  async function attackerAndVictim() {
    const none = await sessionKeys(redis);
    world.provider.logInAs('mallory', { email: 'mallory@example.com', email_verified: true, name: 'Mallory' });
    const attacker = await world.logIn();
    const [attackerKey = ''] = (await sessionKeys(redis)).filter((key) => !none.includes(key));
    world.reset();
    const victim = await world.logIn();
    const [victimKey = ''] = (await sessionKeys(redis)).filter((key) => !none.includes(key) && key !== attackerKey);
    return { attacker: sessionIdOf(attacker, world), attackerKey, victim: sessionIdOf(victim, world), victimKey };
  }

  it('opens nothing where a record is copied to the name of another session', async () => {
    const { attacker, attackerKey, victim, victimKey } = await attackerAndVictim();
    await expectAlive(world, attacker, 'mallory');
    const record = (await redis.dumpBuffer(victimKey)) ?? expect.fail('no record');
    await redis.restore(attackerKey, 60_000, record, 'REPLACE');
    await expectDead(world, attacker);
    await expectAlive(world, victim);
  });

  it('opens nothing where a sealed value alone is copied, changed or cut', async () => {
    const { attacker, attackerKey, victim, victimKey } = await attackerAndVictim();
    const own = (await redis.hgetBuffer(attackerKey, 'v')) ?? expect.fail('no value');
    const foreign = (await redis.hgetBuffer(victimKey, 'v')) ?? expect.fail('no value');
    const flipped = Buffer.from(own);
    flipped[own.length - 20] = (flipped[own.length - 20] ?? 0) ^ 1;
    for (const value of [foreign, flipped, own.subarray(0, -1), own.subarray(0, 20), Buffer.alloc(0)]) {
      await redis.hset(attackerKey, 'v', value);
      await expectDead(world, attacker);
    }
    await redis.hset(attackerKey, 'v', own);
    await expectAlive(world, attacker, 'mallory');
    await expectAlive(world, victim);
  });

  it('opens nothing with an id made up from the name of a record', async () => {
    const client = await world.logIn();
    const [keyId = ''] = sessionIdOf(client, world).split('.');
    const names = (await sessionKeys(redis)).map((key) => /\{(.+)\}$/.exec(key)?.[1] ?? '');
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain(randomPartOf(sessionIdOf(client, world)));
    for (const name of names.slice(0, 3)) {
      expect(name).toMatch(/^[\w-]{43}$/);
      for (const id of [`${keyId}.${name}`, name, `s:{${name}}`, `${keyId}.{${name}}`, `${name.slice(0, 6)}.${name}`])
        await expectDead(world, id);
    }
  });
});
