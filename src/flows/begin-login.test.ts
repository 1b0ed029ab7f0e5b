import { describe, expect, it } from 'vitest';
import { fakeAuthorizationServer } from '../../test/support/fake-authorization-server.ts';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { scriptedRandom } from '../../test/support/scripted-random.ts';
import { newKeyRing } from '../adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../adapters/node-crypto/sealer.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { codeChallengeOf } from '../core/oauth/pkce.ts';
import { decodeLoginAttempt } from '../core/session/login-attempt.ts';
import { secondsOf } from '../core/time.ts';
import { beginLogin, bindingHashOf, bindingSecretOf, type LoginStart } from './begin-login.ts';

const clock = fixedClock();
const sealer = createSealer(newKeyRing(systemRandom, clock.now()), systemRandom);
const start: LoginStart = {
  instance: 'web',
  origin: 'https://app.example.com',
  returnTo: '/app?x=1#top',
  redirectUri: 'https://app.example.com/_auth/callback',
  bindingSecret: 'b'.repeat(43),
  attemptLifetime: secondsOf(600),
};

function base64url(byte: number, length: number): string {
  return Buffer.alloc(length, byte).toString('base64url');
}

describe('beginLogin', () => {
  it('sends state, nonce and an S256 challenge, and keeps all that it needs sealed in state (RFC 9700 §2.1.1)', async () => {
    const authorizationServer = fakeAuthorizationServer({ now: clock.now });
    const begun = await beginLogin(start, { authorizationServer, sealer, clock, random: scriptedRandom() });
    const query = new URL(begun.kind === 'url' ? begun.url : '').searchParams;
    const opened = sealer.open('login-attempt', query.get('state') ?? '', 'web');
    const attempt = opened === undefined ? undefined : decodeLoginAttempt(opened);
    expect(attempt).toEqual({
      id: base64url(1, 16),
      instance: 'web',
      provider: 'idp',
      origin: 'https://app.example.com',
      nonce: base64url(2, 32),
      codeVerifier: base64url(3, 32),
      returnTo: '/app?x=1#top',
      bindingHash: bindingHashOf(start.bindingSecret),
      expiresAt: clock.now() + 600,
    });
    expect(attempt?.codeVerifier).toMatch(/^[A-Za-z0-9_-]{43}$/); // RFC 7636 §4.1
    expect(query.get('nonce')).toBe(attempt?.nonce);
    expect(query.get('code_challenge')).toBe(codeChallengeOf(base64url(3, 32)));
    expect(query.get('code_challenge_method')).toBe('S256');
    expect(query.get('redirect_uri')).toBe('https://app.example.com/_auth/callback');
    expect(query.toString()).not.toContain(base64url(3, 32));
    expect(query.toString()).not.toContain(start.bindingSecret);
  });

  it('never sends the same request twice', async () => {
    const ports = {
      authorizationServer: fakeAuthorizationServer({ now: clock.now }),
      sealer,
      clock,
      random: systemRandom,
    };
    const begun = await Promise.all(Array.from({ length: 20 }, () => beginLogin(start, ports)));
    expect(new Set(begun.map((each) => (each.kind === 'url' ? each.url : ''))).size).toBe(20);
  });

  it('says so when the provider cannot be asked', async () => {
    const authorizationServer = fakeAuthorizationServer({ now: clock.now });
    authorizationServer.setReachable(false);
    const begun = await beginLogin(start, { authorizationServer, sealer, clock, random: systemRandom });
    expect(begun.kind).toBe('unavailable');
  });
});

describe('bindingSecretOf', () => {
  it('keeps the secret that the browser has, so that its tabs share one (L10, L11)', () => {
    const secret = base64url(9, 32);
    expect(bindingSecretOf(secret, scriptedRandom())).toEqual({ secret, isNew: false });
  });

  it.each([undefined, '', 'short', 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}=`, `${'x'.repeat(42)} `])(
    'makes a new one of 32 bytes in place of %j',
    (cookie) => {
      expect(bindingSecretOf(cookie, scriptedRandom())).toEqual({ secret: base64url(1, 32), isNew: true });
    },
  );
});
