/*
 * Sessions at Keycloak with tokens of five seconds and refresh tokens that may be used once, while the replicas are
 * restarted: `npm run test:endurance -- [--minutes 10] [--clients 64] [--signal term|kill] [--every 60] [--delay 100]
 * [--seed 1]`. What fails it is in docs/testing.md.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startGate } from '../interop/gate.ts';
import { createRealm } from '../interop/keycloak-realm.ts';
import { startKeycloak } from '../interop/keycloak-server.ts';
import type { Person } from '../interop/people.ts';
import { secretFile } from '../interop/secret-file.ts';
import { createDice } from '../soak/dice.ts';
import { createLedger } from '../soak/ledger.ts';
import { secretsInLogs } from '../soak/secrets-in-logs.ts';
import { createAuthority } from '../support/certificates.ts';
import { endEverything } from '../support/ends.ts';
import { startWorld } from '../support/world.ts';
import { createKills } from './kills.ts';
import { createRefreshes } from './refreshes.ts';
import { reportOf } from './report.ts';
import { keepRestarting, type RestartSignal } from './restarts.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { startTokenWorkload } from './workload.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    clients: { type: 'string', default: '64' },
    signal: { type: 'string', default: 'term' },
    every: { type: 'string', default: '60' },
    delay: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});
const minutes = above0('minutes');
const clients = above0('clients');
const signal = signalOf(values.signal);
const seed = Number(values.seed);

const ledger = createLedger();
const kills = createKills();
const refreshes = createRefreshes(ledger, Number(values.delay));
const latencies: number[] = [];
const end = new AbortController();

try {
  say('Keycloak starts');
  const { authority, people, world, workload } = await startEverything();
  say(`${clients} users log in`);
  const visitors = people.map((person, index) =>
    createVisitor(person, {
      origin: world.origin,
      ledger,
      kills,
      refreshes,
      dice: createDice(seed + index),
      latencies,
    }),
  );
  const load: Promise<void>[] = [];
  for (const [index, visitor] of visitors.entries()) {
    await visitor.logIn();
    load.push(keepReading(visitor, seed + 1000 + index));
  }
  say(`${minutes} minutes, with ${signal === 'term' ? 'SIGTERM' : 'SIGKILL'} every ${values.every} s`);
  const restarts = keepRestarting({
    ...{ world, ledger, refreshes, kills, signal },
    everyMs: above0('every') * 1000,
    end: end.signal,
  });
  await Promise.race([pause(minutes * 60_000), restarts, ...load]);
  end.abort();
  await Promise.all(load);
  const processes = await restarts;

  for (const secret of secretsInLogs({ ...world, replicas: processes })) ledger.violation('a secret in a log', secret);
  process.stdout.write(`${reportOf({ ledger, refreshes, workload, minutes, clients, latencies, processes })}\n`);
  process.exitCode = ledger.failed ? 1 : 0;
  await authority.remove();
} finally {
  end.abort();
  await endEverything();
}

async function startEverything() {
  const authority = await createAuthority('clients of Keycloak');
  const tls = { authority: authority.certificate, server: await authority.issue('localhost') };
  const keycloak = await startKeycloak(tls);
  const people = Array.from({ length: clients }, (_, index) => personOf(index));
  const realm = await createRealm(keycloak, 'endurance', {
    users: people.map(({ username, email, password, firstName, lastName }) => ({
      ...{ username, email, firstName, lastName, enabled: true, emailVerified: true },
      credentials: [{ type: 'password', value: password }],
    })),
    accessTokenLifespan: 5,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
  });
  // One gate for the browsers, and one for each replica: what it asks itself is then known to be its own.
  const front = await startGate(keycloak.port);
  const { host } = new URL(front.origin);
  const back = await Promise.all(
    [0, 1].map((replica) => startGate(keycloak.port, { host, watch: refreshes.watch(replica) })),
  );
  const workload = await startTokenWorkload({
    ...{ ledger, refreshes },
    userinfoUrl: `${front.origin}${realm.path}/protocol/openid-connect/userinfo`,
  });
  const secret = 'canary-endurance-client-secret-0123456789';
  const clientSecret = await secretFile(secret);
  let replica = 0;
  const world = await startWorld({
    store: 'redis',
    replicas: back.length,
    workload: workload.port,
    rules: [{ path: { prefix: '/' }, use: 'web' }],
    session: { headers: { 'X-Auth-Request-User': 'preferred_username' } },
    adjust: (config) => {
      config['log'] = { level: 'info' };
      config['shutdown'] = {};
      config['providers'].test = {
        issuer: `${front.origin}${realm.path}`,
        // Called again for new ports, and then from the first.
        backChannelUrl: back[replica++ % back.length]?.origin,
        allowHttp: true,
        clientId: 'endurance',
        clientSecret,
      };
    },
  });
  await realm.addClient({ clientId: 'endurance', authentication: { kind: 'secret', secret } }, world.origin);
  return { authority, people, world, workload };
}

/** Steadily, with rests of a fifth of a second or two, and now and then one in which the token ends. */
async function keepReading(visitor: Visitor, ownSeed: number): Promise<void> {
  const dice = createDice(ownSeed);
  while (!end.signal.aborted) {
    await visitor.step();
    await pause(dice.isBelow(0.01) ? 6000 : 100 + dice.upTo(300), undefined, { signal: end.signal }).catch(
      () => undefined,
    );
  }
}

function personOf(index: number): Person {
  const username = `user-${index}`;
  return {
    username,
    password: `password-of-${username}-0123456789`,
    firstName: 'User',
    lastName: String(index),
    email: `${username}@example.com`,
    hasVerifiedEmail: true,
    groups: [],
  };
}

function above0(name: 'minutes' | 'clients' | 'every'): number {
  const number = Number(values[name]);
  if (!(number > 0)) throw new Error(`--${name} is a number above 0`);
  return number;
}

function signalOf(name: string): RestartSignal {
  if (name !== 'term' && name !== 'kill') throw new Error('--signal is term or kill');
  return name;
}

function say(what: string): void {
  process.stderr.write(`endurance: ${what}\n`);
}
