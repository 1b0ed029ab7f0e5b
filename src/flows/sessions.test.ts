import { beforeEach, describe, expect, it } from 'vitest';
import { sessionAt } from '../../test/support/session.ts';
import { storedSessionsWorld } from '../../test/support/session-ports.ts';
import { newKeyRing, withNewKey } from '../adapters/node-crypto/new-key-ring.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { secondsOf } from '../core/time.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import { openSession } from './open-session.ts';
import { createSession, endSession, findSession, type SessionLimits } from './sessions.ts';

const limits: SessionLimits = { idleLifetime: secondsOf(1800), maxPerUser: 100 };

function newWorld() {
  const stored = storedSessionsWorld();
  return { ...stored, create: () => createSession(sessionAt(stored.clock.now()), limits, stored.ports) };
}

let world: ReturnType<typeof newWorld>;
beforeEach(() => {
  world = newWorld();
});

describe('sessions in the store', () => {
  it('are found by the id that creating them returned, and by no other', async () => {
    const id = await world.create();
    const other = await world.create();
    expect(id).not.toBe(other);
    expect(await findSession(id, world.ports)).toMatchObject({
      session: { subject: 'alice', instance: 'web' },
      generation: 1,
      lastSeenAt: world.clock.now(),
    });
    for (const wrong of [undefined, '', 'x', id.slice(1), `${id} `, id.toUpperCase(), world.ports.idNames.mint()]) {
      expect(await findSession(wrong, world.ports)).toBeUndefined();
    }
  });

  const nameOf = (id: string) => world.ports.idNames.nameOf(id) ?? '';
  const touch = (id: string) => world.ports.records.touch(nameOf(id), world.clock.now());

  it('are gone after the end, the idle time, or a logout; a touch moves only the idle time', async () => {
    const id = await world.create();
    world.clock.advance(1799);
    await touch(id);
    world.clock.advance(1799);
    expect(await findSession(id, world.ports)).toMatchObject({ generation: 1 });
    world.clock.advance(1);
    expect(await openSession(nameOf(id), world.ports)).toBeUndefined();
    // Whoever keeps it for a while goes by `sessionEnd`.
    world.clock.advance(10);
    expect(await findSession(id, world.ports)).toBeUndefined();

    const next = await world.create();
    expect(await endSession(next, world.ports)).toBe(true);
    expect(await endSession(next, world.ports)).toBe(false);
    expect(await findSession(next, world.ports)).toBeUndefined();
    await touch(next);
    expect(await findSession(next, world.ports)).toBeUndefined();
  });

  it('cannot be ended by what is not an id', async () => {
    expect(await endSession(undefined, world.ports)).toBe(false);
    expect(await endSession('x', world.ports)).toBe(false);
  });

  it('open under no other name: a copied record is no session (S12)', async () => {
    const id = await world.create();
    const otherId = world.ports.idNames.mint();
    const [name = '', otherName = ''] = [world.ports.idNames.nameOf(id), world.ports.idNames.nameOf(otherId)];
    const record = await world.store.sessions.find(name);
    const copy = {
      sealed: record?.sealed ?? new Uint8Array(),
      lastSeenAt: world.clock.now(),
      endsAt: sessionAt(world.clock.now()).endsAt,
      idleFor: limits.idleLifetime,
      keyId: 'AAAAAA',
    };
    expect(await world.store.sessions.create(otherName, copy)).toBe(true);
    expect(await findSession(otherId, world.ports)).toBeUndefined();
  });

  it('show nothing of their tokens and claims to who reads the store, nor the id that opens them (S12)', async () => {
    const id = await world.create();
    const name = world.ports.idNames.nameOf(id) ?? '';
    const record = await world.store.sessions.find(name);
    const dump = `${name}${Buffer.from(record?.sealed ?? []).toString('latin1')}`;
    for (const secret of ['canary', 'alice', id, id.split('.')[1] ?? id]) expect(dump).not.toContain(secret);
  });

  it('live through a new key, and end with the last that could open them (S11)', async () => {
    const id = await world.create();
    expect(await findSession(id, world.portsOf(withNewKey(world.ring, systemRandom, world.clock.now())))).toBeDefined();
    const foreign = newKeyRing(systemRandom, world.clock.now());
    expect(await findSession(id, world.portsOf(foreign))).toBeUndefined();
    // The name is known, the seal is not: a ring that lost a key, or a record that somebody wrote.
    const mixed = { ...world.portsOf(foreign), idNames: world.ports.idNames };
    expect(await findSession(id, mixed)).toBeUndefined();
  });

  it('are none when what is sealed is not a session (I6)', async () => {
    const id = world.ports.idNames.mint();
    const name = world.ports.idNames.nameOf(id) ?? '';
    const sealed = world.ports.sealer.sealBytes('session', new TextEncoder().encode('{"v":0}'), name);
    await world.store.sessions.create(name, {
      sealed,
      lastSeenAt: world.clock.now(),
      endsAt: sessionAt(world.clock.now()).endsAt,
      idleFor: limits.idleLifetime,
      keyId: 'AAAAAA',
    });
    expect(await findSession(id, world.ports)).toBeUndefined();
  });

  it('take no name that is taken, and never with an id that has none', async () => {
    const id = world.ports.idNames.mint();
    const fixed = { ...world.ports, idNames: { ...world.ports.idNames, mint: () => id } };
    await createSession(sessionAt(world.clock.now()), limits, fixed);
    await expect(createSession(sessionAt(world.clock.now()), limits, fixed)).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    const nameless = { ...world.ports, idNames: { ...world.ports.idNames, mint: () => 'x', nameOf: () => undefined } };
    await expect(createSession(sessionAt(world.clock.now()), limits, nameless)).rejects.toThrow('no name');
  });

  it('are neither found nor lost while the store is down (I4)', async () => {
    const id = await world.create();
    world.store.setReachable(false);
    await expect(findSession(id, world.ports)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(endSession(id, world.ports)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(world.create()).rejects.toBeInstanceOf(StoreUnavailableError);
    world.store.setReachable(true);
    expect(await findSession(id, world.ports)).toBeDefined();
  });
});
