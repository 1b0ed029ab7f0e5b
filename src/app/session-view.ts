import { textsOf } from '../core/json.ts';
import type { StoredSession } from '../core/session/lifetimes.ts';
import type { EpochSeconds } from '../core/time.ts';
import type { Config } from './config/config.ts';

/** A session as operators see it: no token, no cookie, and of the claims those that say who it is. Times: ISO 8601. */
export interface SessionView {
  /** Under which the store keeps it. It opens nothing; `session show` and `session end` take it. */
  readonly name: string;
  readonly instance: string;
  readonly provider: string;
  readonly user: {
    readonly sub: string;
    readonly email: string | null;
    readonly name: string | null;
    readonly groups: readonly string[];
  };
  /** The provider's own name for its session (`sid`). */
  readonly sid: string | null;
  readonly created_at: string;
  readonly last_seen_at: string;
  /** Whatever happens; it ends before when it is not used. */
  readonly ends_at: string;
}

/** What operators may see of a session. */
export function viewOfSession({ session, name, lastSeenAt }: StoredSession, config: Config): SessionView {
  const { instance, provider, subject, claims, providerSessionId, createdAt, endsAt } = session;
  const textOf = (claim: string) => {
    const value = claims.get(claim);
    return typeof value === 'string' ? value : null;
  };
  return {
    name,
    instance,
    provider,
    user: {
      sub: subject,
      email: textOf('email'),
      name: textOf('name'),
      groups: textsOf(claims.get(groupsClaimOf(config, instance))),
    },
    sid: providerSessionId ?? null,
    created_at: timeOf(createdAt),
    last_seen_at: timeOf(lastSeenAt),
    ends_at: timeOf(endsAt),
  };
}

function groupsClaimOf({ modes }: Config, instance: string): string {
  const mode = modes.get(instance);
  return mode?.definition.common(mode.settings).groupsClaim ?? 'groups';
}

function timeOf(moment: EpochSeconds): string {
  return new Date(moment * 1000).toISOString();
}
