import { afterEach, beforeAll, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { startWorld, type World } from '../support/world.ts';

// Sessions that the browser holds: the new tokens must reach it with the answer that they healed.

let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: 'sealed',
    adjust: (config) => {
      config['envoy'].heal = { when: 'any' };
    },
  });
});

afterEach(async () => {
  await expectHealthy(world);
});

it('heals a sealed session, and gives the browser the cookies with the new token', async () => {
  const client = await world.logIn('/app');
  const refused = world.provider.accessTokens().at(-1);
  world.upstream.clear();
  world.upstream.answerWith((request) =>
    request.values('authorization')[0] === `Bearer ${refused}` ? { status: 401, body: 'refused' } : {},
  );
  const before = client.cookieHeader(world.origin);
  const healed = await client.send(`${world.origin}/app/x`, { method: 'POST', body: 'order' });
  expect(healed).toMatchObject({ status: 200, body: 'workload' });
  expect(healed.values('set-cookie')).not.toEqual([]);
  expect(client.cookieHeader(world.origin)).not.toBe(before);
  expect((await client.send(`${world.origin}/app/y`)).status).toBe(200);
  expect(world.provider.countRefreshes()).toBe(1);
  expect(world.upstream.requests.map(({ target, body }) => [target, body])).toEqual([
    ['/app/x', 'order'],
    ['/app/x', 'order'],
    ['/app/y', ''],
  ]);
});
