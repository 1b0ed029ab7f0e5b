import type { KeyRing } from '../../adapters/node-crypto/key-ring.ts';
import { newKeyRing, renderKeyRing, withNewKey, withStandbyKey } from '../../adapters/node-crypto/new-key-ring.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { changeKeysFile } from './keys-change.ts';
import { createKeysFile, type FileOutcome, replaceKeysFile } from './keys-file.ts';

/** What `sallyport keys new` was asked for. */
export type KeysNewRequest =
  /** Hand the ring back, to be printed. */
  | { readonly kind: 'print' }
  /** Write it to a file that must not be there yet. */
  | { readonly kind: 'create'; readonly file: string }
  /** `--add`: a new first key for the ring in the file; its old keys stay. */
  | { readonly kind: 'add'; readonly file: string }
  /** `--add --standby`: a new last key for it, which opens and does not seal. */
  | { readonly kind: 'standby'; readonly file: string }
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
  ports: { readonly random: Random; readonly clock: Pick<Clock, 'now'> },
): Promise<KeysNewOutcome> {
  const { random } = ports;
  const now = ports.clock.now();
  switch (request.kind) {
    case 'print':
      return { kind: 'printed', text: renderKeyRing(newKeyRing(random, now)) };
    case 'create':
      return write(request.file, newKeyRing(random, now), createKeysFile);
    case 'replace':
      return write(request.file, newKeyRing(random, now), replaceKeysFile);
    case 'add': {
      const changed = await changeKeysFile(request.file, (ring) => withNewKey(ring, random, now));
      return changed.kind === 'refused' ? changed : written(request.file, changed.ring, changed.ring.keys[0].id);
    }
    case 'standby': {
      const changed = await changeKeysFile(request.file, (ring) => withStandbyKey(ring, random, now));
      return changed.kind === 'refused' ? changed : written(request.file, changed.ring, changed.ring.keys.at(-1)?.id);
    }
  }
}

async function write(
  file: string,
  ring: KeyRing,
  put: (file: string, text: string) => Promise<FileOutcome>,
): Promise<KeysNewOutcome> {
  const outcome = await put(file, renderKeyRing(ring));
  return outcome.kind === 'refused' ? outcome : written(file, ring, ring.keys[0].id);
}

function written(file: string, { keys }: KeyRing, newKeyId = ''): KeysNewOutcome {
  return { kind: 'written', file, newKeyId, keys: keys.length };
}
