import type { Pause } from '../ports/pause.ts';

/** Names that are left alone for a while. */
export interface Rests {
  begin(name: string, milliseconds: number): void;
  /** Milliseconds; 0 when it is over, or never began. */
  leftOf(name: string): number;
}

/** Past it all are forgotten: then somebody is asked once too often, which he can bear. */
const maxNames = 10_000;

export function createRests({ elapsed }: Pick<Pause, 'elapsed'>): Rests {
  const ends = new Map<string, number>();
  return {
    begin(name, milliseconds) {
      if (ends.size >= maxNames) ends.clear();
      ends.set(name, elapsed() + milliseconds);
    },
    leftOf(name) {
      const left = (ends.get(name) ?? 0) - elapsed();
      if (left > 0) return left;
      ends.delete(name);
      return 0;
    },
  };
}
