import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface TestAuthority {
  /** PEM of the authority itself. */
  readonly certificate: string;
  /** A certificate for localhost, good for servers and clients. */
  issue(commonName: string): Promise<KeyPair>;
  remove(): Promise<void>;
}

/** A certificate authority for one test file, made with the openssl command. PEM texts. */
export async function createAuthority(name: string): Promise<TestAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-ca-'));
  const path = (file: string) => join(directory, file);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [
    ...['req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-days', '2'],
    ...['-keyout', path('ca.key'), '-out', path('ca.pem')],
  ]);
  await writeFile(path('leaf.cnf'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  let issued = 0;
  return {
    certificate: await readFile(path('ca.pem'), 'utf8'),
    async issue(commonName) {
      issued += 1;
      const serial = issued;
      const [key, request, certificate] = ['key', 'csr', 'pem'].map((kind) => path(`${issued}.${kind}`)) as [
        string,
        string,
        string,
      ]; // three kinds, three paths
      await run('openssl', ['req', '-new', ...newKey, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', request]);
      await run('openssl', [
        ...[
          'x509',
          '-req',
          '-in',
          request,
          '-CA',
          path('ca.pem'),
          '-CAkey',
          path('ca.key'),
          '-set_serial',
          String(serial),
        ],
        ...['-days', '2', '-extfile', path('leaf.cnf'), '-out', certificate],
      ]);
      return { certificate: await readFile(certificate, 'utf8'), privateKey: await readFile(key, 'utf8') };
    },
    remove: () => rm(directory, { recursive: true }),
  };
}
