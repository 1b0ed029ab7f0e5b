import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { newBrowserContext } from '../support/browser.ts';
import { createAuthority, type TestAuthority } from '../support/certificates.ts';
import { createClient } from '../support/client.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startWorld } from '../support/world.ts';
import { agentJourney } from './agent-journey.ts';
import { startGate } from './gate.ts';
import { journey } from './journey.ts';
import { createRealm, type Realm } from './keycloak-realm.ts';
import { type Keycloak, startKeycloak } from './keycloak-server.ts';
import { keycloakSubject } from './keycloak-subject.ts';
import { alice, type Person } from './people.ts';
import { refreshJourney } from './refresh-journey.ts';
import { secretFile } from './secret-file.ts';
import { visit } from './visit.ts';

let authority: TestAuthority;
let keycloak: Keycloak;
beforeAll(async () => {
  authority = await createAuthority('clients of Keycloak');
  keycloak = await startKeycloak({ authority: authority.certificate, server: await authority.issue('localhost') });
}, 240_000);
afterAll(() => authority.remove());

const secret = 'canary-keycloak-client-secret-0123456789';

describe('Keycloak, client_secret_basic', () => {
  let realm: Realm;
  const { world, subject } = journey(async () => {
    realm = await createRealm(keycloak, 'basic');
    return await keycloakSubject(keycloak, {
      realm,
      client: { clientId: 'by-secret', authentication: { kind: 'secret', secret } },
      settings: { clientSecret: await secretFile(secret) },
      wrongCredentials: { clientSecret: await secretFile('not-the-secret-0123456789abcdef') },
    });
  });

  it('authenticates in the header, as the metadata offers first', async () => {
    subject().gate.forget();
    await world().arrive(createClient());
    const [request] = subject().gate.seen('/token');
    expect(request?.headers.authorization).toMatch(/^Basic /);
    expect(request?.form.has('client_secret')).toBe(false);
  });

  it('logs in after the provider began to sign with another key', async () => {
    await realm.rotateKeys();
    subject().gate.forget();
    expect((await world().arrive(createClient())).status).toBe(200);
    expect(subject().gate.seen('/certs').length).toBeGreaterThan(0);
  });
});

describe('Keycloak, client_secret_post, and the response by form_post', () => {
  const { world, subject } = journey(async () =>
    keycloakSubject(keycloak, {
      realm: await createRealm(keycloak, 'post'),
      client: { clientId: 'by-post', authentication: { kind: 'secret', secret } },
      settings: {
        clientSecret: await secretFile(secret),
        clientAuthentication: 'client_secret_post',
        responseMode: 'form_post',
      },
      wrongCredentials: { clientSecret: await secretFile('not-the-secret-0123456789abcdef') },
    }),
  );

  it('authenticates in the body', async () => {
    subject().gate.forget();
    await world().arrive(createClient());
    const [request] = subject().gate.seen('/token');
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.form.get('client_secret')).toBe(secret);
  });
});

describe('Keycloak, private_key_jwt and pushed authorization requests', () => {
  const { world, subject } = journey(async () => {
    const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = { type: 'pkcs8', format: 'pem' } as const;
    const publicKey = { ...ours.publicKey.export({ format: 'jwk' }), kid: 'ours', use: 'sig', alg: 'ES256' };
    const keySettings = async (key: typeof ours) => ({
      clientKey: { key: await secretFile(String(key.privateKey.export(pem))), id: 'ours', algorithm: 'ES256' },
    });
    return await keycloakSubject(keycloak, {
      realm: await createRealm(keycloak, 'jwt'),
      client: {
        clientId: 'by-key',
        authentication: { kind: 'jwt', publicKey, algorithm: 'ES256' },
        demandsPar: true,
      },
      settings: {
        ...(await keySettings(ours)),
        clientAuthentication: 'private_key_jwt',
        pushedAuthorization: true,
      },
      wrongCredentials: await keySettings(other),
    });
  });

  it('shows the browser a reference alone (RFC 9126 §4), and the provider a signed assertion (RFC 7523 §2.2)', async () => {
    subject().gate.forget();
    const client = createClient();
    const shown = await visit(client, `${world().origin}/pushed`);
    const request = shown.hops.map((hop) => new URL(hop)).find(({ pathname }) => pathname.endsWith('/auth'));
    expect([...(request?.searchParams.keys() ?? [])].sort()).toEqual(['client_id', 'request_uri']);
    const [pushed] = subject().gate.seen('/par/request');
    expect(pushed?.form.get('code_challenge_method')).toBe('S256');
    expect(pushed?.form.get('redirect_uri')).toBe(`${world().origin}/_auth/callback`);
    expect(pushed?.form.get('client_assertion')).toMatch(/^eyJ/);
    await subject().logIn(client, shown, alice);
    const [token] = subject().gate.seen('/token');
    expect(token?.form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(token?.form.get('client_assertion')).not.toBe(pushed?.form.get('client_assertion'));
    expect(token?.form.has('client_secret')).toBe(false);
  });
});

describe('Keycloak, refresh tokens that are used once', () => {
  refreshJourney(async () => {
    const lifetime = 3;
    const realm = await createRealm(keycloak, 'rotation', {
      accessTokenLifespan: lifetime,
      revokeRefreshToken: true,
      refreshTokenMaxReuse: 0,
    });
    const subject = await keycloakSubject(keycloak, {
      realm,
      client: { clientId: 'by-rotation', authentication: { kind: 'secret', secret } },
      settings: { clientSecret: await secretFile(secret) },
      wrongCredentials: {},
    });
    return {
      ...subject,
      revoke: ({ username }) => realm.logOutUser(username),
      rename: ({ username }, firstName) => realm.renameUser(username, firstName),
      refreshes: {
        lifetime,
        reuse: '400 invalid_grant',
        endsOnReuse: true,
        revoked: '400 invalid_grant',
        afterLogout: '400 invalid_grant',
      },
    };
  });
});

describe('Keycloak, an OAuth agent', () => {
  agentJourney(async () => {
    const lifetime = 3;
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'agent', use: 'sig', alg: 'ES256' };
    const key = await secretFile(String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const subject = await keycloakSubject(keycloak, {
      realm: await createRealm(keycloak, 'agent', {
        accessTokenLifespan: lifetime,
        revokeRefreshToken: true,
        refreshTokenMaxReuse: 0,
      }),
      client: { clientId: 'agent', authentication: { kind: 'jwt', publicKey, algorithm: 'ES256' } },
      settings: {
        clientAuthentication: 'private_key_jwt',
        clientKey: { key, id: 'agent', algorithm: 'ES256' },
      },
      wrongCredentials: {},
    });
    return {
      ...subject,
      lifetime,
      requests: {
        pushed: { settings: { pushedAuthorization: true }, carries: ['client_id', 'request_uri'] },
        signed: { settings: { requestObject: {} }, carries: ['client_id', 'request'] },
        both: {
          settings: { requestObject: {}, pushedAuthorization: true },
          carries: ['client_id', 'request_uri'],
        },
      },
    };
  });
});

describe('Keycloak, tls_client_auth, in a browser', () => {
  it('logs in with a certificate that the provider knows, and with no other (RFC 8705 §2.1)', async () => {
    const realm = await createRealm(keycloak, 'tls');
    const client = { clientId: 'by-certificate', authentication: { kind: 'tls', subject: 'CN=sallyport' } } as const;
    const folder = await tempFolder();
    await writeFile(join(folder, 'ca.pem'), authority.certificate);
    const certificateOf = async (name: string) => {
      const { certificate, privateKey } = await authority.issue(name);
      await writeFile(join(folder, `${name}.pem`), certificate);
      return { cert: join(folder, `${name}.pem`), key: await secretFile(privateKey) };
    };
    const settings = {
      issuer: `https://127.0.0.1:${keycloak.httpsPort}${realm.path}`,
      clientId: client.clientId,
      clientAuthentication: 'tls_client_auth',
      ca: join(folder, 'ca.pem'),
    };
    const [known, unknown] = [await certificateOf('sallyport'), await certificateOf('somebody-else')];
    const world = await startWorld({
      adjust: (config) => {
        config['providers'].test = { ...settings, clientCertificate: known };
      },
    });
    await realm.addClient(client, world.origin);

    const page = await openKeycloak(`${world.origin}/reports?x=1`, alice);
    await page.waitForURL(`${world.origin}/reports?x=1`);
    expect(world.upstream.requests.at(-1)?.values('x-auth-request-email')).toEqual([alice.email]);

    await world.restart(0, (config) => {
      config['providers'].test = { ...settings, clientCertificate: unknown };
    });
    const refused = await openKeycloak(`${world.origin}/reports?x=1`, alice);
    await refused.getByRole('heading', { name: 'Sign-in failed' }).waitFor();
    expectNoSecretInLogs(world);
  });
});

describe('Keycloak, the response by form_post, in a browser', () => {
  it('brings it from another site, where no Lax cookie comes along, and ends on the exact URL', async () => {
    const realm = await createRealm(keycloak, 'form');
    const gate = await startGate(keycloak.port);
    const clientSecret = await secretFile(secret);
    const world = await startWorld({
      store: 'redis',
      replicas: 2,
      adjust: (config) => {
        config['providers'].test = {
          // To a browser, localhost and 127.0.0.1 are two sites.
          issuer: `${gate.localhost}${realm.path}`,
          allowHttp: true,
          clientId: 'by-form',
          clientSecret,
          responseMode: 'form_post',
        };
      },
    });
    await realm.addClient({ clientId: 'by-form', authentication: { kind: 'secret', secret } }, world.origin);
    const page = await openKeycloak(`${world.origin}/reports?x=%2F&y=#part`, alice);
    await page.waitForURL(`${world.origin}/reports?x=%2F&y=`);
    expect(world.upstream.requests.map(({ method, target }) => `${method} ${target}`)).toContain(
      'GET /reports?x=%2F&y=',
    );
    // Back does not post the spent form again into an error.
    await page.goto(`${world.origin}/next`);
    await page.goBack({ waitUntil: 'commit' });
    expect(new URL(page.url()).pathname).toBe('/reports');
    expectNoSecretInLogs(world);
  });
});

/** Opens a page of a protected site in a browser of its own, and logs in and consents at Keycloak. */
async function openKeycloak(url: string, person: Person): Promise<Page> {
  const context = await newBrowserContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('Username or email').fill(person.username);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign In' }).click();
  const consent = page.getByRole('button', { name: 'Yes' });
  await consent.or(page.locator('body:not(#keycloak-bg)')).first().waitFor();
  if (await consent.isVisible()) await consent.click();
  return page;
}
