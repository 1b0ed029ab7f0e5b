import { describe, expect, it } from 'vitest';
import { oauthAgentRequirements } from './requirements.ts';
import { oauthAgentSettings } from './settings.ts';

const least = { provider: 'idp', redirectUri: 'https://app.example.com/callback' };
const key = { env: 'COOKIE_ENCRYPTION_KEY' };

describe('the settings of an agent', () => {
  it('are safe when provider and redirect URI are named alone', () => {
    expect(oauthAgentSettings.parse(least)).toEqual({
      ...least,
      state: 'store',
      basePath: '/oauth-agent',
      endpoints: {
        loginStart: '/login/start',
        loginEnd: '/login/end',
        userInfo: '/userInfo',
        claims: '/claims',
        refresh: '/refresh',
        logout: '/logout',
        session: '/session',
        openapi: '/openapi.json',
        backChannelLogout: '/backchannel-logout',
        frontChannelLogout: '/frontchannel-logout',
      },
      cors: {
        enabled: false,
        allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allowHeaders: [],
        exposeHeaders: [],
        maxAge: 86_400,
      },
      cookie: { prefix: 'example', hostOnly: true, insecureHttp: false },
      absoluteLifetime: 12 * 3600,
      idleLifetime: 3600,
      attemptLifetime: 600,
      healCooldown: 30,
      phantomTokens: false,
    });
  });

  it('always have an idle lifetime, as written or an hour', () => {
    expect(oauthAgentSettings.parse({ ...least, idleLifetime: '30m' }).idleLifetime).toBe(1800);
    expect(oauthAgentSettings.parse({ ...least, state: 'sealed' }).idleLifetime).toBe(3600);
  });

  it.each<[object, boolean]>([
    [{}, true],
    [{ cookie: { prefix: 'shop' } }, true],
    [{ cookie: { hostOnly: false } }, false],
    [{ cookie: { domain: 'example.com' } }, false],
    [{ cookie: { basePath: '/x' } }, false],
    [{ cookie: { insecureHttp: true } }, false],
    [{ state: 'sealed' }, false],
    [{ state: 'sealed', version1: { key } }, false],
    [{ state: 'sealed', cookie: { hostOnly: true } }, true],
  ])('keep other hosts from setting the cookies wherever that costs nothing: %j, %j', (settings, hostOnly) => {
    expect(oauthAgentSettings.parse({ ...least, ...settings }).cookie.hostOnly).toBe(hostOnly);
  });

  it.each([
    [{ trustedOrigins: ['https://app.example.com', 'http://localhost:5173'] }],
    [{ trustedOrigins: ['https://app.example.com', 'http://www.example.local'], cookie: { insecureHttp: true } }],
    [{ state: 'sealed', version1: { key } }],
    [{ state: 'sealed', version1: { key, write: false }, cookie: { domain: 'example.com', basePath: '/x' } }],
    [{ cookie: { hostOnly: true } }],
    [{ redirectUri: 'http://localhost:5173/callback' }],
    [{ cors: { enabled: true, allowHeaders: ['x-token'], exposeHeaders: ['x-total'], allowMethods: ['GET'] } }],
  ])('can be %j', (settings) => {
    expect(oauthAgentSettings.safeParse({ ...least, ...settings }).error?.issues).toBeUndefined();
  });

  it.each<[object, string, string]>([
    [{ provider: '' }, 'provider', ''],
    [{ unknown: 1 }, '', 'unknown'],
    [{ state: 'redis' }, 'state', ''],
    [{ state: 'sealed', idleLifetime: '1h' }, 'idleLifetime', 'nothing notes'],
    [{ state: 'sealed', maxSessionsPerUser: 3 }, 'maxSessionsPerUser', 'cannot be counted'],
    [{ version1: { key } }, 'version1', 'expected state: sealed'],
    [{ state: 'sealed', version1: { key: 'f'.repeat(64) } }, 'version1.key', 'reference to a secret'],
    [{ state: 'sealed', version1: { key }, cookie: { hostOnly: true } }, 'cookie.hostOnly', 'version1'],
    [{ cookie: { hostOnly: true, domain: 'example.com' } }, 'cookie.domain', 'hostOnly'],
    [{ cookie: { hostOnly: true, basePath: '/x' } }, 'cookie.basePath', 'hostOnly'],
    [{ cookie: { hostOnly: true, insecureHttp: true } }, 'cookie.hostOnly', 'insecureHttp'],
    [{ cookie: { prefix: '__Host-x' } }, 'cookie.prefix', 'lower-case'],
    [{ cookie: { prefix: 'a'.repeat(33) } }, 'cookie.prefix', 'lower-case'],
    [{ cookie: { domain: '.example.com' } }, 'cookie.domain', 'host name'],
    [{ cookie: { domain: 'example.com; Secure' } }, 'cookie.domain', 'host name'],
    [{ cookie: { basePath: '/' } }, 'cookie.basePath', 'expected a path'],
    [{ redirectUri: 'http://app.example.com/callback' }, 'redirectUri', 'https'],
    [{ redirectUri: 'https://app.example.com/callback?a=1' }, 'redirectUri', 'no query'],
    [{ redirectUri: 'https://app.example.com' }, 'redirectUri', 'https://app.example.com/'],
    [{ redirectUri: 'https://APP.example.com/callback' }, 'redirectUri', 'as browsers write it'],
    [{ redirectUri: 'https://app.example.com/callback#a' }, 'redirectUri', 'fragment'],
    [{ redirectUri: '/callback' }, 'redirectUri', 'https'],
    [{ postLogoutRedirectUri: 'javascript:1' }, 'postLogoutRedirectUri', 'https'],
    [{ trustedOrigins: [] }, 'trustedOrigins', ''],
    [{ trustedOrigins: ['https://other.example'] }, 'redirectUri', 'trustedOrigins'],
    [{ trustedOrigins: ['https://app.example.com/'] }, 'trustedOrigins.0', 'without a path'],
    [{ trustedOrigins: ['https://APP.example.com'] }, 'trustedOrigins.0', 'as a browser writes it'],
    [{ trustedOrigins: ['https://app.example.com:443'] }, 'trustedOrigins.0', 'as a browser writes it'],
    [{ trustedOrigins: ['*'] }, 'trustedOrigins.0', 'scheme'],
    [{ trustedOrigins: ['null'] }, 'trustedOrigins.0', 'scheme'],
    [{ trustedOrigins: ['https://*.example.com'] }, 'trustedOrigins.0', 'no wildcards'],
    [{ trustedOrigins: ['https://app.example.com', 'http://www.example.com'] }, 'trustedOrigins.1', 'expected https'],
    [{ cors: { allowHeaders: ['*'] } }, 'cors.allowHeaders.0', 'header name'],
    [{ cors: { exposeHeaders: ['*'] } }, 'cors.exposeHeaders.0', 'header name'],
    [{ cors: { allowMethods: ['*'] } }, 'cors.allowMethods.0', 'method'],
    [{ cors: { allowMethods: ['get'] } }, 'cors.allowMethods.0', 'upper case'],
    [{ cors: { allowHeaders: ['a, b'] } }, 'cors.allowHeaders.0', 'header name'],
    [{ endpoints: { claims: '/userInfo' } }, 'endpoints', 'each path once'],
    [{ endpoints: { claims: 'claims' } }, 'endpoints.claims', 'expected a path'],
    [{ absoluteLifetime: 60 }, 'absoluteLifetime', 'whole number with a unit'],
    [{ maxSessionsPerUser: 0 }, 'maxSessionsPerUser', ''],
  ])('cannot be %j, which is said at %j (G7)', (settings, path, text) => {
    const { error } = oauthAgentSettings.safeParse({ ...least, ...settings });
    const issues = error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
    expect(issues.filter((issue) => issue.startsWith(path) && issue.includes(text))).not.toEqual([]);
  });
});

describe('what a rule may require of an agent', () => {
  it('is nothing, or that clients may bring their own Authorization', () => {
    expect(oauthAgentRequirements.parse({})).toEqual({});
    expect(oauthAgentRequirements.parse({ clientAuthorization: true })).toEqual({ clientAuthorization: true });
    for (const wrong of [{ clientAuthorization: false }, { optional: true }]) {
      expect(oauthAgentRequirements.safeParse(wrong).success).toBe(false);
    }
  });
});
