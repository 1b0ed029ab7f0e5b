import { randomBytes } from 'node:crypto';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createIssuerEngine } from '../../src/adapters/oidc-provider/issuer-engine.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { newSigningKeys } from '../../src/app/cli/issuer-signing-keys.ts';
import { Secret } from '../../src/core/secret.ts';
import { issuerMode } from '../../src/modes/issuer/index.ts';
import { formatPasswordHash, hashPassword } from '../../src/modes/issuer/password-hash.ts';
import type { DocumentStore } from '../../src/ports/store.ts';
import { listenSideService, type SideService } from '../../src/servers/side-service/side-service.ts';
import { failingStore } from '../support/failing-store.ts';
import { modeServices } from '../support/mode-services.ts';
import { type RecordedEvent, recordingTelemetry } from '../support/recording-telemetry.ts';
import { renderer } from '../support/rendered.ts';

export const origin = 'https://app.example.com';
/** Also configured, and not the issuer's. */
export const otherOrigin = 'https://other.example.com';
export const issuer = `${origin}/oauth2`;
export const callback = 'https://client.example.com/callback';
export const loggedOut = 'https://client.example.com/logged-out';
export const clientSecret = 'canary-client-secret-0123456789abcdef';
export const alicePassword = 'canary-alice-password';

// Cheap on purpose: what a hash costs is tested where hashes are.
const cost = { memory: 64, passes: 1, parallelism: 1 };

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
  const telemetry = recordingTelemetry();
  const stored: string[] = [];
  const store = failingStore({ ...base, documents: recorded(base.documents, stored) });
  const services = modeServices({
    origins: [origin, otherOrigin],
    clock: systemClock,
    telemetry,
    store,
    createIssuerEngine,
  });
  const settings = await settingsOf();
  const replicas: SideService[] = [];
  for (let count = 0; count < 2; count += 1) {
    const instance = issuerMode.create('idp', settings, services);
    if (instance.basePath === undefined || instance.routes === undefined) throw new Error('an issuer has routes');
    replicas.push(
      await listenSideService({
        address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
        tls: undefined,
        origins: [origin, otherOrigin],
        mounts: [{ basePath: instance.basePath, routes: instance.routes }],
        telemetry,
        renderer,
      }),
    );
  }
  let turn = 0;
  return {
    events: telemetry.events,
    stored: () => stored.join('\n'),
    nextPort: () => {
      turn += 1;
      return replicas[turn % replicas.length]?.port ?? 0;
    },
    breakStore: () => store.setReachable(false),
    mendStore: () => store.setReachable(true),
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.close()));
    },
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

/** Documents with a record of what was put: names, and values as latin-1. */
function recorded(documents: DocumentStore, stored: string[]): DocumentStore {
  return {
    ...documents,
    put: async (key, document) => {
      const { value, ...names } = document;
      stored.push(JSON.stringify([key, names]), Buffer.from(value).toString('latin1'));
      await documents.put(key, document);
    },
  };
}
