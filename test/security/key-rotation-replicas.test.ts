import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyStatus, KeyView } from '../../src/app/key-status.ts';
import { expectHealthy } from '../support/aftermath.ts';
import { metricOf } from '../support/metrics.ts';
import { ended, type RefreshWorld, startRefreshWorld, type Visitor } from '../support/refresh-world.ts';
import { reloadBySignal } from '../support/reload.ts';
import { freshKeyRing, runSallyport } from '../support/sallyport.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sessionCookie } from '../support/world.ts';

// Two processes, each with a file of its own: a new ring reaches them one after the other. What one process makes of
// a ring is in key-rotation.test.ts.

let all: RefreshWorld;
let files: readonly [string, string];

beforeAll(async () => {
  const folder = await tempFolder();
  files = [join(folder, 'keys-0.json'), join(folder, 'keys-1.json')];
  const ring = freshKeyRing();
  for (const file of files) await writeFile(file, ring);
  let index = 0;
  all = await startRefreshWorld({
    replicas: 2,
    adjust: (config) => {
      // A file is taken over when the test says so.
      config['reload'] = { watch: false };
      config['keys'] = { file: files[index] };
      index += 1;
    },
  });
});
beforeEach(async () => {
  // Each test begins with one key, which is new to both.
  await writeFile(files[0], freshKeyRing());
  await takeOver(0);
  await distribute();
  all.reset();
});
afterEach(() => expectHealthy(all.world));

async function sallyport(...words: readonly string[]): Promise<void> {
  const { code, output } = await runSallyport(...words);
  expect([code, output]).toEqual([0, expect.any(String)]);
}

/** Ids of the keys in the first file, in its order. */
async function ids(): Promise<readonly string[]> {
  const { keys } = JSON.parse(await readFile(files[0], 'utf8'));
  for (const { secret } of keys) noteSecret(secret);
  return keys.map(({ id }: { id: string }) => id);
}

/** One process takes its file over. */
async function takeOver(index: 0 | 1): Promise<void> {
  const replica = all.world.replicas[index];
  expect(replica && (await reloadBySignal(replica))).toBe('reloaded');
}

/** The second process gets the ring of the first. */
async function distribute(): Promise<void> {
  await copyFile(files[0], files[1]);
  await takeOver(1);
}

/** What a script's request gets, asked until each process has answered at least twice. */
async function everywhere(visitor: Visitor): Promise<readonly string[]> {
  const checks = () => Promise.all(all.world.replicas.map((replica) => metricOf(replica, 'sallyport_checks_total')));
  const before = await checks();
  const answers = new Set<string>();
  do {
    for (let count = 0; count < 4; count += 1) answers.add(await all.fetch(visitor));
  } while ((await checks()).some((count, index) => count < (before[index] ?? 0) + 2));
  return [...answers].toSorted();
}

function keyIdOf({ cookie }: Visitor): string {
  return new RegExp(`${sessionCookie}=(.{6})\\.`).exec(cookie)?.[1] ?? '';
}

/** Somebody whose session a process named that has this key first: Envoy sends logins to one and the other. */
async function logInUnder(id: string | undefined): Promise<Visitor> {
  for (let count = 0; count < 40; count += 1) {
    // A login that one process began fails at the other while that does not know the key.
    const visitor = await all.logIn(3600).catch(() => undefined);
    if (visitor !== undefined && keyIdOf(visitor) === id) return visitor;
  }
  throw new Error(`in forty logins nobody got a session under ${id}`);
}

/** What `sallyport keys status` says with the ring of one process. */
async function status(index: 0 | 1): Promise<KeyStatus> {
  const config = all.world.replicas[index]?.configFile ?? '';
  const { code, stdout } = await runSallyport('keys', 'status', '--config', config, '--format', 'json');
  expect(code).toBe(0);
  return JSON.parse(stdout) as KeyStatus; // what the command prints
}

async function statusOf(id: string | undefined): Promise<KeyView | undefined> {
  return (await status(0)).keys.find((key) => key.id === id);
}

describe('S11 a new key on replicas that learn of it one after the other', () => {
  it('logs nobody out in three steps: on standby, everywhere, promoted', async () => {
    const [old] = await ids();
    const early = await all.logIn(3600);
    await sallyport('keys', 'new', '--add', '--standby', '--file', files[0]);
    await takeOver(0);
    const [, added = ''] = await ids();
    // The first knows the key, the second does not: nothing is sealed with it.
    const between = [await all.logIn(3600), await all.logIn(3600)];
    for (const visitor of [early, ...between])
      expect([keyIdOf(visitor), await everywhere(visitor)]).toEqual([old, ['200']]);
    await distribute();
    expect((await status(1)).keys.map(({ role }) => role)).toEqual(['seals', 'standby']);
    await sallyport('keys', 'promote', added, '--file', files[0]);
    await takeOver(0);
    // The first seals with it, the second with the old one: each opens both.
    const late = [await logInUnder(added), await logInUnder(old)];
    for (const visitor of [early, ...between, ...late]) expect(await everywhere(visitor)).toEqual(['200']);
    await distribute();
    expect(keyIdOf(await all.logIn(3600))).toBe(added);
    for (const visitor of [early, ...between, ...late]) expect(await everywhere(visitor)).toEqual(['200']);
    expect((await status(1)).keys.map(({ id, role }) => [id, role])).toEqual([
      [added, 'seals'],
      [old, 'opens'],
    ]);
  });

  it('put first at once, makes strangers of its sessions where it is not known yet: why there are three steps', async () => {
    const [old] = await ids();
    const early = await all.logIn(3600);
    await sallyport('keys', 'new', '--add', '--file', files[0]);
    await takeOver(0);
    const [added] = await ids();
    const visitor = await logInUnder(added);
    expect(await everywhere(visitor)).toEqual(['200', '401']);
    expect(await everywhere(early)).toEqual(['200']);
    // The ring of the second does not know what the store needs, and says so.
    const { keys, unknown_keys } = await status(1);
    expect(keys.map(({ id }) => id)).toEqual([old]);
    expect(unknown_keys.find(({ id }) => id === added)?.sessions.needed).toBeGreaterThan(0);
    // Nothing was ended: the session is there once the second knows the key.
    await distribute();
    expect(await everywhere(visitor)).toEqual(['200']);
  });
});

describe('S11 an old key', () => {
  it('is needed by the name when a refresh has sealed the session anew, until the session ends', async () => {
    const [old] = await ids();
    const visitors = [await all.logIn(2), await all.logIn(3600)] as const;
    await sallyport('keys', 'new', '--add', '--file', files[0]);
    const [added] = await ids();
    await takeOver(0);
    await distribute();
    expect((await statusOf(old))?.sessions).toMatchObject({ named: 2, sealed: 2, needed: 2 });
    await ended(visitors[0]);
    expect(await everywhere(visitors[0])).toEqual(['200']);
    expect(all.gates.refreshes).toHaveLength(1);
    expect(keyIdOf(visitors[0])).toBe(old);
    const before = await statusOf(old);
    expect(before).toMatchObject({ can_go: false, sessions: { named: 2, sealed: 1, needed: 2 } });
    expect((await statusOf(added))?.sessions).toMatchObject({ named: 0, sealed: 1, needed: 1 });
    // A day, which is the longest that a session lives: longer than any login.
    expect(before?.can_go_after).toBe(before?.sessions.until);
    for (const { client } of visitors) {
      const { origin } = all.world;
      await client.open(`${origin}/_auth/logout`, {
        method: 'POST',
        headers: { origin, 'sec-fetch-site': 'same-origin' },
      });
    }
    const after = await statusOf(old);
    expect(after?.sessions).toEqual({ named: 0, sealed: 0, needed: 0, until: null });
    expect(after?.browsers.map(({ what }) => what)).toEqual(['logins under way']);
    const config = all.world.replicas[0]?.configFile ?? '';
    const asked = await runSallyport('keys', 'status', '--config', config, '--can-remove', old ?? '');
    expect([asked.code, asked.stdout]).toEqual([1, expect.stringContaining('when logins under way have ended')]);
  });

  it('that was removed while sessions needed it ends them, on every replica, and nothing else', async () => {
    const [old = ''] = await ids();
    const early = await all.logIn(3600);
    await sallyport('keys', 'new', '--add', '--file', files[0]);
    await takeOver(0);
    await distribute();
    const late = await all.logIn(3600);
    await sallyport('keys', 'remove', old, '--file', files[0]);
    await takeOver(0);
    await distribute();
    expect(await everywhere(early)).toEqual(['401']);
    expect(await all.open(early)).toBe('302 to login');
    expect(await everywhere(late)).toEqual(['200']);
    const unknown = (await status(0)).unknown_keys.find(({ id }) => id === old);
    expect(unknown?.sessions).toMatchObject({ named: 1, sealed: 1, needed: 1 });
    const again = await early.client.follow(`${all.world.origin}/orders`);
    expect(again.status).toBe(200);
  });
});
