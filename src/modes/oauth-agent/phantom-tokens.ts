import { createHash } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';
import { type EpochMilliseconds, epochMillisecondsOf } from '../../core/time.ts';
import { createFlights } from '../../flows/flights.ts';
import { createRecentMap } from '../../flows/recent-map.ts';
import type { AuthorizationServer, Introspection } from '../../ports/authorization-server.ts';
import type { ModeServices } from '../mode.ts';

/** What an API gets in place of an opaque access token. */
export type PhantomToken =
  | { readonly kind: 'token'; readonly token: Secret<string> }
  /** The provider says that the access token is not valid (any more). */
  | { readonly kind: 'inactive' }
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Exchanges opaque access tokens for JWTs, each once for as long as the JWT lives. */
export interface PhantomTokens {
  of(accessToken: Secret<string>): Promise<PhantomToken>;
}

/** The least recently used go when there are more; some kilobytes each. */
const maxTokens = 10_000;

/** A token that was revoked at the provider reaches no API for longer, whatever the end of its JWT is. */
const longestMs = 300_000;

/** Before its end a JWT is fetched anew, so that none ends on its way to the API or by a clock that goes ahead. */
const marginMs = 5_000;

/** For what may be different a moment later: so long all requests with one token cost the provider one. */
const shortMs = 1_000;

interface Answer {
  readonly phantomToken: PhantomToken;
  readonly goodUntil: EpochMilliseconds;
}

/** Keeps them in this process: another one asks for itself. */
export function createPhantomTokens(
  provider: AuthorizationServer,
  { clock, telemetry }: Pick<ModeServices, 'clock' | 'telemetry'>,
): PhantomTokens {
  const flights = createFlights<PhantomToken>();
  const isGood = ({ goodUntil }: Answer) => clock.milliseconds() < goodUntil;
  const answers = createRecentMap<Answer>(maxTokens, isGood);

  async function introspect(key: string, accessToken: Secret<string>): Promise<PhantomToken> {
    const answer = answerOf(await provider.introspect(accessToken), clock.milliseconds());
    answers.set(key, answer);
    const { phantomToken } = answer;
    if (phantomToken.kind === 'unavailable') {
      const fields = { provider: provider.name, operation: 'introspection', detail: phantomToken.detail };
      telemetry.problem('provider_unavailable', fields);
    }
    return phantomToken;
  }

  return {
    async of(accessToken) {
      // Whoever gets hold of the map's keys has no token.
      const key = createHash('sha256').update(accessToken.reveal()).digest('base64url');
      const known = answers.get(key);
      if (known === undefined || !isGood(known)) return await flights.join(key, () => introspect(key, accessToken));
      answers.use(key);
      return known.phantomToken;
    },
  };
}

function answerOf(introspection: Introspection, now: EpochMilliseconds): Answer {
  const shortly = epochMillisecondsOf(now + shortMs);
  const unavailable = (detail: string): Answer => ({
    phantomToken: { kind: 'unavailable', detail },
    goodUntil: shortly,
  });
  switch (introspection.kind) {
    case 'active': {
      const { phantomToken: token, expiresAt } = introspection;
      if (token === undefined) return unavailable('the answer of the introspection endpoint holds no JWT');
      const leftMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt * 1000 - now;
      if (leftMs <= 0) return { phantomToken: { kind: 'inactive' }, goodUntil: shortly };
      const goodUntil = epochMillisecondsOf(now + Math.min(leftMs - marginMs, longestMs));
      return { phantomToken: { kind: 'token', token }, goodUntil };
    }
    case 'inactive':
      return { phantomToken: introspection, goodUntil: shortly };
    case 'unsupported':
      return unavailable('the provider publishes no introspection endpoint');
    case 'unavailable':
      return unavailable(introspection.detail);
  }
}
