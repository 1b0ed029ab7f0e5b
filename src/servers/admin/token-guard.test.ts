import { describe, expect, it } from 'vitest';
import { Secret } from '../../core/secret.ts';
import { createTokenGuard } from './token-guard.ts';

const token = '0123456789abcdef0123456789abcdef';

function guard() {
  const state = { now: 0, token };
  const admit = createTokenGuard(
    () => new Secret(state.token),
    () => state.now,
  );
  return { state, admit };
}

describe('the guard of the admin API', () => {
  it('admits the token and nothing else (RFC 6750 §2.1)', () => {
    const { admit } = guard();
    expect(admit(`Bearer ${token}`)).toBe('admitted');
    expect(admit(`bearer  ${token} `)).toBe('admitted');
    for (const text of [undefined, '', token, 'Bearer', 'Bearer ', `Basic ${token}`, `Bearer ${token} x`]) {
      expect(admit(text)).toBe('missing');
    }
    for (const text of [token.slice(1), `${token}0`, token.toUpperCase(), `${token},${token}`, 'x']) {
      expect(admit(`Bearer ${text}`)).toBe('wrong');
    }
  });

  it('looks at 30 wrong tokens and then at one in two seconds, the right one included', () => {
    const { state, admit } = guard();
    for (let guesses = 0; guesses < 30; guesses += 1) expect(admit('Bearer guess')).toBe('wrong');
    expect(admit('Bearer guess')).toBe('too_many');
    expect(admit(`Bearer ${token}`)).toBe('too_many');
    state.now = 2;
    expect(admit(`Bearer ${token}`)).toBe('admitted');
    expect(admit('Bearer guess')).toBe('wrong');
    expect(admit(`Bearer ${token}`)).toBe('too_many');
    // Right ones cost nothing, and rest brings the whole budget back, not more.
    state.now = 1000;
    for (let calls = 0; calls < 100; calls += 1) expect(admit(`Bearer ${token}`)).toBe('admitted');
    for (let guesses = 0; guesses < 30; guesses += 1) expect(admit('Bearer guess')).toBe('wrong');
    expect(admit('Bearer guess')).toBe('too_many');
  });

  it('asks for the token each time, as a reload may bring another', () => {
    const { state, admit } = guard();
    state.token = 'another-token-of-the-same-length';
    expect(admit(`Bearer ${token}`)).toBe('wrong');
    expect(admit(`Bearer ${state.token}`)).toBe('admitted');
  });
});
