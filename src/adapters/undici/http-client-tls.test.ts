import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, type KeyPair, type TestAuthority } from '../../../test/support/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../../test/support/connect-proxy.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import { createHttpClient, type HttpClientOptions } from './http-client.ts';

let authority: TestAuthority;
let clientPair: KeyPair;
let provider: TinyProvider;
let proxy: ConnectProxy;
beforeAll(async () => {
  authority = await createAuthority('provider');
  const { certificate: cert, privateKey: key } = await authority.issue('localhost');
  clientPair = await authority.issue('sallyport');
  const tls = { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
  provider = await startTinyProvider(undefined, tls);
  proxy = await startConnectProxy();
});
afterAll(async () => {
  await provider.stop();
  await proxy.stop();
  await authority.remove();
});
beforeEach(() => proxy.answerConnect('tunnel'));

function client(changes: Partial<HttpClientOptions> = {}) {
  return createHttpClient({
    timeout: secondsOf(2),
    maxBytes: 10_000,
    allowHttp: false,
    reroute: undefined,
    ca: authority.certificate,
    clientCertificate: undefined,
    proxy: undefined,
    ...changes,
  });
}

const get = { method: 'GET', headers: { authorization: 'Bearer canary-token' } };

describe('TLS', () => {
  it('believes the operator’s authority, and shows no certificate that nobody configured', async () => {
    expect((await client().fetch(`${provider.origin}/jwks`, get)).status).toBe(200);
    expect(provider.requests.at(-1)).toMatchObject({ endpoint: 'jwks', clientName: undefined });
  });

  it('believes no server of an unknown authority, whatever allowHttp says', async () => {
    const before = provider.requests.length;
    for (const allowHttp of [false, true]) {
      const request = client({ ca: undefined, allowHttp }).fetch(`${provider.origin}/jwks`, get);
      await expect(request).rejects.toThrow(/fetch failed/);
    }
    expect(provider.requests).toHaveLength(before);
  });

  it('believes no certificate of another name', async () => {
    const elsewhere = provider.origin.replace('127.0.0.1', '127.0.0.2');
    await expect(client().fetch(`${elsewhere}/jwks`, get)).rejects.toThrow();
  });

  it('shows the client certificate (RFC 8705 §2)', async () => {
    const { certificate, privateKey } = clientPair;
    const clientCertificate = { certificate, privateKey: new Secret(privateKey) };
    await client({ clientCertificate }).fetch(`${provider.origin}/jwks`, get);
    expect(provider.requests.at(-1)?.clientName).toBe('sallyport');
    await client({ clientCertificate, proxy: proxy.url }).fetch(`${provider.origin}/jwks`, get);
    expect(provider.requests.at(-1)?.clientName).toBe('sallyport');
  });

  it('sends nothing over plain HTTP unless it is allowed (I3)', async () => {
    const plain = await startTinyProvider();
    const refusal = client().fetch(`${plain.origin}/jwks?code=canary`, get);
    await expect(refusal).rejects.toThrow(`${plain.origin} is not https, and allowHttp is not set`);
    await expect(client({ allowHttp: true }).fetch('ftp://127.0.0.1/x', get)).rejects.toThrow('is not https');
    expect(plain.requests).toHaveLength(0);
    expect((await client({ allowHttp: true }).fetch(`${plain.origin}/jwks`, get)).status).toBe(200);
    await plain.stop();
  });
});

describe('the egress proxy', () => {
  it('is asked for a tunnel, in which TLS is the provider’s own', async () => {
    const before = proxy.targets.length;
    expect((await client({ proxy: proxy.url }).fetch(`${provider.origin}/jwks`, get)).status).toBe(200);
    expect(proxy.targets.slice(before)).toEqual([new URL(provider.origin).host]);
  });

  it('does not stand in for the provider: its authority counts inside the tunnel too', async () => {
    const distrustful = client({ proxy: proxy.url, ca: undefined });
    await expect(distrustful.fetch(`${provider.origin}/jwks`, get)).rejects.toThrow();
  });

  it('gets plain HTTP as an absolute target', async () => {
    const plain = client({ proxy: proxy.url, allowHttp: true });
    await plain.fetch('http://idp.example/jwks', { method: 'GET', headers: {} });
    expect(proxy.targets.at(-1)).toBe('http://idp.example/jwks');
  });

  it.each(['nothing', 407, 503] as const)('that answers %s is an error, in bounded time (I1)', async (answer) => {
    proxy.answerConnect(answer);
    const impatient = client({ proxy: proxy.url, timeout: secondsOf(0.3) });
    const failure: unknown = await impatient.fetch(`${provider.origin}/jwks?code=canary`, get).catch((error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String((failure as Error).stack) + String((failure as Error).cause)).not.toContain('canary');
  });

  it('that is not there is an error', async () => {
    const gone = await startConnectProxy();
    await gone.stop();
    await expect(client({ proxy: gone.url }).fetch(`${provider.origin}/jwks`, get)).rejects.toThrow();
  });
});

describe('close', () => {
  it('lets what is in flight end, and starts nothing more', async () => {
    const http = client();
    const running = http.fetch(`${provider.origin}/jwks`, get);
    http.close();
    expect((await running).status).toBe(200);
    await expect(http.fetch(`${provider.origin}/jwks`, get)).rejects.toThrow('was replaced');
  });

  it('is nothing to a client that was never used', () => {
    expect(() => client().close()).not.toThrow();
  });
});
