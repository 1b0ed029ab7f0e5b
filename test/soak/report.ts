import type { Ledger } from './ledger.ts';
import { bounds, type Vitals } from './vitals.ts';

/** What was done, how the replicas changed, and what must not have happened, as Markdown tables. */
export function reportOf(run: {
  readonly ledger: Ledger;
  readonly first: readonly Vitals[];
  readonly last: readonly Vitals[];
}): string {
  const { ledger, first, last } = run;
  const done = [...ledger.counts].sort(([one], [other]) => one.localeCompare(other));
  const growth = bounds.flatMap(({ name, unit, of, limit }) =>
    last.map((vitals, index) => {
      const begun = first[index] ?? vitals;
      return [
        `${name}, replica ${index}`,
        `${of(begun).toFixed(1)} ${unit}`,
        `${of(vitals).toFixed(1)} ${unit}`,
        `${limit(of(begun)).toFixed(1)} ${unit}`,
      ];
    }),
  );
  const broken = [...ledger.violations].flatMap(([kind, details]) => details.map((detail) => [kind, detail]));
  return [
    table(
      ['what', 'how often'],
      done.map(([what, count]) => [what, String(count)]),
    ),
    table(['idle replica', 'at 20 %', 'at 100 %', 'at most'], growth),
    broken.length === 0 ? 'no promise was broken' : table(['broken promise', 'detail'], broken),
  ].join('\n\n');
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
