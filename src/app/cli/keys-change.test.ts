import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../test/support/terminal.ts';
import { parseKeyRing } from '../../adapters/node-crypto/key-ring.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'));
  file = join(folder, 'keys.json');
  await keys('new', '--file', file);
});
afterEach(() => rm(folder, { recursive: true }));

const keys = (...words: readonly string[]) => runCommand(['keys', ...words]);

async function ring() {
  const parsed = parseKeyRing(await readFile(file, 'utf8'));
  if (parsed.kind === 'invalid') throw new Error(parsed.problem);
  return parsed.ring.keys;
}

const ids = async () => (await ring()).map(({ id }) => id);

/** A standby key, whose id is returned. */
async function addStandby(): Promise<string> {
  const { code, err } = await keys('new', '--add', '--standby', '--file', file);
  const id = (await ids()).at(-1) ?? '';
  expect([code, err]).toEqual([
    0,
    `${file}: key ${id} is new; ${(await ring()).length} in the ring\nIt does not seal yet. When every replica has the file: sallyport keys promote ${id}\n`,
  ]);
  return id;
}

describe('sallyport keys new --add --standby', () => {
  it('puts a key last that has never sealed', async () => {
    const [old] = await ids();
    const standby = await addStandby();
    expect(await ids()).toEqual([old, standby]);
    expect((await ring()).map(({ promotedAt }) => promotedAt)).toEqual([undefined, null]);
  });

  it.each([[['--standby']], [['--standby', '--file', 'x']], [['--standby', '--replace', '--file', 'x']]])(
    'is wrong usage as %j',
    async (words) => {
      const { code, err } = await keys('new', ...words);
      expect([code, err]).toEqual([2, expect.stringContaining('--standby goes with --add')]);
    },
  );
});

describe('sallyport keys promote', () => {
  it('puts a key first, and notes when, and the others stay in their order', async () => {
    const [old] = await ids();
    const [one, two] = [await addStandby(), await addStandby()];
    const { code, err } = await keys('promote', two, '--file', file);
    expect([code, err]).toEqual([0, `${file}: key ${two} seals from now on; 3 in the ring\n`]);
    expect(await ids()).toEqual([two, old, one]);
    expect((await ring())[0].promotedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('refuses the first key, and one that is not there, and changes nothing', async () => {
    const [first] = await ids();
    const before = await readFile(file, 'utf8');
    expect((await keys('promote', first ?? '', '--file', file)).err).toContain('is the first already');
    const { code, err } = await keys('promote', '-abcde', '--file', file);
    expect([code, err]).toEqual([1, `${file}: there is no key "-abcde"; there are ${first}\n`]);
    expect(await readFile(file, 'utf8')).toBe(before);
  });
});

describe('sallyport keys remove', () => {
  it('takes a key out of the ring', async () => {
    const [old] = await ids();
    await keys('new', '--add', '--file', file);
    const { code, err } = await keys('remove', old ?? '', '--file', file);
    expect([code, err]).toEqual([0, `${file}: key ${old} is gone; 1 in the ring\n`]);
    expect(await ids()).not.toContain(old);
  });

  it('refuses the key that seals', async () => {
    const [first] = await ids();
    const { code, err } = await keys('remove', first ?? '', '--file', file);
    expect([code, err]).toEqual([1, `${file}: key ${first} seals: promote another one first\n`]);
  });
});

describe('a standby key', () => {
  it('that somebody moved to the front by hand is refused, with what to do (G7)', async () => {
    await addStandby();
    const moved = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ keys: moved.keys.toReversed() }));
    const { code, err } = await keys('new', '--add', '--file', file);
    expect([code, err]).toEqual([1, expect.stringContaining('keys[0].promotedAt: the first key seals')]);
    expect(err).toContain('sallyport keys promote');
  });
});

describe('several commands at the same moment', () => {
  it('lose no key: each either did what it says, or says that it did not', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => keys('new', '--add', '--standby', '--file', file)),
    );
    const done = outcomes.filter(({ code }) => code === 0);
    expect(done.length).toBeGreaterThan(0);
    expect(await ids()).toHaveLength(1 + done.length);
    for (const { code, err } of outcomes) if (code !== 0) expect(err).toContain('another command is changing it');
  });

  it('leave nothing behind that would stand in the way of the next', async () => {
    await keys('new', '--add', '--file', file);
    expect((await keys('new', '--add', '--file', file)).code).toBe(0);
    await writeFile(`${file}.lock`, '');
    expect((await keys('new', '--add', '--file', file)).err).toContain(`delete ${file}.lock`);
  });
});
