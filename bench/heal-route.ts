/*
 * What a heal route costs beside a plain one, in one run: `npm run bench:heal -- [--seconds 10] [--rounds 3]
 * [--connections 32]`. Needs wrk. One Envoy, one Sallyport and one workload serve both; rounds take turns, so that a slow
 * moment of the machine hits both. Prints a Markdown table.
 */
import { parseArgs } from 'node:util';
import { createClient } from '../test/support/client.ts';
import { endEverything } from '../test/support/ends.ts';
import { freePort } from '../test/support/ports.ts';
import { startWorld } from '../test/support/world.ts';
import { directResponse } from './envoy-variants.ts';
import { median } from './median.ts';
import { cpuMicros, startMeasuredEnvoy } from './processes.ts';
import { type LoadResult, runWrk } from './wrk.ts';

interface Round extends LoadResult {
  readonly envoyMicros: number;
  readonly sidecarMicros: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const routes = [
  { name: 'plain route', path: '/app/page?id=12345&tab=overview' },
  { name: 'heal route', path: '/api/page?id=12345&tab=overview' },
] as const;

try {
  const upstreamPort = await freePort();
  await startMeasuredEnvoy(directResponse(upstreamPort));
  const world = await startWorld({
    workload: upstreamPort,
    adjust: (config) => {
      config['envoy'].heal = { routes: [{ path: { prefix: '/api' } }] };
    },
  });
  const { pid: envoy } = world.envoy;
  const sidecar = world.replicas[0]?.pid;
  if (envoy === undefined || sidecar === undefined) throw new Error('measure with TEST_BACKEND=local');
  const client = await world.logIn('/app/page');
  const cookie = client.cookieHeader(world.origin);

  const measure = async (path: string, length: number): Promise<Round> => {
    const url = `${world.origin}${path}`;
    const before = [cpuMicros([envoy]), cpuMicros([sidecar])] as const;
    const result = await runWrk({ url, cookie, connections, seconds: length });
    const used = [cpuMicros([envoy]) - before[0], cpuMicros([sidecar]) - before[1]] as const;
    const { status } = await createClient().send(url, { headers: { cookie } });
    if (status !== 200 || result.failures > 0) throw new Error(`${url}: ${status}, ${result.failures} failures`);
    return { ...result, envoyMicros: used[0] / result.requests, sidecarMicros: used[1] / result.requests };
  };

  const rounds = new Map<string, Round[]>(routes.map(({ name }) => [name, []]));
  for (const { path } of routes) await measure(path, 3);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const { name, path } of routes) rounds.get(name)?.push(await measure(path, seconds));
  }
  console.log(table(rounds));
} finally {
  await endEverything();
}

function table(rounds: ReadonlyMap<string, readonly Round[]>): string {
  const rows = [...rounds].map(([name, all]) => {
    const at = (pick: (round: Round) => number, digits: number) => median(all, pick).toFixed(digits);
    const cells = [
      name,
      at(({ perSecond }) => perSecond, 0),
      at(({ p50Ms }) => p50Ms, 2),
      at(({ p99Ms }) => p99Ms, 1),
      at(({ envoyMicros }) => envoyMicros, 0),
      at(({ sidecarMicros }) => sidecarMicros, 0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| route | req/s | p50 ms | p99 ms | CPU-µs of Envoy per request | of Sallyport |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
