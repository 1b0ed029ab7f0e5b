import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { startChangedEnvoy } from '../support/bare-envoy.ts';
import type { TestClient } from '../support/client.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { startWorld, type World } from '../support/world.ts';

// Whoever can make Sallyport believe in a second attempt has tokens refreshed as he likes, and a provider with rotating
// tokens logs the user out. So it believes Envoy alone, and only on heal routes: also behind an Envoy that drops nothing.

let world: World;
let client: TestClient;
/** Of an Envoy that lets every header of clients through. */
let openPort: number;

beforeAll(async () => {
  world = await startWorld({
    adjust: (config) => {
      config['envoy'].heal = { routes: [{ path: { prefix: '/api' } }], when: 'any' };
    },
  });
  openPort = await startChangedEnvoy(world, (manager) => {
    if (!('early_header_mutation_extensions' in manager)) throw new Error('nothing is dropped there any more');
    delete manager['early_header_mutation_extensions'];
    const [served] = manager['route_config'].virtual_hosts;
    manager['route_config'].virtual_hosts = [{ ...served, domains: ['*'] }];
  });
});

beforeEach(async () => {
  client = await world.logIn('/app');
  world.upstream.clear();
});

afterEach(async () => {
  await expectHealthy(world);
});

const soon = () => `${Math.floor(Date.now() / 1000) + 30}.000`;

const forgeries: readonly (readonly [string, () => readonly string[]])[] = [
  ['a second attempt', () => ['X-Envoy-Attempt-Count: 2', `X-Sallyport-Start: ${soon()}`]],
  [
    'the same twice',
    () => Array.from({ length: 2 }, () => ['X-Envoy-Attempt-Count: 2', `X-Sallyport-Start: ${soon()}`]).flat(),
  ],
  ['odd spellings', () => ['x.envoy.attempt.count: 2', `x.sallyport.start: ${soon()}`, `X-SALLYPORT-START: ${soon()}`]],
  ['the marker', () => ['X-Sallyport-Retry: 1', 'X-Envoy-Retry-On: retriable-headers,5xx', 'X-Envoy-Max-Retries: 9']],
  [
    'what only a route can say',
    () => ['Sallyport.Heal: on', 'X-Sallyport-Heal: on', 'Context-Extensions: sallyport.heal=on'],
  ],
];

it.each(forgeries)('refreshes nothing for a client that forges %s, on any route (H9)', async (_, lines) => {
  const cookie = `Cookie: ${client.cookieHeader(world.origin)}`;
  for (const port of [world.port, openPort]) {
    for (const target of ['/api/x', '/app']) {
      const answer = await sendRaw(port, rawGet(target, world.host, [cookie, ...lines()]));
      expect([port === openPort, target, answer.status]).toEqual([port === openPort, target, 200]);
    }
  }
  expect(world.provider.countRefreshes()).toBe(0);
  expect(world.upstream.requests).toHaveLength(4);
  for (const request of world.upstream.requests) {
    const names = request.headers.map(([name]) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'));
    expect(names.filter((name) => name.startsWith('x-sallyport-'))).toEqual([]);
  }
  for (const request of world.upstream.requests.slice(0, 2)) {
    expect(request.values('x-envoy-attempt-count')).toEqual([]);
    expect(request.headers.map(([name]) => name.toLowerCase())).not.toContain('x.envoy.attempt.count');
  }
});

it('refreshes once for a 401, whatever the client forges beside it (H9)', async () => {
  const refused = world.provider.accessTokens().at(-1);
  world.upstream.answerWith((request) =>
    request.values('authorization')[0] === `Bearer ${refused}` ? { status: 401, body: 'refused' } : {},
  );
  const cookie = `Cookie: ${client.cookieHeader(world.origin)}`;
  const forged = forgeries.flatMap(([, lines]) => lines());
  for (const port of [openPort, world.port]) {
    expect((await sendRaw(port, rawGet('/api/x', world.host, [cookie, ...forged]))).status).toBe(200);
  }
  expect(world.provider.countRefreshes()).toBe(1);
});

it('lets a workload have nothing sent twice, and shows its marker to nobody', async () => {
  for (const status of [200, 201, 404, 500]) {
    world.upstream.answerWith(() => ({ status, headers: [['x-sallyport-retry', '1']], body: 'answer' }));
    for (const path of ['/api/x', '/app']) {
      const answer = await client.send(`${world.origin}${path}`, { method: 'POST', body: 'order' });
      expect(answer).toMatchObject({ status, body: 'answer' });
      expect(answer.values('x-sallyport-retry')).toEqual([]);
    }
  }
  expect(world.upstream.requests).toHaveLength(8);
  expect(world.provider.countRefreshes()).toBe(0);
});
