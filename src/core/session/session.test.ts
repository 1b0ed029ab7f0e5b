import { describe, expect, it } from 'vitest';
import { sessionAt } from '../../../test/support/session.ts';
import { knownSubjectOf } from './session.ts';

describe('knownSubjectOf', () => {
  it('is the subject of a session, and undefined where that is not known', () => {
    expect(knownSubjectOf(sessionAt(0, { subject: 'alice' }))).toBe('alice');
    expect(knownSubjectOf(sessionAt(0, { subject: '' }))).toBeUndefined();
  });
});
