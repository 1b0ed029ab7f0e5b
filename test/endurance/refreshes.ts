import { setTimeout as pause } from 'node:timers/promises';
import type { AnswerWatch, SeenAnswer, SeenRequest } from '../interop/gate.ts';
import type { Ledger } from '../soak/ledger.ts';
import { claimsOf } from './tokens.ts';

/** A refresh that a gate between one replica and Keycloak saw. */
interface Attempt {
  readonly replica: number;
  readonly sid: string;
  /** When it came to the gate, by performance.now(). */
  readonly askedAt: number;
  /** When the replica had the answer. */
  answeredAt: number | undefined;
  /** The replica was killed meanwhile: what Keycloak answered is lost, or was not stored. */
  isCut: boolean;
}

/** Token requests at the gates of the replicas, and what must hold for them. */
export interface Refreshes {
  /** For the gate between a replica and Keycloak. */
  watch(replica: number): (request: SeenRequest) => Promise<AnswerWatch | undefined>;
  /** The workload got this access token, so it is in the store. */
  used(accessToken: string): void;
  /** A replica is killed now; users with a refresh that may be lost. */
  cut(replica: number): ReadonlySet<string>;
  /** It runs again. */
  restored(replica: number): void;
  /** Whether a refresh of this user was cut, and none succeeded since. */
  isCut(user: string): boolean;
  readonly done: number;
  /** By how often a refresh token was sent: how many of them. Once each is right. */
  readonly sentTimes: ReadonlyMap<number, number>;
}

/** How long an answer may be on its way into the store, where nobody used it yet. */
const storingMs = 250;

/** `delayMs`: how much further away Keycloak seems than it is; half on the way there, half on the way back. */
export function createRefreshes(ledger: Ledger, delayMs: number): Refreshes {
  const users = new Map<string, string>();
  const newest = new Map<string, string>();
  const attempts = new Map<string, Attempt[]>();
  const underWay = new Set<Attempt>();
  const storing = new Map<string, Attempt>();
  const cutSids = new Set<string>();
  const dead = new Set<number>();
  let done = 0;

  function begin(replica: number, token: string): Attempt {
    const sid = claimsOf(token)?.sid ?? 'unknown';
    const attempt: Attempt = {
      replica,
      sid,
      askedAt: performance.now(),
      answeredAt: undefined,
      isCut: dead.has(replica),
    };
    const before = attempts.get(token) ?? [];
    attempts.set(token, [...before, attempt]);
    if (attempt.isCut) cutSids.add(sid);
    const wasCut = cutSids.has(sid);
    if (before.length > 0) {
      if (wasCut) ledger.count('refresh token sent again after a kill');
      else ledger.violation('a refresh token sent twice', `of ${users.get(sid)}, ${told(before)}, now ${replica}`);
    } else if (newest.get(sid) !== token && !wasCut) {
      ledger.violation('an old refresh token sent', `of ${users.get(sid)}, by replica ${replica}`);
    }
    underWay.add(attempt);
    return attempt;
  }

  function end(attempt: Attempt, answer: SeenAnswer): void {
    const { sid } = attempt;
    attempt.answeredAt = performance.now();
    const body = bodyOf(answer);
    if (answer.status === 200) {
      done += 1;
      newest.set(sid, String(body['refresh_token']));
      storing.set(String(body['access_token']), attempt);
      if (!attempt.isCut) cutSids.delete(sid);
      return;
    }
    underWay.delete(attempt);
    const error = `${answer.status} ${String(body['error'])}: ${String(body['error_description'])}`;
    ledger.count(`Keycloak refused a refresh: ${error}`);
    if (!cutSids.has(sid)) ledger.violation('a refresh that Keycloak refused', `of ${users.get(sid)}: ${error}`);
  }

  function noteLogin(answer: SeenAnswer): void {
    const body = bodyOf(answer);
    const claims = claimsOf(String(body['access_token']));
    if (claims?.preferred_username === undefined) return;
    // What became of the session before is told.
    for (const sid of cutSids) if (users.get(sid) === claims.preferred_username) cutSids.delete(sid);
    users.set(claims.sid, claims.preferred_username);
    newest.set(claims.sid, String(body['refresh_token']));
  }

  return {
    watch: (replica) => async (request) => {
      if (!request.target.endsWith('/token')) return undefined;
      if (request.form.get('grant_type') !== 'refresh_token') return async (answer) => noteLogin(answer);
      const attempt = begin(replica, request.form.get('refresh_token') ?? '');
      await pause(delayMs / 2);
      return async (answer) => {
        await pause(delayMs / 2);
        end(attempt, answer);
      };
    },
    used(accessToken) {
      const attempt = storing.get(accessToken);
      if (attempt === undefined) return;
      storing.delete(accessToken);
      underWay.delete(attempt);
    },
    cut(replica) {
      dead.add(replica);
      const now = performance.now();
      for (const attempt of underWay) {
        const { answeredAt = now } = attempt;
        if (now - answeredAt > storingMs) underWay.delete(attempt);
        else if (attempt.replica === replica) {
          attempt.isCut = true;
          cutSids.add(attempt.sid);
          ledger.count(
            attempt.answeredAt === undefined ? 'refresh cut before its answer' : 'refresh cut after its answer',
          );
        }
      }
      return new Set([...cutSids].map((sid) => users.get(sid) ?? sid));
    },
    restored: (replica) => void dead.delete(replica),
    isCut: (user) => [...cutSids].some((sid) => users.get(sid) === user),
    get done() {
      return done;
    },
    get sentTimes() {
      const times = new Map<number, number>();
      for (const { length } of attempts.values()) times.set(length, (times.get(length) ?? 0) + 1);
      return times;
    },
  };
}

/** Who sent it before, and how long ago. */
function told(attempts: readonly Attempt[]): string {
  const ago = (then: number | undefined) =>
    then === undefined ? 'not' : `${Math.round(performance.now() - then)} ms ago`;
  return attempts
    .map(({ replica, askedAt, answeredAt }) => `replica ${replica} ${ago(askedAt)}, answered ${ago(answeredAt)}`)
    .join('; ');
}

function bodyOf({ body }: SeenAnswer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body.toString()) as Readonly<Record<string, unknown>>; // Keycloak's token endpoint wrote it
  } catch {
    return {};
  }
}
