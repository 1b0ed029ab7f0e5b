import { formatPasswordHash, hashPassword, passwordMaxLength } from '../../modes/issuer/password-hash.ts';
import type { Random } from '../../ports/random.ts';

export type PasswordHashOutcome =
  | { readonly kind: 'done'; readonly phc: string }
  | { readonly kind: 'refused'; readonly problem: string };

/**
 * `sallyport issuer password-hash`: the argon2id PHC string of the password that stands in `input` (the standard
 * input), to be printed with a newline. One newline at the end of the input is not part of the password.
 */
export async function hashPasswordFrom(input: AsyncIterable<Uint8Array>, random: Random): Promise<PasswordHashOutcome> {
  const bytes: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    length += chunk.length;
    if (length > passwordMaxLength + 2) return tooLong;
    bytes.push(chunk);
  }
  const password = Buffer.concat(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '') return { kind: 'refused', problem: 'the password is empty: write it to the standard input' };
  if (Buffer.byteLength(password) > passwordMaxLength) return tooLong;
  return { kind: 'done', phc: formatPasswordHash(await hashPassword(password, random.bytes(16))) };
}

const tooLong: PasswordHashOutcome = {
  kind: 'refused',
  problem: `the password is longer than ${passwordMaxLength} bytes`,
};
