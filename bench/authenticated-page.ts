/*
 * What an authenticated page costs behind Sallyport, beside Envoy's native oauth2 filter and beside no authorization,
 * in one run; an API call behind an OAuth agent too: `node bench/authenticated-page.ts [--seconds 10] [--rounds 3] [--connections 32]`. Needs wrk.
 * All cases use the listener that `sallyport envoy` prints; only the authorization filter differs. Rounds take turns,
 * so that a slow moment of the machine hits all cases. Prints a Markdown table.
 */
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { type AgentWorld, startAgentWorld } from '../test/support/agent-world.ts';
import { createClient } from '../test/support/client.ts';
import { endEverything } from '../test/support/ends.ts';
import { freePort } from '../test/support/ports.ts';
import { runSallyport } from '../test/support/sallyport.ts';
import { startWorld, type World } from '../test/support/world.ts';
import { directResponse, withOauth2Filter, withoutAuthorization } from './envoy-variants.ts';
import { median } from './median.ts';
import { cpuMicros, residentMiB, startMeasuredEnvoy } from './processes.ts';
import { type LoadResult, runWrk } from './wrk.ts';

interface Case {
  readonly name: string;
  readonly url: string;
  readonly cookie: string;
  readonly pids: readonly number[];
  readonly sidecar: number | undefined;
}

interface Round extends LoadResult {
  readonly cpuMicros: number;
  readonly sidecarMicros: number;
  readonly sidecarMiB: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
  },
});
const oauth2Name = 'Envoy’s native oauth2 filter';
const seconds = Number(values.seconds);
const connections = Number(values.connections);

try {
  const cases = await prepare();
  for (const each of cases) await runWrk({ ...each, connections, seconds: 3 });
  const rounds = new Map<string, Round[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const each of cases) rounds.get(each.name)?.push(await measure(each));
  }
  console.log(table(rounds));
} finally {
  await endEverything();
}

async function prepare(): Promise<readonly Case[]> {
  const upstreamPort = await freePort();
  await startMeasuredEnvoy(directResponse(upstreamPort));
  const memory = await startWorld({ workload: upstreamPort });
  const redis = await startWorld({ workload: upstreamPort, store: 'redis' });
  const uncached = await startWorld({
    workload: upstreamPort,
    store: 'redis',
    adjust: (config) => {
      config['store'].cache = { maxSessions: 0 };
    },
  });
  const agent = { workload: upstreamPort, cors: false };
  return [
    await plainCase(memory),
    await oauth2Case(memory),
    await sallyportCase('Sallyport, memory store', memory),
    await sallyportCase('Sallyport, Redis', redis),
    await sallyportCase('Sallyport, Redis on every check', uncached),
    await agentCase('OAuth agent, Redis', await startAgentWorld({ ...agent, state: 'store', store: 'redis' })),
    await agentCase('OAuth agent, sealed cookies', await startAgentWorld({ ...agent, state: 'sealed' })),
  ];
}

async function plainCase(world: World): Promise<Case> {
  const port = await freePort();
  const envoy = await startMeasuredEnvoy(withoutAuthorization(await bootstrapOf(world), port));
  return { name: 'no authorization', url: pageOf(port), cookie: 'a=b', pids: [envoy.pid], sidecar: undefined };
}

async function oauth2Case(world: World): Promise<Case> {
  const port = await freePort();
  const envoy = await startMeasuredEnvoy(withOauth2Filter(await bootstrapOf(world), port, world.provider));
  const client = createClient();
  const answer = await client.follow(pageOf(port));
  if (answer.status !== 200) throw new Error(`the oauth2 filter answered ${answer.status}: ${answer.body}`);
  const cookie = client.cookieHeader(`http://127.0.0.1:${port}`);
  return { name: oauth2Name, url: pageOf(port), cookie, pids: [envoy.pid], sidecar: undefined };
}

async function sallyportCase(name: string, world: World): Promise<Case> {
  const client = await world.logIn('/app/page');
  return { name, url: pageOf(world.port), cookie: client.cookieHeader(world.origin), ...processesOf(world) };
}

async function agentCase(name: string, world: AgentWorld): Promise<Case> {
  const { jar } = await world.logIn();
  return { name, url: pageOf(world.port, '/api'), cookie: jar.headerFor('/api'), ...processesOf(world) };
}

function processesOf({ envoy, replicas, redis }: Pick<World, 'envoy' | 'replicas' | 'redis'>) {
  const sidecar = replicas[0]?.pid;
  if (envoy.pid === undefined || sidecar === undefined) throw new Error('measure with TEST_BACKEND=local');
  const pids = redis?.pid === undefined ? [envoy.pid, sidecar] : [envoy.pid, sidecar, redis.pid];
  return { pids, sidecar };
}

async function bootstrapOf(world: World): Promise<unknown> {
  const generated = await runSallyport('envoy', '--config', `${world.folder}/sallyport-0.yaml`);
  return parse(generated.stdout);
}

function pageOf(port: number, prefix = '/app'): string {
  return `http://127.0.0.1:${port}${prefix}/page?id=12345&tab=overview`;
}

/** wrk counts redirects as successes: a case that sends users to log in would look quick. */
async function expectPage({ name, url, cookie }: Case): Promise<void> {
  const { status } = await createClient().open(url, { headers: { cookie } });
  if (status !== 200) throw new Error(`${name} answers ${status}, not the page`);
}

async function measure(measured: Case): Promise<Round> {
  const { url, cookie, pids, sidecar } = measured;
  const sidecars = sidecar === undefined ? [] : [sidecar];
  const before = [cpuMicros(pids), cpuMicros(sidecars)] as const;
  const result = await runWrk({ url, cookie, connections, seconds });
  const used = [cpuMicros(pids) - before[0], cpuMicros(sidecars) - before[1]] as const;
  await expectPage(measured);
  if (result.failures > 0) throw new Error(`${url}: ${result.failures} requests failed`);
  return {
    ...result,
    cpuMicros: used[0] / result.requests,
    sidecarMicros: used[1] / result.requests,
    sidecarMiB: sidecar === undefined ? 0 : residentMiB(sidecar),
  };
}

function table(rounds: ReadonlyMap<string, readonly Round[]>): string {
  const native = median(rounds.get(oauth2Name) ?? [], (round) => round.perSecond);
  const rows = [...rounds].map(([name, all]) => {
    const at = (pick: (round: Round) => number) => median(all, pick);
    const perSecond = at((round) => round.perSecond);
    const cells = [
      name,
      perSecond.toFixed(0),
      (perSecond / native).toFixed(2),
      at((round) => round.p50Ms).toFixed(2),
      at((round) => round.p99Ms).toFixed(1),
      at((round) => round.cpuMicros).toFixed(0),
      at((round) => round.sidecarMicros).toFixed(0),
      at((round) => round.sidecarMiB).toFixed(0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| case | req/s | × oauth2 filter | p50 ms | p99 ms | CPU-µs per request, all | of it Sallyport | Sallyport RSS MiB |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
