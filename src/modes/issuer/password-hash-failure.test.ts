import { expect, it, vi } from 'vitest';
import { hashPassword, isPassword } from './password-hash.ts';

// OpenSSL fails where it gets no memory, which no test can bring about without taking the memory.
vi.mock('node:crypto', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:crypto')>()),
  argon2: (_algorithm: string, _parameters: object, callback: (error: Error) => void) => {
    callback(new Error('no memory'));
  },
}));

it('is neither right nor wrong about a password that could not be hashed', async () => {
  const salt = new Uint8Array(16);
  const cost = { memory: 64, passes: 1, parallelism: 1 };
  await expect(hashPassword('x', salt, cost)).rejects.toThrow('no memory');
  await expect(isPassword('x', { cost, salt, tag: new Uint8Array(32) })).rejects.toThrow('no memory');
});
