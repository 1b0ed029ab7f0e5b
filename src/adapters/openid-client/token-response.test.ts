import type { TokenEndpointResponse } from 'openid-client';
import { describe, expect, it } from 'vitest';
import { epochMillisecondsOf, epochSecondsOf } from '../../core/time.ts';
import { readTokenResponse } from './token-response.ts';

const now = epochSecondsOf(1_767_225_600);
/** Whole seconds count, so that no token is believed to live longer than it does. */
const receivedAt = epochMillisecondsOf(now * 1000 + 999);

function read(changes: Partial<TokenEndpointResponse>) {
  const response: TokenEndpointResponse = { access_token: 'token', token_type: 'bearer', expires_in: 3600, ...changes };
  return readTokenResponse(response, receivedAt);
}

function expiresAt(expires_in: number | undefined) {
  const { expires_in: _gone, ...without } = { access_token: 'token', token_type: 'bearer' as const, expires_in };
  const answer = readTokenResponse(expires_in === undefined ? without : { ...without, expires_in }, receivedAt);
  return answer.kind === 'tokens' ? answer.tokenSet.expiresAt : answer.detail;
}

describe('readTokenResponse (RFC 6749 §5.1)', () => {
  it('reads what there is, by our own clock', () => {
    const answer = read({ refresh_token: 'r', id_token: 'i', scope: 'openid' });
    if (answer.kind !== 'tokens') throw new Error(answer.detail);
    const { accessToken, refreshToken, idToken, ...rest } = answer.tokenSet;
    expect([accessToken.reveal(), refreshToken?.reveal(), idToken?.reveal()]).toEqual(['token', 'r', 'i']);
    expect(rest).toEqual({ obtainedAt: receivedAt, expiresAt: now + 3600, scope: 'openid' });
  });

  it('counts the lifetime from when it asked: nobody knows when after that the token began', () => {
    const askedAt = epochMillisecondsOf(receivedAt - 2000);
    const response: TokenEndpointResponse = { access_token: 'token', token_type: 'bearer', expires_in: 5 };
    const answer = readTokenResponse(response, receivedAt, askedAt);
    expect(answer).toMatchObject({ tokenSet: { obtainedAt: receivedAt, expiresAt: now + 3 } });
  });

  it('knows no refresh token that is empty', () => {
    const answer = read({ refresh_token: '' });
    expect(answer).toMatchObject({ tokenSet: { refreshToken: undefined, idToken: undefined } });
  });

  it.each([
    [60, now + 60],
    [1, now + 1],
    [1.9, now + 1],
    [1e99, now + 366 * 86_400],
    [Number.POSITIVE_INFINITY, now + 366 * 86_400],
    [undefined, undefined],
  ])('with expires_in %j the token ends at %j: no immortal token (F9)', (expiresIn, end) => {
    expect(expiresAt(expiresIn)).toBe(end);
  });

  it.each([0, 0.5, -1, -1e99, Number.NaN])(
    'has no use for a token that lives %j s: the browser would go in circles (F9)',
    (expiresIn) => {
      expect(read({ expires_in: expiresIn })).toMatchObject({ kind: 'unusable' });
    },
  );

  it.each(['dpop', 'mac', 'n_a', ''])('has no use for token_type %j (F8)', (type) => {
    expect(read({ token_type: type as 'dpop' })).toMatchObject({ kind: 'unusable' });
  });

  it.each(['', 'a b', 'a\r\nX: y', 'a\0', 'tök', 'a,b', 'a=b', '"a"'])(
    'has no use for the access token %j, which no header could carry (H16, RFC 6750 §2.1)',
    (token) => {
      const answer = read({ access_token: token });
      expect(answer.kind).toBe('unusable');
    },
  );

  it.each(['a', 'A-Z._~+/09==', 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'])('takes the access token %j', (token) => {
    expect(read({ access_token: token }).kind).toBe('tokens');
  });
});
