import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type KeyPair } from '../../../test/support/certificates.ts';
import { configOf, document, errorsOf, readText, warningsOf } from '../../../test/support/config-text.ts';

const issuer = 'issuer: "https://id.example.com"';
const key = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
);
const explicit =
  'authorization_endpoint: "https://id.example.com/a", token_endpoint: "https://id.example.com/t", userinfo_endpoint: "https://id.example.com/u"';
const gitHub = `{protocol: oauth2, ${issuer}, clientId: app, metadata: {${explicit}}, identity: {subject: id}}`;

let ca: string;
let pair: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  const authority = await createAuthority('config');
  ca = authority.certificate;
  pair = await authority.issue('app');
  other = await authority.issue('other');
  await authority.remove();
});

const withCorp = (settings: string) => document({ providers: `{corp: ${settings}}` });

/** Errors without line and column. */
async function problemsOf(settings: string, files: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const errors = await errorsOf(withCorp(settings), files);
  return errors.map((error) => error.replace(/^\d+:\d+ providers\.corp\.?/, ''));
}

describe('a provider', () => {
  it('has defaults that need no thought', async () => {
    const { providers } = await configOf(document());
    expect(providers.get('corp')).toMatchObject({
      name: 'corp',
      label: 'corp',
      protocol: { kind: 'oidc' },
      clientAuthentication: undefined,
      scopes: ['openid', 'profile', 'email'],
      responseMode: 'query',
      pushedAuthorization: undefined,
      requestObject: undefined,
      authorizationParameters: new Map(),
      metadata: undefined,
      endpoints: undefined,
      metadataRefresh: 3600,
      endpointOrigins: [],
      clockTolerance: 60,
      ca: undefined,
      proxy: undefined,
      requestTimeout: 5,
    });
  });

  it('has its files and secrets read', async () => {
    const settings = `{${issuer}, clientId: app, label: Example, ca: ca.pem, proxy: "http://proxy:3128/",
      clientKey: {key: {file: key.pem}, id: k1, certificate: cert.pem, audience: token_endpoint},
      clientCertificate: {cert: cert.pem, key: {file: key.pem}}, authorizationParameters: {prompt: login},
      responseMode: form_post, pushedAuthorization: true, endpointOrigins: ["https://www.googleapis.com"]}`;
    const files = { 'ca.pem': ca + ca, 'cert.pem': pair.certificate, 'key.pem': pair.privateKey };
    const config = await configOf(withCorp(settings.replaceAll('\n', ' ')), files);
    const corp = config.providers.get('corp');
    expect(corp).toMatchObject({
      label: 'Example',
      ca: ca + ca,
      proxy: 'http://proxy:3128/',
      clientKey: { id: 'k1', audience: 'token_endpoint', certificate: pair.certificate },
      clientCertificate: { certificate: pair.certificate },
      authorizationParameters: new Map([['prompt', 'login']]),
    });
    expect(corp?.clientKey?.key.reveal()).toBe(pair.privateKey.trimEnd());
    expect(inspect(config, { depth: 10 })).not.toContain('PRIVATE KEY');
  });

  it.each([
    ['its own key', 'requestObject: {key: {file: other.pem}, id: r1}', { id: 'r1', algorithm: undefined }],
    ['the key of assertions', 'requestObject: {}', { id: 'k1', algorithm: 'ES256' }],
    ['the key of assertions by another name', 'requestObject: {id: r1}', { id: 'r1', algorithm: 'ES256' }],
  ])('signs requests with %s', async (_case, settings, expected) => {
    const corp = `{${issuer}, clientId: app, clientKey: {key: {file: key.pem}, id: k1, algorithm: ES256}, ${settings}}`;
    const config = await configOf(withCorp(corp), { 'key.pem': key, 'other.pem': other.privateKey });
    const { requestObject, clientKey } = config.providers.get('corp') ?? {};
    expect(requestObject).toMatchObject(expected);
    const ownKey = settings.includes('other.pem') ? other.privateKey.trimEnd() : clientKey?.key.reveal();
    expect(requestObject?.key.reveal()).toBe(ownKey);
  });

  it('has endpoints of its own beside those that are found', async () => {
    const endpoints = { token_endpoint: 'https://10.0.0.1/t', introspection_endpoint: 'https://10.0.0.1/i' };
    const config = await configOf(withCorp(`{${issuer}, clientId: app, endpoints: ${JSON.stringify(endpoints)}}`));
    expect(config.providers.get('corp')?.endpoints).toEqual(endpoints);
  });

  it('can be read without its files and secrets', async () => {
    const settings = `{${issuer}, clientId: app, ca: none.pem, clientKey: {key: {file: none.pem}}}`;
    expect((await readText(withCorp(settings), {}, { readsSecrets: false })).kind).toBe('ok');
  });

  it('may know OAuth 2.0 alone', async () => {
    const config = await configOf(withCorp(gitHub));
    expect(config.providers.get('corp')).toMatchObject({
      protocol: { kind: 'oauth2', identity: { subject: 'id', claims: new Map(), emailsUrl: undefined } },
      scopes: [],
    });
  });
});

describe('mistakes with a provider (G7)', () => {
  const secret = 'clientSecret: {env: SECRET}';
  const clientKey = 'clientKey: {key: {file: key.pem}}';
  it.each<readonly [settings: string, problem: string]>([
    [
      `${secret}, ${clientKey}`,
      'clientKey: clientSecret and clientKey are two ways to authenticate, and one is enough (remove one of them)',
    ],
    [
      'clientAuthentication: private_key_jwt',
      'clientAuthentication: private_key_jwt needs clientKey, which is missing (add clientKey, or name another method)',
    ],
    [
      `clientAuthentication: tls_client_auth, ${secret}`,
      'clientAuthentication: tls_client_auth needs clientCertificate, which is missing (add clientCertificate, or name another method)',
    ],
    [
      'clientAuthentication: client_secret_post',
      'clientAuthentication: client_secret_post needs clientSecret, which is missing (add clientSecret, or name another method)',
    ],
    [
      `clientAuthentication: none, ${secret}`,
      'clientAuthentication: none makes no use of clientSecret (remove clientSecret)',
    ],
    [
      'clientAuthentication: client_secret_jwt',
      'clientAuthentication: expected one of client_secret_basic, client_secret_post, private_key_jwt, tls_client_auth, none (did you mean client_secret_post?)',
    ],
    [
      'clientKey: {key: {file: key.pem}, algorithm: RS256}',
      'clientKey.key: the key cannot sign with the algorithm; it fits ES256',
    ],
    [
      'clientKey: {key: {env: SECRET}}',
      'clientKey.key: expected a private key: PEM (PKCS #8) without a passphrase, or a JWK',
    ],
    [
      'clientKey: {key: {file: key.pem}, certificate: ca.pem}',
      'clientKey.certificate: the certificate does not belong to the key',
    ],
    ['clientKey: {key: {file: key.pem}, certificate: key.pem}', 'clientKey.certificate: expected a PEM certificate'],
    [
      'clientCertificate: {cert: cert.pem, key: {file: other.pem}}',
      'clientCertificate.key: the private key does not belong to the certificate',
    ],
    ['clientCertificate: {cert: key.pem, key: {file: key.pem}}', 'clientCertificate.cert: expected a PEM certificate'],
    [
      'clientCertificate: {cert: cert.pem, key: {env: SECRET}}',
      'clientCertificate.key: expected a PEM private key without a passphrase',
    ],
    ['ca: key.pem', 'ca: expected one or more PEM certificates'],
    ['ca: broken.pem', 'ca: expected one or more PEM certificates'],
    ['proxy: "proxy:3128"', 'proxy: expected http://host:port or https://host:port'],
    ['proxy: "http://user:hunter2@proxy:3128"', 'proxy: expected http://host:port or https://host:port'],
    ['scopes: [profile]', 'scopes: expected openid among the scopes (add openid)'],
    [
      'identity: {subject: id}',
      'identity: identity is for protocol oauth2; an OpenID provider says in its ID token who the user is (remove it, or set protocol: oauth2)',
    ],
    [
      `metadata: {${explicit}}`,
      'metadata: a required setting is missing: jwks_uri, where the keys of ID tokens are (add jwks_uri)',
    ],
    [
      `pushedAuthorization: true, metadata: {${explicit}, jwks_uri: "https://id.example.com/k"}`,
      'metadata: a required setting is missing: pushed_authorization_request_endpoint, where requests are pushed (add pushed_authorization_request_endpoint)',
    ],
    [
      'authorizationParameters: {state: x}',
      'authorizationParameters.state: Sallyport sets this parameter itself (remove it)',
    ],
    [
      'authorizationParameters: {scope: x}',
      'authorizationParameters.scope: Sallyport sets this parameter itself (write scopes)',
    ],
    [
      'authorizationParameters: {Client-Id: x}',
      'authorizationParameters.Client-Id: Sallyport sets this parameter itself (remove it)',
    ],
    [
      'requestObject: {}',
      'requestObject: signed requests need a private key: one of their own, or that of clientKey (add requestObject.key or clientKey)',
    ],
    [
      'requestObject: {key: {env: SECRET}}',
      'requestObject.key: expected a private key: PEM (PKCS #8) without a passphrase, or a JWK',
    ],
    [
      'requestObject: {key: {file: key.pem}, algorithm: RS256}',
      'requestObject.key: the key cannot sign with the algorithm; it fits ES256',
    ],
    [
      `${clientKey}, requestObject: {algorithm: RS256}`,
      'requestObject.algorithm: the key cannot sign with the algorithm; it fits ES256',
    ],
    [
      `endpoints: {${explicit}}, metadata: {${explicit}, jwks_uri: "https://id.example.com/k"}`,
      'endpoints: endpoints replaces what discovery finds, and with metadata there is no discovery (write them in metadata)',
    ],
    [
      'endpoints: {token_endpoint: "http://id.example.com/t"}',
      'endpoints.token_endpoint: expected an https URL; found http (use https; for development only, set allowHttp: true)',
    ],
    ['authorizationParameters: {"a b": x}', 'authorizationParameters["a b"]: expected the name of a parameter'],
    [
      'authorizationParameters: {max_age: 7}',
      'authorizationParameters.max_age: expected a string; found a whole number (put the value in quotes)',
    ],
    [
      'endpointOrigins: ["https://www.googleapis.com/oauth2"]',
      'endpointOrigins[0]: expected scheme://host[:port] as a browser writes it, without a path',
    ],
    [
      'endpointOrigins: ["http://www.googleapis.com"]',
      'endpointOrigins[0]: expected an https URL; found http (use https; for development only, set allowHttp: true)',
    ],
    [
      `metadata: {${explicit}, jwks_uri: "http://id.example.com/k"}`,
      'metadata.jwks_uri: expected an https URL; found http (use https; for development only, set allowHttp: true)',
    ],
    [
      'metadata: {token_endpoint: "https://x/t"}',
      'metadata.authorization_endpoint: a required setting is missing: expected a string',
    ],
    ['responseMode: fragment', 'responseMode: expected one of query, form_post'],
    [
      'protocol: oauth2',
      'identity: a required setting is missing with protocol oauth2: which member of userinfo names the user (write identity: {subject: id})',
    ],
  ])('are told with their place and their remedy: %s', async (settings, problem) => {
    const files = {
      'key.pem': key,
      'ca.pem': ca,
      'cert.pem': pair.certificate,
      'other.pem': other.privateKey,
      'broken.pem': ca.replace(/\n.{20}/, '\n'),
    };
    const problems = await problemsOf(`{${issuer}, clientId: app, ${settings}}`, files);
    expect(problems).toContain(problem);
    expect(problems.join()).not.toMatch(/hunter2|client-secret|BEGIN/);
  });

  it('are told of an OAuth 2.0 provider too', async () => {
    expect(await problemsOf(`{protocol: oauth2, ${issuer}, clientId: app, identity: {subject: id}}`)).toEqual([
      'metadata: a required setting is missing with protocol oauth2, which has no discovery (write metadata: {authorization_endpoint: …, token_endpoint: …, userinfo_endpoint: …})',
    ]);
    const silent = gitHub.replace(/, userinfo_endpoint: "[^"]*"/, '');
    expect(await problemsOf(silent)).toEqual([
      'metadata: a required setting is missing with protocol oauth2: userinfo_endpoint, which says who the user is (add userinfo_endpoint)',
    ]);
    expect(await problemsOf(gitHub.replace('{subject: id}', '{subject: id, claims: {sub: login}}'))).toEqual([
      'identity.claims.sub: sub is the subject, which has a setting of its own (write identity.subject)',
    ]);
    expect(await problemsOf(gitHub.replace('{subject: id}', '{subject: id, emailsUrl: "http://x/e"}'))).toEqual([
      'identity.emailsUrl: expected an https URL; found http (use https; for development only, set allowHttp: true)',
    ]);
  });

  it.each([
    ['ca', 'ca: none.pem'],
    ['clientCertificate.cert', 'clientCertificate: {cert: none.pem, key: {file: key.pem}}'],
    ['clientCertificate.key.file', 'clientCertificate: {cert: ca.pem, key: {file: none.pem}}'],
    ['clientKey.key.file', 'clientKey: {key: {file: none.pem}}'],
    ['clientKey.certificate', 'clientKey: {key: {file: key.pem}, certificate: none.pem}'],
  ])('are told once when a file is not there: %s', async (place, settings) => {
    const problems = await problemsOf(`{${issuer}, clientId: app, ${settings}}`, { 'key.pem': key, 'ca.pem': ca });
    expect(problems).toEqual([
      expect.stringContaining(`${place}: there is no such file (relative paths are taken from`),
    ]);
  });
});

describe('plain HTTP', () => {
  it.each(['http://id.example.com', 'https://id.example.com', 'http://10.0.0.1:8080'])(
    'to a provider elsewhere is warned of: %s',
    async (url) => {
      const [warning] = await warningsOf(withCorp(`{issuer: "${url}", clientId: app, allowHttp: true}`));
      expect(warning).toContain(
        'providers.corp.allowHttp: plain HTTP is allowed to a provider that is not on this machine: tokens and our credentials may cross the network in the clear (use https and remove allowHttp)',
      );
    },
  );

  it.each(['http://127.0.0.1:4000', 'http://localhost:4000', 'http://[::1]:4000', 'http://idp.localhost'])(
    'on this machine is nobody’s business: %s',
    async (url) => {
      expect(await warningsOf(withCorp(`{issuer: "${url}", clientId: app, allowHttp: true}`))).toEqual([]);
    },
  );
});
