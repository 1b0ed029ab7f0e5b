/*
 * What a refresh adds to the requests that meet it: a thousand at one moment with one expired token, beside a thousand of
 * the same session when its token is fresh. `node bench/refresh-storm.ts [--rounds 5] [--requests 1000]`. The provider is
 * on the same machine and answers within milliseconds. Prints a Markdown table; the figures are medians of the rounds.
 */
import { parseArgs } from 'node:util';
import { endEverything } from '../test/support/ends.ts';
import { type RefreshWorld, startRefreshWorld } from '../test/support/refresh-world.ts';
import { percentileOf, type StormAnswer, storm } from '../test/support/storm.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '1000' },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);

interface Round {
  readonly expired: readonly StormAnswer[];
  readonly fresh: readonly StormAnswer[];
  readonly refreshes: number;
}

try {
  const lines = [
    '| processes | refreshes in each storm | p50 ms, fresh | p50 ms, expired | p99 ms, fresh | p99 ms, expired |',
  ];
  lines.push('| --- | --- | --- | --- | --- | --- |');
  for (const replicas of [1, 4]) {
    const all = await startRefreshWorld({ store: 'redis', replicas }, rounds);
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round += 1) measured.push(await measure(all));
    lines.push(row(replicas, measured));
  }
  console.log(lines.join('\n'));
} finally {
  await endEverything();
}

async function measure(all: RefreshWorld): Promise<Round> {
  const { cookie } = await all.expired();
  all.reset();
  const expired = await storm(all.world.port, requests, { cookie });
  const refreshes = all.gates.refreshes.length;
  const fresh = await storm(all.world.port, requests, { cookie });
  const failures = [...expired, ...fresh].filter(({ status }) => status !== 200).length;
  if (failures > 0) throw new Error(`${failures} requests failed`);
  return { expired, fresh, refreshes };
}

function row(replicas: number, measured: readonly Round[]): string {
  const at = (part: number, pick: (round: Round) => readonly StormAnswer[]) => {
    const sorted = measured.map((round) => percentileOf(pick(round), part)).sort((a, b) => a - b);
    return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0);
  };
  const counts = [...new Set(measured.map(({ refreshes }) => refreshes))].join(', ');
  const cells = [replicas, counts];
  const times = [0.5, 0.99].flatMap((part) => [at(part, ({ fresh }) => fresh), at(part, ({ expired }) => expired)]);
  return `| ${[...cells, ...times].join(' | ')} |`;
}
