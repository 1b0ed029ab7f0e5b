import { describe, expect, it } from 'vitest';
import type { Random } from '../../ports/random.ts';
import { formatPasswordHash, hashPassword } from './password-hash.ts';
import { configuredUsers } from './users.ts';

const random: Random = { bytes: (length) => new Uint8Array(length).fill(1) };
const hash = await hashPassword('right', random.bytes(16), { memory: 64, passes: 1, parallelism: 1 });
const alice = {
  username: 'alice',
  subject: 'user-1',
  passwordHash: formatPasswordHash(hash),
  claims: { name: 'Alice Adams', email: undefined, groups: ['staff'] },
};

describe('the users of the configuration', () => {
  const users = configuredUsers([alice, { ...alice, username: 'bob', subject: undefined, claims: {} }], random);

  it('are known by user name and password to the login page, and by subject to the engine', async () => {
    expect((await users.authenticate('alice', 'right'))?.subject).toBe('user-1');
    expect((await users.find('user-1'))?.subject).toBe('user-1');
    expect(await users.find('alice')).toBeUndefined();
  });

  it('have the user name as subject when there is no other, and as preferred_username (OIDC Core §5.1)', async () => {
    expect((await users.find('bob'))?.claims).toEqual(new Map([['preferred_username', 'bob']]));
  });

  it('have the claims that were set, and no others', async () => {
    expect((await users.find('user-1'))?.claims).toEqual(
      new Map<string, unknown>([
        ['preferred_username', 'alice'],
        ['name', 'Alice Adams'],
        ['groups', ['staff']],
      ]),
    );
  });

  it.each([
    ['alice', 'wrong'],
    ['alice', ''],
    ['mallory', 'right'],
    ['__proto__', 'right'],
    ['alice', 'x'.repeat(1025)],
  ])('are nobody else: %s', async (username, password) => {
    expect(await users.authenticate(username, password)).toBeUndefined();
  });

  it('may be none at all', async () => {
    expect(await configuredUsers([], random).authenticate('alice', 'right')).toBeUndefined();
  });
});
