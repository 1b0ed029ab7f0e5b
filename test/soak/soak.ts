/*
 * A mixed load on Envoy, two Sallyport processes and Redis, for some minutes: `npm run test:soak -- [--minutes 10]
 * [--visitors 16] [--seed 1]`. Pages with and without a session, logins, logouts, attacks, reloads, a Redis that is
 * paused or killed. What fails it is in docs/testing.md. No timing decides. Linux only: it reads /proc.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { endEverything } from '../support/ends.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startWorld, type World } from '../support/world.ts';
import { createDice } from './dice.ts';
import { type Incident, incidentsOf } from './incidents.ts';
import { createFlow, createLedger, createOutages, type Flow } from './ledger.ts';
import { reportOf } from './report.ts';
import { secretsInLogs } from './secrets-in-logs.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { bounds, type Vitals, vitalsOf } from './vitals.ts';
import { startWorkload } from './workload.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    visitors: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
  },
});
const runMs = Number(values.minutes) * 60_000;
const seed = Number(values.seed);
if (!(runMs > 0)) throw new Error('--minutes is a number above 0');

const ledger = createLedger();
const outages = createOutages();
const flow = createFlow();
const end = new AbortController();

try {
  const probeFolder = await tempFolder();
  process.env['SOAK_PROBE_FOLDER'] = probeFolder;
  process.env['NODE_OPTIONS'] = `--import=${new URL('probe.ts', import.meta.url).href}`;
  const world = await startSoakWorld();
  const visitors = visitorsOf(world);
  const load = visitors.map((visitor) => keepVisiting(visitor, flow));
  const incidents = keepHappening(incidentsOf({ world, ledger, outages, dice: createDice(seed + 1000) }));

  await during(runMs * 0.2);
  const first = await measure(world, probeFolder);
  ledger.enter('the first measurement');
  await during(runMs * 0.8);
  const last = await measure(world, probeFolder);

  end.abort();
  await Promise.all([...load, incidents]);
  for (const secret of secretsInLogs(world)) ledger.violation('a secret in a log', secret);
  judge(first, last);
  process.stdout.write(`${reportOf({ ledger, first, last })}\n`);
  process.exitCode = ledger.failed ? 1 : 0;
} finally {
  end.abort();
  await endEverything();
}

async function startSoakWorld(): Promise<World> {
  const workload = await startWorkload(ledger);
  return await startWorld({
    store: 'redis',
    replicas: 2,
    workload,
    session: { absoluteLifetime: '30d', idleLifetime: '12h' },
    adjust: (config) => {
      config['log'] = { level: 'info' };
      // SIGHUP alone, so that each reload can be counted.
      config['reload'] = { watch: false };
    },
  });
}

function visitorsOf(world: World): readonly Visitor[] {
  let last: Promise<unknown> = Promise.resolve();
  const oneByOne = async <T>(body: () => Promise<T>): Promise<T> => {
    const mine = last.then(body);
    last = mine.catch(() => undefined);
    return await mine;
  };
  return Array.from({ length: Number(values.visitors) }, (_, index) => {
    const dice = createDice(seed + index);
    // A third of them keeps one session through everything.
    return createVisitor(`user-${index}`, index % 3 === 0, { world, ledger, outages, dice, oneByOne });
  });
}

async function keepVisiting(visitor: Visitor, { step }: Flow): Promise<void> {
  const dice = createDice(seed);
  while (!end.signal.aborted) {
    await step(() => visitor.step());
    await pause(dice.upTo(40));
  }
}

/** About thirty in a run, and at least one every half a minute; each to its end before the next. */
async function keepHappening(incidents: readonly Incident[]): Promise<void> {
  const everyMs = Math.min(30_000, runMs / 30);
  for (let index = 0; !end.signal.aborted; index += 1) {
    await during(everyMs);
    const incident = incidents[index % incidents.length];
    if (end.signal.aborted || incident === undefined) return;
    await flow.step(async () => {
      ledger.count(`incident: ${incident.name}`);
      ledger.enter(incident.name);
      await incident.run().catch((error: unknown) => {
        ledger.violation('no recovery', `${incident.name}: ${String(error)}`);
      });
    });
  }
}

/** Waits, or until the end of the run. */
async function during(milliseconds: number): Promise<void> {
  await pause(milliseconds, undefined, { signal: end.signal }).catch(() => undefined);
}

/** How the replicas are while nothing happens. */
async function measure(world: World, probeFolder: string): Promise<readonly Vitals[]> {
  return await flow.rest(() => Promise.all(world.replicas.map(({ pid }) => vitalsOf(pid, probeFolder))));
}

function judge(first: readonly Vitals[], last: readonly Vitals[]): void {
  for (const { name, unit, of, limit } of bounds) {
    for (const [index, vitals] of last.entries()) {
      const begun = first[index];
      if (begun === undefined || of(vitals) <= limit(of(begun))) continue;
      const detail = `replica ${index}: ${of(begun).toFixed(1)} → ${of(vitals).toFixed(1)} ${unit}`;
      ledger.violation(`growth of ${name}`, detail);
    }
  }
}
