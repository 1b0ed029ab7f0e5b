import { describe, expect, it } from 'vitest';
import {
  type AgentSettingsInput,
  agentStates,
  sharedKey,
  sharedKeyReference,
} from '../../../test/support/agent-states.ts';
import { openVersion1, sealVersion1 } from '../../../test/support/cookie-version1.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { Secret } from '../../core/secret.ts';
import { encodeContents } from './cookie-codec.ts';
import { createCookieSeal } from './cookie-seal.ts';
import type { AgentRuntime } from './runtime.ts';

const states = agentStates();
const key = 'session-a';

function pairOf(setCookie: string): string {
  return setCookie.slice(0, setCookie.indexOf(';'));
}

/** A session in cookies of form 0x01. */
function presentedAs(name: string) {
  return { key: name, inCookies: { version: 1, csrfToken: undefined, hasRefreshToken: true } } as const;
}

/** A request with these cookies, and the header as often as it is named. */
function request(cookie: string, ...header: readonly string[]) {
  return httpRequest({
    method: 'POST',
    headers: {
      ...(cookie === '' ? {} : { cookie }),
      ...(header.length === 0 ? {} : { 'x-example-csrf': header }),
    },
  });
}

const agents: readonly (readonly [string, AgentSettingsInput])[] = [
  ['with a store', {}],
  ['sealed', { state: 'sealed' }],
];

describe.each(agents)('CSRF tokens, %s', (_what, settings) => {
  const { csrf } = states.agent(settings);
  const { token, setCookie } = csrf.issue(key);
  const pair = pairOf(setCookie);

  it('are random, and long enough', () => {
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(csrf.issue(key).token).not.toBe(token);
    expect(pair).not.toContain(token);
  });

  it('are repeated by who knows them', () => {
    expect(csrf.tokenOf(request(pair), key)).toBe(token);
    expect(csrf.isRepeated(request(pair, token), key)).toBe(true);
  });

  it('stay the same in a cookie that is sealed again', () => {
    const again = pairOf(csrf.keep(key, token));
    expect(again).not.toBe(pair);
    expect(csrf.isRepeated(request(again, token), key)).toBe(true);
  });

  it.each([
    ['no header', request(pair)],
    ['an empty header', request(pair, '')],
    ['another token', request(pair, csrf.issue(key).token)],
    ['a part of it', request(pair, token.slice(0, -1))],
    ['more than it', request(pair, `${token}A`)],
    ['another case', request(pair, token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase())],
    ['the header twice', request(pair, token, token)],
    ['both in one header', request(pair, `${token}, ${token}`)],
    ['the cookie in the header', request(pair, pair.slice(pair.indexOf('=') + 1))],
    ['no cookie', request('', token)],
    ['the cookie twice (S8)', request(`${pair}; ${pair}`, token)],
    ['the cookie beside another of its name (S8)', request(`example-csrf=x; ${pair}`, token)],
    ['an empty cookie', request('example-csrf=', token)],
    ['an empty cookie and an empty header', request('example-csrf=', '')],
    ['the token as the cookie', request(`example-csrf=${token}`, token)],
    ['a cookie in quotes (S9)', request(`example-csrf="${pair.slice('example-csrf='.length)}"`, token)],
  ])('are not repeated by %s (B3)', (_case, asked) => {
    expect(csrf.isRepeated(asked, key)).toBe(false);
  });

  it('are of one session (B3)', () => {
    for (const other of ['session-b', '', 'SESSION-A', 'session-a ']) {
      expect(csrf.isRepeated(request(pair, token), other)).toBe(false);
      expect(csrf.tokenOf(request(pair), other)).toBeUndefined();
    }
  });

  it('are of one instance (S6)', () => {
    expect(states.agent(settings, 'other').csrf.isRepeated(request(pair, token), key)).toBe(false);
  });

  it('are nothing but what was issued as one', async () => {
    const { cookies, state } = states.agent({ state: 'sealed' });
    const begun = await state.begin(states.newSession(), httpRequest());
    const lines = begun.kind === 'begun' ? begun.setCookies : [];
    const at = pairOf(lines.find((line) => line.startsWith(cookies.at.name)) ?? '');
    expect(csrf.tokenOf(request(at.replace('-at=', '-csrf=')), key)).toBeUndefined();
  });
});

describe('CSRF tokens of form 0x01', () => {
  const agent = (write: boolean): AgentRuntime =>
    states.agent({ state: 'sealed', version1: { key: sharedKeyReference, write } });
  const { csrf, cookies } = agent(true);
  const { version1KeyFor } = csrf;
  const pair = `example-csrf=${sealVersion1('canary-csrf-token', sharedKey)}`;

  it('are raw, so that other gateways compare them', () => {
    const name = version1KeyFor('canary-csrf-token');
    expect(csrf.tokenOf(request(pair), name)).toBe('canary-csrf-token');
    expect(csrf.isRepeated(request(pair, 'canary-csrf-token'), name)).toBe(true);
    expect(csrf.isRepeated(request(pair, 'canary-csrf-tokeN'), name)).toBe(false);
    expect(agent(false).csrf.isRepeated(request(pair, 'canary-csrf-token'), name)).toBe(true);
  });

  it('give a session that has no key of its own one, which shows nothing of them', () => {
    const parts = states.agent({ state: 'sealed', version1: { key: sharedKeyReference } });
    expect(parts.cookies.csrf.name).toBe(cookies.csrf.name);
    expect(version1KeyFor('canary-csrf-token')).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(version1KeyFor('canary-csrf-token')).not.toBe(version1KeyFor('another'));
  });

  it.each([true, false])(
    'are told to no page unless they are ours: one that stands for them is (write: %s)',
    (write) => {
      const { csrf: tokens } = agent(write);
      for (const plaintext of ['canary-access-token', 'canary-csrf-token', 'eyJhbGciOiJub25lIn0.e30.c2ln']) {
        const moved = `example-csrf=${sealVersion1(plaintext, sharedKey)}`;
        const name = tokens.version1KeyOf(request(moved));
        const told = tokens.tell(request(moved), presentedAs(name));
        expect(told.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
        expect(told.setCookie).not.toContain(plaintext);
        // All tabs are told the same, before and after one of them has the other cookie, and the session stays what it was.
        const replaced = pairOf(told.setCookie ?? '');
        expect(openVersion1(replaced.slice('example-csrf='.length), sharedKey)).toBe(told.token);
        expect(tokens.version1KeyOf(request(replaced))).toBe(name);
        expect(tokens.tell(request(moved), presentedAs(name)).token).toBe(told.token);
        expect(tokens.tell(request(replaced), presentedAs(name))).toEqual({ token: told.token, setCookie: undefined });
        for (const cookie of [moved, replaced]) {
          for (const repeated of [plaintext, told.token]) {
            expect(tokens.isRepeated(request(cookie, repeated), name)).toBe(true);
          }
          expect(tokens.isRepeated(request(cookie, tokens.issue(name).token), name)).toBe(false);
        }
      }
    },
  );

  it('have the form of the session that they are of, whichever is written', () => {
    const [writing, reading] = [agent(true).csrf, agent(false).csrf];
    const theirs = reading.tell(request(''), presentedAs(''));
    expect(openVersion1(pairOf(theirs.setCookie ?? '').slice('example-csrf='.length), sharedKey)).toBe(theirs.token);
    const ours = writing.tell(request(''), { key, inCookies: { ...presentedAs('').inCookies, version: 2 } });
    expect(writing.isRepeated(request(pairOf(ours.setCookie ?? ''), ours.token), key)).toBe(true);
  });

  it('are none of the own form that name no session (S6)', () => {
    const { services } = states;
    const seal = createCookieSeal('spa', undefined, services);
    const token = new Secret('canary-csrf-token');
    const keyless = seal.seal(cookies.csrf, encodeContents({ kind: 'csrf_token', key: '', token }));
    const asked = request(`example-csrf=${keyless}`, 'canary-csrf-token');
    for (const { csrf: tokens } of [agent(true), agent(false)]) {
      expect([tokens.isRepeated(asked, ''), tokens.tokenOf(asked, '')]).toEqual([false, undefined]);
    }
  });

  it('pass for none of a session in the own form', () => {
    expect(csrf.tokenOf(request(pair), key)).toBeUndefined();
    expect(csrf.tokenOf(request(pair), '')).toBeUndefined();
    expect(csrf.tokenOf(request(`example-csrf=${sealVersion1('', sharedKey)}`, ''), '')).toBeUndefined();
  });
});
