import type { Remark } from '../findings.ts';
import { reportLines } from '../report.ts';
import { type Given, isStandard } from './given.ts';

/** What became of every option that was given, as lines of text without any value that could be a secret. */
export function reportOf(given: Given, remarks: readonly Remark[]): readonly string[] {
  // A default that somebody wrote down changes nothing.
  const told = [...given.values()].filter((option) => option.option.outcome.kind === 'mapped' || !isStandard(option));
  return reportLines(
    told.map(({ spelling, option: { outcome } }) => ({ spelling, outcome })),
    remarks,
    (flags) => spellingsOf(flags, given),
  );
}

function spellingsOf(flags: readonly string[], given: Given): string {
  const named = flags.flatMap((flag) => given.get(flag)?.spelling ?? []);
  return named.length > 0 ? named.join(', ') : flags.map((flag) => `--${flag}`).join(', ');
}
