import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixedClock } from '../../../test/support/fixed-clock.ts';
import { parseKeyRing } from '../../adapters/node-crypto/key-ring.ts';
import { systemRandom } from '../../adapters/system/random.ts';
import { keysNew } from './keys-new.ts';

const ports = { random: systemRandom, clock: fixedClock(1_790_000_000) };

function ringOf(text: string) {
  const parsed = parseKeyRing(text);
  if (parsed.kind === 'invalid') throw new Error(parsed.problem);
  return parsed.ring;
}

describe('sallyport keys new', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    file = join(folder, 'keys.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('prints a ring that its own parser accepts', async () => {
    const outcome = await keysNew({ kind: 'print' }, ports);
    if (outcome.kind !== 'printed') throw new Error(outcome.kind);
    expect(ringOf(outcome.text).keys).toHaveLength(1);
    expect(ringOf(outcome.text).keys[0].createdAt).toBe('2026-09-21T14:13:20Z');
  });

  it('writes a file that only its owner may read', async () => {
    const outcome = await keysNew({ kind: 'create', file }, ports);
    const ring = ringOf(await readFile(file, 'utf8'));
    expect(outcome).toEqual({ kind: 'written', file, newKeyId: ring.keys[0].id, keys: 1 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('does not overwrite a file without being asked', async () => {
    await writeFile(file, 'precious');
    const outcome = await keysNew({ kind: 'create', file }, ports);
    expect(outcome).toMatchObject({ kind: 'refused', problem: expect.stringContaining('--add') });
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  it('adds a new first key and keeps the old ones in their order', async () => {
    await keysNew({ kind: 'create', file }, ports);
    const [old] = ringOf(await readFile(file, 'utf8')).keys;
    await keysNew({ kind: 'add', file }, ports);
    const outcome = await keysNew({ kind: 'add', file }, ports);
    const ring = ringOf(await readFile(file, 'utf8'));
    expect(outcome).toMatchObject({ kind: 'written', newKeyId: ring.keys[0].id, keys: 3 });
    expect(ring.keys.at(-1)?.id).toBe(old.id);
    expect(ring.keys.at(-1)?.secret.reveal()).toEqual(old.secret.reveal());
  });

  it('takes rights away from others when it adds, and leaves the group what it may read', async () => {
    await keysNew({ kind: 'create', file }, ports);
    await chmod(file, 0o664);
    await keysNew({ kind: 'add', file }, ports);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it('adds to the file behind a symbolic link and leaves the link', async () => {
    const link = join(folder, 'link.json');
    await keysNew({ kind: 'create', file }, ports);
    await symlink(file, link);
    expect(await keysNew({ kind: 'add', file: link }, ports)).toMatchObject({ kind: 'written', keys: 2 });
    expect(ringOf(await readFile(file, 'utf8')).keys).toHaveLength(2);
  });

  it('refuses to add to a file that is no key ring, and leaves it alone', async () => {
    await writeFile(file, '{"keys":[]}');
    expect(await keysNew({ kind: 'add', file }, ports)).toMatchObject({
      kind: 'refused',
      problem: expect.stringContaining('empty'),
    });
    expect(await readFile(file, 'utf8')).toBe('{"keys":[]}');
  });

  it('refuses to add to a file that is not there', async () => {
    expect(await keysNew({ kind: 'add', file }, ports)).toMatchObject({ kind: 'refused' });
  });

  it('replaces a ring when asked', async () => {
    await keysNew({ kind: 'create', file }, ports);
    const before = await readFile(file, 'utf8');
    expect(await keysNew({ kind: 'replace', file }, ports)).toMatchObject({ kind: 'written', keys: 1 });
    expect(await readFile(file, 'utf8')).not.toBe(before);
  });
});
