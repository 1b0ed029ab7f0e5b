import type { Session } from '../core/session/session.ts';
import { after, type EpochSeconds, type Seconds } from '../core/time.ts';
import type { LoginOutcome } from './complete-login.ts';

export interface NewSessionOptions {
  /** The mode instance that makes it. */
  readonly instance: string;
  readonly absoluteLifetime: Seconds;
  readonly now: EpochSeconds;
}

/** The session of a login that has just completed. */
export function newSession(
  { authentication, provider }: Pick<Extract<LoginOutcome, { kind: 'authenticated' }>, 'authentication' | 'provider'>,
  { instance, absoluteLifetime, now }: NewSessionOptions,
): Session {
  return {
    instance,
    provider: provider.name,
    registration: provider.registration,
    subject: authentication.subject,
    providerSessionId: authentication.providerSessionId,
    claims: authentication.claims,
    tokenSet: authentication.tokenSet,
    createdAt: now,
    endsAt: after(now, absoluteLifetime),
    healedAt: undefined,
  };
}
