/*
 * What sessions cost, and whether the check stays as quick however many there are:
 * `npm run test:soak -- --sessions 1000000`. Fills Redis with that many real sessions and, at 1, 10 000 and all of
 * them, has pages fetched with sessions chosen at random. Figures are printed as ratios to the first; only a page
 * that does not come fails the run. A million sessions need about 3 GB of memory. Linux only: it reads /proc.
 */
import { Agent, get } from 'node:http';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { cpuMicros, residentMiB } from '../../bench/processes.ts';
import { endEverything } from '../support/ends.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';
import { createDice } from './dice.ts';
import { createLedger } from './ledger.ts';
import { table } from './report.ts';
import { createSessionMaker } from './session-maker.ts';
import { rightHeader, startWorkload } from './workload.ts';

interface Figures {
  readonly sessions: number;
  readonly bytesEach: number;
  readonly sallyportMicros: number;
  readonly redisMicros: number;
  readonly medianMs: number;
  readonly sallyportMiB: number;
}

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '1000000' } } });
const wanted = Number(values.sessions);
if (!Number.isInteger(wanted) || wanted < 1) throw new Error('--sessions is a whole number above 0');

/** Pages of one measurement, and how many are on their way at once. */
const pages = 20_000;
const connections = 32;

const ledger = createLedger();

try {
  const world = await startWorld({ store: 'redis', workload: await startWorkload(ledger), adjust: quietly });
  const redis = new Redis(world.redis?.url ?? '');
  // What is measured is memory, not the disk.
  await redis.config('SET', 'appendonly', 'no');
  const maker = await createSessionMaker(world);
  const ids: string[] = [];
  const fillUpTo = async (count: number) => {
    while (ids.length < count) {
      ids.push(...(await maker.make(Math.min(1000, count - ids.length))));
      if (ids.length % 100_000 === 0) process.stderr.write(`${ids.length} sessions\n`);
    }
  };
  const empty = await usedMemory(redis);
  await fillUpTo(1);
  // Warm: what is compared is the number of sessions, not the state of the compiler.
  for (const _ of [1, 2]) await fetchPages(world, ids);
  const figures: Figures[] = [];
  for (const count of [...new Set([1, 10_000, wanted])].filter((each) => each <= wanted)) {
    await fillUpTo(count);
    figures.push({ ...(await measure(world, ids)), bytesEach: ((await usedMemory(redis)) - empty) / count });
  }
  await maker.close();
  redis.disconnect();
  process.stdout.write(`${reportOf(figures)}\n`);
  for (const [kind, details] of ledger.violations) process.stdout.write(`${kind}: ${details.join('; ')}\n`);
  process.exitCode = ledger.failed ? 1 : 0;
} finally {
  await endEverything();
}

function quietly(config: { log?: unknown }): void {
  config.log = { level: 'warn' };
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

async function measure(world: World, ids: readonly string[]): Promise<Omit<Figures, 'bytesEach'>> {
  const [sallyport = 0, redis = 0] = [world.replicas[0]?.pid, world.redis?.pid];
  const before = [cpuMicros([sallyport]), cpuMicros([redis])] as const;
  const medianMs = await fetchPages(world, ids);
  return {
    sessions: ids.length,
    sallyportMicros: (cpuMicros([sallyport]) - before[0]) / pages,
    redisMicros: (cpuMicros([redis]) - before[1]) / pages,
    medianMs,
    sallyportMiB: residentMiB(sallyport),
  };
}

/** Fetches pages with sessions chosen at random; resolves to the median time of one. */
async function fetchPages(world: World, ids: readonly string[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const dice = createDice(ids.length);
  const times: number[] = [];
  let left = pages;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const begun = performance.now();
      const chosen = dice.upTo(ids.length);
      const headers = { cookie: `${sessionCookie}=${ids[chosen] ?? ''}`, [rightHeader]: `soak-${chosen}` };
      const status = await statusOf(`${world.origin}/private/page`, headers, agent);
      times.push(performance.now() - begun);
      if (status !== 200) ledger.violation('a page that did not come', `${ids.length} sessions: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function statusOf(url: string, headers: Readonly<Record<string, string>>, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

function reportOf(figures: readonly Figures[]): string {
  const [first] = figures;
  const ratio = (of: (each: Figures) => number, each: Figures) =>
    first === undefined ? '' : `${of(each).toFixed(2)} (× ${(of(each) / of(first)).toFixed(2)})`;
  return table(
    [
      'sessions',
      'bytes in Redis, each',
      'Sallyport CPU-µs a page',
      'Redis CPU-µs a page',
      'median ms',
      'Sallyport RSS MiB',
    ],
    figures.map((each) => [
      String(each.sessions),
      each.sessions < 1000 ? '' : each.bytesEach.toFixed(0),
      ratio(({ sallyportMicros }) => sallyportMicros, each),
      ratio(({ redisMicros }) => redisMicros, each),
      ratio(({ medianMs }) => medianMs, each),
      ratio(({ sallyportMiB }) => sallyportMiB, each),
    ]),
  );
}
