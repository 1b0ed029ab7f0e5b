import type { StoredSession } from '../core/session/lifetimes.ts';
import { refreshedSession } from '../core/session/refreshed-session.ts';
import type { Session } from '../core/session/session.ts';
import { encodeSession } from '../core/session/session-codec.ts';
import type { RefreshReason } from '../core/session/staleness.ts';
import type { AuthorizationServer, Refresh, RefreshSteps } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdNames } from '../ports/id-names.ts';
import type { Pause } from '../ports/pause.ts';
import type { Random } from '../ports/random.ts';
import type { Sealer } from '../ports/sealer.ts';
import { type SessionIndex, type SessionRecords, StoreUnavailableError } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { backOffAfter } from './back-off.ts';
import type { HeldClaim } from './held-claim.ts';
import { isLost, reportRefresh, unavailableFor } from './refresh-outcome.ts';
import type { RefreshOutcome } from './refresher.ts';
import { indexSession } from './session-groups.ts';
import { writeThrough } from './write-through.ts';

export interface ClaimedRefreshPorts {
  readonly records: SessionRecords;
  readonly index: SessionIndex;
  readonly idNames: IdNames;
  readonly sealer: Sealer;
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** What a claim was got for. */
export interface ClaimedWork {
  readonly held: HeldClaim;
  readonly provider: AuthorizationServer;
  readonly reason: RefreshReason;
  /** Of earlier tries, in all processes, since the session was written last. */
  readonly failures: number;
  /** Answers that this flight has lost; it asks once more after the first. */
  readonly losses: { count: number };
}

/** `overtaken`: the record is not as we left it; whoever changed it knows better. */
export type Redeemed = RefreshOutcome | { readonly kind: 'overtaken' };

/** Redeems the refresh token of a session that was claimed, and writes what comes of it. */
export async function redeemClaimed(
  stored: StoredSession,
  work: ClaimedWork,
  ports: ClaimedRefreshPorts,
): Promise<Redeemed> {
  const { reason, provider, held, failures } = work;
  const { records, clock, telemetry, random } = ports;
  const { latest, refresh } = await ask(stored, work, ports);
  if (refresh === 'overtaken') return { kind: 'overtaken' };
  switch (refresh.kind) {
    case 'refreshed': {
      const session = refreshedSession(latest.session, refresh, reason, clock.milliseconds());
      const written = await write(latest, session, { keepsClaim: false }, ports);
      if (written === undefined) {
        // Whoever logged out meanwhile wins. Nobody holds these tokens any more, so nobody shall be able to use them.
        if ((await records.find(stored.name)) === undefined) void provider.revoke(session.tokenSet);
        return { kind: 'overtaken' };
      }
      await index(written, latest.session, ports);
      reportRefresh(refresh, session, reason.kind, telemetry);
      return { kind: 'refreshed', stored: written };
    }
    case 'refused': {
      if (!(await records.deleteGeneration(stored.name, latest.generation))) return { kind: 'overtaken' };
      // The rest of the answer was no good; the refresh token in it is, and nobody shall be able to use it.
      if (latest !== stored) void provider.revoke(latest.session.tokenSet);
      reportRefresh(refresh, latest.session, reason.kind, telemetry);
      return { kind: 'ended' };
    }
    case 'unavailable': {
      reportRefresh(refresh, latest.session, reason.kind, telemetry);
      const backOffMs = backOffAfter(failures, refresh.retryAfter, random);
      await held.release(backOffMs);
      return unavailableFor(backOffMs);
    }
  }
}

/** Whoever has a session can be found by what it says of him; by an earlier address if the store is away again. */
async function index({ session, name }: StoredSession, before: Session, ports: ClaimedRefreshPorts): Promise<void> {
  try {
    await indexSession(session, name, ports, before);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    ports.telemetry.problem('store_unavailable', { operation: 'index' }, error);
  }
}

interface Asked {
  /** The session as the store has it now. */
  readonly latest: StoredSession;
  readonly refresh: Refresh | 'overtaken';
}

/**
 * Asks the provider; once more where the answer was lost on the way. A rotated refresh token is in the store before
 * anything else is done with the answer: whoever comes after us, should we end here, goes on from it.
 */
async function ask(
  stored: StoredSession,
  { provider, held, losses }: ClaimedWork,
  ports: ClaimedRefreshPorts,
): Promise<Asked> {
  let latest = stored;
  let isOurs = true;
  const steps: RefreshSteps = {
    // A process that stood still since it claimed must not redeem a token that another one has redeemed meanwhile.
    async maySend() {
      isOurs = await held.isOurs();
      return isOurs;
    },
    async rotated(refreshToken) {
      const session = { ...latest.session, tokenSet: { ...latest.session.tokenSet, refreshToken } };
      // Lost to another writer: its tokens are in the store, and the last write will find that out.
      latest = (await write(latest, session, { keepsClaim: true }, ports)) ?? latest;
    },
  };
  const send = async (): Promise<Refresh | 'overtaken'> => {
    const { tokenSet, subject } = latest.session;
    const { refreshToken } = tokenSet;
    if (refreshToken === undefined) return 'overtaken';
    const refresh = await provider.refresh({ refreshToken, tokenSet, subject }, steps);
    if (isLost(refresh)) losses.count += 1;
    return isOurs ? refresh : 'overtaken';
  };
  const lossesBefore = losses.count;
  const first = await send();
  const asksAgain = losses.count === 1 && lossesBefore === 0;
  return { refresh: asksAgain ? await send() : first, latest };
}

/** The session with its new generation; undefined when it ended or was replaced by others. */
async function write(
  before: StoredSession,
  session: Session,
  options: { readonly keepsClaim: boolean },
  ports: ClaimedRefreshPorts,
): Promise<StoredSession | undefined> {
  const { name, generation } = before;
  const sealed = ports.sealer.sealBytes('session', encodeSession(session), name);
  const isWritten = await writeThrough({ name, generation, sealed, ...options }, ports);
  return isWritten ? { ...before, session, generation: generation + 1 } : undefined;
}
