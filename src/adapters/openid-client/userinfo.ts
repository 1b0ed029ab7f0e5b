import { type Configuration, type CustomFetch, customFetch, fetchUserInfo, skipSubjectCheck } from 'openid-client';
import { claimsOf, type JsonValue } from '../../core/json.ts';
import type { Secret } from '../../core/secret.ts';
import type { Userinfo } from '../../ports/authorization-server.ts';
import type { HttpClient } from '../../ports/http-client.ts';
import { detailOf } from './error-detail.ts';
import { identityOf } from './identity.ts';
import { jsonObjectOf } from './json-object.ts';
import { isTransient, outcomeOf } from './outcome.ts';
import type { IdentityMapping } from './provider-options.ts';

/** Whom an answer must be about; undefined where that is not known. */
type Subject = string | undefined;

/**
 * Asks the userinfo endpoint of an OpenID provider (OpenID Connect Core §5.3), whose answer is JSON or a JWT that its
 * published keys signed. The configuration is used for nothing else.
 */
export async function openidUserinfo(
  configuration: Configuration,
  accessToken: Secret<string>,
  subject: Subject,
): Promise<Userinfo> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return { kind: 'unsupported' };
  const ask = configuration[customFetch] as CustomFetch; // every configuration of discovery.ts has one
  let ended: Userinfo | undefined;
  configuration[customFetch] = async (url, request) => {
    const response = await ask(url, request);
    const isForKeys = request.headers['authorization'] === undefined;
    if (!isForKeys) ended = await endOf(response);
    if (ended !== undefined) throw new Error('the answer has no claims');
    return response;
  };
  try {
    const claims = await fetchUserInfo(configuration, accessToken.reveal(), subject ?? skipSubjectCheck);
    if (claims.sub === '') return invalid('userinfo names nobody');
    return { kind: 'claims', claims: claimsOf(claims as JsonValue) }; // parsed from JSON
  } catch (error) {
    if (ended !== undefined) return ended;
    const outcome = await outcomeOf(error);
    return outcome.kind === 'refused' ? invalid(outcome.detail) : outcome;
  }
}

/** Asks the userinfo endpoint of a provider that knows OAuth 2.0 alone; the claims are its JSON as it is. */
export async function plainUserinfo(
  endpoint: string | undefined,
  accessToken: Secret<string>,
  subject: Subject,
  { identity: mapping, http }: { readonly identity: IdentityMapping; readonly http: HttpClient },
): Promise<Userinfo> {
  if (endpoint === undefined) return { kind: 'unsupported' };
  const authorization = `Bearer ${accessToken.reveal()}`;
  const headers = { authorization, accept: 'application/json', 'user-agent': 'sallyport' };
  let response: Response;
  try {
    response = await http.fetch(endpoint, { method: 'GET', headers });
  } catch (error) {
    return { kind: 'unavailable', detail: detailOf(error) };
  }
  const ended = await endOf(response);
  if (ended !== undefined) return ended;
  const members = jsonObjectOf(await response.text()) as JsonValue | undefined; // parsed from JSON
  if (members === undefined) return invalid('userinfo is no JSON object');
  const identity = identityOf(members, mapping);
  if (identity.kind === 'unusable') return invalid(identity.detail);
  if (subject !== undefined && identity.subject !== subject) return invalid('userinfo is about another user');
  return { kind: 'claims', claims: claimsOf(members) };
}

/** What the status alone says of an answer; undefined for one that should hold claims. */
async function endOf(response: Response): Promise<Userinfo | undefined> {
  const { status } = response;
  if (status === 200) return undefined;
  if (isTransient(status)) return { kind: 'unavailable', detail: `userinfo was answered with ${status}` };
  if (status === 401) return { kind: 'expired' };
  if (status < 400) return invalid(`userinfo was answered with ${status}`);
  const code = (await errorCodeOf(response)) ?? 'invalid_request';
  return { kind: 'refused', code, detail: `userinfo was answered with ${status} (${code})` };
}

/** `error` of the challenge (RFC 6750 §3) or of the body, where it is a code and not a sentence. */
async function errorCodeOf(response: Response): Promise<string | undefined> {
  const challenge = response.headers.get('www-authenticate') ?? '';
  const [, quoted, bare] = /(?:^|[\s,])error=(?:"([a-z_]{1,64})"|([a-z_]{1,64})(?=[,\s]|$))/.exec(challenge) ?? [];
  const challenged = quoted ?? bare;
  if (challenged !== undefined) return challenged;
  const told = jsonObjectOf(await response.text())?.['error'];
  return typeof told === 'string' && /^[a-z_]{1,64}$/.test(told) ? told : undefined;
}

function invalid(detail: string): Userinfo {
  return { kind: 'invalid', detail };
}
