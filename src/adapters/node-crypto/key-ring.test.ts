import { describe, expect, it } from 'vitest';
import { epochSecondsOf } from '../../core/time.ts';
import { systemRandom } from '../system/random.ts';
import { keyIdOf, parseKeyRing } from './key-ring.ts';
import { newKeyRing, renderKeyRing, withNewKey, withPromotedKey, withStandbyKey } from './new-key-ring.ts';

const now = epochSecondsOf(1_790_000_000);

function jsonKey(bytes: Uint8Array = systemRandom.bytes(32)) {
  return { id: keyIdOf(bytes), createdAt: '2026-09-21T14:13:20Z', secret: Buffer.from(bytes).toString('base64url') };
}

function problemOf(value: unknown): string {
  const parsed = parseKeyRing(typeof value === 'string' ? value : JSON.stringify(value));
  return parsed.kind === 'invalid' ? parsed.problem : 'none';
}

describe('the key ring file', () => {
  it('is read back as it was written, newest key first', () => {
    const ring = withNewKey(newKeyRing(systemRandom, now), systemRandom, now);
    const parsed = parseKeyRing(renderKeyRing(ring));
    if (parsed.kind === 'invalid') throw new Error(parsed.problem);
    expect(parsed.ring.keys.map(({ id }) => id)).toEqual(ring.keys.map(({ id }) => id));
    expect(parsed.ring.keys[0].secret.reveal()).toEqual(ring.keys[0].secret.reveal());
  });

  it('is read back with its standby keys, and with when they were promoted', () => {
    const standby = withStandbyKey(newKeyRing(systemRandom, now), systemRandom, now);
    const id = standby.keys.at(-1)?.id ?? '';
    for (const ring of [standby, withPromotedKey(standby, id, now) ?? standby]) {
      const parsed = parseKeyRing(renderKeyRing(ring));
      if (parsed.kind === 'invalid') throw new Error(parsed.problem);
      expect(parsed.ring.keys.map(({ promotedAt }) => promotedAt)).toEqual(ring.keys.map((key) => key.promotedAt));
    }
    expect(withPromotedKey(standby, standby.keys[0].id, now)).toBeUndefined();
    expect(withPromotedKey(standby, 'absent', now)).toBeUndefined();
  });

  it('does not show its keys when it is logged', () => {
    expect(JSON.stringify(newKeyRing(systemRandom, now))).toContain('[redacted]');
  });

  const good = jsonKey();
  const short = Buffer.alloc(31, 7);
  it.each([
    ['text that is not JSON', 'not json', 'the key ring is not JSON'],
    ['a list', [], 'the key ring: expected an object'],
    ['no keys', {}, 'keys: missing'],
    ['keys that are no list', { keys: {} }, 'keys: expected a list'],
    ['an empty ring', { keys: [] }, 'keys: the ring is empty'],
    ['a key that is no object', { keys: ['x'] }, 'keys[0]: expected an object'],
    ['an unknown member of the ring', { keys: [good], kyes: [] }, '"kyes": unknown member'],
    ['an unknown member of a key', { keys: [{ ...good, note: '' }] }, 'keys[0]."note": unknown member'],
    ['a key without secret', { keys: [{ ...good, secret: undefined }] }, 'keys[0].secret: missing'],
    ['a secret that is no text', { keys: [{ ...good, secret: 5 }] }, 'keys[0].secret: expected a text'],
    ['a key of 31 bytes', { keys: [{ ...good, secret: short.toString('base64url') }] }, 'found 31'],
    ['a secret with padding', { keys: [{ ...good, secret: `${good.secret}=` }] }, 'keys[0].secret: not base64url'],
    ['a key of equal bytes', { keys: [jsonKey(Buffer.alloc(32, 9))] }, 'keys[0].secret: weak key, all'],
    ['a key typed in letters', { keys: [jsonKey(Buffer.from('deadbeef'.repeat(4)))] }, 'weak key, too few'],
    ['the same key twice', { keys: [good, jsonKey(), good] }, 'keys[2]: this key stands in the ring twice'],
    ['an id of another key', { keys: [{ ...good, id: 'AAAAAA' }] }, 'keys[0].id: does not fit'],
    ['a date that is none', { keys: [{ ...good, createdAt: '2026-13-01T00:00:00Z' }] }, 'keys[0].createdAt: expected'],
    ['a promotion that is no date', { keys: [{ ...good, promotedAt: 1 }] }, 'keys[0].promotedAt: expected'],
    ['a standby key that is first', { keys: [{ ...good, promotedAt: null }] }, 'keys[0].promotedAt: the first key'],
    ['a date with an offset', { keys: [{ ...good, createdAt: '2026-01-01T00:00:00+01:00' }] }, 'keys[0].createdAt'],
  ])('refuses %s and says where (G7)', (_, value, problem) => {
    expect(problemOf(value)).toContain(problem);
  });

  it('names no value in any problem (G7, G8)', () => {
    const canary = 'CanarySecretCanarySecretCanarySecretCanaryS';
    const placed = [
      canary,
      { keys: [{ ...good, secret: canary }] },
      { keys: [{ ...good, secret: `${canary}=` }] },
      { keys: [{ ...good, id: canary }] },
      { keys: [{ ...good, createdAt: canary }] },
      { keys: canary },
      { keys: [canary] },
      { keys: [good], [canary]: 1 },
    ];
    for (const value of placed) {
      expect(problemOf(value)).not.toBe('none');
      expect(problemOf(value)).not.toContain(canary);
    }
  });
});
