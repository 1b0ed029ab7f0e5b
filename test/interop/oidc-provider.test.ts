import { describe, expect, it } from 'vitest';
import { newBrowserContext } from '../support/browser.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { startGate } from './gate.ts';
import { journey } from './journey.ts';
import { newSigningKey, type OidcProviderServer, startOidcProvider } from './oidc-provider-server.ts';
import { alice, type Person } from './people.ts';
import { refreshJourney } from './refresh-journey.ts';
import { secretFile } from './secret-file.ts';
import type { Subject } from './subject.ts';
import { type Form, formsOf, submit, type Visit, visit } from './visit.ts';

const clientId = 'sallyport';
const secret = 'canary-oidc-provider-client-secret-0123456789';

/** What its own pages want to know. */
function valuesFor(form: Form, person: Person): Readonly<Record<string, string>> {
  if (form.fields.has('password')) return { login: person.username, password: person.password };
  return form.action.includes('/session/end') ? { logout: 'yes' } : {};
}

/** Answers the login, consent and logout pages, and the form that brings the response (form_post). */
async function answerPages(client: TestClient, first: Visit, origin: string, person: Person): Promise<Visit> {
  let page = first;
  for (let pages = 0; pages < 6; pages += 1) {
    const [form] = formsOf(page);
    if (form === undefined || !page.url.startsWith(origin)) return page;
    page = await submit(client, page, form, valuesFor(form, person));
  }
  throw new Error(`oidc-provider goes on asking: ${page.url} ${page.body.slice(0, 500)}`);
}

/** Logs in, and takes the way out of the consent page. */
async function decline(client: TestClient, first: Visit, origin: string, person: Person): Promise<Visit> {
  const [form] = formsOf(first);
  if (form === undefined) throw new Error(`no form at ${first.url}`);
  const consent = await submit(client, first, form, valuesFor(form, person));
  const [, abort = ''] = /href="([^"]*\/abort)"/.exec(consent.body) ?? [];
  return await answerPages(client, await visit(client, new URL(abort, consent.url).href), origin, person);
}

function registrationAt(origin: string) {
  return {
    client_id: clientId,
    client_secret: secret,
    redirect_uris: [`${origin}/_auth/callback`],
    post_logout_redirect_uris: [`${origin}/_auth/logout/callback`],
    require_pushed_authorization_requests: true,
    grant_types: ['authorization_code', 'refresh_token'],
  };
}

async function startSubject(
  keys: readonly Readonly<Record<string, unknown>>[],
  lifetime?: number,
): Promise<{ readonly subject: Subject; readonly server: OidcProviderServer }> {
  const gate = await startGate();
  // To a browser, localhost and 127.0.0.1 are two sites.
  const issuer = gate.localhost;
  const server = await startOidcProvider(issuer, keys, lifetime);
  gate.leadTo(server.port);
  const subject: Subject = {
    gate,
    settings: {
      issuer,
      allowHttp: true,
      clientId,
      clientSecret: await secretFile(secret),
      scopes: ['openid', 'profile', 'email', 'groups'],
      responseMode: 'form_post',
      pushedAuthorization: true,
    },
    wrongCredentials: { clientSecret: await secretFile('not-the-secret-0123456789abcdef') },
    register: (origin) => server.addClient(registrationAt(origin)),
    logIn: (client, page, person) => answerPages(client, page, issuer, person),
    decline: (client, page, person) => decline(client, page, issuer, person),
    logOut: (client, page) => answerPages(client, page, issuer, alice),
    userinfoPath: '/me',
    tokenPath: '/token',
    discoveryPath: '/.well-known/openid-configuration',
    does: {
      sendIss: true,
      endItsSession: true,
      verifyEmail: true,
      tellGroups: true,
      answerByForm: true,
      needPushedRequests: true,
      refuseWith: 'invalid_client',
    },
    offers: { takePushedRequests: true, revokeTokens: true, logOutByBackChannel: true },
    subjectOf: ({ username }) => username,
  };
  return { subject, server };
}

describe('oidc-provider: form_post and pushed authorization requests', () => {
  const firstKey = newSigningKey('first');
  let server: OidcProviderServer;

  const { world, subject } = journey(async () => {
    const started = await startSubject([firstKey]);
    server = started.server;
    return started.subject;
  });

  it('brings the response from another site, in a browser, where no Lax cookie comes along', async () => {
    const page = await (await newBrowserContext()).newPage();
    await page.goto(`${world().origin}/reports?x=%2F&y=`);
    await page.getByPlaceholder('Enter any login').fill(alice.username);
    await page.getByPlaceholder('and password').fill(alice.password);
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${world().origin}/reports?x=%2F&y=`);
    expect(subject().gate.seen('/request').length).toBeGreaterThan(0);
    expect(world().upstream.requests.at(-1)?.values('x-auth-request-user')).toEqual(['alice']);
  });

  it('logs in after the provider began to sign with a new key, and after it took the old one away', async () => {
    const [second, third] = [newSigningKey('second'), newSigningKey('third')];
    for (const keys of [[second, firstKey], [third]]) {
      await server.stop();
      server = await startOidcProvider(subject().gate.localhost, keys);
      await server.addClient(registrationAt(world().origin));
      subject().gate.leadTo(server.port);
      expect((await world().arrive(createClient())).status).toBe(200);
      expect((await world().arrive(createClient())).status).toBe(200);
    }
  });
});

describe('oidc-provider: refresh tokens that are used once', () => {
  refreshJourney(async () => {
    const lifetime = 3;
    const { subject, server } = await startSubject([newSigningKey('only')], lifetime);
    return {
      ...subject,
      revoke: ({ username }) => server.revoke(username),
      // They are at userinfo, and not in the ID token that comes with a refresh.
      rename: undefined,
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
