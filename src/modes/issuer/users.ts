import type { Claims, JsonValue } from '../../core/json.ts';
import type { IssuerAccount } from '../../ports/issuer-engine.ts';
import type { Random } from '../../ports/random.ts';
import {
  defaultPasswordCost,
  isPassword,
  type PasswordHash,
  parsePasswordHash,
  passwordMaxLength,
} from './password-hash.ts';
import type { IssuerSettings } from './settings.ts';

/** The people who can log in at an issuer. */
export interface Users {
  /** The account with this user name and password; undefined for any other pair, after the same work. */
  authenticate(username: string, password: string): Promise<IssuerAccount | undefined>;
  find(subject: string): Promise<IssuerAccount | undefined>;
}

interface User extends IssuerAccount {
  readonly passwordHash: PasswordHash;
}

/** The users of the configuration. A later issue puts a store behind the same interface. */
export function configuredUsers(settings: IssuerSettings['users'], random: Random): Users {
  const byUsername = new Map(settings.map((user) => [user.username, userOf(user)]));
  const bySubject = new Map([...byUsername.values()].map((user) => [user.subject, user]));
  const nobody = hashOfNobody([...byUsername.values()][0], random);

  return {
    async authenticate(username, password) {
      if (Buffer.byteLength(password) > passwordMaxLength) return undefined;
      const user = byUsername.get(username);
      // An unknown user costs one argon2id too, else the time would tell who exists.
      const isRight = await isPassword(password, user?.passwordHash ?? nobody);
      return isRight ? user : undefined;
    },
    find: async (subject) => bySubject.get(subject),
  };
}

function userOf(user: IssuerSettings['users'][number]): User {
  const passwordHash = parsePasswordHash(user.passwordHash);
  if (passwordHash === undefined) throw new Error('a password hash that the settings should have refused');
  return { subject: user.subject ?? user.username, claims: claimsOf(user), passwordHash };
}

function claimsOf({ username, claims }: IssuerSettings['users'][number]): Claims {
  const known = Object.entries(claims).flatMap(([name, value]): [string, JsonValue][] =>
    value === undefined ? [] : [[name, value]],
  );
  return new Map<string, JsonValue>([['preferred_username', username], ...known]);
}

/** A hash that no password has, as costly as the first user's; the settings refuse users of different costs. */
function hashOfNobody(example: User | undefined, random: Random): PasswordHash {
  const cost = example?.passwordHash.cost ?? defaultPasswordCost;
  return { cost, salt: random.bytes(16), tag: random.bytes(32) };
}
