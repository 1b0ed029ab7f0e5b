import { describe, expect, it } from 'vitest';
import { readSigningKeys } from '../../adapters/oidc-provider/signing-keys.ts';
import { systemRandom } from '../../adapters/system/random.ts';
import { Secret } from '../../core/secret.ts';
import { isPassword, parsePasswordHash } from '../../modes/issuer/password-hash.ts';
import { hashPasswordFrom } from './issuer-password-hash.ts';
import { newSigningKeys } from './issuer-signing-keys.ts';

async function* input(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

describe('sallyport issuer signing-keys new', () => {
  it('makes an RS256 and an ES256 key with thumbprints as key ids (RFC 7638)', async () => {
    const { keys } = readSigningKeys('idp', new Secret(await newSigningKeys()));
    expect(keys).toMatchObject([
      { kty: 'RSA', alg: 'RS256', use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) },
      { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
  });
});

describe('sallyport issuer password-hash', () => {
  it('hashes what stands in the standard input, without the newline of a terminal', async () => {
    const outcome = await hashPasswordFrom(input('alice-', 'password\n'), systemRandom);
    if (outcome.kind !== 'done') throw new Error(outcome.problem);
    const hash = parsePasswordHash(outcome.phc);
    expect(hash !== undefined && (await isPassword('alice-password', hash))).toBe(true);
  });

  it('takes a new salt each time', async () => {
    const one = await hashPasswordFrom(input('same'), systemRandom);
    expect(await hashPasswordFrom(input('same'), systemRandom)).not.toEqual(one);
  });

  it.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['more than 1024 bytes', 'x'.repeat(1025)],
    ['far more', 'x'.repeat(10_000)],
  ])('refuses %s', async (_what, text) => {
    expect((await hashPasswordFrom(input(text), systemRandom)).kind).toBe('refused');
  });
});
