import { writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuthority, type KeyPair, type TestAuthority } from '../support/certificates.ts';
import { checkPath } from '../support/check-client.ts';
import { atEnd } from '../support/ends.ts';
import { withFreePorts } from '../support/ports.ts';
import { reloadBySignal, reloadWith } from '../support/reload.ts';
import { freshKeyRing, type SallyportProcess, startSallyport } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import type { ConfigDocument } from '../support/world.ts';

// Three listeners with mutual TLS, and certificates that change under them.

let folder: string;
let authority: TestAuthority;
let other: TestAuthority;
let envoy: KeyPair;
let newEnvoy: KeyPair;
let sallyport: SallyportProcess;
let config: ConfigDocument;

beforeAll(async () => {
  [folder, authority, other] = await Promise.all([tempFolder(), createAuthority('one'), createAuthority('two')]);
  [envoy, newEnvoy] = await Promise.all([authority.issue('envoy'), other.issue('new envoy')]);
  await writeFile(join(folder, 'keys.json'), freshKeyRing());
  await writeFile(join(folder, 'secret'), 'a'.repeat(40));
  await writeFile(join(folder, 'client-ca.pem'), authority.certificate);
  await serverPair(await authority.issue('first'));
  const tls = { cert: 'server.pem', key: 'server.key', clientCa: 'client-ca.pem' };
  await withFreePorts(4, async (ports) => {
    const [authz, http, ops, admin] = ports.map((port) => `127.0.0.1:${port}`);
    config = {
      origins: ['http://127.0.0.1:8080'],
      listen: { authz: { address: authz, tls }, http: { address: http, tls }, ops, admin: { address: admin, tls } },
      admin: { token: { file: 'secret' } },
      keys: { file: 'keys.json' },
      store: { type: 'memory' },
      rules: [{ use: 'deny' }],
      reload: { watch: false },
      shutdown: { delay: '0s', drain: '1s' },
    };
    sallyport = await startSallyport(join(folder, 'sallyport.yaml'), config);
  });
});

afterAll(() => Promise.all([authority.remove(), other.remove()]));

const listeners = ['authz', 'http', 'admin'] as const;

async function serverPair({ certificate, privateKey }: KeyPair): Promise<void> {
  await writeFile(join(folder, 'server.pem'), certificate);
  await writeFile(join(folder, 'server.key'), privateKey);
}

function portOf(listener: (typeof listeners)[number]): number {
  return Number(config['listen'][listener].address.split(':')[1]);
}

const credentialsOf = (pair: KeyPair) => ({
  cert: pair.certificate,
  key: pair.privateKey,
  ca: [authority.certificate, other.certificate],
  servername: 'localhost',
});

/** Common name of the certificate that a listener shows, or `refused` when it does not want ours. */
function shownTo(pair: KeyPair, listener: (typeof listeners)[number]): Promise<string> {
  return new Promise((resolve) => {
    const ALPNProtocols = listener === 'authz' ? ['h2'] : ['http/1.1'];
    const socket: TLSSocket = connect({
      port: portOf(listener),
      host: '127.0.0.1',
      ALPNProtocols,
      ...credentialsOf(pair),
    });
    const end = (outcome: string) => {
      resolve(outcome);
      socket.destroy();
    };
    // In TLS 1.3 a server refuses a client after the client thinks that all is well: its first bytes tell.
    socket.on('secureConnect', () => {
      const { CN } = socket.getPeerCertificate().subject;
      if (listener !== 'authz') socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      socket.once('data', () => end(String(CN)));
    });
    socket.on('error', () => end('refused'));
    socket.on('close', () => end('refused'));
  });
}

async function shownToAll(pair: KeyPair): Promise<readonly string[]> {
  return await Promise.all(listeners.map((listener) => shownTo(pair, listener)));
}

it('renewed certificates are shown from the next handshake on, by every listener, without a restart', async () => {
  expect(await shownToAll(envoy)).toEqual(['first', 'first', 'first']);
  const kept = openCheck();
  expect(await kept.call()).toBe(200);
  await serverPair(await authority.issue('second'));
  expect(await reloadBySignal(sallyport)).toBe('reloaded');
  expect(await shownToAll(envoy)).toEqual(['second', 'second', 'second']);
  // Connections that are there go on.
  expect(await kept.call()).toBe(200);
  expect(kept.isGoingAway()).toBe(false);
});

it('a key of another certificate is refused, and the old pair serves on', async () => {
  const { certificate } = await authority.issue('third');
  await writeFile(join(folder, 'server.pem'), certificate);
  expect(await reloadBySignal(sallyport)).toBe('invalid');
  expect(await shownToAll(envoy)).toEqual(['second', 'second', 'second']);
  const [finding] = sallyport.logs().filter(({ event }) => event === 'config_finding');
  expect(finding).toMatchObject({ path: 'listen.authz.tls.key', problem: expect.stringContaining('does not belong') });
});

it('the beginning or end of TLS needs a restart', async () => {
  const plain = structuredClone(config);
  plain['listen'].http = plain['listen'].http.address;
  await serverPair(await authority.issue('fourth'));
  expect(await reloadWith(sallyport, plain)).toBe('needs_restart');
  expect(await shownToAll(envoy)).toEqual(['second', 'second', 'second']);
});

it('other client authorities hold from the next handshake on, and old connections are asked to end', async () => {
  const kept = openCheck();
  expect(await kept.call()).toBe(200);
  expect(await shownToAll(newEnvoy)).toEqual(['refused', 'refused', 'refused']);
  await writeFile(join(folder, 'client-ca.pem'), other.certificate);
  expect(await reloadWith(sallyport, config)).toBe('reloaded');
  expect(await shownToAll(newEnvoy)).toEqual(['fourth', 'fourth', 'fourth']);
  expect(await shownToAll(envoy)).toEqual(['refused', 'refused', 'refused']);
  await until('GOAWAY', () => kept.isGoingAway());
});

/** A connection to the check that stays open. */
function openCheck() {
  const session = connectHttp2(`https://127.0.0.1:${portOf('authz')}`, credentialsOf(envoy));
  let isGoingAway = false;
  session.on('error', () => undefined); // told by the calls
  session.on('goaway', () => {
    isGoingAway = true;
  });
  session.on('close', () => {
    isGoingAway = true;
  });
  atEnd(async () => session.destroy());
  return {
    isGoingAway: () => isGoingAway,
    /** The HTTP status of a check without a message, which the listener answers with a refusal. */
    call: () =>
      new Promise<number>((resolve, reject) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': checkPath,
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        stream.on('response', (headers) => resolve(Number(headers[':status'])));
        stream.on('error', reject);
        stream.resume();
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
      }),
  };
}
