import { randomBytes } from 'node:crypto';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createDerivedKeys } from '../../src/adapters/node-crypto/derived-keys.ts';
import { createIdNames } from '../../src/adapters/node-crypto/id-names.ts';
import { newKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../../src/adapters/node-crypto/sealer.ts';
import { createIssuerEngine } from '../../src/adapters/oidc-provider/issuer-engine.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { newSigningKeys } from '../../src/app/cli/issuer-signing-keys.ts';
import { formatPasswordHash, hashPassword } from '../../src/core/oauth/password-hash.ts';
import { Secret } from '../../src/core/secret.ts';
import { issuerMode } from '../../src/modes/issuer/index.ts';
import type { ModeServices } from '../../src/modes/mode.ts';
import { type DocumentStore, type Store, StoreUnavailableError } from '../../src/ports/store.ts';
import type { EventFields, Telemetry } from '../../src/ports/telemetry.ts';
import { listenSideService, type SideService } from '../../src/servers/side-service/side-service.ts';

export const origin = 'https://app.example.com';
export const issuer = `${origin}/oauth2`;
export const callback = 'https://client.example.com/callback';
export const loggedOut = 'https://client.example.com/logged-out';
export const clientSecret = 'canary-client-secret-0123456789abcdef';
export const alicePassword = 'canary-alice-password';

// Cheap on purpose: what a hash costs is tested where hashes are.
const cost = { memory: 64, passes: 1, parallelism: 1 };

export interface RecordedEvent {
  readonly name: string;
  readonly fields: EventFields;
  readonly cause: unknown;
}

/** Two replicas of an issuer over one store; requests go to them in turn. */
export interface IssuerWorld {
  readonly events: readonly RecordedEvent[];
  /** Every value and name that the store has held. */
  readonly stored: () => string;
  nextPort(): number;
  breakStore(): void;
  mendStore(): void;
  stop(): Promise<void>;
}

export async function startIssuer(base = createMemoryStore({ clock: systemClock })): Promise<IssuerWorld> {
  const events: RecordedEvent[] = [];
  const stored: string[] = [];
  const outage = { isDown: false };
  const store: Store = { ...base, documents: observed(base.documents, stored, outage) };
  const services = servicesOf(store, events);
  const settings = await settingsOf();
  const replicas: SideService[] = [];
  for (let count = 0; count < 2; count += 1) {
    const instance = issuerMode.create('idp', settings, services);
    if (instance.basePath === undefined || instance.routes === undefined) throw new Error('an issuer has routes');
    replicas.push(
      await listenSideService({
        address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
        tls: undefined,
        origins: [origin],
        mounts: [{ basePath: instance.basePath, routes: instance.routes }],
        telemetry: services.telemetry,
      }),
    );
  }
  let turn = 0;
  return {
    events,
    stored: () => stored.join('\n'),
    nextPort: () => {
      turn += 1;
      return replicas[turn % replicas.length]?.port ?? 0;
    },
    breakStore: () => {
      outage.isDown = true;
    },
    mendStore: () => {
      outage.isDown = false;
    },
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.close()));
    },
  };
}

function servicesOf(store: Store, events: RecordedEvent[]): ModeServices {
  const ring = newKeyRing(systemRandom, systemClock.now());
  const telemetry: Telemetry = {
    event: (name, fields = {}) => void events.push({ name, fields, cause: undefined }),
    problem: (name, fields, cause) => void events.push({ name, fields, cause }),
    check: () => undefined,
  };
  return {
    origins: [origin],
    clock: systemClock,
    random: systemRandom,
    telemetry,
    sealer: createSealer(ring, systemRandom),
    idNames: createIdNames(ring, systemRandom),
    derivedKeys: createDerivedKeys(ring),
    store,
    providers: new Map(),
    createIssuerEngine,
  };
}

async function settingsOf(): Promise<ReturnType<typeof issuerMode.settings.parse>> {
  const reference = { env: 'READ_BELOW' };
  const common = { redirectUris: [callback], postLogoutRedirectUris: [loggedOut] };
  const settings = issuerMode.settings.parse({
    signingKeys: reference,
    clients: [
      { clientId: 'third-party', clientName: 'Third <Party>', clientSecret: reference, ...common },
      { clientId: 'first-party', clientSecret: reference, skipConsent: true, ...common },
      { clientId: 'public', skipConsent: true, ...common },
    ],
    users: [
      {
        username: 'alice',
        subject: 'user-1',
        passwordHash: formatPasswordHash(await hashPassword(alicePassword, randomBytes(16), cost)),
        claims: { name: 'Alice Adams', email: 'alice@example.com', email_verified: true, groups: ['staff'] },
      },
      {
        username: 'bob',
        passwordHash: formatPasswordHash(await hashPassword('bob-password', randomBytes(16), cost)),
        claims: { name: 'Bob Brown' },
      },
    ],
  });
  // What the loader of the configuration does with references.
  const clients = settings.clients.map((client) =>
    client.clientSecret === undefined ? client : { ...client, clientSecret: new Secret(clientSecret) },
  );
  return { ...settings, clients, signingKeys: new Secret(await newSigningKeys()) };
}

/** The same store, with a record of what it was given and a switch that takes it down. */
function observed(documents: DocumentStore, stored: string[], outage: { readonly isDown: boolean }): DocumentStore {
  const guard = (): void => {
    if (outage.isDown) throw new StoreUnavailableError('anything');
  };
  return {
    put: async (key, document) => {
      guard();
      const { value, ...names } = document;
      stored.push(JSON.stringify([key, names]), Buffer.from(value).toString('latin1'));
      await documents.put(key, document);
    },
    find: async (key) => {
      guard();
      return documents.find(key);
    },
    findByAlias: async (kind, alias) => {
      guard();
      return documents.findByAlias(kind, alias);
    },
    consume: async (key, at) => {
      guard();
      return documents.consume(key, at);
    },
    delete: async (key) => {
      guard();
      await documents.delete(key);
    },
    deleteGroup: async (group) => {
      guard();
      await documents.deleteGroup(group);
    },
  };
}
