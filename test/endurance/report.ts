import type { Ledger } from '../soak/ledger.ts';
import { table } from '../soak/report.ts';
import type { SallyportProcess } from '../support/sallyport.ts';
import type { Refreshes } from './refreshes.ts';
import type { Workload } from './workload.ts';

interface Run {
  readonly ledger: Ledger;
  readonly refreshes: Refreshes;
  readonly workload: Workload;
  readonly minutes: number;
  readonly clients: number;
  readonly latencies: readonly number[];
  /** All that ever ran. */
  readonly processes: readonly SallyportProcess[];
}

/** What was done, what it took, what Sallyport logged, and what must not have happened, as Markdown tables. */
export function reportOf(run: Run): string {
  const { ledger, refreshes, workload, minutes, clients, latencies } = run;
  const done = [...ledger.counts].sort(([one], [other]) => one.localeCompare(other));
  const sorted = [...latencies].sort((one, other) => one - other);
  const percentile = (part: number) =>
    `${(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN).toFixed(1)} ms`;
  const sent = [...refreshes.sentTimes].sort(([one], [other]) => one - other);
  const figures: readonly (readonly [string, string])[] = [
    ['refreshes', String(refreshes.done)],
    ['refreshes for each user and minute', (refreshes.done / clients / minutes).toFixed(1)],
    ...sent.map(([times, tokens]) => [`token requests of one expiry: ${times}`, `${tokens} expiries`] as const),
    ['a token still sent after a newer one', `${workload.longestMixture.toFixed(0)} ms at most`],
    ...[0.5, 0.9, 0.99, 0.999, 1].map((part) => [`page, p${part * 100}`, percentile(part)] as const),
  ];
  const broken = [...ledger.violations].flatMap(([kind, details]) => details.map((detail) => [kind, detail]));
  return [
    table(
      ['what', 'how often'],
      done.map(([what, count]) => [what, String(count)]),
    ),
    table(['figure', 'measured'], figures),
    table(
      ['logged by Sallyport', 'how often'],
      eventsOf(run.processes).map(([event, count]) => [event, String(count)]),
    ),
    broken.length === 0 ? 'no promise was broken' : table(['broken promise', 'detail'], broken),
  ].join('\n\n');
}

function eventsOf(processes: readonly SallyportProcess[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const line of processes.flatMap((each) => each.logs())) {
    const words = ['level', 'event', 'reason', 'code', 'outcome'].flatMap((name) => line[name] ?? []);
    const event = words.map(String).join(' ');
    counts.set(event, (counts.get(event) ?? 0) + 1);
  }
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
