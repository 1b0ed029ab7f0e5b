import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { grantAt, noSteps, refreshAt, refreshedAt } from '../../../test/support/refreshing.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyHandler, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import type { TokenSet } from '../../core/oauth/token-set.ts';
import { secondsOf } from '../../core/time.ts';
import type { Refresh, RefreshableGrant } from '../../ports/authorization-server.ts';
import type { ProviderOptions } from './provider-options.ts';

let provider: TinyProvider;
let first: RefreshableGrant;
beforeEach(async () => {
  provider = await startTinyProvider();
  first = await grantAt(provider);
  provider.tokens({ access_token: 'canary-new-access', refresh_token: 'canary-new-refresh', id_token: undefined });
});
afterEach(async () => {
  await provider.stop();
});

function tokensOf(outcome: Refresh): TokenSet {
  if (outcome.kind !== 'refreshed') throw new Error(outcome.detail);
  return outcome.tokenSet;
}

const invalid = { kind: 'refused', code: 'invalid_response' };
const unknown = { kind: 'unavailable', isLost: false };

const refresh = async (changes: Partial<ProviderOptions> = {}, grant = first) =>
  await refreshAt(provider, grant, changes);

describe('a refresh (RFC 6749 §6)', () => {
  it('sends the refresh token, authenticated as we are, and yields what comes', async () => {
    provider.tokens({ access_token: 'a', refresh_token: 'r', id_token: await provider.idToken({ nonce: undefined }) });
    const { outcome, rotations } = await refresh();
    const { headers, body } = provider.requests.findLast(({ endpoint }) => endpoint === 'token') ?? {};
    expect(Object.fromEntries(body ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'canary-old-refresh',
    });
    expect(headers?.authorization).toMatch(/^Basic /);
    expect(rotations).toEqual(['r']);
    const { accessToken, refreshToken, idToken, ...rest } = tokensOf(outcome);
    expect([accessToken.reveal(), refreshToken?.reveal()]).toEqual(['a', 'r']);
    expect(idToken?.reveal()).not.toBe(first.tokenSet.idToken?.reveal());
    // By when it came, not by when it was written down.
    expect(rest).toEqual({ obtainedAt: refreshedAt * 1000, expiresAt: refreshedAt + 3600, scope: 'openid email' });
    expect(outcome.kind === 'refreshed' && outcome.claims?.get('sub')).toBe('alice');
  });

  it('keeps what the answer leaves out, and gives it the same life again (F8)', async () => {
    provider.answer('token', { access_token: 'a', token_type: 'Bearer' });
    const { outcome, rotations } = await refresh();
    const { accessToken, ...rest } = tokensOf(outcome);
    const { accessToken: _old, ...before } = first.tokenSet;
    expect(accessToken.reveal()).toBe('a');
    expect(rest).toEqual({ ...before, obtainedAt: refreshedAt * 1000, expiresAt: refreshedAt + 3600 });
    expect(outcome).toMatchObject({ claims: undefined });
    expect(rotations).toEqual([]);
  });

  it('knows no end of a token of which none was ever said', async () => {
    provider.answer('token', { access_token: 'a', token_type: 'Bearer' });
    const { outcome } = await refresh({}, await grantAt(provider, {}, { expiresAt: undefined, scope: undefined }));
    expect(tokensOf(outcome)).toMatchObject({ expiresAt: undefined, scope: undefined });
  });

  it.each([
    ['60', 60],
    [1.5, 1],
    [1e99, 366 * 86_400],
  ])('takes expires_in %j for %i s (F9)', async (expires_in, lifetime) => {
    provider.tokens({ expires_in, id_token: undefined });
    expect(tokensOf((await refresh()).outcome).expiresAt).toBe(refreshedAt + lifetime);
  });

  it.each([
    ['null', { refresh_token: null, id_token: null, scope: null, expires_in: null }],
    [
      'nothing, for a refresh token',
      { refresh_token: '', id_token: undefined, scope: undefined, expires_in: undefined },
    ],
  ])('takes %s for what is left out (F8)', async (_case, members) => {
    provider.tokens(members);
    const { outcome, rotations } = await refresh();
    const { accessToken, ...rest } = tokensOf(outcome);
    const { accessToken: _old, ...before } = first.tokenSet;
    expect(accessToken.reveal()).toBe('canary-access-token');
    expect(rest).toEqual({ ...before, obtainedAt: refreshedAt * 1000, expiresAt: refreshedAt + 3600 });
    expect(rotations).toEqual([]);
  });

  it('tells nobody of a refresh token that is the same as before', async () => {
    provider.tokens({ refresh_token: 'canary-old-refresh', id_token: undefined });
    const { outcome, rotations } = await refresh();
    expect(outcome.kind).toBe('refreshed');
    expect(rotations).toEqual([]);
  });
});

describe('a rotated refresh token', () => {
  it.each([
    ['whose answer is of no use', { token_type: 'mac' }, invalid],
    ['whose answer has no access token', { access_token: undefined }, invalid],
    ['whose ID token is nothing', { id_token: 'x.y.z' }, invalid],
  ])('is taken care of before anything else: %s (F5, F7)', async (_case, changes, expected) => {
    provider.tokens({ refresh_token: 'canary-new-refresh', ...changes });
    const { outcome, rotations } = await refresh();
    expect(outcome).toMatchObject(expected);
    expect(rotations).toEqual(['canary-new-refresh']);
  });

  it('is waited for until it is safe, and only then are keys asked for', async () => {
    provider.tokens({ refresh_token: 'r', id_token: await provider.idToken({ nonce: undefined }) });
    const { server } = relyingPartyOf(provider);
    const writing = Promise.withResolvers<void>();
    const called = Promise.withResolvers<void>();
    const rotated = () => {
      called.resolve();
      return writing.promise;
    };
    const outcome = server.refresh(first, { ...noSteps, rotated });
    await called.promise;
    expect(provider.count('jwks')).toBe(0);
    writing.resolve();
    expect((await outcome).kind).toBe('refreshed');
    expect(provider.count('jwks')).toBe(1);
  });

  it.each([new Error('the store is away'), new TypeError('a defect')])(
    'that nobody could take care of ends the refresh with %s (F7)',
    async (failure) => {
      const { server } = relyingPartyOf(provider);
      const steps = { ...noSteps, rotated: () => Promise.reject(failure) };
      await expect(server.refresh(first, steps)).rejects.toBe(failure);
    },
  );
});

describe('a grant is over', () => {
  it.each([
    [400, 'invalid_grant'],
    [400, 'invalid_request'],
    [400, 'unauthorized_client'],
    [400, 'something_of_their_own'],
    [401, 'something_of_their_own'],
    [403, 'access_denied'],
    [403, 'invalid_grant'],
    [403, 'interaction_required'],
  ])('after %i %s (F10)', async (code, error) => {
    provider.answer('token', json(`{"error":"${error}","error_description":"canary"}`, code));
    expect((await refresh()).outcome).toMatchObject({ kind: 'refused', code: error });
  });

  it('after 401 invalid_client with a challenge (RFC 6749 §5.2)', async () => {
    provider.answer('token', json('{"error":"invalid_client"}', 401, { 'www-authenticate': 'Basic realm="canary"' }));
    expect((await refresh()).outcome).toMatchObject({ kind: 'refused', code: 'invalid_client' });
  });

  it.each([
    ['no access_token', { access_token: undefined }],
    ['access_token null', { access_token: null }],
    ['an access_token that is a number', { access_token: 7 }],
    ['an access_token that no header carries', { access_token: 'a\r\nb' }],
    ['no token_type', { token_type: undefined }],
    ['token_type mac', { token_type: 'mac' }],
    ['token_type DPoP', { token_type: 'DPoP' }],
    ['expires_in -1', { expires_in: -1 }],
    ['expires_in 0', { expires_in: 0 }],
    ['expires_in of words', { expires_in: 'soon' }],
  ])('after an answer with %s (F8, F9)', async (_case, changes) => {
    provider.tokens({ id_token: undefined, ...changes });
    expect((await refresh()).outcome).toMatchObject(invalid);
  });

  it('after an error with status 200, which OpenID providers do not send', async () => {
    provider.answer('token', { error: 'invalid_grant' });
    expect((await refresh()).outcome).toMatchObject(invalid);
  });
});

describe('nothing is known of a grant', () => {
  it.each([
    ['500', status(500)],
    ['503 with an OAuth error', json('{"error":"invalid_grant"}', 503)],
    ['408', status(408)],
    ['425', json('{"error":"invalid_grant"}', 425)],
    ['429', json('{"error":"invalid_grant"}', 429)],
    ['a page of a proxy with 403', status(403)],
    ['a challenge of a proxy', status(401, { 'www-authenticate': 'Basic realm="proxy"' })],
    ['404 in JSON', json('{"message":"canary"}', 404)],
    ['404 of a gateway', json('{"error":"Not Found"}', 404)],
    ['404 with an OAuth error', json('{"error":"invalid_grant"}', 404)],
    ['405 in JSON', json('{"error":"Method Not Allowed"}', 405)],
    ['413 in JSON', json('{"error":"too large"}', 413)],
    ['400 of a framework', json('{"error":"Bad Request"}', 400)],
    ['401 of a framework', json('{"error":"Unauthorized"}', 401)],
    ['400 with a text that is no code', json('{"error":"canary\\r\\nx"}', 400)],
    ['403 of a firewall', json('{"error":"forbidden"}', 403)],
    ['400 temporarily_unavailable', json('{"error":"temporarily_unavailable"}', 400)],
    ['400 server_error', json('{"error":"server_error"}', 400)],
    ['401 slow_down', json('{"error":"slow_down"}', 401)],
    ['an error that is empty', json('{"error":""}', 400)],
    ['an error that is no text', json('{"error":7}', 400)],
    ['421, which fetch would try again', status(421)],
    ['a redirect', status(307, { location: '/elsewhere' })],
    ['a page with 200', status(200)],
    ['null', json('null')],
    ['a list', json('[]')],
    ['half an object', json('{"access_token":"canary')],
    ['nothing', json('')],
    ['201', json('{"access_token":"a","token_type":"Bearer"}', 201)],
  ] as [string, TinyHandler][])('after %s (F10, I1, I2)', async (_case, handler) => {
    provider.answer('token', handler);
    expect((await refresh()).outcome).toMatchObject({ ...unknown, retryAfter: undefined });
    expect(provider.count('other')).toBe(0);
  });

  it.each([
    [429, '17', 17],
    [503, '86400', 300],
    [503, new Date((refreshedAt + 30) * 1000).toUTCString(), 30],
    [503, 'canary', undefined],
  ])('after %i with Retry-After %s it is asked again after %j s (F10)', async (code, header, retryAfter) => {
    provider.answer('token', status(code, { 'retry-after': header }));
    expect((await refresh()).outcome).toMatchObject({ ...unknown, retryAfter });
  });

  it.each([
    ['reset', reset],
    ['closed', (request) => void request.socket.end()],
    ['reset in the middle of the body', halfAnAnswer],
  ] as [string, TinyHandler][])('after the connection was %s: the answer is lost (F6)', async (_case, handler) => {
    provider.answer('token', handler);
    const { outcome, rotations } = await refresh();
    expect(outcome).toMatchObject({ kind: 'unavailable', isLost: true });
    expect(rotations).toEqual([]);
  });

  it('when it was never sent, because nobody listens', async () => {
    const gone = await startTinyProvider();
    await gone.stop();
    provider.metadata({ token_endpoint: `${gone.origin}/token` });
    const { server } = relyingPartyOf(provider, { endpointOrigins: [gone.origin] });
    const outcome = await server.refresh(first, noSteps);
    expect(outcome).toMatchObject({ ...unknown, detail: expect.stringContaining('ECONNREFUSED') });
  });

  it('when the provider was never found', async () => {
    provider.answer('discovery', status(500));
    expect(await relyingPartyOf(provider).server.refresh(first, noSteps)).toMatchObject(unknown);
    expect(provider.count('token')).toBe(0);
  });

  it.each([
    ['500', status(500)],
    ['404', status(404)],
    ['a page', status(200)],
    ['a reset', reset],
    ['a hang', hang],
  ] as [string, TinyHandler][])('when the keys for its ID token cannot be had: %s', async (_case, handler) => {
    provider.tokens({ refresh_token: 'canary-new-refresh', id_token: await provider.idToken({ nonce: undefined }) });
    provider.answer('jwks', handler);
    const { outcome, rotations } = await refresh({ requestTimeout: secondsOf(0.3) });
    expect(outcome).toMatchObject({ ...unknown, detail: expect.stringContaining('keys') });
    expect(rotations).toEqual(['canary-new-refresh']);
  });
});

function halfAnAnswer(...[request, response]: Parameters<TinyHandler>): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 500 });
  response.write('{"access_token":"a"', () => request.socket.resetAndDestroy());
}
