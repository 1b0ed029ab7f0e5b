/** The one in the middle of what `pick` finds in the rounds of a measurement. */
export function median<Round>(rounds: readonly Round[], pick: (round: Round) => number): number {
  const sorted = rounds.map(pick).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
