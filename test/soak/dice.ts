/** Chance that can be had again. */
export interface Dice {
  /** A whole number from 0 to `limit` - 1. */
  upTo(limit: number): number;
  isBelow(probability: number): boolean;
  oneOf<T>(list: readonly T[]): T;
}

/** Mulberry32: the same numbers for the same seed, on every machine. */
export function createDice(seed: number): Dice {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (limit: number) => Math.floor(next() * limit);
  return {
    upTo,
    isBelow: (probability) => next() < probability,
    oneOf(list) {
      const chosen = list[upTo(list.length)];
      if (chosen === undefined) throw new Error('there is nothing to choose from');
      return chosen;
    },
  };
}
