import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { freshProcess } from '../support/fresh-process.ts';
import { type JwtParts, signJwt } from '../support/jws.ts';
import { failureOf } from '../support/login-failures.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let loggedIn: TestClient;

// Sessions in Redis: processes with different clocks see the same ones.
beforeAll(async () => {
  world = await startWorld({ store: 'redis' });
  loggedIn = await world.logIn('/orders');
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** The status of a callback that logs nobody in. */
async function refusedCallback(): Promise<number> {
  const client = createClient();
  const answer = await client.open(await callbackUrlOf(client, world.origin, '/orders'));
  expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
  expect(world.upstream.requests).toEqual([]);
  return answer.status;
}

describe('G10 a clock that is five minutes off', () => {
  const minutes = 60;

  /** An ID token as a clock would write it that differs from ours, with this lifetime, in seconds. */
  function byClock(offset: number, lifetime: number): (token: JwtParts) => string {
    return ({ header, claims }) => {
      const now = Math.floor(Date.now() / 1000) + offset;
      const times = { iat: now, nbf: now, auth_time: now, exp: now + lifetime };
      return signJwt({ header, claims: { ...claims, ...times } }, world.provider.signingKey);
    };
  }

  it.each([
    ['behind, and whose ID tokens live for an hour', -5 * minutes, 60 * minutes],
    ['50 s behind, and whose ID tokens live for a minute', -50, 60],
    ['50 s ahead', 50, 60],
  ])('logs people in, who stay logged in by our clock: %s', async (_case, offset, lifetime) => {
    world.provider.editIdToken(byClock(offset, lifetime));
    const client = await world.logIn('/orders');
    expect((await client.open(`${world.origin}/orders`)).status).toBe(200);
  });

  it.each([
    ['exp', 'behind', -5 * minutes, 60],
    ['nbf', 'ahead of', 5 * minutes, 60 * minutes],
  ])('logs nobody in when %s is too far %s our clock, and the log says so', async (claim, side, offset, lifetime) => {
    world.provider.editIdToken(byClock(offset, lifetime));
    const failure = await failureOf(world, async () => {
      expect(await refusedCallback()).toBe(400);
    });
    expect(failure['reason']).toMatch(
      new RegExp(
        `^${claim} of the ID token is [23]\\d\\d s ${side} our clock: set the clocks right, or raise clockTolerance \\(60 s\\)$`,
      ),
    );
  });

  it.each([
    ['behind', -5 * minutes],
    ['ahead', 5 * minutes],
  ])('of ours costs no session and no login, and neither do replicas that differ: %s', async (_case, offset) => {
    const client = createClient();
    const callback = await callbackUrlOf(client, world.origin, '/orders');
    await freshProcess(world, undefined, clockOff(offset));
    const [line] = world.replicas[0]?.logs() ?? [];
    expect(Math.sign(offset) * (Date.parse(String(line?.['time'])) - Date.now())).toBeGreaterThan(200_000);
    expect((await loggedIn.open(`${world.origin}/orders`)).status).toBe(200);
    expect((await client.open(callback)).status).toBe(302);
    const other = await world.logIn('/orders');
    const begun = createClient();
    const later = await callbackUrlOf(begun, world.origin, '/orders');
    await freshProcess(world);
    for (const each of [client, other, loggedIn]) expect((await each.open(`${world.origin}/orders`)).status).toBe(200);
    expect((await begun.open(later)).status).toBe(302);
    // What was used under one clock is used under the other.
    expect((await client.open(callback)).status).toBe(302);
    expect(world.provider.count('token')).toBe(3);
  });

  /** For a process that takes it to be so many seconds later than it is. */
  function clockOff(seconds: number): Readonly<Record<string, string>> {
    const script = `const now = Date.now; Date.now = () => now() + ${seconds * 1000};`;
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
  }

  it('logs people in where the operator tolerates five minutes', async () => {
    await freshProcess(world, (config) => {
      config['providers'].test.clockTolerance = '5m';
    });
    for (const [offset, lifetime] of [
      [-5 * minutes, 60],
      [5 * minutes, 60],
    ] as const) {
      world.provider.editIdToken(byClock(offset, lifetime));
      await world.logIn('/orders');
    }
    world.upstream.clear();
    world.provider.editIdToken(byClock(-11 * minutes, 5 * minutes));
    expect(await refusedCallback()).toBe(400);
    await freshProcess(world, (config) => {
      delete config['providers'].test.clockTolerance;
    });
  });
});
