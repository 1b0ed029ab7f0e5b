import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { createClient, type TestClient } from '../support/client.ts';
import { metricOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import type { World } from '../support/world.ts';
import type { Dice } from './dice.ts';
import type { Ledger, Outages } from './ledger.ts';
import { rightHeader } from './workload.ts';

export interface IncidentWorld {
  readonly world: World;
  readonly ledger: Ledger;
  readonly outages: Outages;
  readonly dice: Dice;
}

/** Something that operators, or their machines, do to a running system. */
export interface Incident {
  readonly name: string;
  run(): Promise<void>;
}

/** How long Envoy may go on believing its last health check: the interval is a second. */
const settledMs = 1500;

/** In the order in which they come, round and round. */
export function incidentsOf({ world, ledger, outages, dice }: IncidentWorld): readonly Incident[] {
  let reloads = 0;
  const rules: readonly unknown[][] = world.configs.map((config) => config['rules']);
  const redis = world.redis;
  if (redis === undefined) throw new Error('a soak run needs Redis');

  /** A rule more, by SIGHUP, under load: no request may notice, and the rule must count. */
  async function reload(): Promise<void> {
    reloads += 1;
    const path = `/reloaded-${reloads}`;
    for (const [index, config] of world.configs.entries()) {
      config['rules'] = [{ path: { prefix: path }, use: 'public' }, ...(rules[index] ?? [])];
    }
    await sendHangups('reloaded', (index) => stringify(world.configs[index]));
    const headers = { [rightHeader]: 'public' };
    const { status } = await createClient().send(`${world.origin}${path}`, { headers });
    if (status !== 200) ledger.violation('a reload that does not count', `${path}: ${status}`);
  }

  /** A configuration with a mistake: the one before it must go on. */
  const reloadWrongly = () => sendHangups('invalid', () => 'rules: 7\n');

  async function sendHangups(outcome: string, textOf: (index: number) => string): Promise<void> {
    // One after the other, as an orchestrator would.
    for (const [index, replica] of world.replicas.entries()) {
      const count = () => metricOf(replica, 'sallyport_config_reloads_total', `outcome="${outcome}"`);
      const before = await count();
      await writeFile(replica.configFile, textOf(index));
      process.kill(replica.pid, 'SIGHUP');
      await until(`a reload is ${outcome}`, async () => (await count()) > before);
    }
  }

  const pauseRedis = () =>
    outages.during(async () => {
      await redis.pause();
      await pause(200 + dice.upTo(3000));
      await redis.resume();
      await recovered();
    });

  const killRedis = () =>
    outages.during(async () => {
      await redis.stop();
      await pause(dice.upTo(2000));
      await redis.start();
      await recovered();
    });

  /** Ready, and through Envoy, and for longer than its last health check counts. */
  async function recovered(): Promise<void> {
    const client: TestClient = createClient();
    const probe = async () => {
      const headers = { [rightHeader]: 'denied', cookie: `__Host-sallyport=${'A'.repeat(43)}` };
      const answers = await Promise.all(
        [1, 2, 3, 4].flatMap(() => [
          client.send(`${world.origin}/private`, { headers }),
          client.send(`${world.origin}/_auth/userinfo`, { headers }),
        ]),
      );
      const ready = await Promise.all(world.replicas.map(({ opsUrl }) => fetch(`${opsUrl}/readyz`)));
      return answers.every(({ status }) => status === 401) && ready.every(({ ok }) => ok);
    };
    let since: number | undefined;
    await until(
      'all is well again',
      async () => {
        const begun = performance.now();
        since = (await probe()) ? (since ?? begun) : undefined;
        return since !== undefined && performance.now() - since > settledMs;
      },
      { deadlineMs: 60_000 },
    );
  }

  return [
    { name: 'reload', run: reload },
    { name: 'Redis paused', run: pauseRedis },
    { name: 'reload of a configuration with a mistake', run: reloadWrongly },
    { name: 'reload', run: reload },
    { name: 'Redis killed and started', run: killRedis },
  ];
}
