/*
 * How soon a session that ends at one replica is refused by another that has just served it from memory:
 * `node bench/revocation.ts [--count 100]`. Two processes with one Redis; the second reaches it through a gate, which is
 * open, cut, or lets nothing pass any more without saying so. Time runs from the moment at which the logout is sent to
 * the first, to the beginning of the first check that the second refuses. Prints a Markdown table; ends with 1 when a
 * session was let through a second later.
 */
import { parseArgs } from 'node:util';
import { createSessionMaker } from '../test/soak/session-maker.ts';
import { createClient } from '../test/support/client.ts';
import { endEverything } from '../test/support/ends.ts';
import { redisClient } from '../test/support/redis-client.ts';
import { replicaChecks } from '../test/support/replica-checks.ts';
import { openTcpGate } from '../test/support/tcp-gate.ts';
import { until } from '../test/support/until.ts';
import { sessionCookie, startWorld } from '../test/support/world.ts';

const limitMs = 1000;
/** Between two checks of one session. */
const everyMs = 10;
/** Sessions that end together, while the connection is in one state. */
const together = 10;

const { values } = parseArgs({ options: { count: { type: 'string', default: '100' } } });

try {
  const gate = await openTcpGate();
  let replica = 0;
  const world = await startWorld({
    store: 'redis',
    replicas: 2,
    adjust: (config) => {
      config['log'] = { level: 'warn' };
      if (replica === 1) {
        gate.leadTo(Number(new URL(config['store'].url).port));
        config['store'].url = `redis://127.0.0.1:${gate.port}`;
      }
      replica += 1;
    },
  });
  const [, second] = replicaChecks(world);
  if (second === undefined) throw new Error('a world with two replicas has one');
  const redis = redisClient(world);
  const maker = await createSessionMaker(world);
  const [probe = ''] = await maker.make(1);

  /** The second replica hears of changes: it serves what it has read without Redis. */
  const hears = async () => {
    if ((await second.ask(probe)) !== 200) return false;
    await redis.config('RESETSTAT');
    await Promise.all(Array.from({ length: 5 }, () => second.ask(probe)));
    return !(await redis.info('commandstats')).includes('cmdstat_hmget');
  };

  const logOut = async (id: string) => {
    const url = `http://${world.configs[0]?.['listen'].http}/_auth/logout`;
    const headers = { host: world.host, origin: world.origin, cookie: `${sessionCookie}=${id}` };
    const { status } = await createClient().send(url, { method: 'POST', headers });
    if (status !== 303) throw new Error(`a logout was answered with ${status}`);
  };

  /** Milliseconds until the second replica begins to refuse a session for good. */
  const refusedAfter = async (id: string): Promise<number> => {
    const sentAt = performance.now();
    const loggedOut = logOut(id);
    const asked: Promise<readonly [begunAt: number, status: number]>[] = [];
    const state = { isRefused: false };
    while (!state.isRefused) {
      const begunAt = performance.now();
      const status = second.ask(id).then((each) => {
        if (each !== 200) state.isRefused = true;
        return [begunAt, each] as const;
      });
      asked.push(status);
      await new Promise((passed) => setTimeout(passed, everyMs));
    }
    await loggedOut;
    const answers = await Promise.all(asked);
    const lastAllowed = answers.findLastIndex(([, status]) => status === 200);
    const [begunAt] = answers[lastAllowed + 1] ?? [Number.POSITIVE_INFINITY];
    return begunAt - sentAt;
  };

  const measure = async (bar: () => void): Promise<readonly number[]> => {
    const all: number[] = [];
    while (all.length < Number(values.count)) {
      const ids = await maker.make(Math.min(together, Number(values.count) - all.length));
      await until('it hears of changes', hears, { everyMs: 50 });
      for (const id of ids) if ((await second.ask(id)) !== 200) throw new Error('a session that was made is none');
      bar();
      all.push(...(await Promise.all(ids.map(refusedAfter))));
      gate.thaw();
    }
    return all;
  };

  const rows = [
    ['well', await measure(() => undefined)],
    ['cut', await measure(() => gate.cut())],
    ['half open', await measure(() => gate.freeze())],
    ['half open for its subscription alone', await measure(() => gate.freeze('subscriptions'))],
  ] as const;
  console.log('| connection to Redis | sessions | p50 ms | p99 ms | p100 ms |\n| --- | --- | --- | --- | --- |');
  for (const [name, all] of rows) {
    const cells = [0.5, 0.99, 1].map((part) => percentile(all, part).toFixed(0));
    console.log(`| ${[name, all.length, ...cells].join(' | ')} |`);
  }
  if (rows.some(([, all]) => percentile(all, 1) > limitMs)) process.exitCode = 1;
  await maker.close();
} finally {
  await endEverything();
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
