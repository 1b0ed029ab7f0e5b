import { afterEach, describe, expect, it } from 'vitest';
import { createClient, type TestClient } from '../support/client.ts';
import { startGate } from './gate.ts';
import { journey } from './journey.ts';
import { type OauthOnlyServer, startOauthOnly } from './oauth-only-server.ts';
import { alice, bob, type Person } from './people.ts';
import { refreshJourney } from './refresh-journey.ts';
import { secretFile } from './secret-file.ts';
import type { Subject } from './subject.ts';
import { formsOf, submit, type Visit } from './visit.ts';

const clientId = 'Iv1.sallyport';
const secret = 'canary-oauth-only-client-secret-0123456789';

async function answerPages(client: TestClient, first: Visit, person: Person, authorize: '0' | '1'): Promise<Visit> {
  let page = first;
  for (let pages = 0; pages < 4; pages += 1) {
    const [form] = formsOf(page);
    if (form === undefined || !new URL(page.url).pathname.startsWith('/login')) return page;
    const isLogin = form.fields.has('password');
    page = await submit(
      client,
      page,
      form,
      isLogin ? { login: person.username, password: person.password } : { authorize },
    );
  }
  throw new Error(`the provider goes on asking: ${page.url}`);
}

async function subjectOf(server: OauthOnlyServer): Promise<Subject> {
  const gate = await startGate(server.port);
  return {
    gate,
    settings: {
      protocol: 'oauth2',
      issuer: gate.origin,
      allowHttp: true,
      clientId,
      clientSecret: await secretFile(secret),
      clientAuthentication: 'client_secret_post',
      scopes: ['read:user', 'user:email'],
      metadata: {
        authorization_endpoint: `${gate.origin}/login/oauth/authorize`,
        token_endpoint: `${gate.origin}/login/oauth/access_token`,
        userinfo_endpoint: `${gate.origin}/user`,
      },
      identity: {
        subject: 'id',
        claims: { name: 'name', preferred_username: 'login' },
        emailsUrl: `${gate.origin}/user/emails`,
      },
    },
    wrongCredentials: { clientSecret: await secretFile('not-the-secret-0123456789abcdef') },
    register: async (origin) => server.addClient(clientId, secret, `${origin}/_auth/callback`),
    logIn: (client, page, person) => answerPages(client, page, person, '1'),
    decline: (client, page, person) => answerPages(client, page, person, '0'),
    logOut: async (_client, page) => page,
    userinfoPath: '/user/emails',
    tokenPath: '/login/oauth/access_token',
    discoveryPath: undefined,
    does: {
      sendIss: false,
      endItsSession: false,
      verifyEmail: true,
      tellGroups: false,
      answerByForm: false,
      needPushedRequests: false,
      refuseWith: 'incorrect_client_credentials',
    },
    offers: { takePushedRequests: false, revokeTokens: false, logOutByBackChannel: false },
    subjectOf: ({ username }) => (username === 'alice' ? '1000' : undefined),
  };
}

describe('an OAuth-only provider as GitHub', () => {
  let server: OauthOnlyServer;
  const { world, subject } = journey(async () => {
    server = await startOauthOnly();
    return await subjectOf(server);
  });
  afterEach(() => server.answerIn('json'));

  it('takes the user’s primary address, and whether it is verified, from the addresses', async () => {
    await world().arrive(createClient());
    expect(world().upstream.requests.at(-1)?.values('x-auth-request-email')).toEqual(['alice@example.com']);
    // Bob's is not verified, and the provider says so: the workload is not told of it.
    await world().arrive(createClient(), '/', bob);
    expect(world().upstream.requests.at(-1)?.values('x-auth-request-email')).toEqual([]);
    expect(subject().gate.seen('/user/emails').length).toBeGreaterThan(0);
  });

  it('reads form-encoded token answers too, though it asked for JSON', async () => {
    server.answerIn('form');
    subject().gate.forget();
    expect((await world().arrive(createClient())).status).toBe(200);
    expect(subject().gate.seen('/access_token')[0]?.headers.accept).toContain('application/json');
  });

  it('takes an error for one though its status is 200 and it is form-encoded', async () => {
    server.answerIn('form');
    await world().reconfigure(subject().wrongCredentials);
    try {
      const refused = await world().arrive(createClient());
      expect(`${refused.status} ${new URL(refused.url).pathname}`).toBe('400 /_auth/callback');
    } finally {
      await world().reconfigure({});
    }
  });

  it('keeps a token without expires_in for as long as the session', async () => {
    const client = createClient();
    await world().arrive(client);
    const { body } = await client.send(`${world().origin}/_auth/userinfo`);
    expect(JSON.parse(body)).toMatchObject({ sub: '1000', email: alice.email });
    expect((await client.open(`${world().origin}/later`)).status).toBe(200);
  });
});

describe('an OAuth-only provider as GitHub, with tokens that end', () => {
  refreshJourney(async () => {
    const server = await startOauthOnly();
    const lifetime = 3;
    server.expireTokens(lifetime);
    return {
      ...(await subjectOf(server)),
      revoke: async ({ username }) => server.revoke(username),
      rename: undefined,
      // Its user is logged in there for ever, and nothing tells it of a logout.
      refreshes: {
        lifetime,
        reuse: '200 bad_refresh_token',
        endsOnReuse: false,
        revoked: '200 bad_refresh_token',
        afterLogout: '200',
      },
    };
  });
});
