import { describe, expect, it } from 'vitest';
import { problemOfSharedKey } from '../../../adapters/node-crypto/shared-key.ts';
import type { OauthAgentSettings } from '../../../modes/oauth-agent/settings.ts';
import { loadOauthAgent, unchangeable } from './load.ts';

const environment = {
  CLIENT_ID: 'spa',
  CLIENT_SECRET: 'canary-secret',
  REDIRECT_URI: 'https://www.example.com/',
  TRUSTED_WEB_ORIGIN: 'https://www.example.com',
  COOKIE_DOMAIN: 'api.example.com',
  COOKIE_ENCRYPTION_KEY: '00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978',
  ISSUER: 'https://login.example.com',
};

async function load(variables: Readonly<Record<string, string>> = {}) {
  const read = await loadOauthAgent({ ...environment, ...variables });
  if (read.kind === 'failed') throw new Error(JSON.stringify(read.problems));
  return read;
}

describe('a configuration straight from the environment of an OAuth agent', () => {
  it('is the one that the import writes, with its secrets read', async () => {
    const { loaded } = await load();
    const { config } = loaded;
    expect(config.origins).toEqual(['https://api.example.com']);
    expect(config.providers.get('login')?.clientSecret?.reveal()).toBe('canary-secret');
    const settings = config.modes.get('agent')?.settings as OauthAgentSettings; // the mode is the agent's
    expect(settings.version1?.key.reveal()).toBe(environment.COOKIE_ENCRYPTION_KEY);
    expect(config.reload.watch).toBe(false);
  });

  it('has the same key ring on every replica, another for another key, and none that shows the key', async () => {
    const ring = async (variables?: Readonly<Record<string, string>>) =>
      (await load(variables)).loaded.config.keys.reveal();
    const other = { COOKIE_ENCRYPTION_KEY: environment.COOKIE_ENCRYPTION_KEY.replace('00', '01') };
    expect(await ring()).toBe(await ring({ COOKIE_ENCRYPTION_KEY: environment.COOKIE_ENCRYPTION_KEY.toUpperCase() }));
    expect(await ring(other)).not.toBe(await ring());
    const { keys } = JSON.parse(await ring());
    expect(Buffer.from(keys[0].secret, 'base64url').toString('hex')).not.toBe(environment.COOKIE_ENCRYPTION_KEY);
  });

  it('says of itself whether two replicas have the same, and holds no secret where that is said', async () => {
    const digest = async (variables?: Readonly<Record<string, string>>) => (await load(variables)).loaded.files;
    expect(await digest({ CLIENT_SECRET: 'another' })).toEqual(await digest());
    expect(await digest({ CLIENT_ID: 'another' })).not.toEqual(await digest());
  });

  it.each([
    ['CLIENT_SECRET', '', 'a required variable is missing: our secret at the provider', 'set it: there is no default'],
    ['REDIRECT_URI', 'https://evil.example.com/', 'expected a page of one of TRUSTED_WEB_ORIGIN', undefined],
    ['REDIRECT_URI', 'http://www.example.com/', 'expected an https URL', undefined],
    ['POST_LOGOUT_REDIRECT_URI', '/', 'expected an https URL', undefined],
    ['TRUSTED_WEB_ORIGIN', 'https://www.example.com/', 'expected scheme://host', undefined],
    ['COOKIE_NAME_PREFIX', 'Shop', 'expected up to 32 lower-case letters', undefined],
    ['COOKIE_DOMAIN', 'https://api.example.com', 'expected', undefined],
    ['COOKIE_BASE_PATH', 'agent', 'expected a path such as', undefined],
    ['SCOPE', 'profile', 'expected openid among the scopes', 'add openid'],
    ['ISSUER', 'login.example.com', 'expected an http or https URL', undefined],
    ['TOKEN_ENDPOINT', 'token', 'expected an http or https URL', undefined],
    ['SALLYPORT_ORIGINS', 'api.example.com', 'expected scheme://host', 'write https://api.example.com'],
    ['SALLYPORT_LISTEN_AUTHZ', '0.0.0.0:4180', 'expected a loopback address', 'listen on 127.0.0.1:port or unix:/path'],
    ['SALLYPORT_LISTEN_HTTP', '0.0.0.0:4181', 'expected a loopback address', 'for TLS write a file'],
    ['SALLYPORT_LISTEN_OPS', '127.0.0.1:4199', 'SALLYPORT_LISTEN_HTTP has the same address', undefined],
  ])('refuses %s=%s and names the variable', async (name, value, problem, suggestion) => {
    const read = await loadOauthAgent({ ...environment, SALLYPORT_LISTEN_HTTP: '127.0.0.1:4199', [name]: value });
    if (read.kind === 'ok') throw new Error('there is a configuration');
    expect(read.problems.map(({ subject }) => subject)).toContain(name);
    const told = JSON.stringify(read.problems);
    expect(told).toContain(problem);
    if (suggestion !== undefined) expect(told).toContain(suggestion);
    expect(told).not.toContain('canary');
  });

  it('warns in the words of the environment', async () => {
    const { loaded } = await load({ ISSUER: 'http://idp.example.com', SALLYPORT_ALLOW_HTTP: 'true' });
    expect(loaded.warnings).toMatchObject([{ path: 'SALLYPORT_ALLOW_HTTP', suggestion: 'use https and remove it' }]);
  });

  it('refuses variables that do not work together, and names the one to change', async () => {
    const read = await loadOauthAgent({ ...environment, SALLYPORT_ORIGINS: 'https://www.example.com' });
    expect(read).toMatchObject({
      kind: 'failed',
      problems: [
        {
          subject: 'COOKIE_DOMAIN',
          problem: expect.stringContaining('browsers take no such cookie'),
          suggestion: 'write the host of SALLYPORT_ORIGINS, or a domain above all of them',
        },
      ],
    });
  });

  it('says once that an application on the origin of its APIs needs no CORS', async () => {
    const { loaded, remarks } = await load({ COOKIE_DOMAIN: 'www.example.com' });
    expect(loaded.warnings).toMatchObject([
      {
        path: 'CORS_ENABLED',
        problem: expect.stringMatching(/^a trusted origin is where the APIs are/),
        suggestion: expect.stringMatching(/^set it to false/),
      },
    ]);
    expect(JSON.stringify(remarks)).not.toContain('CORS');
  });

  it('cannot be reloaded, and says why', async () => {
    const { loaded } = await load();
    expect(unchangeable(loaded)).toMatchObject({
      kind: 'invalid',
      errors: [{ file: 'environment', problem: expect.stringContaining('cannot change while it runs') }],
    });
  });
});

describe('a key that is shared with other programs', () => {
  it.each([
    [environment.COOKIE_ENCRYPTION_KEY, undefined],
    ['', 'expected 64 hexadecimal digits'],
    [`${environment.COOKIE_ENCRYPTION_KEY}\n`, 'expected 64 hexadecimal digits'],
    ['0'.repeat(64), 'weak key, too few different bytes'],
    ['0123456789abcdef'.repeat(4), 'weak key, too few different bytes'],
  ])('%j', (key, problem) => {
    expect(problemOfSharedKey(key)).toBe(problem);
  });
});
