import { type KeyRing, parseKeyRing } from '../../adapters/node-crypto/key-ring.ts';
import { newKeyRing, renderKeyRing, withNewKey } from '../../adapters/node-crypto/new-key-ring.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { createKeysFile, type FileOutcome, readKeysFile, replaceKeysFile } from './keys-file.ts';

/** What `sallyport keys new` was asked for. */
export type KeysNewRequest =
  /** Hand the ring back, to be printed. */
  | { readonly kind: 'print' }
  /** Write it to a file that must not be there yet. */
  | { readonly kind: 'create'; readonly file: string }
  /** `--add`: a new first key for the ring in the file; its old keys stay. */
  | { readonly kind: 'add'; readonly file: string }
  /** `--replace`: a ring of one new key in place of the file. Everything sealed before is lost. */
  | { readonly kind: 'replace'; readonly file: string };

export type KeysNewOutcome =
  /** `text` holds the secrets: for standard output, never for a log. */
  | { readonly kind: 'printed'; readonly text: string }
  | { readonly kind: 'written'; readonly file: string; readonly newKeyId: string; readonly keys: number }
  /** Nothing was changed. `problem` is for people and has no secret in it. */
  | { readonly kind: 'refused'; readonly problem: string };

/** Carries out `sallyport keys new`. What is wrong with a file is an outcome, not an exception. */
export async function keysNew(
  request: KeysNewRequest,
  ports: { readonly random: Random; readonly clock: Clock },
): Promise<KeysNewOutcome> {
  const { random, clock } = ports;
  switch (request.kind) {
    case 'print':
      return { kind: 'printed', text: renderKeyRing(newKeyRing(random, clock.now())) };
    case 'create':
      return write(request.file, newKeyRing(random, clock.now()), createKeysFile);
    case 'replace':
      return write(request.file, newKeyRing(random, clock.now()), replaceKeysFile);
    case 'add': {
      const text = await readKeysFile(request.file);
      if (text.kind === 'refused') return text;
      const parsed = parseKeyRing(text.text);
      if (parsed.kind === 'invalid') return { kind: 'refused', problem: `${request.file}: ${parsed.problem}` };
      return write(request.file, withNewKey(parsed.ring, random, clock.now()), replaceKeysFile);
    }
  }
}

async function write(
  file: string,
  ring: KeyRing,
  put: (file: string, text: string) => Promise<FileOutcome>,
): Promise<KeysNewOutcome> {
  const outcome = await put(file, renderKeyRing(ring));
  if (outcome.kind === 'refused') return outcome;
  return { kind: 'written', file, newKeyId: ring.keys[0].id, keys: ring.keys.length };
}
