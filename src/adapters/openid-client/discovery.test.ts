import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { fixedClock } from '../../../test/support/fixed-clock.ts';
import { recordingTelemetry } from '../../../test/support/recording-telemetry.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { createDiscovery, detailOf, type ProviderOptions } from './discovery.ts';

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
  const options: ProviderOptions = {
    name: 'idp',
    issuer: provider.origin,
    clientId: provider.clientId,
    clientSecret: new Secret('canary-client-secret'),
    scopes: ['openid'],
    allowHttp: true,
    backChannelUrl: undefined,
    allowUnverifiedEmail: false,
    requestTimeoutMs: 300,
    ...changes,
  };
  return createDiscovery(options, { clock, telemetry });
}

async function detail(changes: Partial<ProviderOptions> = {}): Promise<string> {
  const found = await newDiscovery(changes).configuration();
  return 'kind' in found ? found.detail : 'found';
}

describe('discovery (OpenID Connect Discovery 1.0 §4)', () => {
  it('asks when first needed, once however many ask, and never again', async () => {
    const discovery = newDiscovery();
    expect(discovery.status()).toBe('not_asked');
    expect(provider.count('discovery')).toBe(0);
    const found = await Promise.all(Array.from({ length: 20 }, () => discovery.configuration()));
    expect(found.every((each) => !('kind' in each))).toBe(true);
    await discovery.configuration();
    expect(provider.count('discovery')).toBe(1);
    expect(discovery.status()).toBe('ready');
    expect(telemetry.events).toEqual([{ name: 'provider_discovered', fields: { provider: 'idp' } }]);
  });

  it('asks again after a second, not sooner, when the provider was down', async () => {
    const discovery = newDiscovery();
    provider.answer('discovery', status(500));
    expect(await discovery.configuration()).toMatchObject({ kind: 'unavailable' });
    expect(discovery.status()).toBe('unavailable');
    provider.answer('discovery', undefined);
    expect(await discovery.configuration()).toMatchObject({ kind: 'unavailable' });
    expect(provider.count('discovery')).toBe(1);
    clock.advance(1);
    expect('kind' in (await discovery.configuration())).toBe(false);
    expect(discovery.status()).toBe('ready');
    expect(telemetry.names()).toEqual(['provider_unavailable', 'provider_discovered']);
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
    const begun = performance.now();
    expect(await detail()).not.toBe('found');
    expect(performance.now() - begun).toBeLessThan(2000);
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
    expect(await detail()).not.toBe('found');
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

  it('tells the log no secret (G8)', async () => {
    provider.answer('discovery', status(500));
    await newDiscovery().configuration();
    expect(telemetry.text()).not.toContain('canary');
  });
});

describe('detailOf', () => {
  it.each([
    [new Error('a'), 'a'],
    [new Error('a', { cause: new Error('b', { cause: new Error('c') }) }), 'a: b: c'],
    [new Error('a', { cause: { access_token: 'canary' } }), 'a'],
    [new Error('a', { cause: new SyntaxError('"canary" is not valid JSON') }), 'a: it is no JSON'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('says of %s: %s', (error, text) => {
    expect(detailOf(error)).toBe(text);
  });
});
