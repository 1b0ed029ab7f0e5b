import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrub } from './scrub.ts';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const opaque = 'k1.Xq3vT0mZ7Lr9Kc2Wb5Nd8Yf1Gh4Js6Pa0Qe3Ru7Ti2'; // 43 characters after the key id
const session = opaque.slice(3);

describe('scrub', () => {
  it.each([
    ['a JWT', `bad token ${jwt} seen`, jwt],
    ['a JWT alone', jwt, jwt],
    ['a Bearer token', 'Authorization was Bearer abc.def~123', 'abc.def~123'],
    ['Basic credentials', 'used Basic YWxpY2U6cGFzcw==', 'YWxpY2U6cGFzcw'],
    ['an Authorization header', 'authorization: DPoP short1', 'short1'],
    ['a Cookie header', 'cookie: theme=dark; sid=12', 'sid=12'],
    ['a Set-Cookie header as JSON', '{"set-cookie":"sid=12; Path=/"}', 'sid=12'],
    ['an authorization code in a query', '/callback?code=4%2F0Ab&state=xyz', '4%2F0Ab'],
    ['a state', 'state=xyz', 'xyz'],
    ['a code in JSON', '{"code":"SplxlOBeZQQYbYS6WxSbIA"}', 'SplxlOBeZQQYbYS6WxSbIA'],
    ['a verifier', 'code_verifier=dBjftJeZ4CVP', 'dBjftJeZ4CVP'],
    ['a refresh token in JSON', '{"refresh_token": "r1"}', 'r1'],
    ['a client secret', "client_secret='hunter2'", 'hunter2'],
    ['a password in a URL', 'connect redis://:hunter2@10.0.0.1:6379/0', 'hunter2'],
    ['user and password in a URL', 'https://alice:hunter2@example.com/x', 'hunter2'],
    ['the query of a URL', 'GET https://app.example.com/a?secretish=hunter2', 'hunter2'],
    ['the fragment of a URL', 'https://app.example.com/a#hunter2', 'hunter2'],
    ['a session cookie', `__Host-sallyport=${opaque}`, session],
    ['an opaque value', `value ${session} here`, session],
    ['hex', 'digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b', '9f86d081884c7d65'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----', 'MC4CAQ'],
    ['a private key cut short', '-----BEGIN PRIVATE KEY-----\nMC4CAQ', 'MC4CAQ'],
  ])('takes out %s (G8)', (_name, text, secret) => {
    const scrubbed = scrub(text);
    expect(scrubbed).toContain('[redacted]');
    expect(scrubbed).not.toContain(secret);
  });

  it.each([
    'connect ECONNREFUSED 127.0.0.1:6379',
    'GET https://idp.example.com/.well-known/openid-configuration failed',
    'the store did not carry out find',
    '    at file:///app/src/flows/begin-login-with-a-very-long-name-of-a-file.ts:12:3',
    'ERR_HTTP2_INVALID_CONNECTION_HEADERS_AND_MORE_WORDS',
    '7d9f2c1e-4a54-4a3c-9a55-2f5f0f6f7a11',
    'invalid_grant',
    'the response has status code 400',
  ])('leaves %j readable', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it('takes a token out wherever it stands', () => {
    const token = fc.constantFrom(jwt, session, `Bearer ${session}`);
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), token, fc.string({ maxLength: 20 }), (before, secret, after) => {
        expect(scrub(`${before} ${secret} ${after}`)).not.toContain(secret);
      }),
    );
  });

  it('takes time in proportion to the text', () => {
    const long = scrub(
      `${'a='.repeat(50_000)}${'-----BEGIN '.repeat(5000)}${'eyJ'.repeat(20_000)}${'x://'.repeat(20_000)}`,
    );
    expect(long.length).toBeGreaterThan(0);
  }, 2000);
});
