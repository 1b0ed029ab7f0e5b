import { argon2, timingSafeEqual } from 'node:crypto';

/** What one argon2id computation costs (RFC 9106 §3.1). */
export interface PasswordCost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** A stored password: argon2id version 1.3 in the PHC string format. */
export interface PasswordHash {
  readonly cost: PasswordCost;
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

/** OWASP's first choice: 19 MiB, two passes. */
export const defaultPasswordCost: PasswordCost = { memory: 19_456, passes: 2, parallelism: 1 };

/** A longer password is refused unread: hashing it would cost us, not its sender. Bytes of UTF-8. */
export const passwordMaxLength = 1024;

const phcForm =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d{0,1})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Reads a PHC string; undefined for anything but argon2id version 1.3 with sane parameters. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, memory, passes, parallelism, salt, tag] = phcForm.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const hash: PasswordHash = {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
  const isSane = hash.cost.memory >= 8 * hash.cost.parallelism && hash.salt.length >= 8 && hash.tag.length >= 16;
  return isSane ? hash : undefined;
}

/** The PHC string of a hash: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`, base64 without padding. */
export function formatPasswordHash({ cost, salt, tag }: PasswordHash): string {
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Hashes a password. `salt`: 16 random bytes. Runs on the thread pool. */
export async function hashPassword(
  password: string,
  salt: Uint8Array,
  cost = defaultPasswordCost,
): Promise<PasswordHash> {
  return { cost, salt, tag: await tagOf(password, salt, cost, 32) };
}

/** Whether this is the password, found out in the time of one hash computation whatever the answer. */
export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  const tag = await tagOf(password, hash.salt, hash.cost, hash.tag.length);
  return timingSafeEqual(tag, hash.tag);
}

function tagOf(password: string, nonce: Uint8Array, cost: PasswordCost, tagLength: number): Promise<Uint8Array> {
  const { memory, passes, parallelism } = cost;
  const parameters = { message: Buffer.from(password), nonce, memory, passes, parallelism, tagLength };
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => {
      if (error === null) resolve(tag);
      else reject(error);
    });
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
