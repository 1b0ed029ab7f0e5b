import { createHash } from 'node:crypto';
import { codeChallengeOf } from '../core/oauth/pkce.ts';
import { encodeLoginAttempt, type LoginAttempt } from '../core/session/login-attempt.ts';
import { after, type Seconds, secondsOf } from '../core/time.ts';
import type { AuthorizationServer, AuthorizationUrl } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Sealer } from '../ports/sealer.ts';

export interface BeginLoginPorts {
  readonly authorizationServer: AuthorizationServer;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
}

/** A login that someone asked for. */
export interface LoginStart {
  readonly instance: string;
  readonly origin: string;
  /** Path, query and fragment on `origin`, already checked. */
  readonly returnTo: string;
  readonly redirectUri: string;
  /** The browser's binding secret (see {@link bindingSecretOf}). */
  readonly bindingSecret: string;
  readonly attemptLifetime: Seconds;
  /** Checked already: none that is reserved. */
  readonly extraParameters?: ReadonlyMap<string, string>;
}

/** Where the browser goes to log in. Nothing is stored: the attempt travels sealed in `state`. */
export async function beginLogin(start: LoginStart, ports: BeginLoginPorts): Promise<AuthorizationUrl> {
  const { extraParameters = new Map() } = start;
  const attempt: LoginAttempt = {
    id: secret(ports.random, 16),
    instance: start.instance,
    provider: ports.authorizationServer.name,
    origin: start.origin,
    nonce: secret(ports.random, 32),
    codeVerifier: secret(ports.random, 32), // 43 characters, RFC 7636 §4.1
    returnTo: start.returnTo,
    bindingHash: bindingHashOf(start.bindingSecret),
    expiresAt: after(ports.clock.now(), start.attemptLifetime),
    maxAge: maxAgeOf(extraParameters),
  };
  return await ports.authorizationServer.authorizationUrl({
    redirectUri: start.redirectUri,
    state: ports.sealer.seal('login-attempt', encodeLoginAttempt(attempt), start.instance),
    nonce: attempt.nonce,
    codeChallenge: codeChallengeOf(attempt.codeVerifier),
    extraParameters,
  });
}

/** Seconds since the user must have authenticated at the latest; undefined where the request does not say. */
function maxAgeOf(parameters: ReadonlyMap<string, string>): Seconds | undefined {
  const text = parameters.get('max_age') ?? '';
  return /^\d{1,9}$/.test(text) ? secondsOf(Number(text)) : undefined;
}

/**
 * The secret that ties attempts to one browser: the one its cookie holds, or a new one. One for all tabs, so
 * that they can finish in either order and abandoned attempts leave no cookies.
 */
export function bindingSecretOf(
  cookie: string | undefined,
  random: Random,
): { readonly secret: string; readonly isNew: boolean } {
  const isOurs = cookie !== undefined && /^[A-Za-z0-9_-]{43}$/.test(cookie);
  return isOurs ? { secret: cookie, isNew: false } : { secret: secret(random, 32), isNew: true };
}

/** base64url(SHA-256) of a binding secret. */
export function bindingHashOf(bindingSecret: string): string {
  return createHash('sha256').update(bindingSecret).digest('base64url');
}

function secret(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('base64url');
}
