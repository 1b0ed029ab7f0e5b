import { randomBytes } from 'node:crypto';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { parseKeyRing } from '../../src/adapters/node-crypto/key-ring.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { secondsOf } from '../../src/core/time.ts';
import { createSession } from '../../src/flows/sessions.ts';
import { sessionAt, tokenSetAt } from '../support/session.ts';
import { sessionPorts } from '../support/session-ports.ts';
import type { World } from '../support/world.ts';

/** Makes sessions of a world without its provider: as a login would, by the same code and keys. */
export interface SessionMaker {
  /** Resolves to the ids of so many new sessions, of users of their own: `soak-0`, `soak-1` and so on. */
  make(count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function createSessionMaker(world: World): Promise<SessionMaker> {
  const parsed = parseKeyRing(world.keyRing);
  if (parsed.kind === 'invalid') throw new Error(parsed.problem);
  const { ring } = parsed;
  const store = createRedisStore(
    { topology: { kind: 'standalone', url: world.redis?.url ?? '' }, keyPrefix: 'sallyport', commandTimeoutMs: 30_000 },
    { clock: systemClock },
  );
  if (!(await store.isReachable())) throw new Error('Redis does not answer');
  const ports = sessionPorts(store, ring, systemClock);
  // Of the size that providers issue, and as little compressible.
  const [accessToken, idToken] = [token(), token()];
  let made = 0;

  async function one(): Promise<string> {
    const number = made;
    made += 1;
    const now = systemClock.now();
    const subject = `soak-${number}`;
    const session = sessionAt(now, {
      provider: 'test',
      registration: `${world.provider.issuer}#${world.provider.clientId}`,
      subject,
      providerSessionId: `provider-session-${number}`,
      claims: new Map<string, string | boolean>([
        ['sub', subject],
        ['email', `${subject}@example.com`],
        ['email_verified', true],
        ['name', `User ${number}`],
      ]),
      tokenSet: tokenSetAt(now, { accessToken, idToken }),
    });
    return await createSession(session, { idleLifetime: secondsOf(12 * 3600), maxPerUser: 100_000 }, ports);
  }

  return {
    make: (count) => Promise.all(Array.from({ length: count }, one)),
    close: () => store.close(),
  };
}

function token(): Secret<string> {
  return new Secret(`eyJ.${randomBytes(675).toString('base64url')}.sig`);
}
