import { type KeyRing, parseKeyRing } from '../../adapters/node-crypto/key-ring.ts';
import { renderKeyRing, withoutKey, withPromotedKey } from '../../adapters/node-crypto/new-key-ring.ts';
import type { EpochSeconds } from '../../core/time.ts';
import { readKeysFile, replaceKeysFile, whileLocked } from './keys-file.ts';

export type KeysChange =
  | { readonly kind: 'changed'; readonly ring: KeyRing }
  /** Nothing was changed. `problem` is for people and has no secret in it. */
  | { readonly kind: 'refused'; readonly problem: string };

/** `sallyport keys promote`: the key of this id goes to the front, and seals from now on. */
export function promoteKey(file: string, id: string, now: EpochSeconds): Promise<KeysChange> {
  return changeKeysFile(file, (ring) => {
    if (ring.keys[0].id === id) return `key ${id} is the first already, and seals`;
    return withPromotedKey(ring, id, now) ?? noKey(ring, id);
  });
}

/** `sallyport keys remove`: nothing that still needs the key of this id opens any more. */
export function removeKey(file: string, id: string): Promise<KeysChange> {
  return changeKeysFile(file, (ring) => {
    if (ring.keys[0].id === id) return `key ${id} seals: promote another one first`;
    return withoutKey(ring, id) ?? noKey(ring, id);
  });
}

/** Puts a changed ring in place of the one in a file; a text that comes of it says why nothing is changed. */
export function changeKeysFile(file: string, change: (ring: KeyRing) => KeyRing | string): Promise<KeysChange> {
  // Of two commands at the same moment one would undo what the other said it did.
  return whileLocked(file, () => readAndReplace(file, change));
}

async function readAndReplace(file: string, change: (ring: KeyRing) => KeyRing | string): Promise<KeysChange> {
  const read = await readKeysFile(file);
  if (read.kind === 'refused') return read;
  const parsed = parseKeyRing(read.text);
  if (parsed.kind === 'invalid') return refused(file, parsed.problem);
  const ring = change(parsed.ring);
  if (typeof ring === 'string') return refused(file, ring);
  const outcome = await replaceKeysFile(file, renderKeyRing(ring));
  return outcome.kind === 'refused' ? outcome : { kind: 'changed', ring };
}

function noKey({ keys }: KeyRing, id: string): string {
  return `there is no key ${JSON.stringify(id.slice(0, 12))}; there are ${keys.map((key) => key.id).join(', ')}`;
}

function refused(file: string, problem: string): KeysChange {
  return { kind: 'refused', problem: `${file}: ${problem}` };
}
