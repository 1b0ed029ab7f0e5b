import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy, expectNoSecretInLogs } from '../support/aftermath.ts';
import { navigation } from '../support/browser-headers.ts';
import { checkClient } from '../support/check-client.ts';
import { createClient } from '../support/client.ts';
import { http2Client } from '../support/http2-client.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let envoyAdmin: string;

beforeAll(async () => {
  const adminPort = await freePort();
  envoyAdmin = `http://127.0.0.1:${adminPort}`;
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      config['envoy'].admin = `127.0.0.1:${adminPort}`;
      // Room for a machine that has other things to do: what is asked is whether all are answered, not how fast.
      config['envoy'].checkTimeout = '20s';
      config['store'].commandTimeout = '15s';
      // Every check waits for the store.
      config['store'].cache = { maxSessions: 0 };
    },
  });
});

afterEach(() => expectHealthy(world));

/** Checks that Envoy waits for. */
async function checksInFlight(): Promise<number> {
  const stats = await (await fetch(`${envoyAdmin}/stats?filter=cluster.sallyport_authz.upstream_rq_active`)).text();
  return Number(/upstream_rq_active: (\d+)/.exec(stats)?.[1] ?? 0);
}

describe('G5 SIGTERM with 200 checks in flight', () => {
  it('health says NOT_SERVING, all are answered as if nothing happened, and the process ends with 0', async () => {
    const alice = await world.logIn('/app');
    const health = checkClient(world.configs[0]?.['listen'].authz).watchHealth();
    await until('health is watched', () => health.length > 0);
    expect(health).toEqual(['SERVING']);
    const [replica] = world.replicas;
    world.upstream.clear();

    await world.redis?.pause();
    const pages = Array.from({ length: 200 }, (_, index) => alice.send(`${world.origin}/app?${index}`, navigated));
    await until('all checks are in flight', async () => (await checksInFlight()) === 200);
    const ended = replica?.stop('SIGTERM');
    await until('health says so', () => health.includes('NOT_SERVING'));
    expect(await checksInFlight()).toBe(200);
    expect(world.upstream.requests).toEqual([]);
    await world.redis?.resume();

    const answers = await Promise.all(pages);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const seen = world.upstream.requests.map(({ target }) => target).sort();
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => `/app?${index}`).sort());
    expect(await ended).toEqual({ code: 0, signal: undefined });
    expect(
      replica
        ?.logs()
        .map(({ event }) => event)
        .slice(-2),
    ).toEqual(['draining_started', 'stopped']);
    expectNoSecretInLogs(world);

    expect((await alice.send(`${world.origin}/app`, navigated)).status).toBe(503);
    await world.restart(0);
    await until(
      'the session lives on',
      async () => (await alice.send(`${world.origin}/app`, navigated)).status === 200,
    );
  });
});

const navigated = { headers: navigation };

describe('G6 what operators ask is not answered to users', () => {
  const paths = ['/healthz', '/readyz', '/metrics', '/_auth/healthz', '/_auth/metrics', '/_auth/../metrics', '/stats'];

  it.each(paths)('%s is a path of the workload, for users who are logged in, or nothing', async (path) => {
    const stranger = await createClient().send(`${world.origin}${path}`, navigated);
    expect([302, 400, 404]).toContain(stranger.status);
    const alice = await world.logIn('/app');
    const { status, body } = await alice.send(`${world.origin}${path}`, navigated);
    expect(status === 404 || body === 'workload').toBe(true);
    expect(body).not.toMatch(/alive|serving|ready|sallyport_|upstream_rq/);
  });

  it('the check itself is not reached through the public listener', async () => {
    const client = http2Client(world.port, world.host);
    for (const path of ['/envoy.service.auth.v3.Authorization/Check', '/grpc.health.v1.Health/Check']) {
      const answer = await client.request(
        { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
        '\0\0\0\0\0',
      );
      expect([answer.headers['grpc-status'], answer.body]).toEqual(['16', '']);
    }
    client.close();
    expect(world.upstream.requests).toEqual([]);
  });
});
