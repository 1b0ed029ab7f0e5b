import type { Remark } from './findings.ts';
import type { Outcome } from './outcome.ts';
import type { Problem } from './problem.ts';

const headings: readonly (readonly [kind: Remark['kind'] | Outcome['kind'], heading: string])[] = [
  ['todo', 'To do before it works'],
  ['decide', 'To look at: what is not as before'],
  ['refused', 'Refused on purpose'],
  ['none', 'No equivalent'],
  ['unneeded', 'Not needed'],
  ['mapped', 'Taken over'],
];

/** An option that the report tells of, as it was written. */
export interface ToldOption {
  readonly spelling: string;
  readonly outcome: Outcome;
}

/**
 * What became of options, as lines of text without any value that could be a secret. `spell`: how the option of a
 * remark was written.
 */
export function reportLines(
  options: readonly ToldOption[],
  remarks: readonly Remark[],
  spell: (options: readonly string[]) => string,
): readonly string[] {
  return headings.flatMap(([kind, heading]) => {
    const lines =
      kind === 'todo' || kind === 'decide'
        ? remarks.filter((remark) => remark.kind === kind).map((remark) => `${spell(remark.options)}: ${remark.text}`)
        : options.filter(({ outcome }) => outcome.kind === kind).map(optionLine);
    return lines.length === 0 ? [] : [`${heading}:`, ...lines.map((line) => `  ${line}`), ''];
  });
}

function optionLine({ spelling, outcome }: ToldOption): string {
  switch (outcome.kind) {
    case 'mapped':
      return `${spelling} → ${outcome.to}`;
    case 'none':
      return `${spelling}: ${outcome.instead}`;
    case 'unneeded':
    case 'refused':
      return `${spelling}: ${outcome.why}`;
  }
}

/** Errors as lines. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  return [
    ...problems.flatMap(({ subject, problem, suggestion }) => [
      `error: ${subject}: ${problem}`,
      ...(suggestion === undefined ? [] : [`    ${suggestion}`]),
    ]),
    `${problems.length} error${problems.length === 1 ? '' : 's'}`,
  ];
}
