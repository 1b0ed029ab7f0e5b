import { beforeEach, describe, expect, it } from 'vitest';
import { sessionAt } from '../../test/support/session.ts';
import { storedSessionsWorld } from '../../test/support/session-ports.ts';
import { newKeyRing, withNewKey } from '../adapters/node-crypto/new-key-ring.ts';
import { systemRandom } from '../adapters/system/random.ts';
import type { Session } from '../core/session/session.ts';
import { secondsOf } from '../core/time.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import { endSessions, findSessions, type SessionFilter } from './session-directory.ts';
import { createSession, findSession } from './sessions.ts';

function newWorld() {
  const stored = storedSessionsWorld();
  const { clock, ports } = stored;
  const limits = (maxPerUser = 100) => ({ idleLifetime: secondsOf(1800), maxPerUser });
  return {
    ...stored,
    logIn: (parts: Partial<Session> = {}, maxPerUser?: number) =>
      createSession(sessionAt(clock.now(), parts), limits(maxPerUser), ports),
    async subjects(filter: SessionFilter, by = ports): Promise<readonly string[]> {
      const found: string[] = [];
      for await (const { session } of findSessions(filter, by)) found.push(session.subject);
      return found.sort();
    },
  };
}

let world: ReturnType<typeof newWorld>;
beforeEach(() => {
  world = newWorld();
});

const bob = { subject: 'bob', providerSessionId: 'bobs', claims: new Map([['email', 'Bob@Example.com']]) };

describe('the sessions that an operator means', () => {
  it('are found by subject, by e-mail address, by the provider’s session and by name', async () => {
    const id = await world.logIn();
    await world.logIn(bob);
    await world.logIn({ ...bob, providerSessionId: undefined });
    expect(await world.subjects({ kind: 'all' })).toEqual(['alice', 'bob', 'bob']);
    expect(await world.subjects({ kind: 'user', user: 'bob' })).toEqual(['bob', 'bob']);
    expect(await world.subjects({ kind: 'user', user: 'bob@example.COM' })).toEqual(['bob', 'bob']);
    expect(await world.subjects({ kind: 'user', user: 'Alice' })).toEqual([]);
    expect(await world.subjects({ kind: 'provider_session', sid: 'bobs' })).toEqual(['bob']);
    const name = world.ports.idNames.nameOf(id) ?? '';
    expect(await world.subjects({ kind: 'name', name })).toEqual(['alice']);
    // What a cookie holds is no name.
    expect(await world.subjects({ kind: 'name', name: id })).toEqual([]);
  });

  it('are found after a key was added, and while its index lists what is gone', async () => {
    await world.logIn(bob);
    const rotated = world.portsOf(withNewKey(world.ring, systemRandom, world.clock.now()));
    expect(await world.subjects({ kind: 'user', user: 'bob' }, rotated)).toEqual(['bob']);
    world.clock.advance(1800);
    expect(await world.subjects({ kind: 'user', user: 'bob' })).toEqual([]);
  });

  it('end, and no others', async () => {
    const alices = await world.logIn();
    await world.logIn(bob);
    await world.logIn(bob);
    expect(await endSessions({ kind: 'user', user: 'bob' }, world.ports)).toBe(2);
    expect(await endSessions({ kind: 'user', user: 'bob' }, world.ports)).toBe(0);
    expect(await findSession(alices, world.ports)).toBeDefined();
    expect(await endSessions({ kind: 'all' }, world.ports)).toBe(1);
    expect(await findSession(alices, world.ports)).toBeUndefined();
  });

  it('all end, those too that no key opens any more', async () => {
    await world.logIn();
    const foreign = world.portsOf(newKeyRing(systemRandom, world.clock.now()));
    expect(await world.subjects({ kind: 'all' }, foreign)).toEqual([]);
    expect(await endSessions({ kind: 'all' }, foreign)).toBe(1);
  });

  it('are only those of which the session itself says so: what an index lists is a hint', async () => {
    const name = world.ports.idNames.nameOf(await world.logIn()) ?? '';
    const { endsAt } = sessionAt(world.clock.now());
    await world.store.index.add(world.ports.idNames.groupNames('subject', 'bob')[0], name, endsAt);
    await world.store.index.add(world.ports.idNames.groupNames('sid', 'bobs')[0], name, endsAt);
    expect(await endSessions({ kind: 'user', user: 'bob' }, world.ports)).toBe(0);
    expect(await endSessions({ kind: 'provider_session', sid: 'bobs' }, world.ports)).toBe(0);
  });

  it('are neither found nor lost while the store is down (I4)', async () => {
    await world.logIn();
    world.store.setReachable(false);
    await expect(world.subjects({ kind: 'all' })).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(endSessions({ kind: 'user', user: 'alice' }, world.ports)).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    world.store.setReachable(true);
    expect(await world.subjects({ kind: 'all' })).toEqual(['alice']);
  });
});

describe('the sessions of one user', () => {
  it('are as many as allowed: a login beyond that ends the oldest', async () => {
    const first = await world.logIn({}, 2);
    const second = await world.logIn({}, 2);
    const bobs = await world.logIn(bob, 2);
    const third = await world.logIn({}, 2);
    expect(await findSession(first, world.ports)).toBeUndefined();
    for (const id of [second, third, bobs]) expect(await findSession(id, world.ports)).toBeDefined();
  });

  it('leave no names behind in their group, however many logins there were', async () => {
    for (let login = 0; login < 10; login += 1) await world.logIn({}, 3);
    const [group] = world.ports.idNames.groupNames('subject', 'alice');
    expect(await world.store.index.list(group)).toHaveLength(3);
  });

  it('count for each instance and provider by themselves: a `sub` of one is nobody of the other', async () => {
    const elsewhere = [
      await world.logIn({ registration: 'https://other.example#app' }, 1),
      await world.logIn({ instance: 'other' }, 1),
    ];
    await world.logIn({}, 1);
    for (const id of elsewhere) expect(await findSession(id, world.ports)).toBeDefined();
  });
});
