import { describe, expect, it } from 'vitest';
import { sessionRequirements } from './requirements.ts';
import { sessionSettings } from './settings.ts';

describe('the settings of a session instance', () => {
  it('are safe when only the provider is named', () => {
    expect(sessionSettings.parse({ provider: 'idp' })).toEqual({
      provider: ['idp'],
      state: 'store',
      basePath: '/_auth',
      cookie: { name: 'sallyport', insecureHttp: false },
      idleLifetime: 3600,
      healCooldown: 30,
      absoluteLifetime: 12 * 3600,
      attemptLifetime: 600,
      headers: { 'X-Auth-Request-User': 'sub', 'X-Auth-Request-Email': 'email', 'X-Auth-Request-Name': 'name' },
      groupsClaim: 'groups',
      forwardAccessToken: true,
    });
  });

  it.each<[unknown, string]>([
    [{}, 'no provider'],
    [{ provider: '' }, 'an empty provider'],
    [{ provider: [] }, 'an empty list of providers'],
    [{ provider: ['idp', 'idp'] }, 'a provider twice'],
    [{ provider: 'idp', state: 'redis' }, 'a state that there is not'],
    [{ provider: 'idp', maxSessionsPerUser: 0 }, 'a limit that lets nobody in'],
    [{ provider: 'idp', state: 'sealed', maxSessionsPerUser: 3 }, 'a limit of sessions that cannot be counted'],
    [{ provider: 'idp', unknown: 1 }, 'an unknown key'],
    [{ provider: 'idp', basePath: '_auth' }, 'a relative base path'],
    [{ provider: 'idp', basePath: '/_auth/' }, 'a base path with a slash at its end'],
    [{ provider: 'idp', basePath: '/../x' }, 'a base path with dots'],
    [{ provider: 'idp', cookie: { name: '__Host-x' } }, 'a prefix in the cookie name'],
    [{ provider: 'idp', cookie: { name: 'a b' } }, 'a blank in the cookie name'],
    [{ provider: 'idp', cookie: { name: 'a'.repeat(33) } }, 'a long cookie name'],
    [{ provider: 'idp', idleLifetime: 60 }, 'a lifetime without a unit'],
    [{ provider: 'idp', idleLifetime: '0s' }, 'no lifetime'],
  ])('refuse %j: %s (G7)', (settings) => {
    expect(sessionSettings.safeParse(settings).success).toBe(false);
  });

  it.each([
    'Host',
    'cookie',
    'Authorization',
    'Proxy-Authorization',
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'TE',
    'Trailer',
    'Upgrade',
    'Via',
    'X-Envoy-Attempt-Count',
    'X-Sallyport-Start',
    'X_Auth_User',
    'X Auth',
    ':path',
    '',
    '__proto__x',
  ])('refuse the header %j for a claim (G7)', (name) => {
    expect(sessionSettings.safeParse({ provider: 'idp', headers: { [name]: 'sub' } }).success).toBe(false);
  });

  it('refuse one header under two spellings: a claim that users choose could take the place of another (G7)', () => {
    const headers = { 'X-User': 'sub', 'x-user': 'nickname' };
    expect(sessionSettings.safeParse({ provider: 'idp', headers }).success).toBe(false);
  });
});

describe('what a rule may require of a session', () => {
  it('is nothing, or lists that are not empty', () => {
    expect(sessionRequirements.parse({})).toEqual({});
    expect(sessionRequirements.parse({ groups: ['a'] })).toEqual({ groups: ['a'] });
    expect(sessionRequirements.parse({ optional: true })).toEqual({ optional: true });
    for (const wrong of [
      { optional: false },
      { optional: true, groups: ['a'] },
      { optional: true, providers: ['a'] },
      { groups: [] },
      { emails: [''] },
      { domains: 'corp.example' },
      { users: ['a'] },
    ]) {
      expect(sessionRequirements.safeParse(wrong).success).toBe(false);
    }
  });
});
