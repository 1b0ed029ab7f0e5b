import { describe, expect, it } from 'vitest';
import { type HttpRequestParts, httpRequest } from '../../../test/support/http-request.ts';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import type { Session } from '../../core/session/session.ts';
import { epochMillisecondsOf, epochSecondsOf, secondsOf } from '../../core/time.ts';
import { type AgentFacts, type DecisionSettings, decide, type SessionFacts } from './decide.ts';
import { oauthAgentSettings } from './settings.ts';
import type { KnownSession, PresentedSession } from './state.ts';

const api = 'https://api.example.com';
const app = 'https://app.example.com';
const begin = 1_767_225_600;
const hour = 3600;

const withStore = settingsWith({});
const sealed = settingsWith({ state: 'sealed' });
const withCors = settingsWith({ cors: { enabled: true } });

function settingsWith(parts: Partial<Parameters<typeof oauthAgentSettings.parse>[0] & object>): DecisionSettings {
  const settings = oauthAgentSettings.parse({
    provider: 'idp',
    redirectUri: `${app}/`,
    trustedOrigins: [app],
    ...parts,
  });
  return { ...settings, csrfHeader: 'x-example-csrf', idleLifetime: secondsOf(7200) };
}

const fromApp = { origin: app, 'sec-fetch-site': 'same-site' };
const withToken = { ...fromApp, 'x-example-csrf': 'the-token' };
const get: HttpRequestParts = { headers: fromApp };
const post: HttpRequestParts = { method: 'POST', headers: withToken };
const preflight = { method: 'OPTIONS', headers: { origin: app, 'access-control-request-method': 'POST' } };

/** So many seconds after the session began. */
const at = (seconds: number) => epochMillisecondsOf((begin + seconds) * 1000);

function presentedOf(session: Session = sessionAt(begin), lastSeenAt = begin): PresentedSession {
  return { kind: 'found', found: { session, name: 'a-name', lastSeenAt: epochSecondsOf(lastSeenAt) }, key: 'a-name' };
}

const live = (presented = presentedOf()): KnownSession => ({ kind: 'live', presented });

interface Parts extends Partial<Omit<AgentFacts, 'request' | 'session'>>, Partial<SessionFacts> {
  readonly request?: HttpRequestParts;
  readonly clientAuthorization?: true;
  readonly settings?: DecisionSettings;
}

/** The move for a live session, unless told otherwise. */
function moveOf({ request = get, clientAuthorization, settings = withStore, ...parts }: Parts = {}) {
  const { known = live(), repeatsCsrfToken = true, now = at(0), ...facts } = parts;
  return decide(
    {
      request: httpRequest(request),
      origin: api,
      session: { known, repeatsCsrfToken, now },
      rejected: undefined,
      isInactive: false,
      mayRefresh: true,
      ...facts,
    },
    { clientAuthorization },
    settings,
  );
}

/** The move before anybody has looked for a session. */
function firstMoveOf(request: HttpRequestParts, parts: Pick<Parts, 'clientAuthorization' | 'settings'> = {}) {
  const { clientAuthorization, settings = withStore } = parts;
  const unknown = { session: undefined, rejected: undefined, isInactive: false, mayRefresh: true };
  return decide({ request: httpRequest(request), origin: api, ...unknown }, { clientAuthorization }, settings);
}

const refused = (reason: string, status = 401) => ({ kind: 'refuse', status, reason });

describe('the decision table of oauth-agent mode, before any cookie is opened', () => {
  it('answers preflights of trusted origins, and says nothing to others (B4)', () => {
    const settings = withCors;
    expect(firstMoveOf(preflight, { settings })).toEqual({ kind: 'answer_preflight', origin: app });
    for (const origin of ['https://evil.example', 'null', api]) {
      const foreign = { ...preflight, headers: { ...preflight.headers, origin } };
      expect(firstMoveOf(foreign, { settings })).toEqual(refused('origin_not_trusted'));
    }
  });

  it.each([
    ['CORS is off', preflight, withStore],
    ['it asks about no method', { method: 'OPTIONS', headers: { origin: app } }, withCors],
    ['it is none', { ...preflight, method: 'GET' }, withCors],
  ])('takes a preflight for a request like any other where %s', (_what, request, settings) => {
    expect(firstMoveOf(request, { settings })).toEqual({ kind: 'find_session' });
  });

  it('answers a preflight before it looks at an Authorization, which none has', () => {
    const request = { ...preflight, headers: { ...preflight.headers, authorization: 'Bearer x' } };
    expect(firstMoveOf(request, { settings: withCors }).kind).toBe('answer_preflight');
  });

  describe('refuses an Authorization of the client', () => {
    it.each([
      ['with a session', { ...fromApp, authorization: 'Bearer x' }],
      ['without', { authorization: 'Basic YTpi' }],
      ['that is empty', { authorization: '' }],
      ['from another site', { authorization: 'Bearer x', 'sec-fetch-site': 'cross-site' }],
    ])('unless the rule allows it: %s (H5)', (_what, headers) => {
      expect(firstMoveOf({ headers })).toEqual(refused('other_authorization'));
      expect(moveOf({ request: { headers } })).toEqual(refused('other_authorization'));
    });

    it.each([
      [{ origin: 'https://evil.example' }, refused('origin_not_trusted')],
      [{ origin: [app, app] }, refused('origin_repeated')],
      [{ 'sec-fetch-site': 'cross-site' }, refused('cross_site', 403)],
    ])('that a page sends with %j, even where the rule allows it', (headers, expected) => {
      const request = { method: 'POST', headers: { authorization: 'Basic YTpi', ...headers } };
      expect(firstMoveOf(request, { clientAuthorization: true })).toEqual(expected);
    });
  });

  it.each([{}, { origin: app }, { cookie: 'example-at=x' }])(
    'lets an Authorization of the client go on where the rule allows it, with %j beside it',
    (headers) => {
      for (const method of ['GET', 'POST']) {
        const request = { method, headers: { authorization: 'Bearer x', ...headers } };
        for (const settings of [withStore, withCors]) {
          const move = firstMoveOf(request, { clientAuthorization: true, settings });
          expect(move).toEqual({ kind: 'pass_own_authorization' });
        }
      }
    },
  );

  it.each([
    [
      'from another site (B8)',
      { method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } },
      refused('cross_site', 403),
    ],
    ['without an origin (B1)', { method: 'POST', headers: { 'x-example-csrf': 'x' } }, refused('origin_missing')],
    ['from an origin that is not trusted (B1)', { headers: { origin: api } }, refused('origin_not_trusted')],
    ['of a WebSocket without an origin (P11)', { headers: { upgrade: 'websocket' } }, refused('origin_missing')],
    ['without a CSRF token (B2)', { method: 'POST', headers: fromApp }, refused('csrf_missing')],
    [
      'with an empty one (B3)',
      { method: 'PUT', headers: { ...fromApp, 'x-example-csrf': '' } },
      refused('csrf_missing'),
    ],
    [
      'with two (B3)',
      { method: 'PATCH', headers: { ...fromApp, 'x-example-csrf': ['a', 'a'] } },
      refused('csrf_missing'),
    ],
    ['of an unknown method without one', { method: 'get', headers: fromApp }, refused('csrf_missing')],
  ])('refuses a request %s', (_what, request, expected) => {
    expect(firstMoveOf(request)).toEqual(expected);
    expect(firstMoveOf(request, { clientAuthorization: true })).toEqual(expected);
    expect(moveOf({ request })).toEqual(expected);
  });

  it('looks for a session only then', () => {
    for (const request of [get, post, {}, { headers: { upgrade: 'websocket', origin: app } }]) {
      expect(firstMoveOf(request)).toEqual({ kind: 'find_session' });
      expect(firstMoveOf(request, { clientAuthorization: true })).toEqual({ kind: 'find_session' });
    }
  });
});

describe('the decision table of oauth-agent mode, when it is known what the cookies lead to', () => {
  it.each([
    ['no_session', { kind: 'none' }],
    ['invalid_session', { kind: 'invalid' }],
    ['idle_lifetime', { kind: 'ended', because: 'idle_lifetime' }],
    ['not_there', { kind: 'ended', because: 'not_there' }],
  ] as const)('%s: says 401 to whoever it may be', (because, known) => {
    for (const request of [get, post, { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }]) {
      expect(moveOf({ request, known, repeatsCsrfToken: false })).toEqual({ kind: 'unauthenticated', because });
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'])(
    'refuses a %s with a CSRF token of another session (B3)',
    (method) => {
      const request = { method, headers: withToken };
      expect(moveOf({ request, repeatsCsrfToken: false })).toEqual(refused('csrf_mismatch'));
      expect(moveOf({ request }).kind).toBe('forward');
    },
  );

  it.each(['GET', 'HEAD', 'OPTIONS'])('asks for no CSRF token with %s', (method) => {
    expect(moveOf({ request: { method, headers: fromApp }, repeatsCsrfToken: false }).kind).toBe('forward');
  });

  it('forwards with a live session, and notes its use where it was last seen a while ago', () => {
    const presented = presentedOf();
    const forward = { kind: 'forward', presented, touches: false, refreshesSoon: false };
    expect(moveOf({ known: live(presented), now: at(59) })).toEqual(forward);
    expect(moveOf({ known: live(presented), now: at(60) })).toEqual({ ...forward, touches: true });
  });

  describe('an access token', () => {
    const presented = presentedOf(sessionAt(begin), begin + hour);
    const known = live(presented);
    const rejected = { requestedAt: at(100) };

    it('near its end goes on, while another is fetched; not with a sealed session', () => {
      expect(moveOf({ known, now: at(hour - 61) })).toMatchObject({ kind: 'forward', refreshesSoon: false });
      expect(moveOf({ known, now: at(hour - 40) })).toMatchObject({ kind: 'forward', refreshesSoon: true });
      expect(moveOf({ known, now: at(hour - 40), settings: sealed })).toMatchObject({ refreshesSoon: false });
    });

    it('that has ended holds the request; with a sealed session it is 401, and the application refreshes', () => {
      for (const request of [get, post]) {
        const parts = { request, known, now: at(hour) };
        expect(moveOf(parts)).toEqual({ kind: 'refresh', presented, reason: { kind: 'expired' } });
        expect(moveOf({ ...parts, settings: sealed })).toEqual({ kind: 'unauthenticated', because: 'token_expired' });
      }
    });

    it('that has ended holds nobody who does not repeat the CSRF token', () => {
      const parts = { request: post, known, now: at(hour), repeatsCsrfToken: false };
      expect(moveOf(parts)).toEqual(refused('csrf_mismatch'));
    });

    it('that has ended and cannot be replaced is 401', () => {
      const tokenSet = tokenSetAt(begin, { refreshToken: undefined });
      const irreplaceable = live(presentedOf(sessionAt(begin, { tokenSet })));
      const parts = { known: irreplaceable, rejected };
      expect(moveOf({ ...parts, now: at(hour) })).toEqual({ kind: 'unauthenticated', because: 'token_expired' });
      expect(moveOf({ ...parts, now: at(hour - 1) })).toMatchObject({ kind: 'forward', refreshesSoon: false });
    });

    it('that the API refused is replaced, but not soon again, and not with a sealed session', () => {
      const reason = { kind: 'rejected', ...rejected, cooldown: 30 };
      const now = at(101);
      expect(moveOf({ known, now, rejected })).toEqual({ kind: 'refresh', presented, reason });
      expect(moveOf({ known, now, rejected, settings: sealed }).kind).toBe('forward');
      const healed = live(presentedOf(sessionAt(begin, { healedAt: epochSecondsOf(begin + 72) })));
      expect(moveOf({ known: healed, now, rejected }).kind).toBe('forward');
    });

    it('that the provider calls inactive is replaced where that can be, and else never sent', () => {
      const inactive = { known, now: at(101), rejected, isInactive: true };
      expect(moveOf(inactive).kind).toBe('refresh');
      const because = { kind: 'unauthenticated', because: 'token_inactive' };
      expect(moveOf({ ...inactive, mayRefresh: false })).toEqual(because);
      expect(moveOf({ ...inactive, settings: sealed })).toEqual(because);
      expect(moveOf({ ...inactive, rejected: undefined, now: at(hour - 40) })).toEqual(because);
    });

    it('that was replaced for this request is not replaced again for it', () => {
      const parts = { known, now: at(hour), rejected, mayRefresh: false };
      expect(moveOf(parts)).toMatchObject({ kind: 'forward', refreshesSoon: false });
    });
  });
});
