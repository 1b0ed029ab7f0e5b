import { describe, expect, it } from 'vitest';
import { navigation as navigationHeaders } from '../../../test/support/browser-headers.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import type { Session } from '../../core/session/session.ts';
import { epochSecondsOf, secondsOf } from '../../core/time.ts';
import { type DecisionSettings, decide, type SessionFacts } from './decide.ts';

const origin = 'https://app.example.com';
const begin = 1_767_225_600;
const settings: DecisionSettings = {
  instance: 'web',
  providers: providersOf({ vouchesForEmail: false }),
  idleLifetime: secondsOf(1800),
  groupsClaim: 'groups',
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
  return { request: navigation, origin, stored: storedOf(sessionAt(begin)), now: epochSecondsOf(begin), ...parts };
}

function storedOf(session: Session, lastSeenAt = begin) {
  return { session, generation: 1, lastSeenAt: epochSecondsOf(lastSeenAt) };
}

/** Sessions that have ended, or are another's, each with what is said of them. */
const withoutSession = [
  ['no_session', undefined],
  ['other_instance', storedOf(sessionAt(begin, { instance: 'other' }))],
  ['other_provider', storedOf(sessionAt(begin, { registration: 'https://former.example#app' }))],
  ['other_provider', storedOf(sessionAt(begin, { provider: 'gone' }))],
  ['other_provider', storedOf(sessionAt(begin, { provider: 'partners' }))],
  ['absolute_lifetime', storedOf(sessionAt(begin, { endsAt: epochSecondsOf(begin) }))],
  ['idle_lifetime', storedOf(sessionAt(begin), begin - 1800)],
  ['token_expired', storedOf(sessionAt(begin, { tokenSet: tokenSetAt(begin - 3600) }))],
] as const;

describe('the decision table of session mode (spec/session.md)', () => {
  it.each(withoutSession)('%s: sends a person to log in, whoever it may be', (because, stored) => {
    const requirements = { emails: ['nobody@example.com'] };
    expect(decide(facts({ stored }), requirements, settings)).toEqual({ kind: 'login', because });
  });

  it.each(withoutSession)('%s: says 401 to a program (R9, R10)', (because, stored) => {
    for (const request of [script, httpRequest({ method: 'POST', headers: navigationHeaders }), httpRequest()]) {
      expect(decide(facts({ stored, request }), {}, settings)).toEqual({ kind: 'unauthenticated', because });
    }
  });

  it('forwards with a live session, whatever the kind of request', () => {
    for (const request of [navigation, script, httpRequest({ method: 'DELETE' })]) {
      expect(decide(facts({ request }), {}, settings)).toEqual({
        kind: 'forward',
        stored: facts().stored,
        touches: false,
      });
    }
  });

  it.each(withoutSession)('%s: lets anybody through without an identity where the rule says so', (because, stored) => {
    for (const request of [navigation, script]) {
      expect(decide(facts({ stored, request }), { optional: true }, settings)).toEqual({ kind: 'anonymous', because });
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
    const now = epochSecondsOf(begin + 60);
    expect(decide(facts({ now }), {}, settings)).toMatchObject({ kind: 'forward', touches: true });
    expect(decide(facts({ now: epochSecondsOf(begin + 59) }), {}, settings)).toMatchObject({ touches: false });
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
    const stored = storedOf(sessionAt(begin, { claims }));
    const requirements = { domains: ['example.com'] };
    expect(decide(facts({ stored }), requirements, settings)).toEqual({ kind: 'refuse', reason: 'email_not_verified' });
    const vouching = { ...settings, providers: providersOf({ vouchesForEmail: true }) };
    expect(decide(facts({ stored }), requirements, vouching).kind).toBe('forward');
  });

  it.each(['https://evil.example', 'null', 'http://app.example.com', 'https://app.example.com:8443'])(
    'refuses a WebSocket from a page of origin %s, with a session and without (P11)',
    (foreign) => {
      const request = httpRequest({ headers: { upgrade: 'websocket', connection: 'Upgrade', origin: foreign } });
      for (const stored of [facts().stored, undefined]) {
        expect(decide(facts({ request, stored }), {}, settings)).toEqual({
          kind: 'refuse',
          reason: 'foreign_websocket',
        });
      }
    },
  );

  it('forwards a WebSocket of our own page with a session, and says 401 without one (P11)', () => {
    const request = httpRequest({ headers: { upgrade: 'websocket', origin } });
    expect(decide(facts({ request }), {}, settings).kind).toBe('forward');
    expect(decide(facts({ request, stored: undefined }), {}, settings).kind).toBe('unauthenticated');
  });

  it.each([-300, 300])('takes a session that a replica with a clock %i s off has seen (G10)', (skew) => {
    const stored = storedOf(sessionAt(begin), begin + skew);
    expect(decide(facts({ stored }), {}, settings).kind).toBe('forward');
  });
});
