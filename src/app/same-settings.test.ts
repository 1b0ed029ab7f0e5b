import { expect, it } from 'vitest';
import { Secret } from '../core/secret.ts';
import { isSameSetting } from './same-settings.ts';

const settings = (parts: object = {}) => ({
  url: 'redis://localhost',
  password: new Secret('a'),
  list: [1, 'two'],
  map: new Map([['key', { deep: new Secret('b') }]]),
  absent: undefined,
  ...parts,
});

it('holds settings to be the same by what they say, secrets included', () => {
  expect(isSameSetting(settings(), settings())).toBe(true);
  expect(isSameSetting(settings(), { ...settings(), absent: undefined })).toBe(true);
});

it.each([
  [{ password: new Secret('b') }],
  [{ list: [1] }],
  [{ list: ['two', 1] }],
  [{ map: new Map([['key', { deep: new Secret('c') }]]) }],
  [{ map: new Map() }],
  [{ absent: null }],
  [{ more: 1 }],
  [{ url: 1 }],
])('sees a difference in %j', (parts) => {
  expect(isSameSetting(settings(), settings(parts))).toBe(false);
  expect(isSameSetting(settings(parts), settings())).toBe(false);
});

it('when unsure says that they differ: of values that it does not know', () => {
  expect(isSameSetting(new Date(0), new Date(0))).toBe(false);
  const date = new Date(0);
  expect(isSameSetting(date, date)).toBe(true);
});
