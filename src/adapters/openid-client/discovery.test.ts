import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { fixedClock } from '../../../test/support/fixed-clock.ts';
import { recordingTelemetry } from '../../../test/support/recording-telemetry.ts';
import { registrationAt } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { until } from '../../../test/support/until.ts';
import { createProvider } from '../../app/providers.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import { detailOf } from './error-detail.ts';
import type { ProviderOptions } from './provider-options.ts';

let provider: TinyProvider;
let clock: ReturnType<typeof fixedClock>;
let telemetry: ReturnType<typeof recordingTelemetry>;
beforeEach(async () => {
  provider = await startTinyProvider();
  clock = fixedClock();
  telemetry = recordingTelemetry();
});
afterEach(async () => {
  await provider.stop();
});

function newDiscovery(changes: Partial<ProviderOptions> = {}) {
  const options = registrationAt(provider, changes);
  return createProvider(options, { clock, telemetry });
}

async function detail(changes: Partial<ProviderOptions> = {}): Promise<string> {
  const found = await newDiscovery(changes).issuer();
  return 'kind' in found ? found.detail : 'found';
}

describe('discovery (OpenID Connect Discovery 1.0 §4)', () => {
  it('asks when first needed, once however many ask, and not again while it is young', async () => {
    const discovery = newDiscovery();
    expect(discovery.status()).toBe('not_asked');
    expect(provider.count('discovery')).toBe(0);
    const found = await Promise.all(Array.from({ length: 20 }, () => discovery.issuer()));
    expect(found.every((each) => !('kind' in each))).toBe(true);
    await discovery.issuer();
    expect(provider.count('discovery')).toBe(1);
    expect(discovery.status()).toBe('ready');
    expect(telemetry.events).toEqual([{ name: 'provider_discovered', fields: { provider: 'idp' } }]);
  });

  it('asks again after a second, not sooner, when the provider was down', async () => {
    const discovery = newDiscovery();
    provider.answer('discovery', status(500));
    expect(await discovery.issuer()).toMatchObject({ kind: 'unavailable' });
    expect(discovery.status()).toBe('unavailable');
    provider.answer('discovery', undefined);
    expect(await discovery.issuer()).toMatchObject({ kind: 'unavailable' });
    expect(provider.count('discovery')).toBe(1);
    clock.advance(1);
    expect('kind' in (await discovery.issuer())).toBe(false);
    expect(discovery.status()).toBe('ready');
    expect(telemetry.names()).toEqual(['provider_unavailable', 'provider_discovered']);
  });

  it('is repeated after an hour, for which nobody waits', async () => {
    const server = newDiscovery();
    await server.issuer();
    provider.metadata({ authorization_response_iss_parameter_supported: true });
    clock.advance(3599);
    await server.issuer();
    expect(provider.count('discovery')).toBe(1);
    clock.advance(1);
    expect(await server.issuer()).toMatchObject({ sendsIss: false });
    await until('the new metadata is used', async () => {
      const found = await server.issuer();
      return 'sendsIss' in found && found.sendsIss;
    });
    expect(provider.count('discovery')).toBe(2);
  });

  it.each([
    ['is down', () => provider.answer('discovery', status(500))],
    ['became somebody else (T7)', () => provider.metadata({ issuer: 'https://evil.example' })],
    ['moved its endpoints away (I3)', () => provider.metadata({ token_endpoint: 'https://evil.example/token' })],
  ])('keeps what is known when the provider %s, and tries again after half a minute', async (_case, change) => {
    const server = newDiscovery();
    await server.issuer();
    change();
    clock.advance(3600);
    const refreshed = async (count: number) => {
      expect(await server.issuer()).toMatchObject({ issuer: provider.origin });
      await until('the failure is known', () => telemetry.names().length === count);
      expect(server.status()).toBe('ready');
    };
    await refreshed(2);
    clock.advance(29);
    await refreshed(2);
    expect(provider.count('discovery')).toBe(2);
    clock.advance(1);
    await refreshed(3);
    expect(telemetry.names()).toEqual(['provider_discovered', 'provider_unavailable', 'provider_unavailable']);
  });

  it.each([
    ['a hang', hang],
    ['a drip', drip],
    ['100 MB', flood],
    ['a gzip bomb', gzipBomb],
    ['a reset', reset],
    ['500', status(500)],
    ['404', status(404)],
    ['HTML', status(200, { 'content-type': 'text/html' })],
    ['null', json('null')],
    ['a list', json('[]')],
    ['half a JSON text', json('{"issuer":')],
    ['an empty body', json('')],
  ])('finds nothing in %s, in bounded time, without a throw (I1)', async (_fault, handler) => {
    provider.answer('discovery', handler);
    expect(await detail({ requestTimeout: secondsOf(0.3) })).not.toBe('found');
  });

  it('follows no redirect (I2)', async () => {
    provider.answer('discovery', status(302, { location: `${provider.origin}/elsewhere` }));
    expect(await detail()).not.toBe('found');
    expect(provider.count('other')).toBe(0);
  });

  it.each([
    ['another issuer', 'https://evil.example'],
    ['a path', '/other'],
    ['no issuer', undefined],
    ['a list', ['x']],
  ])('refuses metadata with %s (T7)', async (_case, issuer) => {
    provider.metadata({ issuer: issuer === '/other' ? `${provider.origin}/other` : issuer });
    expect(await detail()).toMatch(/^the metadata (?:is of another issuer: "http.*", not http|names no issuer)/);
  });

  it('takes a bare origin with or without the slash, and uses the spelling of the metadata', async () => {
    provider.metadata({ issuer: `${provider.origin}/` });
    expect(await newDiscovery().issuer()).toMatchObject({ issuer: `${provider.origin}/` });
  });

  it('finds the metadata below the path of the issuer (OpenID Connect Discovery 1.0 §4.1)', async () => {
    await detail({ issuer: `${provider.origin}/realms/main/` });
    expect(provider.requests.map(({ url }) => url)).toEqual(['/realms/main/.well-known/openid-configuration']);
  });

  it.each([[['plain']], [[]], [['s256']], [null]])(
    'refuses code_challenge_methods_supported %j: never plain (L8)',
    async (methods) => {
      provider.metadata({ code_challenge_methods_supported: methods });
      expect(await detail()).not.toBe('found');
    },
  );

  it.each([[['plain', 'S256']], [undefined]])('takes code_challenge_methods_supported %j', async (methods) => {
    provider.metadata({ code_challenge_methods_supported: methods });
    expect(await detail()).toBe('found');
  });

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])('refuses metadata without %s', async (name) => {
    provider.metadata({ [name]: undefined });
    expect(await detail()).toContain(name);
  });

  it.each(['userinfo_endpoint', 'end_session_endpoint'])('does without %s', async (name) => {
    provider.metadata({ [name]: undefined });
    expect(await detail()).toBe('found');
  });

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'end_session_endpoint'])(
    'refuses %s that is no URL of the web (I3)',
    async (name) => {
      for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '/relative', '', 7]) {
        provider.metadata({ [name]: url });
        expect(await detail()).toContain(name);
      }
    },
  );

  it.each([
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'userinfo_endpoint',
    'end_session_endpoint',
    'revocation_endpoint',
    'pushed_authorization_request_endpoint',
  ])('refuses %s of a foreign origin unless it is listed, and says how (I3)', async (name) => {
    provider.metadata({ [name]: 'http://127.0.0.1:1/x' });
    expect(await detail()).toBe(
      `${name} is on http://127.0.0.1:1, which is not the issuer's origin: if it belongs to the provider, list it in endpointOrigins`,
    );
    expect(await detail({ endpointOrigins: ['http://127.0.0.1:1'] })).toBe('found');
    provider.metadata({ [name]: `${provider.origin}@127.0.0.1:1/x` });
    expect(await detail()).toContain(name);
  });

  it('uses the endpoints that the operator wrote in place of those that it finds, wherever they are', async () => {
    provider.metadata({
      revocation_endpoint: 'http://127.0.0.1:1/revoke',
      mtls_endpoint_aliases: { token_endpoint: 'http://127.0.0.1:1/token' },
    });
    const endpoints = {
      authorization_endpoint: 'http://127.0.0.1:2/authorize?tenant=a',
      revocation_endpoint: 'http://127.0.0.1:2/revoke',
      token_endpoint: 'http://127.0.0.1:2/token',
      jwks_uri: undefined,
    };
    const clientCertificate = { certificate: '', privateKey: new Secret('') };
    expect(await detail({ clientCertificate })).toContain('revocation_endpoint is on http://127.0.0.1:1');
    expect(await detail({ endpoints, clientCertificate })).toBe('found');
    const request = { redirectUri: 'http://app/cb', state: 's', nonce: 'n', codeChallenge: 'c' };
    const found = await newDiscovery({ endpoints }).authorizationUrl({ ...request, extraParameters: new Map() });
    expect(found).toMatchObject({ url: expect.stringContaining('http://127.0.0.1:2/authorize?tenant=a&') });
    expect(provider.count('jwks')).toBe(0);
  });

  it('uses no endpoint of the operator over plain HTTP where he did not allow it (I3)', async () => {
    await provider.stop();
    provider = await startTinyProvider('https://idp.example');
    const split = { issuer: 'https://idp.example', backChannelUrl: provider.origin, allowHttp: false };
    const endpoints = { token_endpoint: 'http://idp.example/token' };
    expect(await detail({ ...split, endpoints })).toContain('token_endpoint is not an https URL');
  });

  it('still refuses the endpoints that the operator did not write (I3)', async () => {
    provider.metadata({ userinfo_endpoint: 'http://127.0.0.1:1/userinfo' });
    const endpoints = { token_endpoint: `${provider.origin}/token` };
    expect(await detail({ endpoints })).toContain('userinfo_endpoint is on http://127.0.0.1:1');
    expect(await detail({ endpoints: { ...endpoints, userinfo_endpoint: undefined } })).toContain('userinfo_endpoint');
  });

  it('looks at the endpoints for clients with a certificate only where there is one (RFC 8705 §5, I3)', async () => {
    provider.metadata({ mtls_endpoint_aliases: { token_endpoint: 'http://127.0.0.1:1/token', other: 7 } });
    expect(await detail()).toBe('found');
    const clientCertificate = { certificate: '', privateKey: new Secret('') };
    expect(await detail({ clientCertificate })).toContain(
      'mtls_endpoint_aliases.token_endpoint is on http://127.0.0.1:1',
    );
  });

  it('needs somewhere to push requests to, where they are pushed (RFC 9126 §5)', async () => {
    const missing = 'the metadata has no pushed_authorization_request_endpoint';
    expect(await detail({ pushedAuthorization: true })).toBe(missing);
    provider.metadata({ require_pushed_authorization_requests: true });
    expect(await detail()).toBe(missing);
    expect(await detail({ pushedAuthorization: false })).toBe('found');
  });

  it('uses plain HTTP only where the operator allows it (I3)', async () => {
    expect(await detail({ allowHttp: false })).not.toBe('found');
    expect(provider.requests).toHaveLength(0);
  });

  it.each(['', '/'])('asks at the back-channel URL%s in place of the issuer’s origin', async (slash) => {
    await provider.stop();
    provider = await startTinyProvider('https://idp.example');
    const split = { issuer: 'https://idp.example', backChannelUrl: `${provider.origin}${slash}`, allowHttp: false };
    expect(await detail(split)).toBe('found');
    expect(provider.requests.at(-1)?.url).toBe('/.well-known/openid-configuration');
    // The browser and the tokens still go to https alone.
    for (const name of ['authorization_endpoint', 'token_endpoint']) {
      provider.metadata({ [name]: 'http://idp.example/x' });
      expect(await detail(split)).toContain(name);
    }
  });

  it('is done without where the operator wrote the metadata, wherever its endpoints are', async () => {
    const metadata = {
      authorization_endpoint: 'http://127.0.0.1:1/authorize',
      token_endpoint: 'http://127.0.0.1:2/token',
      jwks_uri: 'http://127.0.0.1:3/jwks',
    };
    const server = newDiscovery({ metadata });
    expect(await server.issuer()).toEqual({ issuer: provider.origin, sendsIss: false });
    clock.advance(1_000_000);
    expect(await server.issuer()).toMatchObject({ issuer: provider.origin });
    expect(provider.requests).toHaveLength(0);
    expect(await detail({ metadata, allowHttp: false })).toContain('authorization_endpoint is not an https URL');
  });

  it('tells the log no secret (G8)', async () => {
    provider.answer('discovery', status(500));
    await newDiscovery().issuer();
    expect(telemetry.text()).not.toContain('canary');
  });
});

describe('detailOf', () => {
  it.each([
    [new Error('a'), 'a'],
    [new Error('a', { cause: new Error('b', { cause: new Error('c') }) }), 'a: b: c'],
    [new Error('a', { cause: { access_token: 'canary' } }), 'a'],
    [new Error('a', { cause: new Response('canary', { status: 302 }) }), 'a (302)'],
    [new Error('a', { cause: new SyntaxError('"canary" is not valid JSON') }), 'a: it is no JSON'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('says of %s: %s', (error, text) => {
    expect(detailOf(error)).toBe(text);
  });
});
