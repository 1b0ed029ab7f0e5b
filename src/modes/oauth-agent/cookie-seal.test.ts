import { describe, expect, it } from 'vitest';
import { agentStates, sharedKey, sharedKeyReference } from '../../../test/support/agent-states.ts';
import { openVersion1, sealVersion1 } from '../../../test/support/cookie-version1.ts';
import { newKeyRing, withNewKey } from '../../adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../../adapters/node-crypto/sealer.ts';
import { systemRandom } from '../../adapters/system/random.ts';
import { Secret } from '../../core/secret.ts';
import { type CookieSeal, createCookieSeal } from './cookie-seal.ts';
import type { PlacedCookie } from './cookies.ts';

const states = agentStates();
const { cookies } = states.agent({ state: 'sealed' });
const all: readonly PlacedCookie[] = [cookies.at, cookies.auth, cookies.id, cookies.csrf, cookies.login];
const shared = all.filter(({ purpose }) => purpose !== 'login');
const key = new Secret(sharedKey);
const plaintext = Buffer.from('a token of some length');

const own = createCookieSeal('spa', undefined, states.services);
const reading = createCookieSeal('spa', { key, write: false }, states.services);
const writing = createCookieSeal('spa', { key, write: true }, states.services);

function textOf(seal: CookieSeal, cookie: PlacedCookie, value: string): string | undefined {
  const opened = seal.open(cookie, value);
  return opened && `${opened.version} ${Buffer.from(opened.plaintext)}`;
}

describe('form 0x02 of a cookie', () => {
  it.each(all)('is opened as it was sealed: $name', (cookie) => {
    const value = own.seal(cookie, plaintext);
    expect(own.writes).toBe(2);
    expect(Buffer.from(value, 'base64url')[0]).toBe(2);
    expect(textOf(own, cookie, value)).toBe('2 a token of some length');
  });

  it.each(all)('opens as no other cookie: $name (S6)', (cookie) => {
    const value = own.seal(cookie, plaintext);
    for (const other of all.filter(({ name }) => name !== cookie.name)) {
      expect(own.open(other, value)).toBeUndefined();
      // Whichever of both it is that differs.
      expect(own.open({ ...cookie, name: other.name }, value)).toBeUndefined();
      expect(own.open({ ...cookie, purpose: other.purpose }, value)).toBeUndefined();
    }
  });

  it('opens in no other instance, and in no other mode (S6)', () => {
    const value = own.seal(cookies.at, plaintext);
    expect(createCookieSeal('other', undefined, states.services).open(cookies.at, value)).toBeUndefined();
    const context = 'spa\0example-at\0at';
    const session = states.services.sealer.sealBytes('sealed-session', plaintext, context);
    const foreign = Buffer.concat([Buffer.of(2), session]).toString('base64url');
    expect(own.open(cookies.at, foreign)).toBeUndefined();
  });

  it('has no second reading of where the instance ends and the name begins (S6)', () => {
    const moved = { ...cookies.at, name: 'b\0example-at' };
    const value = createCookieSeal('a', undefined, states.services).seal(moved, plaintext);
    expect(createCookieSeal('a\0b', undefined, states.services).open(cookies.at, value)).toBeDefined();
    // Names of instances and cookies have no zero byte: the configuration allows letters, digits and hyphens.
    for (const { name } of all) expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('is nothing with any bit flipped, or cut anywhere (S4, S5)', () => {
    const value = own.seal(cookies.at, plaintext);
    const bytes = Buffer.from(value, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      for (const seal of [own, reading]) expect(seal.open(cookies.at, changed.toString('base64url'))).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length += 1) {
      expect(own.open(cookies.at, bytes.subarray(0, length).toString('base64url'))).toBeUndefined();
    }
    for (let length = 0; length < value.length; length += 1) {
      expect(own.open(cookies.at, value.slice(0, length))).toBeUndefined();
    }
  });

  it.each([' ', '=', '==', 'A', '.', '%3D', '"'])('has one spelling: not with %j behind it (S4, S9)', (more) => {
    const value = own.seal(cookies.at, plaintext);
    expect(own.open(cookies.at, `${value}${more}`)).toBeUndefined();
    expect(own.open(cookies.at, `${more}${value}`)).toBeUndefined();
  });

  it('lives as long as its key is in the ring (S11)', () => {
    const now = states.clock.now();
    const ring = newKeyRing(systemRandom, now);
    const next = withNewKey(ring, systemRandom, now);
    const sealOf = (keys: typeof ring) =>
      createCookieSeal('spa', undefined, { ...states.services, sealer: createSealer(keys, systemRandom) });
    const value = sealOf(ring).seal(cookies.at, plaintext);
    expect(textOf(sealOf(next), cookies.at, value)).toBe('2 a token of some length');
    expect(sealOf(newKeyRing(systemRandom, now)).open(cookies.at, value)).toBeUndefined();
  });
});

describe('form 0x01 of a cookie', () => {
  it.each(shared)('is written so that others read it, and read as others write it: $name', (cookie) => {
    expect(openVersion1(writing.seal(cookie, plaintext), sharedKey)).toBe('a token of some length');
    expect(textOf(writing, cookie, sealVersion1('theirs', sharedKey))).toBe('1 theirs');
    expect(textOf(reading, cookie, sealVersion1('theirs', sharedKey))).toBe('1 theirs');
    expect([writing.writes, reading.writes]).toEqual([1, 2]);
  });

  it('is neither read nor written for the login, with which nobody else has to do', () => {
    const value = writing.seal(cookies.login, plaintext);
    expect(Buffer.from(value, 'base64url')[0]).toBe(2);
    expect(textOf(own, cookies.login, value)).toBe('2 a token of some length');
    expect(writing.open(cookies.login, sealVersion1('theirs', sharedKey))).toBeUndefined();
  });

  it('is nothing where the settings do not name it', () => {
    expect(own.open(cookies.at, sealVersion1('theirs', sharedKey))).toBeUndefined();
  });

  it('does not keep the own form from being read: the one follows the other without a logout', () => {
    expect(textOf(writing, cookies.at, own.seal(cookies.at, plaintext))).toBe('2 a token of some length');
    expect(Buffer.from(reading.seal(cookies.at, plaintext), 'base64url')[0]).toBe(2);
  });

  it('is none of another key, and neither is any other text', () => {
    expect(reading.open(cookies.at, sealVersion1('theirs', 'f'.repeat(64)))).toBeUndefined();
    for (const text of ['', 'AQ', 'Ag', '\u00e4', '2.AgAA', '__proto__']) {
      expect(reading.open(cookies.at, text)).toBeUndefined();
    }
  });

  it('takes its key from the settings', () => {
    const settings = { state: 'sealed', version1: { key: sharedKeyReference } } as const;
    const { csrf, cookies: named } = states.agent(settings);
    const { token, setCookie } = csrf.issue('');
    const [, value = ''] = new RegExp(`^${named.csrf.name}=([^;]+)`).exec(setCookie) ?? [];
    expect(openVersion1(value, sharedKey)).toBe(token);
  });
});
