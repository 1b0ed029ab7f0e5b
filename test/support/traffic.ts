/** Work that is done again and again while something else happens. */
export interface Traffic {
  /** How often each came: `page: 200`, or the name with the text of an error. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Begins no more, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Does each work, by its name, until it is stopped: one after the other of its own, all beside each other. */
export function startTraffic(works: readonly (readonly [name: string, act: () => Promise<number>])[]): Traffic {
  const outcomes = new Map<string, number>();
  const state = { isOver: false };
  const keepDoing = async (name: string, act: () => Promise<number>) => {
    while (!state.isOver) {
      const outcome = `${name}: ${await act().catch((error: unknown) => String(error))}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const running = works.map(([name, act]) => keepDoing(name, act));
  return {
    outcomes,
    async stop() {
      state.isOver = true;
      await Promise.all(running);
    },
  };
}
