/** What happened in a run: how often what was done, and everything that must not happen. */
export interface Ledger {
  count(what: string): void;
  /** Fails the run. `kind` names the promise that was broken, `detail` says how. */
  violation(kind: string, detail: string): void;
  /** What happens from now on, or happened last: told beside each violation. */
  enter(phase: string): void;
  readonly counts: ReadonlyMap<string, number>;
  /** By kind, the first few of each. */
  readonly violations: ReadonlyMap<string, readonly string[]>;
  readonly failed: boolean;
}

/** More of one kind say nothing new. */
const keptOfAKind = 5;

export function createLedger(): Ledger {
  const counts = new Map<string, number>();
  const violations = new Map<string, string[]>();
  let phase = 'the start';
  return {
    counts,
    violations,
    get failed() {
      return violations.size > 0;
    },
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    enter: (next) => {
      phase = next;
    },
    violation(kind, detail) {
      const known = violations.get(kind) ?? [];
      violations.set(kind, known);
      if (known.length < keptOfAKind) known.push(`${detail} (after ${phase})`);
      counts.set(`! ${kind}`, (counts.get(`! ${kind}`) ?? 0) + 1);
    },
  };
}

/** Times in which 503 is a right answer. They begin and end by what is done, never by a clock. */
export interface Outages {
  /** Runs `body`, which brings something down and waits until all is well again. */
  during<T>(body: () => Promise<T>): Promise<T>;
  /** A mark for the begin of a request, to be shown to {@link Outages.touched} at its end. */
  mark(): number;
  /** Whether there was an outage at any moment since the mark. */
  touched(mark: number): boolean;
}

export function createOutages(): Outages {
  // Odd while there is one.
  let generation = 0;
  return {
    async during(body) {
      generation += 1;
      try {
        return await body();
      } finally {
        generation += 1;
      }
    },
    mark: () => generation,
    touched: (mark) => mark !== generation || generation % 2 === 1,
  };
}

/** Lets all visitors of a run rest at once. */
export interface Flow {
  /** Runs a step as soon as nobody rests. */
  step(body: () => Promise<void>): Promise<void>;
  /** Waits until no step runs, keeps new ones waiting while `body` runs. */
  rest<T>(body: () => Promise<T>): Promise<T>;
}

export function createFlow(): Flow {
  let resting: Promise<void> | undefined;
  const running = new Set<Promise<void>>();
  const step = async (body: () => Promise<void>): Promise<void> => {
    while (resting !== undefined) await resting;
    const done = body();
    running.add(done);
    await done.finally(() => running.delete(done));
  };
  return {
    step,
    async rest(body) {
      let wake = () => {};
      resting = new Promise((resolve) => {
        wake = resolve;
      });
      await Promise.all(running);
      try {
        return await body();
      } finally {
        resting = undefined;
        wake();
      }
    },
  };
}
