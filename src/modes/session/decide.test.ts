import { describe, expect, it } from 'vitest';
import { navigation as navigationHeaders } from '../../../test/support/browser-headers.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';
import type { Session } from '../../core/session/session.ts';
import { epochMillisecondsOf, epochSecondsOf, secondsOf } from '../../core/time.ts';
import { type DecisionSettings, decide, type SessionFacts } from './decide.ts';

const origin = 'https://app.example.com';
const begin = 1_767_225_600;
const settings: DecisionSettings = {
  instance: 'web',
  providers: providersOf({ vouchesForEmail: false }),
  idleLifetime: secondsOf(1800),
  groupsClaim: 'groups',
  healCooldown: secondsOf(30),
};

function providersOf({ vouchesForEmail }: { readonly vouchesForEmail: boolean }): DecisionSettings['providers'] {
  return new Map([
    ['idp', { registration: 'https://idp.example#app', vouchesForEmail }],
    ['partners', { registration: 'https://partners.example#app', vouchesForEmail: false }],
  ]);
}

const navigation = httpRequest({ headers: navigationHeaders });
const script = httpRequest({ headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } });

function facts(parts: Partial<SessionFacts> = {}): SessionFacts {
  return {
    request: navigation,
    origin,
    found: foundOf(sessionAt(begin)),
    now: at(0),
    rejected: undefined,
    mayRefresh: true,
    ...parts,
  };
}

/** So many seconds after the beginning. */
function at(seconds: number) {
  return epochMillisecondsOf((begin + seconds) * 1000);
}

function foundOf(session: Session, lastSeenAt = begin) {
  return { session, name: 'a-name', lastSeenAt: epochSecondsOf(lastSeenAt) };
}

/** Sessions that have ended, or are another's, each with what is said of them. */
const withoutSession = [
  ['no_session', undefined],
  ['other_instance', foundOf(sessionAt(begin, { instance: 'other' }))],
  ['other_provider', foundOf(sessionAt(begin, { registration: 'https://former.example#app' }))],
  ['other_provider', foundOf(sessionAt(begin, { provider: 'gone' }))],
  ['other_provider', foundOf(sessionAt(begin, { provider: 'partners' }))],
  ['absolute_lifetime', foundOf(sessionAt(begin, { endsAt: epochSecondsOf(begin) }))],
  ['idle_lifetime', foundOf(sessionAt(begin), begin - 1800)],
  ['token_expired', foundOf(sessionAt(begin, { tokenSet: tokenSetAt(begin - 3600, { refreshToken: undefined }) }))],
] as const;

describe('the decision table of session mode (spec/session.md)', () => {
  it.each(withoutSession)('%s: sends a person to log in, whoever it may be', (because, found) => {
    const requirements = { emails: ['nobody@example.com'] };
    expect(decide(facts({ found }), requirements, settings)).toEqual({ kind: 'login', because });
  });

  it.each(withoutSession)('%s: says 401 to a program (R9, R10)', (because, found) => {
    for (const request of [script, httpRequest({ method: 'POST', headers: navigationHeaders }), httpRequest()]) {
      expect(decide(facts({ found, request }), {}, settings)).toEqual({ kind: 'unauthenticated', because });
    }
  });

  it('forwards with a live session, whatever the kind of request', () => {
    for (const request of [navigation, script, httpRequest({ method: 'DELETE' })]) {
      expect(decide(facts({ request }), {}, settings)).toEqual({
        kind: 'forward',
        found: facts().found,
        touches: false,
        refreshesSoon: false,
      });
    }
  });

  it.each(withoutSession)('%s: lets anybody through without an identity where the rule says so', (because, found) => {
    for (const request of [navigation, script]) {
      expect(decide(facts({ found, request }), { optional: true }, settings)).toEqual({ kind: 'anonymous', because });
    }
    expect(decide(facts(), { optional: true }, settings).kind).toBe('forward');
  });

  it('asks users of other providers than the rule names to sign in there', () => {
    const requirements = { providers: ['partners'] };
    const because = 'provider_not_allowed';
    expect(decide(facts(), requirements, settings)).toEqual({ kind: 'login', because });
    expect(decide(facts({ request: script }), requirements, settings)).toEqual({ kind: 'unauthenticated', because });
    expect(decide(facts(), { providers: ['idp', 'partners'] }, settings).kind).toBe('forward');
  });

  it('notes the use of a session that was last seen a while ago', () => {
    const now = at(60);
    expect(decide(facts({ now }), {}, settings)).toMatchObject({ kind: 'forward', touches: true });
    expect(decide(facts({ now: at(59) }), {}, settings)).toMatchObject({ touches: false });
  });

  it.each([
    [{ emails: ['bob@example.com'] }, 'email_not_allowed'],
    [{ domains: ['corp.example'] }, 'email_not_allowed'],
    [{ groups: ['owners'] }, 'group_not_allowed'],
  ])('refuses a user who does not meet %j; never a redirect loop', (requirements, reason) => {
    expect(decide(facts(), requirements, settings)).toEqual({ kind: 'refuse', reason });
    expect(decide(facts({ request: script }), requirements, settings)).toEqual({ kind: 'refuse', reason });
  });

  it('counts unverified addresses only where the operator vouches for the provider (T10)', () => {
    const claims = new Map([['email', 'alice@example.com']]);
    const found = foundOf(sessionAt(begin, { claims }));
    const requirements = { domains: ['example.com'] };
    expect(decide(facts({ found }), requirements, settings)).toEqual({ kind: 'refuse', reason: 'email_not_verified' });
    const vouching = { ...settings, providers: providersOf({ vouchesForEmail: true }) };
    expect(decide(facts({ found }), requirements, vouching).kind).toBe('forward');
  });

  it.each(['https://evil.example', 'null', 'http://app.example.com', 'https://app.example.com:8443'])(
    'refuses a WebSocket from a page of origin %s, with a session and without (P11)',
    (foreign) => {
      const request = httpRequest({ headers: { upgrade: 'websocket', connection: 'Upgrade', origin: foreign } });
      for (const found of [facts().found, undefined]) {
        expect(decide(facts({ request, found }), {}, settings)).toEqual({
          kind: 'refuse',
          reason: 'foreign_websocket',
        });
      }
    },
  );

  it('forwards a WebSocket of our own page with a session, and says 401 without one (P11)', () => {
    const request = httpRequest({ headers: { upgrade: 'websocket', origin } });
    expect(decide(facts({ request }), {}, settings).kind).toBe('forward');
    expect(decide(facts({ request, found: undefined }), {}, settings).kind).toBe('unauthenticated');
  });

  it.each([-300, 300])('takes a session that a replica with a clock %i s off has seen (G10)', (skew) => {
    const found = foundOf(sessionAt(begin), begin + skew);
    expect(decide(facts({ found }), {}, settings).kind).toBe('forward');
  });

  describe('a session whose access token', () => {
    const hour = 3600;
    const rejected = { requestedAt: at(100) };
    const lively = foundOf(sessionAt(begin), begin + hour);

    it('is near its end goes on, while another is fetched', () => {
      expect(decide(facts({ now: at(hour - 61), found: lively }), {}, settings)).toMatchObject({
        refreshesSoon: false,
      });
      expect(decide(facts({ now: at(hour - 40), found: lively }), {}, settings)).toMatchObject({
        kind: 'forward',
        refreshesSoon: true,
      });
    });

    it('has expired is held until there is another', () => {
      for (const request of [navigation, script]) {
        expect(decide(facts({ now: at(hour), found: lively, request }), {}, settings)).toEqual({
          kind: 'refresh',
          found: lively,
          reason: { kind: 'expired' },
        });
      }
    });

    it('was refused by the workload is held, unless the token came after the request began', () => {
      const now = at(101);
      const reason = { kind: 'rejected', ...rejected, cooldown: 30 };
      expect(decide(facts({ now, rejected }), {}, settings)).toEqual({ kind: 'refresh', found: facts().found, reason });
      const newer = foundOf(sessionAt(begin, { tokenSet: tokenSetAt(begin + 100.2) }), begin + 100);
      expect(decide(facts({ now, rejected, found: newer }), {}, settings).kind).toBe('forward');
    });

    it('was refused goes on as it is for a while after it was replaced for that reason', () => {
      const healed = (seconds: number) => foundOf(sessionAt(begin, { healedAt: epochSecondsOf(begin + seconds) }));
      const now = at(101);
      expect(decide(facts({ now, rejected, found: healed(72) }), {}, settings).kind).toBe('forward');
      expect(decide(facts({ now, rejected, found: healed(71) }), {}, settings).kind).toBe('refresh');
    });

    it('cannot be replaced goes on while it lives, whoever refuses it', () => {
      const found = foundOf(
        sessionAt(begin, { tokenSet: tokenSetAt(begin, { refreshToken: undefined }) }),
        begin + hour,
      );
      expect(decide(facts({ now: at(hour - 1), found, rejected }), {}, settings)).toMatchObject({
        kind: 'forward',
        refreshesSoon: false,
      });
    });

    it('was replaced for this request is not replaced again for it', () => {
      const parts = { now: at(hour), found: lively, rejected, mayRefresh: false };
      expect(decide(facts(parts), {}, settings)).toMatchObject({ kind: 'forward', refreshesSoon: false });
    });

    it('has expired is replaced before the claims count: the new ones may say that a group was gained', () => {
      const requirements = { groups: ['owners'] };
      expect(decide(facts({ now: at(hour), found: lively }), requirements, settings).kind).toBe('refresh');
      expect(decide(facts({ now: at(hour - 40), found: lively }), requirements, settings).kind).toBe('refuse');
    });

    it('has no end is replaced only when it is refused', () => {
      const tokenSet = tokenSetAt(begin, { expiresAt: undefined, accessToken: new Secret('endless') });
      const found = foundOf(sessionAt(begin, { tokenSet }), begin + hour);
      expect(decide(facts({ now: at(hour), found }), {}, settings)).toMatchObject({ refreshesSoon: false });
      expect(decide(facts({ now: at(hour), found, rejected }), {}, settings).kind).toBe('refresh');
    });
  });
});
