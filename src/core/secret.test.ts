import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

describe('Secret (G8)', () => {
  const secret = new Secret('canary');

  it('reveals its value only when asked', () => {
    expect(secret.reveal()).toBe('canary');
  });

  it.each([
    ['a template', `${secret}`],
    ['String()', String(secret)],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ secret }, { showHidden: true, depth: 9 })],
    ['its own keys', JSON.stringify(Object.entries(secret))],
    ['an error', String(new Error('x', { cause: secret }).cause)],
  ])('prints as [redacted] in %s', (_form, printed) => {
    expect(printed).not.toContain('canary');
  });

  it('says that something was there', () => {
    expect(`${secret}`).toBe('[redacted]');
    expect(JSON.stringify(secret)).toBe('"[redacted]"');
    expect(inspect(secret)).toBe('[redacted]');
  });
});
