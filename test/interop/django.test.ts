import { describe, expect, it } from 'vitest';
import { createClient, type TestClient } from '../support/client.ts';
import { agentJourney } from './agent-journey.ts';
import { type DjangoServer, startDjango } from './django-server.ts';
import { startGate } from './gate.ts';
import { journey } from './journey.ts';
import { alice, type Person } from './people.ts';
import { refreshJourney } from './refresh-journey.ts';
import { secretFile } from './secret-file.ts';
import type { Subject } from './subject.ts';
import { formsOf, submit, type Visit } from './visit.ts';

const clientId = 'sallyport';
const secret = 'canary-django-client-secret-0123456789';

/** Fills in the login form, and agrees on the consent page or does not. */
async function answerDjango(
  client: TestClient,
  first: Visit,
  person: Person,
  values: Readonly<Record<string, string>>,
): Promise<Visit> {
  let page = first;
  for (let pages = 0; pages < 4; pages += 1) {
    const { pathname } = new URL(page.url);
    const [form] = formsOf(page);
    if (form === undefined || !/^\/(?:o|accounts)\//.test(pathname)) return page;
    const isLogin = form.fields.has('password');
    page = await submit(
      client,
      page,
      form,
      isLogin ? { username: person.username, password: person.password } : { ...values },
    );
  }
  throw new Error(`Django goes on asking: ${page.url} ${page.body.slice(0, 500)}`);
}

async function subjectOf(django: DjangoServer, oidc: boolean): Promise<Subject> {
  const gate = await startGate(django.port);
  const clientSecret = await secretFile(secret);
  const plain = {
    protocol: 'oauth2',
    scopes: ['profile'],
    metadata: {
      authorization_endpoint: `${gate.origin}/o/authorize/`,
      token_endpoint: `${gate.origin}/o/token/`,
      userinfo_endpoint: `${gate.origin}/api/user`,
    },
    identity: {
      subject: 'id',
      claims: { name: 'full_name', email: 'contact.address', email_verified: 'contact.verified', groups: 'teams' },
    },
  };
  return {
    gate,
    settings: {
      issuer: oidc ? `${gate.origin}/o` : gate.origin,
      allowHttp: true,
      clientId,
      clientSecret,
      ...(oidc ? { scopes: ['openid', 'profile', 'email', 'groups'] } : plain),
    },
    wrongCredentials: { clientSecret: await secretFile('not-the-secret-0123456789abcdef') },
    register: (origin) => django.addClient(clientId, secret, origin),
    logIn: (client, page, person) => answerDjango(client, page, person, { allow: 'Authorize' }),
    decline: (client, page, person) => answerDjango(client, page, person, {}),
    logOut: (client, page) => answerDjango(client, page, alice, { allow: 'Logout' }),
    userinfoPath: oidc ? '/o/userinfo/' : '/api/user',
    tokenPath: '/o/token/',
    discoveryPath: oidc ? '/o/.well-known/openid-configuration' : undefined,
    does: {
      sendIss: false,
      endItsSession: oidc,
      verifyEmail: !oidc,
      tellGroups: true,
      answerByForm: false,
      needPushedRequests: false,
      refuseWith: 'invalid_client',
    },
    offers: { takePushedRequests: false, revokeTokens: false, logOutByBackChannel: false },
    // The primary key.
    subjectOf: ({ username }) => (username === 'alice' ? '1' : undefined),
  };
}

describe('django-oauth-toolkit with its OpenID Connect', () => {
  const { world, subject } = journey(async () => subjectOf(await startDjango(true), true));

  it('authenticates in the header although the metadata names the body first', async () => {
    subject().gate.forget();
    await world().arrive(createClient());
    const [request] = subject().gate.seen('/o/token/');
    expect([request?.headers.authorization?.slice(0, 5), request?.form.has('client_secret')]).toEqual(['Basic', false]);
  });

  it('lets the address count that the operator vouches for', async () => {
    await world().reconfigure({ allowUnverifiedEmail: true });
    try {
      expect((await world().arrive(createClient(), '/company/')).status).toBe(200);
    } finally {
      await world().reconfigure({});
    }
  });
});

describe('django-oauth-toolkit without its OpenID Connect', () => {
  const { world, subject } = journey(async () => subjectOf(await startDjango(false), false));

  it('asks for no nonce and no openid, and for PKCE all the same', async () => {
    subject().gate.forget();
    await world().arrive(createClient());
    const [asked] = subject().gate.seen('/o/authorize/');
    const query = new URL(asked?.target ?? '', subject().gate.origin).searchParams;
    expect(query.has('nonce')).toBe(false);
    expect(query.get('scope')).toBe('profile');
    expect(query.get('code_challenge_method')).toBe('S256');
    expect(subject().gate.seen('/o/token/')[0]?.form.has('code_verifier')).toBe(true);
  });
});

describe('django-oauth-toolkit, refresh tokens that are used once', () => {
  refreshJourney(async () => {
    const lifetime = 3;
    const django = await startDjango(true, lifetime);
    return {
      ...(await subjectOf(django, true)),
      revoke: ({ username }) => django.revoke(username),
      rename: ({ username }, firstName) => django.rename(username, firstName),
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

describe('django-oauth-toolkit, an OAuth agent', () => {
  agentJourney(async () => {
    const lifetime = 3;
    const django = await startDjango(true, lifetime);
    const plain = ['client_id', 'code_challenge', 'code_challenge_method', 'nonce', 'redirect_uri', 'response_type'];
    return {
      ...(await subjectOf(django, true)),
      lifetime,
      requests: { plain: { settings: {}, carries: [...plain, 'scope', 'state', 'ui_locales'] } },
    };
  });
});
