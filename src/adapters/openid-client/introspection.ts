import { type Configuration, customFetch, tokenIntrospection } from 'openid-client';
import type { Claims } from '../../core/json.ts';
import { jwtPayloadOf } from '../../core/oauth/jwt-payload.ts';
import { Secret } from '../../core/secret.ts';
import { type EpochSeconds, epochSecondsOf } from '../../core/time.ts';
import type { Introspection } from '../../ports/authorization-server.ts';
import type { HttpClient } from '../../ports/http-client.ts';
import { detailOf } from './error-detail.ts';
import { jsonObjectOf } from './json-object.ts';

/**
 * Asks what stands behind an opaque access token (RFC 7662, phantom tokens). The library writes and authenticates the
 * request; the answer is read here, since it may be a JWT for somebody else. The configuration is used for nothing else.
 */
export async function introspectToken(
  configuration: Configuration,
  accessToken: Secret<string>,
  http: HttpClient,
): Promise<Introspection> {
  let answer: Introspection | undefined;
  configuration[customFetch] = async (url, request) => {
    const ask = async (accept: string) =>
      await http.fetch(url, { ...request, headers: { ...request.headers, accept } });
    // Keycloak looks for exactly this; most servers look at nothing, and the rest say what they have.
    const first = await ask('application/jwt');
    answer = await readIntrospection(first.status === 406 ? await ask('application/json') : first);
    return Response.json({ active: false });
  };
  try {
    await tokenIntrospection(configuration, accessToken.reveal(), { token_type_hint: 'access_token' });
  } catch (error) {
    return unavailable(detailOf(error));
  }
  return answer ?? unavailable('the request was not made');
}

async function readIntrospection(response: Response): Promise<Introspection> {
  const { status, headers } = response;
  if (status === 204) return { kind: 'inactive' };
  const text = await response.text();
  if (status !== 200) {
    const error = jsonObjectOf(text)?.['error'];
    const code = typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? ` (${error})` : '';
    return unavailable(`the introspection endpoint answered with ${status}${code}`);
  }
  const [type = ''] = headers.get('content-type')?.split(';') ?? [];
  return type.trim().toLowerCase() === 'application/jwt' ? activeAs(text.trim(), undefined) : readJson(text);
}

function readJson(text: string): Introspection {
  const answer = jsonObjectOf(text);
  if (answer?.['active'] === false) return { kind: 'inactive' };
  if (answer?.['active'] !== true) return unavailable('the introspection endpoint answered neither JWT nor JSON');
  const { exp } = answer;
  if (exp !== undefined && exp !== null && !isTime(exp)) return unavailable('exp of the introspection is no time');
  // Keycloak says `jwt`.
  return activeAs(answer['phantom_token'] ?? answer['jwt'] ?? undefined, isTime(exp) ? timeOf(exp) : undefined);
}

/** A JWS or JWE in its compact form: nothing else can be in a header after `Bearer`, and be what an API expects. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$|^[\w-]+\.[\w-]*(?:\.[\w-]+){3}$/;

function activeAs(token: unknown, expiresAt: EpochSeconds | undefined): Introspection {
  if (token === undefined) return { kind: 'active', phantomToken: undefined, expiresAt };
  if (typeof token !== 'string' || !compactForm.test(token)) return unavailable('the phantom token is no JWT');
  const claims = claimsOf(token);
  if (claims === undefined) return unavailable('the phantom token is no JWT');
  const exp = claims.get('exp');
  if (exp !== undefined && !isTime(exp)) return unavailable('exp of the phantom token is no time');
  const ends = [expiresAt, exp === undefined ? undefined : timeOf(exp)].filter((end) => end !== undefined);
  return {
    kind: 'active',
    phantomToken: new Secret(token),
    expiresAt: ends.length === 0 ? undefined : epochSecondsOf(Math.min(...ends)),
  };
}

/** The claims of a JWT that is for others to verify; of one that is encrypted (JWE) nobody but they can tell any. */
function claimsOf(token: string): Claims | undefined {
  return token.split('.').length > 3 ? new Map() : jwtPayloadOf(token);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function timeOf(seconds: number): EpochSeconds {
  return epochSecondsOf(Math.floor(seconds));
}

function unavailable(detail: string): Introspection {
  return { kind: 'unavailable', detail };
}
