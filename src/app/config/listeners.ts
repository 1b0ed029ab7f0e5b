import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import type { MutualTls } from '../../servers/mutual-tls.ts';
import type { Config, Listener } from './config.ts';
import { type ConfigPath, errorAt, type Finding } from './finding.ts';
import { readReferencedFile } from './read-referenced-file.ts';
import type { Sections } from './sections.ts';

const maxPemBytes = 1_048_576;

type ListenSettings = NonNullable<Sections['listen']>;

/** The listeners with their certificates read and checked; `found` gets an error for each file that will not do. */
export async function readListeners(
  listen: ListenSettings,
  configFile: string,
  found: Finding[],
): Promise<Config['listen']> {
  const read = (name: 'authz' | 'http' | 'ops') =>
    readListener(listen[name], ['listen', name, 'tls'], configFile, found);
  return { authz: await read('authz'), http: await read('http'), ops: await read('ops') };
}

/** The listeners with nothing read: each `tls` says that there is one, and is empty. */
export function unreadListeners(listen: ListenSettings): Config['listen'] {
  const empty: MutualTls = { certificate: '', privateKey: new Secret(''), clientCa: '' };
  const unread = ({ address, tls }: ListenSettings['authz']): Listener => ({ address, tls: tls && empty });
  return { authz: unread(listen.authz), http: unread(listen.http), ops: unread(listen.ops) };
}

async function readListener(
  { address, tls }: ListenSettings['authz'],
  path: ConfigPath,
  configFile: string,
  found: Finding[],
): Promise<Listener> {
  if (tls === undefined) return { address, tls: undefined };
  const before = found.length;
  const read = async (member: 'cert' | 'key' | 'clientCa') => {
    const reference = { configFile, path: tls[member], place: [...path, member] };
    return (await readReferencedFile(reference, maxPemBytes, found)) ?? '';
  };
  const pem = {
    certificate: await read('cert'),
    privateKey: new Secret(await read('key')),
    clientCa: await read('clientCa'),
  };
  if (found.length === before) checkPem(pem, path, found);
  return { address, tls: pem };
}

function checkPem({ certificate, privateKey, clientCa }: MutualTls, path: ConfigPath, found: Finding[]): void {
  const leaf = attempt(() => new X509Certificate(certificate));
  const key = attempt(() => createPrivateKey(privateKey.reveal()));
  if (leaf === undefined) found.push(errorAt([...path, 'cert'], 'expected a PEM certificate'));
  if (key === undefined) found.push(errorAt([...path, 'key'], 'expected a PEM private key without a passphrase'));
  if (attempt(() => new X509Certificate(clientCa)) === undefined) {
    found.push(errorAt([...path, 'clientCa'], 'expected a PEM certificate'));
  }
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(key)) {
    found.push(errorAt([...path, 'key'], 'the private key does not belong to the certificate'));
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // the caller says what was expected; the library's words could quote the file
  }
}
