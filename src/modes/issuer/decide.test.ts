import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';

const form = (fields: Readonly<Record<string, string>>) => new Map(Object.entries(fields));

describe('a submitted login page', () => {
  it('is checked with the user name as typed, without blanks around it, and the password as it is', () => {
    expect(decide({ kind: 'login' }, form({ username: ' alice ', password: ' secret ' }))).toEqual({
      kind: 'authenticate',
      username: 'alice',
      password: ' secret ',
    });
  });

  it.each([
    {},
    { username: 'alice' },
    { password: 'secret' },
    { username: ' ', password: 'secret' },
    { username: 'alice', password: '' },
  ])('is shown again when it is not filled in: %j', (fields) => {
    expect(decide({ kind: 'login' }, form(fields as Record<string, string>))).toEqual({ kind: 'show' });
  });

  it('is never a consent', () => {
    expect(decide({ kind: 'login' }, form({ decision: 'allow' }))).toEqual({ kind: 'show' });
  });
});

describe('a submitted consent page', () => {
  it('is a yes or a no only by the word itself', () => {
    expect(decide({ kind: 'consent' }, form({ decision: 'allow' }))).toEqual({ kind: 'consent' });
    expect(decide({ kind: 'consent' }, form({ decision: 'deny' }))).toEqual({ kind: 'deny' });
  });

  it.each([{}, { decision: '' }, { decision: 'Allow' }, { username: 'alice', password: 'secret' }])(
    'is shown again for anything else: %j',
    (fields) => {
      expect(decide({ kind: 'consent' }, form(fields as Record<string, string>))).toEqual({ kind: 'show' });
    },
  );
});
