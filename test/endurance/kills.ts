/** A moment at which a replica was killed. */
interface Kill {
  readonly at: number;
  /** When it was gone: the kernel takes a moment to close its connections. */
  endedAt: number;
  /** Users with a refresh that may be lost. */
  readonly users: ReadonlySet<string>;
}

/** What SIGKILL excuses. Without one: nothing. */
export interface Kills {
  note(users: ReadonlySet<string>): void;
  /** It is gone. */
  noteEnd(): void;
  /** Why a request of a user, begun then (performance.now()) and over now, may have failed; undefined: no reason. */
  excuse(user: string, begunAt: number): string | undefined;
}

/** Until Envoy has read that connections are closed. New ones are refused, and then it asks another replica. */
const unnoticedMs = 250;

/** Until the claim of a dead replica has run out, and another one has asked Keycloak. */
const claimedMs = 8000;

export function createKills(): Kills {
  const kills: Kill[] = [];
  return {
    note: (users) => void kills.push({ at: performance.now(), endedAt: Number.POSITIVE_INFINITY, users }),
    noteEnd() {
      const last = kills.at(-1);
      if (last !== undefined) last.endedAt = performance.now();
    },
    excuse(user, begunAt) {
      const last = kills.at(-1);
      if (last === undefined) return undefined;
      if (begunAt <= last.endedAt) return 'in flight at a kill';
      if (last.users.has(user) && begunAt - last.at < claimedMs) return 'waiting for a refresh that a kill cut';
      if (begunAt - last.endedAt < unnoticedMs) return 'begun before Envoy had noticed a kill';
      return undefined;
    },
  };
}
