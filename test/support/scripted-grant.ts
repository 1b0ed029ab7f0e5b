import type { Claims } from '../../src/core/json.ts';
import { Secret } from '../../src/core/secret.ts';
import { after, secondOf, secondsOf } from '../../src/core/time.ts';
import type { AuthorizationServer, Refresh } from '../../src/ports/authorization-server.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** The refresh half of a provider that rotates its refresh tokens and takes the reuse of one for theft. */
export interface ScriptedGrant {
  readonly server: AuthorizationServer;
  /** The refresh token that is good now. */
  current(): Secret<string>;
  /** Uses the current one up, as somebody else's refresh would; the new one. */
  rotate(): Secret<string>;
  refreshes(): number;
  reuses(): number;
  revoked(): readonly string[];
  /** Requests wait before they are looked at, until let go. */
  hold(): void;
  /** They wait when the rotated token is out, and nothing else; then `answer`, if there is one, in place of the real one. */
  holdAfterRotation(answer?: Refresh): void;
  letGo(): void;
  /** The next answers get lost, after the token was rotated or before. */
  loseAnswers(count: number, options?: { readonly rotating: boolean }): void;
  /** Of the ID tokens of later answers. */
  claims(claims: Claims): void;
  /** In place of the real answer. */
  answer(refresh: Refresh | undefined): void;
}

export function scriptedGrant(clock: Clock): ScriptedGrant {
  let generation = 0;
  let refreshes = 0;
  let reuses = 0;
  let losses = { left: 0, rotating: true };
  let fixed: Refresh | undefined;
  let claims: Claims | undefined;
  let afterwards: Refresh | undefined;
  let gate = { before: Promise.resolve(), afterRotation: Promise.resolve(), open: (): void => undefined };
  const revoked: string[] = [];
  const current = () => new Secret(`refresh-token-${generation}`);
  const lost: Refresh = { kind: 'unavailable', detail: 'ECONNRESET', retryAfter: undefined, isLost: true };

  const refresh: AuthorizationServer['refresh'] = async ({ refreshToken, tokenSet }, { maySend, rotated }) => {
    if (!(await maySend())) return { ...lost, isLost: false };
    refreshes += 1;
    await gate.before;
    if (fixed !== undefined) return fixed;
    const isLost = losses.left > 0;
    losses = { ...losses, left: losses.left - 1 };
    if (isLost && !losses.rotating) return lost;
    if (refreshToken.reveal() !== current().reveal()) {
      reuses += 1;
      return { kind: 'refused', code: 'invalid_grant', detail: 'the provider answered invalid_grant' };
    }
    generation += 1;
    if (isLost) return lost;
    await rotated(current());
    await gate.afterRotation;
    if (afterwards !== undefined) return afterwards;
    const obtainedAt = clock.milliseconds();
    return {
      kind: 'refreshed',
      tokenSet: {
        ...tokenSet,
        accessToken: new Secret(`access-token-${generation}`),
        refreshToken: current(),
        obtainedAt,
        expiresAt: after(secondOf(obtainedAt), secondsOf(3600)),
      },
      claims,
      withdrawn: [],
    };
  };

  return {
    // What a refresh asks of a provider; anything else would throw, as it should.
    server: {
      name: 'idp',
      registration: 'https://idp.example#app',
      refresh,
      revoke: async (tokenSet: { readonly refreshToken: Secret<string> | undefined }) => {
        revoked.push(tokenSet.refreshToken?.reveal() ?? '');
        return { kind: 'revoked' };
      },
    } as Partial<AuthorizationServer> as AuthorizationServer,
    current,
    rotate() {
      generation += 1;
      return current();
    },
    refreshes: () => refreshes,
    reuses: () => reuses,
    revoked: () => revoked,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = { ...gate, before: promise, open: resolve };
    },
    holdAfterRotation(answer) {
      afterwards = answer;
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = { ...gate, afterRotation: promise, open: resolve };
    },
    letGo: () => gate.open(),
    loseAnswers(count, { rotating } = { rotating: true }) {
      losses = { left: count, rotating };
    },
    claims(said) {
      claims = said;
    },
    answer(refresh) {
      fixed = refresh;
    },
  };
}
