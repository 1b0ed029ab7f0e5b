import type { Remark } from './findings.ts';
import { type Given, type GivenOption, isStandard } from './given.ts';
import type { Outcome } from './option.ts';
import type { Problem } from './problem.ts';

const headings: readonly (readonly [kind: Remark['kind'] | Outcome['kind'], heading: string])[] = [
  ['todo', 'To do before it works'],
  ['decide', 'To look at: what is not as before'],
  ['refused', 'Refused on purpose'],
  ['none', 'No equivalent'],
  ['unneeded', 'Not needed'],
  ['mapped', 'Taken over'],
];

/** What became of every option that was given, as lines of text without any value that could be a secret. */
export function reportOf(given: Given, remarks: readonly Remark[]): readonly string[] {
  const options = [...given.values()];
  return headings.flatMap(([kind, heading]) => {
    const lines =
      kind === 'todo' || kind === 'decide'
        ? remarks.filter((remark) => remark.kind === kind).map((remark) => remarkLine(remark, given))
        : options.filter((option) => isTold(option, kind)).map(optionLine);
    return lines.length === 0 ? [] : [`${heading}:`, ...lines.map((line) => `  ${line}`), ''];
  });
}

function isTold(option: GivenOption, kind: Outcome['kind']): boolean {
  // A default that somebody wrote down changes nothing.
  return option.option.outcome.kind === kind && (kind === 'mapped' || !isStandard(option));
}

function optionLine({ spelling, option: { outcome } }: GivenOption): string {
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

function remarkLine({ flags, text }: Remark, given: Given): string {
  const named = flags.flatMap((flag) => given.get(flag)?.spelling ?? []);
  const subject = named.length > 0 ? named.join(', ') : flags.map((flag) => `--${flag}`).join(', ');
  return `${subject}: ${text}`;
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
