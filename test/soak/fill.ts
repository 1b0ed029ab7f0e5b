/*
 * What sessions cost, and whether the check stays as quick however many there are:
 * `npm run test:soak -- --sessions 1000000`. Fills Redis with that many real sessions and, at 1, 10 000 and all of
 * them, has pages fetched with sessions chosen at random, and by turns with one session alone, so that a slow moment of
 * the machine hits both. Figures are printed as ratios of the two; only a page that does not come fails the run. A
 * million sessions need about 4 GB of memory. Linux only: it reads /proc.
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

/** What pages cost, each. */
interface Cost {
  readonly sallyportMicros: number;
  readonly redisMicros: number;
}

interface Figures {
  readonly sessions: number;
  readonly bytesEach: number;
  /** With one session, always the same. */
  readonly one: Cost;
  /** With sessions chosen at random among all. */
  readonly all: Cost;
  readonly sallyportMiB: number;
}

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '1000000' } } });
const wanted = Number(values.sessions);
if (!Number.isInteger(wanted) || wanted < 1) throw new Error('--sessions is a whole number above 0');

/** One turn: pages in it, and how many are on their way at once. */
const pages = 2000;
const connections = 32;

/** Turns of each kind in one measurement. */
const turns = 8;

const ledger = createLedger();
const dice = createDice(1);

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
  for (let turn = 0; turn < 2 * turns; turn += 1) await fetchPages(world, ids, 1);
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
  const one: Cost[] = [];
  const all: Cost[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    one.push(await costOf(world, ids, 1));
    all.push(await costOf(world, ids, ids.length));
  }
  return {
    sessions: ids.length,
    one: meanOf(one),
    all: meanOf(all),
    sallyportMiB: residentMiB(world.replicas[0]?.pid ?? 0),
  };
}

async function costOf(world: World, ids: readonly string[], among: number): Promise<Cost> {
  const [sallyport = 0, redis = 0] = [world.replicas[0]?.pid, world.redis?.pid];
  const before = [cpuMicros([sallyport]), cpuMicros([redis])] as const;
  await fetchPages(world, ids, among);
  return {
    sallyportMicros: (cpuMicros([sallyport]) - before[0]) / pages,
    redisMicros: (cpuMicros([redis]) - before[1]) / pages,
  };
}

function meanOf(costs: readonly Cost[]): Cost {
  const mean = (of: (cost: Cost) => number) => costs.reduce((sum, cost) => sum + of(cost), 0) / costs.length;
  return {
    sallyportMicros: mean(({ sallyportMicros }) => sallyportMicros),
    redisMicros: mean(({ redisMicros }) => redisMicros),
  };
}

/** Fetches the pages of one turn with sessions chosen at random among the first so many. */
async function fetchPages(world: World, ids: readonly string[], among: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = pages;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const chosen = dice.upTo(among);
      const headers = { cookie: `${sessionCookie}=${ids[chosen] ?? ''}`, [rightHeader]: `soak-${chosen}` };
      const status = await statusOf(`${world.origin}/private/page`, headers, agent);
      if (status !== 200) ledger.violation('a page that did not come', `${ids.length} sessions: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
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
  const head = ['sessions', 'bytes in Redis, each', 'Sallyport CPU-µs a page', 'Redis CPU-µs a page'];
  const both = (one: number, all: number) => `${one.toFixed(0)} → ${all.toFixed(0)} (× ${(all / one).toFixed(2)})`;
  return table(
    [...head, 'Sallyport RSS MiB'],
    figures.map(({ sessions, bytesEach, one, all, sallyportMiB }) => [
      String(sessions),
      // What Redis takes for itself counts for nothing only among many.
      sessions < 1000 ? '' : bytesEach.toFixed(0),
      both(one.sallyportMicros, all.sallyportMicros),
      both(one.redisMicros, all.redisMicros),
      sallyportMiB.toFixed(0),
    ]),
  );
}
