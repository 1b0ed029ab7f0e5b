/** A moment at which a replica was killed. */
interface Kill {
  readonly at: number;
  /** Users with a refresh that may be lost. */
  readonly users: ReadonlySet<string>;
}

/** What SIGKILL excuses. Without one: nothing. */
export interface Kills {
  note(users: ReadonlySet<string>): void;
  /** Why a request of a user, begun then (performance.now()) and over now, may have failed; undefined: no reason. */
  excuse(user: string, begunAt: number): string | undefined;
}

/** Until Envoy's health check, which comes every second and may take one, has passed a dead replica over. */
const unnoticedMs = 2000;

/** Until the claim of a dead replica has run out, and another one has asked Keycloak. */
const claimedMs = 8000;

export function createKills(): Kills {
  const kills: Kill[] = [];
  return {
    note: (users) => void kills.push({ at: performance.now(), users }),
    excuse(user, begunAt) {
      const last = kills.at(-1);
      if (last === undefined) return undefined;
      if (begunAt <= last.at) return 'in flight at a kill';
      if (last.users.has(user) && begunAt - last.at < claimedMs) return 'waiting for a refresh that a kill cut';
      if (begunAt - last.at < unnoticedMs) return 'begun before Envoy had noticed a kill';
      return undefined;
    },
  };
}
