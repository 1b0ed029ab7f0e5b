import { describe, expect, it } from 'vitest';
import {
  defaultPasswordCost,
  formatPasswordHash,
  hashPassword,
  isPassword,
  parsePasswordHash,
} from './password-hash.ts';

// From the test suite of the argon2 reference implementation: "password", salt "somesalt".
const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
const cheap = { memory: 64, passes: 1, parallelism: 1 };

describe('password hashes', () => {
  it('verifies a hash that the argon2 reference implementation made', async () => {
    const hash = parsePasswordHash(reference);
    if (hash === undefined) throw new Error('the reference hash was not read');
    expect(hash.cost).toEqual({ memory: 65_536, passes: 2, parallelism: 1 });
    expect(await isPassword('password', hash)).toBe(true);
    expect(await isPassword('passwore', hash)).toBe(false);
    expect(formatPasswordHash(hash)).toBe(reference);
  });

  it('round-trips through the PHC string, whatever the password’s characters', async () => {
    for (const password of ['x', 'pässwörd 🔑', 'with\u0000null']) {
      const hash = await hashPassword(password, new Uint8Array(16).fill(7), cheap);
      const read = parsePasswordHash(formatPasswordHash(hash));
      expect(read).toEqual({ ...hash, salt: Buffer.from(hash.salt), tag: Buffer.from(hash.tag) });
      expect(read !== undefined && (await isPassword(password, read))).toBe(true);
    }
  });

  it('costs what OWASP asks for unless told otherwise', async () => {
    expect((await hashPassword('x', new Uint8Array(16))).cost).toBe(defaultPasswordCost);
  });

  it.each([
    ['', 'nothing'],
    ['alice-password', 'a password in clear'],
    [reference.replace('argon2id', 'argon2i'), 'argon2i'],
    [reference.replace('v=19', 'v=16'), 'an older version'],
    [reference.replace('m=65536', 'm=0'), 'no memory'],
    [reference.replace('m=65536', 'm=7'), 'too little memory'],
    [reference.replace('m=65536', 'm=99999999'), 'memory that would stop the process'],
    [reference.replace('c29tZXNhbHQ', 'c29tZQ'), 'a short salt'],
    [reference.slice(0, -32), 'a short tag'],
    [`${reference}\n`, 'a newline'],
  ])('refuses %j: %s', (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});
