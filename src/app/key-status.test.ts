import { describe, expect, it } from 'vitest';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import type { KeyRing } from '../adapters/node-crypto/key-ring.ts';
import {
  newKeyRing,
  withNewKey,
  withoutKey,
  withPromotedKey,
  withStandbyKey,
} from '../adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../adapters/node-crypto/sealer.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { epochSecondsOf, secondsOf } from '../core/time.ts';
import type { Config } from './config/config.ts';
import { type KeyView, keyStatus } from './key-status.ts';
import { countKeyUses } from './key-uses.ts';

const start = 1_790_000_000;
const at = (seconds: number) => epochSecondsOf(start + seconds);
const iso = (seconds: number) => new Date((start + seconds) * 1000).toISOString();

/** Instances of which browsers hold something for so long. */
function modesOf(lifetimes: Readonly<Record<string, number>>): Config['modes'] {
  const inBrowsers = Object.entries(lifetimes).map(([what, lifetime]) => ({ what, lifetime: secondsOf(lifetime) }));
  const mode = { name: 'web', settings: {}, definition: { common: () => ({ inBrowsers }) } };
  return new Map([['web', mode]]) as unknown as Config['modes']; // of an instance nothing else is asked
}

/** A store, and what it says of a ring at a moment. */
function subject(lifetimes: Readonly<Record<string, number>> = {}) {
  const clock = fixedClock(start);
  const store = createMemoryStore({ clock });
  const status = async (ring: KeyRing) => keyStatus(ring, await countKeyUses(store), modesOf(lifetimes), clock.now());
  const seal = (ring: KeyRing) => createSealer(ring, systemRandom).sealBytes('session', Buffer.from('x'), 'name');
  return {
    clock,
    store,
    seal,
    status,
    keyOf: async (ring: KeyRing, id: string | undefined): Promise<KeyView> => {
      const key = (await status(ring)).keys.find((each) => each.id === id);
      if (key === undefined) throw new Error(`no key ${id}`);
      return key;
    },
    session: (name: string, ring: KeyRing, endsIn: number, keyId = ring.keys[0].id) =>
      store.sessions.create(name, {
        ...{ sealed: seal(ring), lastSeenAt: clock.now(), keyId },
        ...{ endsAt: epochSecondsOf(clock.now() + endsIn), idleFor: secondsOf(10_000) },
      }),
  };
}

const old = newKeyRing(systemRandom, at(-1000));
const oldId = old.keys[0].id;
const rotated = withNewKey(old, systemRandom, at(0));

describe('the status of a key', () => {
  it('that seals is that it stays', async () => {
    const world = subject({ 'logins under way': 600 });
    const { keys } = await world.status(old);
    expect(keys).toMatchObject([{ id: oldId, role: 'seals', can_go: false, can_go_after: null, browsers: [] }]);
  });

  it('with sessions of its name is that it goes when the last of them ends, also when all were sealed anew (S11)', async () => {
    const world = subject();
    await world.session('a', old, 100);
    await world.session('b', old, 200);
    await world.session('c', rotated, 5000);
    for (const name of ['a', 'b']) await world.store.sessions.replace(name, 1, world.seal(rotated));
    expect(await world.keyOf(rotated, oldId)).toMatchObject({
      role: 'opens',
      sessions: { named: 2, sealed: 0, needed: 2, until: iso(200) },
      can_go: false,
      can_go_after: iso(200),
    });
    expect((await world.keyOf(rotated, rotated.keys[0].id)).sessions).toMatchObject({ named: 1, sealed: 3, needed: 3 });
    world.clock.advance(200);
    expect(await world.keyOf(rotated, oldId)).toMatchObject({ can_go: true, can_go_after: null });
  });

  it('that sealed a session of another key’s name is that it goes once that is written again or ends', async () => {
    const world = subject();
    await world.session('a', old, 300, rotated.keys[0].id);
    expect(await world.keyOf(rotated, oldId)).toMatchObject({
      sessions: { named: 0, sealed: 1, needed: 1 },
      can_go_after: iso(300),
    });
    await world.store.sessions.replace('a', 1, world.seal(rotated));
    expect(await world.keyOf(rotated, oldId)).toMatchObject({ can_go: true });
  });

  it('that sealed records of an issuer is that it goes when the last of them ends; never, when one has no end', async () => {
    const world = subject();
    const document = { value: world.seal(old), endsAt: at(700), group: undefined, alias: undefined };
    await world.store.documents.put({ kind: 'Grant', id: 'one' }, document);
    expect(await world.keyOf(rotated, oldId)).toMatchObject({
      documents: { sealed: 1, until: iso(700) },
      can_go: false,
      can_go_after: iso(700),
    });
    await world.store.documents.put({ kind: 'Grant', id: 'two' }, { ...document, endsAt: undefined });
    expect(await world.keyOf(rotated, oldId)).toMatchObject({
      documents: { sealed: 2, until: null },
      can_go: false,
      can_go_after: null,
    });
  });

  it('goes by the clock for what only browsers hold: from when another key was first, at the earliest', async () => {
    const world = subject({ 'logins under way': 600, 'sessions in cookies': 3600 });
    expect(await world.keyOf(rotated, oldId)).toMatchObject({
      sealed_until: iso(0),
      browsers: [
        { what: 'logins under way', until: iso(600) },
        { what: 'sessions in cookies', until: iso(3600) },
      ],
      can_go_after: iso(3600),
    });
    world.clock.advance(600);
    expect((await world.keyOf(rotated, oldId)).browsers).toEqual([{ what: 'sessions in cookies', until: iso(3600) }]);
    world.clock.advance(3000);
    expect(await world.keyOf(rotated, oldId)).toMatchObject({ browsers: [], can_go: true });
  });

  it('counts from the promotion, not from when the new key was made', async () => {
    const world = subject({ 'logins under way': 600 });
    const standby = withStandbyKey(old, systemRandom, at(-500));
    const newId = standby.keys.at(-1)?.id ?? '';
    expect((await world.status(standby)).keys).toMatchObject([
      { id: oldId, role: 'seals' },
      { id: newId, role: 'standby', can_go: true, sealed_until: null, browsers: [] },
    ]);
    const promoted = withPromotedKey(standby, newId, at(50));
    if (promoted === undefined) throw new Error('not promoted');
    expect((await world.status(promoted)).keys).toMatchObject([
      { id: newId, role: 'seals', promoted_at: iso(50).replace('.000', '') },
      { id: oldId, role: 'opens', sealed_until: iso(50), can_go_after: iso(650) },
    ]);
  });

  it('of three in a row is that each ended when the next began, and an older one that came back ended the newer', async () => {
    const world = subject();
    const third = withNewKey(rotated, systemRandom, at(500));
    expect((await world.status(third)).keys.map((key) => key.sealed_until)).toEqual([null, iso(500), iso(0)]);
    const back = withPromotedKey(rotated, oldId, at(70));
    if (back === undefined) throw new Error('not promoted');
    expect((await world.status(back)).keys.map((key) => key.sealed_until)).toEqual([null, iso(70)]);
  });

  it('on standby is that it cannot go when another replica uses it already', async () => {
    const world = subject();
    const standby = withStandbyKey(old, systemRandom, at(-500));
    const newId = standby.keys.at(-1)?.id ?? '';
    await world.session('a', withPromotedKey(standby, newId, at(0)) ?? old, 100);
    expect(await world.keyOf(standby, newId)).toMatchObject({ role: 'standby', can_go: false, can_go_after: iso(100) });
  });

  it('that is not in the ring, and is needed, is told besides: such sessions are none here', async () => {
    const world = subject();
    await world.session('a', old, 100);
    const { keys, unknown_keys } = await world.status(withoutKey(rotated, oldId) ?? rotated);
    expect(keys.map(({ id }) => id)).toEqual([rotated.keys[0].id]);
    expect(unknown_keys).toMatchObject([{ id: oldId, sessions: { needed: 1, until: iso(100) } }]);
  });

  it('takes the key of the seal for the key of the name where an older version noted none', async () => {
    const world = subject();
    await world.session('a', old, 100);
    const uses = await countKeyUses({
      documents: world.store.documents,
      sessions: {
        ...world.store.sessions,
        async *heads() {
          for await (const head of world.store.sessions.heads()) yield { ...head, keyId: undefined };
        },
      },
    });
    expect(uses.get(oldId)).toMatchObject({ named: 1, sealed: 1, sessions: 1 });
  });
});
