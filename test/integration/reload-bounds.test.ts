import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/app/config/load-config.ts';
import { type RunningService, serve } from '../../src/app/serve.ts';
import { secondsOf } from '../../src/core/time.ts';
import { atEnd } from '../support/ends.ts';
import { withFreePorts } from '../support/ports.ts';
import { freshKeyRing } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';

// In this process, so that a reading of files that never ends is one that the test can make, and half a minute passes
// when the test says so.

type Loaded = ReturnType<typeof loadConfig>;

async function start(): Promise<{ readonly service: RunningService; next: () => Loaded; readonly opsUrl: string }> {
  const file = join(await tempFolder(), 'sallyport.yaml');
  return await withFreePorts(3, async (ports) => {
    const [authz, http, ops] = ports.map((port) => `127.0.0.1:${port}`);
    const config = {
      origins: ['http://127.0.0.1:8080'],
      listen: { authz, http, ops },
      keys: { env: 'KEYS' },
      store: { type: 'memory' },
      rules: [{ path: { prefix: '/' }, use: 'public' }],
      log: { level: 'error' },
      reload: { watch: false },
      shutdown: { delay: '0s', drain: '1s' },
    };
    await writeFile(file, stringify(config));
    const load = () => loadConfig(file, { KEYS: freshKeyRing() });
    const loaded = await load();
    if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors));
    const state = { next: load };
    const service = await serve(loaded, 'test', () => state.next());
    atEnd(() => service.stop(secondsOf(0)));
    return Object.assign(state, { service, opsUrl: `http://${ops}` });
  });
}

afterEach(() => {
  vi.useRealTimers();
});

const pauseClocks = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

it('a reload that does not come to an end counts as failed after 30 s, changes nothing later, and later ones work', async () => {
  const world = await start();
  const { service, opsUrl, next: load } = world;
  const held = Promise.withResolvers<Awaited<Loaded>>();
  world.next = () => held.promise;
  pauseClocks();
  const stuck = service.reload('signal');
  const queued = service.reload('signal');
  await vi.advanceTimersByTimeAsync(29_999);
  world.next = load;
  await vi.advanceTimersByTimeAsync(1);
  expect(await stuck).toEqual({ kind: 'failed' });
  expect(await queued).toEqual({ kind: 'reloaded' });
  vi.useRealTimers();
  const ready = async () => await (await fetch(`${opsUrl}/readyz`)).text();
  const before = await ready();
  held.resolve(await load());
  expect(await ready()).toBe(before);
  expect(await service.reload('signal')).toEqual({ kind: 'reloaded' });
  const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
  expect(metrics).toContain('sallyport_config_reloads_total{outcome="failed"} 1');
  expect(metrics).toContain('sallyport_config_reloads_total{outcome="reloaded"} 2');
});

it('the end waits 5 s for a reload that is under way, not longer', async () => {
  const world = await start();
  world.next = () => new Promise(() => undefined);
  pauseClocks();
  const stuck = world.service.reload('signal');
  const queued = world.service.reload('signal');
  const stopped = world.service.stop(secondsOf(0));
  const state = { isOver: false };
  void stopped.then(() => Object.assign(state, { isOver: true }));
  // Sockets close in their own time; only timers stand still.
  while (!state.isOver) {
    await vi.advanceTimersByTimeAsync(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await Promise.all([stuck, queued])).toEqual([{ kind: 'failed' }, { kind: 'failed' }]);
  await expect(fetch(`${world.opsUrl}/healthz`)).rejects.toThrow();
});
