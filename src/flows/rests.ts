import type { Pause } from '../ports/pause.ts';

/** Names that are left alone for a while. */
export interface Rests {
  begin(name: string, milliseconds: number): void;
  /** Milliseconds; 0 when it is over, or never began. */
  leftOf(name: string): number;
  /** How often one has begun for this name. */
  countOf(name: string): number;
}

/** Past it the oldest are forgotten: then somebody is asked once too often, which he can bear. */
const maxNames = 10_000;

export function createRests({ elapsed }: Pick<Pause, 'elapsed'>): Rests {
  const rests = new Map<string, { readonly endsAt: number; readonly count: number }>();
  return {
    begin(name, milliseconds) {
      const count = (rests.get(name)?.count ?? 0) + 1;
      rests.delete(name);
      for (const [oldest] of rests) {
        if (rests.size < maxNames) break;
        rests.delete(oldest);
      }
      rests.set(name, { endsAt: elapsed() + milliseconds, count });
    },
    leftOf: (name) => Math.max(0, (rests.get(name)?.endsAt ?? 0) - elapsed()),
    countOf: (name) => rests.get(name)?.count ?? 0,
  };
}
